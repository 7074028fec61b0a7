import { htmlPage } from '../emulator/faults';
import * as downloads from '../support/download';
import { PHOTO } from '../support/files';
import { calls, sha256, startHarness, type Harness } from '../support/harness';

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());

const customerSent = (file: Parameters<typeof downloads.customerSent>[1] = {}) =>
	downloads.customerSent(harness, file);
const download = async (item: Record<string, unknown>, parameters: Record<string, unknown> = {}) =>
	await downloads.downloadOnce(harness, item, parameters);

const pageAsPhoto = { ...htmlPage(200), headers: { 'Content-Type': 'image/jpeg' } };

describe('from a URL', () => {
	const received = async () => {
		const { message } = harness.emulator.meta.prepare({
			type: 'image',
			bytes: PHOTO,
			mimeType: 'image/jpeg',
		});
		const { id, url } = message.image as { id: string; url: string };
		return { mediaId: id, url };
	};

	test('with life left: the file call only', async () => {
		const item = await received();
		expect((await download({ ...item, sha256: sha256(PHOTO) })).json).toMatchObject({
			...item,
			verified: true,
		});
		expect(calls(harness.emulator)).toEqual(['GET /whatsapp_business/attachments/']);
	});

	test('whose time is up: renewed without trying it', async () => {
		const item = await received();
		const url = item.url.replace(/ext=\d+/, 'ext=1700000000');
		expect((await download({ ...item, url })).json).toMatchObject({ verified: true });
		expect(calls(harness.emulator)).toEqual([
			`GET /v25.0/${item.mediaId}`,
			'GET /whatsapp_business/attachments/',
		]);
	});

	test.each([401, 403, 404, 410] as const)(
		'that the host refuses with %d: renewed once',
		async (status) => {
			const item = await received();
			harness.emulator.meta.fault({ on: 'file', status });
			expect((await download(item)).json).toMatchObject({ verified: true });
			expect(calls(harness.emulator)).toEqual([
				'GET /whatsapp_business/attachments/',
				`GET /v25.0/${item.mediaId}`,
				'GET /whatsapp_business/attachments/',
			]);
		},
	);

	test.each([401, 403, 404, 410] as const)(
		'that was just looked up, and is refused with %d: looked up once more, and no more than that',
		async (status) => {
			const mediaId = customerSent();
			const round = [`GET /v25.0/${mediaId}`, 'GET /whatsapp_business/attachments/'];
			harness.emulator.meta.fault({ on: 'file', status });
			expect((await download({ mediaId })).json).toMatchObject({ verified: true });
			expect(calls(harness.emulator)).toEqual([...round, ...round]);
			harness.emulator.requests.length = 0;
			harness.emulator.meta.fault({ on: 'file', status, times: 2 });
			expect((await download({ mediaId })).message).toContain(`(HTTP ${status})`);
			expect(calls(harness.emulator)).toEqual([...round, ...round]);
		},
	);

	test.each([
		...[401, 403, 404, 410].map((status) => [`refused with ${status}`, { status }] as const),
		['answered with a page', htmlPage(200)],
		['answered with a page that calls itself a photo', pageAsPhoto],
	] as const)(
		'that is %s time and again, though Graph has just given it out: that is temporary',
		async (_, fault) => {
			const mediaId = customerSent();
			harness.emulator.meta.fault({ on: 'file', ...fault, times: fault === pageAsPhoto ? 2 : 4 });
			const { json, hints } = await download({ mediaId }, { options: { maxTries: 3 } });
			expect(json).toMatchObject({ verified: true });
			expect(hints.map(({ message }) => message)).toContain(
				'1 of 1 items needed more than one try.',
			);
		},
	);

	test('an old answer of Graph, with a URL that has expired: looked up again', async () => {
		const mediaId = customerSent();
		const { meta } = harness.emulator;
		const body = JSON.stringify({
			messaging_product: 'whatsapp',
			url: meta.fileUrl(mediaId).replace(/ext=\d+/, 'ext=1700000000'),
			mime_type: 'image/jpeg',
			id: mediaId,
		});
		meta.fault({ on: 'getUrl', status: 200, body, times: 2 });
		expect((await download({ mediaId })).json).toMatchObject({ sha256: sha256(PHOTO) });
	});

	test('expired at the host, the emulator’s clock being ahead of ours', async () => {
		const item = await received();
		harness.emulator.clock.advance(6 * 60_000);
		expect((await download(item)).json).toMatchObject({ verified: true });
	});

	test('alone, without a media ID', async () => {
		const { url } = await received();
		expect((await download({ url })).json).toMatchObject({
			size: PHOTO.length,
			mimeType: 'image/jpeg',
			fileName: 'image.jpg',
		});
	});

	test('alone and expired', async () => {
		const { url } = await received();
		harness.emulator.clock.advance(6 * 60_000);
		const { message, description } = await download({ url });
		expect(message).toBe(
			`The file at ${new URL(url).host} is not available at ${new URL(url).host} (HTTP 404)`,
		);
		expect(description).toContain('7 days');
	});

	test('of a stranger is fetched without the token', async () => {
		const url = harness.emulator.thirdParty.put(PHOTO, 'image/jpeg');
		expect((await download({}, { url })).json).toMatchObject({ size: PHOTO.length });
		expect(harness.emulator.requests.map(({ headers }) => headers.authorization)).toEqual([
			undefined,
		]);
	});

	test('a redirect to a stranger is followed without the token', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.fault({ on: 'file', redirect: 'thirdParty' });
		expect((await download({ mediaId })).json).toMatchObject({ verified: true });
		const { accessToken } = harness.credential;
		expect(harness.emulator.requests.map(({ headers }) => headers.authorization)).toEqual([
			`Bearer ${accessToken}`,
			`Bearer ${accessToken}`,
			undefined,
		]);
	});

	test.each([
		'http://localhost:5678/rest/settings',
		'http://169.254.169.254/latest/meta-data/',
		'http://0x7f.1/',
		'http://2130706433/',
		'http://[::ffff:10.0.0.1]/',
		'http://[::1]:5678/',
		'http://[fd00::1]/',
		'http://[::7f00:1]/',
		'http://[2002:7f00:1::]/',
		'http://[2001::7f00:1]/',
		'http://[64:ff9b::7f00:1]/',
		'http://[64:ff9b:1::7f00:1]/',
		'http://[ff02::1]/',
		'http://[fec0::1]/',
		'http://192.0.0.192/latest/',
		'http://198.18.0.1/',
		'http://198.19.255.1/',
		'https://10.1.2.3/a.jpg',
		'https://172.31.0.1/a.jpg',
		'https://192.168.1.1/a.jpg',
		'https://100.64.0.1/a.jpg',
		'https://printer/scan.pdf',
		'https://nas.local./scan.pdf',
	])('%s is inside a private network', async (url) => {
		harness.credential.baseUrl = 'https://graph.facebook.com';
		const { message, description } = await download({}, { url });
		harness.credential.baseUrl = harness.emulator.meta.url;
		expect(message).toBe(
			`The file is at ${new URL(url).host}, an address inside a private network`,
		);
		expect(description).toContain('HTTP Request node');
	});

	test.each([
		[
			'http://169.254.169.254/latest/meta-data/',
			'169.254.169.254, an address inside a private network',
		],
		['https://user:secret@example.com/', 'an address with a user name in it (example.com)'],
		['file:///etc/passwd', 'something that is not a web address'],
		['http://', 'something that is not a web address'],
	])('a redirect to %s is not followed', async (redirect, said) => {
		const mediaId = customerSent();
		harness.emulator.meta.fault({ on: 'file', redirect });
		const { message } = await download({ mediaId });
		expect(message).toBe(
			`Media ID ${mediaId}: ${new URL(harness.emulator.meta.filesUrl).host} redirects to ${said}`,
		);
		expect(calls(harness.emulator)).toHaveLength(2);
	});

	test('with a password in it is not shown to anybody', async () => {
		const { message } = await download({}, { url: 'https://user:secret@example.com/a.jpg' });
		expect(message).toBe('The file is at an address with a user name in it (example.com)');
	});

	test.each([
		'ftp://user:secret@example.com/a',
		'https://user:secret@[broken',
		'user:secret@example.com?a@',
		'ftp://example.com/a?signature=secret',
	])('%s is quoted without its secret', async (url) => {
		const { message } = await download({}, { url });
		expect(message).toMatch(/^".*" is not a web address$/);
		expect(message).not.toContain('secret');
	});

	test.each(['file:///etc/passwd', 'not a url', 'ftp://example.com/a'])(
		'%s is not a web address',
		async (url) => {
			expect((await download({}, { url })).message).toBe(`"${url}" is not a web address`);
			expect(harness.emulator.requests).toEqual([]);
		},
	);
});
