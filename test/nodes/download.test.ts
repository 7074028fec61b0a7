import { sleep } from 'n8n-workflow';

import { pattern } from '../emulator';
import { calls, sha256, startHarness, type Harness } from '../support/harness';

const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, ...Buffer.from('a photo')]);

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());

const customerSent = (about: Partial<Parameters<Harness['emulator']['meta']['store']['add']>[0]> = {}) =>
	harness.emulator.meta.store.add({ bytes: JPEG, mimeType: 'image/jpeg', inbound: true, ...about });

/** Each file in one try, unless the test says otherwise; what trying again does is in retry.test.ts. */
const download = async (item: Record<string, unknown>, { options = {}, ...parameters }: Record<string, unknown> = {}) => {
	const once = { maxTries: 1, ...(options as object) };
	const result = await harness.run('DownloadMedia', [item as never], { parameters: { ...parameters, options: once } });
	const json = result.output[0]?.[0]?.json;
	return { ...result, json, item: result.output[0]?.[0], message: result.error?.message, description: (result.error as { description?: string } | undefined)?.description };
};

describe('from a media ID', () => {
	test('one Graph call, one file call; the bytes, checked', async () => {
		const mediaId = customerSent();
		const { item, json, binary } = await download({ mediaId });
		expect(await binary(item)).toEqual(JPEG);
		expect(json).toEqual({ mediaId, mimeType: 'image/jpeg', fileName: `image-${mediaId}.jpg`, size: JPEG.length, sha256: sha256(JPEG), verified: true });
		expect(item!.binary!.data).toMatchObject({ mimeType: 'image/jpeg', fileName: `image-${mediaId}.jpg`, fileExtension: 'jpg', bytes: JPEG.length });
		expect(item!.binary!.data!.directory).toBeUndefined();
		expect(calls(harness.emulator)).toEqual([`GET /v25.0/${mediaId}`, 'GET /whatsapp_business/attachments/']);
	});

	test('hash and size are understood in either of their spellings', async () => {
		Object.assign(harness.emulator.meta.variants, { fileSize: 'string', getHash: 'base64' });
		expect((await download({ mediaId: customerSent() })).json).toMatchObject({ verified: true, sha256: sha256(JPEG) });
	});

	test('a wrong declared type is corrected from the first bytes, in type, name and store, and noted', async () => {
		const mediaId = customerSent({ mimeType: 'image/png' });
		const { item, hints } = await download({ mediaId, fileName: 'photo.png' });
		expect(item!.json).toMatchObject({ mimeType: 'image/jpeg', fileName: 'photo.jpg', verified: true });
		expect(item!.binary!.data).toMatchObject({ mimeType: 'image/jpeg', fileName: 'photo.jpg', fileExtension: 'jpg' });
		expect(hints).toMatchObject([{ message: '1 of 1 files declared as image/png are image/jpeg by their first bytes, and were named so.' }]);
		const { message } = await download({ mediaId }, { options: { allowedMimeTypes: 'image/png' } });
		expect(message).toBe(`Media ID ${mediaId} is of type image/jpeg, which is not allowed here`);
	});

	test('a file without announced hash is checked by its size; chunked bodies are fine', async () => {
		Object.assign(harness.emulator.meta.variants, { hash: 'absent', chunkedFiles: true });
		expect((await download({ mediaId: customerSent() })).json).toMatchObject({ verified: true });
	});

	test('a larger file streams in pieces', async () => {
		const mediaId = customerSent({ bytes: pattern(5_000_000), mimeType: 'video/mp4' });
		const { json, item, binary } = await download({ mediaId });
		expect(json).toMatchObject({ size: 5_000_000, verified: true, fileName: `video-${mediaId}.mp4` });
		expect(sha256(await binary(item))).toBe(json!.sha256);
	});

	test.each([
		['audio/ogg; codecs=opus', 'ogg', 'audio/ogg'],
		['audio/aac', 'aac', 'audio/aac'],
		['audio/mpeg', 'mp3', 'audio/mpeg'],
		['audio/mp4', 'm4a', 'audio/mp4'],
		['image/webp', 'webp', 'image/webp'],
		['video/3gpp', '3gp', 'video/3gpp'],
	])('%s becomes a .%s of type %s', async (given, extension, mimeType) => {
		const { item } = await download({ mediaId: customerSent({ bytes: 'sound', mimeType: given }), type: 'voice' });
		expect(item!.binary!.data).toMatchObject({ fileExtension: extension, mimeType });
		expect(item!.binary!.data!.fileName).toMatch(new RegExp(`\\.${extension}$`));
	});

	test("a document keeps its sender's name, made safe", async () => {
		const { json } = await download({ mediaId: customerSent({ bytes: 'pages', mimeType: 'application/pdf' }), fileName: '../../etc/Rechnung März\u202Efdp.pdf' });
		// The item's mediaId is the same as the field's, so its fileName belongs to this file.
		expect(json!.fileName).toBe('Rechnung Märzfdp.pdf');
	});

	test('a media ID of the user’s own choice takes nothing from the item', async () => {
		const mediaId = customerSent();
		const item = { mediaId: 'another', url: 'https://example.com/other', fileName: 'other.pdf', sha256: 'f'.repeat(64) };
		const { json } = await download(item, { mediaId });
		expect(json).toMatchObject({ mediaId, fileName: `image-${mediaId}.jpg`, verified: true });
	});

	test('phone_number_id is sent only on request, and left out when Meta takes offence', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.variants.phoneNumberIdOnInbound = 'refused';
		const { phoneNumberId } = harness.emulator.meta.credentials;
		expect((await download({ mediaId }, { options: { phoneNumberId } })).json).toMatchObject({ verified: true });
		expect(harness.emulator.requests.map(({ query }) => query.phone_number_id)).toEqual([phoneNumberId, undefined, undefined]);
	});
});

describe('from a URL', () => {
	const received = async () => {
		const { message } = harness.emulator.meta.prepare({ type: 'image', bytes: JPEG, mimeType: 'image/jpeg' });
		const { id, url } = message.image as { id: string; url: string };
		return { mediaId: id, url };
	};

	test('with life left: the file call only', async () => {
		const item = await received();
		expect((await download({ ...item, sha256: sha256(JPEG) })).json).toMatchObject({ ...item, verified: true });
		expect(calls(harness.emulator)).toEqual(['GET /whatsapp_business/attachments/']);
	});

	test('whose time is up: renewed without trying it', async () => {
		const item = await received();
		const url = item.url.replace(/ext=\d+/, 'ext=1700000000');
		expect((await download({ ...item, url })).json).toMatchObject({ verified: true });
		expect(calls(harness.emulator)).toEqual([`GET /v25.0/${item.mediaId}`, 'GET /whatsapp_business/attachments/']);
	});

	test.each([401, 403, 404, 410] as const)('that the host refuses with %d: renewed once', async (status) => {
		const item = await received();
		harness.emulator.meta.fault({ on: 'file', status });
		expect((await download(item)).json).toMatchObject({ verified: true });
		expect(calls(harness.emulator)).toEqual(['GET /whatsapp_business/attachments/', `GET /v25.0/${item.mediaId}`, 'GET /whatsapp_business/attachments/']);
	});

	test.each([401, 403, 404, 410] as const)('that was just looked up, and is refused with %d: looked up once more, and no more than that', async (status) => {
		const mediaId = customerSent();
		const round = [`GET /v25.0/${mediaId}`, 'GET /whatsapp_business/attachments/'];
		harness.emulator.meta.fault({ on: 'file', status });
		expect((await download({ mediaId })).json).toMatchObject({ verified: true });
		expect(calls(harness.emulator)).toEqual([...round, ...round]);
		harness.emulator.requests.length = 0;
		harness.emulator.meta.fault({ on: 'file', status, times: 2 });
		expect((await download({ mediaId })).message).toContain(`(HTTP ${status})`);
		expect(calls(harness.emulator)).toEqual([...round, ...round]);
	});

	test('expired at the host, the emulator’s clock being ahead of ours', async () => {
		const item = await received();
		harness.emulator.clock.advance(6 * 60_000);
		expect((await download(item)).json).toMatchObject({ verified: true });
	});

	test('alone, without a media ID', async () => {
		const { url } = await received();
		expect((await download({ url })).json).toMatchObject({ size: JPEG.length, mimeType: 'image/jpeg', fileName: 'image.jpg' });
	});

	test('alone and expired', async () => {
		const { url } = await received();
		harness.emulator.clock.advance(6 * 60_000);
		const { message, description } = await download({ url });
		expect(message).toBe(`The file at ${new URL(url).host} is not available at ${new URL(url).host} (HTTP 404)`);
		expect(description).toContain('7 days');
	});

	test('of a stranger is fetched without the token', async () => {
		const url = harness.emulator.thirdParty.put(JPEG, 'image/jpeg');
		expect((await download({}, { url })).json).toMatchObject({ size: JPEG.length });
		expect(harness.emulator.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
	});

	test('a redirect to a stranger is followed without the token', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.fault({ on: 'file', redirect: 'thirdParty' });
		expect((await download({ mediaId })).json).toMatchObject({ verified: true });
		const { accessToken } = harness.credential;
		expect(harness.emulator.requests.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${accessToken}`, `Bearer ${accessToken}`, undefined]);
	});

	test.each([
		'http://localhost:5678/rest/settings',
		'http://169.254.169.254/latest/meta-data/',
		'http://0x7f.1/',
		'http://2130706433/',
		'http://[::ffff:10.0.0.1]/',
		'http://[::1]:5678/',
		'http://[fd00::1]/',
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
		expect(message).toBe(`The file is at ${new URL(url).host}, an address inside a private network`);
		expect(description).toContain('HTTP Request node');
	});

	test.each([
		['http://169.254.169.254/latest/meta-data/', '169.254.169.254, an address inside a private network'],
		['https://user:secret@example.com/', 'an address with a user name in it (example.com)'],
		['file:///etc/passwd', 'something that is not a web address'],
		['http://', 'something that is not a web address'],
	])('a redirect to %s is not followed', async (redirect, said) => {
		const mediaId = customerSent();
		harness.emulator.meta.fault({ on: 'file', redirect });
		const { message } = await download({ mediaId });
		expect(message).toBe(`Media ID ${mediaId}: ${new URL(harness.emulator.meta.filesUrl).host} redirects to ${said}`);
		expect(calls(harness.emulator)).toHaveLength(2);
	});

	test('with a password in it is not shown to anybody', async () => {
		const { message } = await download({}, { url: 'https://user:secret@example.com/a.jpg' });
		expect(message).toBe('The file is at an address with a user name in it (example.com)');
	});

	test.each(['ftp://user:secret@example.com/a', 'https://user:secret@[broken', 'user:secret@example.com?a@', 'ftp://example.com/a?signature=secret'])('%s is quoted without its secret', async (url) => {
		const { message } = await download({}, { url });
		expect(message).toMatch(/^".*" is not a web address$/);
		expect(message).not.toContain('secret');
	});

	test.each(['file:///etc/passwd', 'not a url', 'ftp://example.com/a'])('%s is not a web address', async (url) => {
		expect((await download({}, { url })).message).toBe(`"${url}" is not a web address`);
		expect(harness.emulator.requests).toEqual([]);
	});
});

describe('what is not the file goes no further', () => {
	const files = async () => await harness.engine.binaryFiles();
	let before: string[];
	beforeEach(async () => {
		before = await files();
	});
	/** Nothing half-written and nothing wrong is left in n8n's store. */
	const nothingKept = async () => expect(await files()).toEqual(before);

	test('a page with status 200 where a photo should be', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.fault({ on: 'file', status: 200, headers: { 'Content-Type': 'text/html' }, body: '<!DOCTYPE html><p>Log in', times: 2 });
		const { message, output } = await download({ mediaId });
		expect(message).toBe(`Media ID ${mediaId} could not be downloaded: ${new URL(harness.emulator.meta.filesUrl).host} sent a web page instead of the file`);
		expect(output).toEqual([]);
		await nothingKept();
	});

	test('a page that calls itself a photo', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.variants.hash = 'absent';
		harness.emulator.meta.fault({ on: 'file', status: 200, headers: { 'Content-Type': 'image/jpeg' }, body: '<html>Log in' });
		expect((await download({ mediaId })).message).toContain('sent a web page instead of the file');
		await nothingKept();
	});

	test.each([true, false])('a connection that dies at 60 % (chunked: %s)', async (chunkedFiles) => {
		const mediaId = customerSent({ bytes: pattern(1_000_000) });
		harness.emulator.meta.variants.chunkedFiles = chunkedFiles;
		harness.emulator.meta.fault({ on: 'file', cutAt: 0.6 });
		expect((await download({ mediaId })).message).toMatch(new RegExp(`^Media ID ${mediaId} came incomplete: \\d+ ${chunkedFiles ? '' : 'of 1000000 '}bytes$`));
		await nothingKept();
	});

	test('a body that ends early as if it were whole', async () => {
		const mediaId = customerSent({ bytes: pattern(1_000_000) });
		harness.emulator.meta.fault({ on: 'file', truncateAt: 0.6 });
		expect((await download({ mediaId })).message).toBe(`Media ID ${mediaId} came incomplete: 600000 of 1000000 bytes`);
		await nothingKept();
	});

	test('other bytes once: fetched again, good', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.fault({ on: 'file', wrongBytes: true });
		const { json, hints } = await download({ mediaId });
		expect(json).toMatchObject({ verified: true, sha256: sha256(JPEG) });
		expect(hints).toEqual([]);
	});

	test('the same other bytes twice: they go on, marked', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.variants.hash = 'wrong';
		const { json, hints, item, binary } = await download({ mediaId });
		expect(json).toMatchObject({ verified: false });
		expect(await binary(item)).toEqual(JPEG);
		expect(hints[0]!.message).toContain('1 of 1 files came twice with the same bytes');
	});

	test('… unless the user asked for a match', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.variants.hash = 'wrong';
		const { message } = await download({ mediaId }, { options: { requireHashMatch: true } });
		expect(message).toContain(`Media ID ${mediaId} does not match the hash that WhatsApp announced`);
		await nothingKept();
	});

	test('other bytes each time', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.fault({ on: 'file', wrongBytes: 'changing', times: 2 });
		expect((await download({ mediaId })).message).toContain(`Media ID ${mediaId} came damaged`);
		await nothingKept();
	});

	test('0 bytes', async () => {
		const mediaId = customerSent({ bytes: '' });
		expect((await download({ mediaId })).message).toBe(`Media ID ${mediaId} is empty (0 bytes)`);
		await nothingKept();
	});

	test('too large, by what Graph says: no file call', async () => {
		const mediaId = customerSent({ bytes: pattern(2_000_000) });
		const { message, description } = await download({ mediaId }, { options: { maxSizeMb: 1.5 } });
		expect(message).toBe(`Media ID ${mediaId} is larger than the 1.5 MB allowed here`);
		expect(description).toContain('Maximum Size');
		expect(calls(harness.emulator)).toHaveLength(1);
	});

	test('too large, as it turns out while it comes', async () => {
		const url = harness.emulator.thirdParty.put(JPEG, 'image/jpeg');
		expect((await download({}, { url, options: { maxSizeMb: 0.000005 } })).message).toMatch(/is larger than the 0.000005 MB/);
		await nothingKept();
	});

	test('a body without end is cut off', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.variants.hash = 'absent';
		harness.emulator.meta.fault({ on: 'file', endless: true });
		expect((await download({ mediaId }, { options: { maxSizeMb: 3 } })).message).toBe(`Media ID ${mediaId} is larger than the 3 MB allowed here`);
		await nothingKept();
	});

	test('a type that is not allowed: no file call', async () => {
		const mediaId = customerSent({ mimeType: 'video/mp4' });
		const { message, description } = await download({ mediaId }, { options: { allowedMimeTypes: 'image/*, application/pdf' } });
		expect(message).toBe(`Media ID ${mediaId} is of type video/mp4, which is not allowed here`);
		expect(description).toContain('image/*, application/pdf');
		expect(calls(harness.emulator)).toHaveLength(1);
	});
});

describe('an answer that is not wanted is hung up on, though nothing more of it comes', () => {
	const halfAnswer = { body: 'x'.repeat(1000), stallAt: 0.5 };
	const hungUp = async () => await Promise.all(harness.emulator.requests.map(async ({ over }) => await over));

	test('a redirect', async () => {
		const Location = harness.emulator.thirdParty.put(JPEG, 'image/jpeg');
		harness.emulator.meta.fault({ on: 'file', status: 302, headers: { Location }, ...halfAnswer });
		expect((await download({ mediaId: customerSent() })).json).toMatchObject({ verified: true });
		await hungUp();
	});

	test('of a URL that has run out', async () => {
		harness.emulator.meta.fault({ on: 'file', status: 404, ...halfAnswer });
		expect((await download({ mediaId: customerSent() })).json).toMatchObject({ verified: true });
		await hungUp();
	});

	test.each([
		['a server that fails', { status: 500 }, {}, 'HTTP 500'],
		['a web page', { headers: { 'Content-Type': 'text/html' } }, { mimeType: 'application/pdf' }, 'sent a web page'],
		['a file of a type that is not allowed', { headers: { 'Content-Type': 'video/mp4' } }, {}, 'is of type video/mp4, which is not allowed here'],
	])('of %s', async (_, fault, item, said) => {
		const url = harness.emulator.meta.fileUrl(customerSent());
		harness.emulator.meta.fault({ on: 'file', ...halfAnswer, ...fault });
		expect((await download({ url, ...item }, { options: { allowedMimeTypes: 'application/pdf' } })).message).toContain(said);
		await hungUp();
	});
});

test.each([
	['before its answer', { delay: Infinity }, false],
	['in its middle', { stallAt: 0.5 }, true],
])('stopping the execution ends a file %s, and leaves nothing of it', async (_, fault, begun) => {
	harness.emulator.meta.fault({ on: 'file', ...fault });
	const stored = async () => await harness.engine.binaryFiles();
	const before = await stored();
	const stop = new AbortController();
	const running = harness.run('DownloadMedia', [{ mediaId: customerSent({ bytes: pattern(200_000) }) }], { abortSignal: stop.signal });
	const isUnderWay = async () => (begun ? (await stored()).length > before.length : harness.emulator.requests.some(({ operation }) => operation === 'file'));
	while (!(await isUnderWay())) await sleep(5);
	stop.abort();
	expect((await running).status).toBe('canceled');
	await Promise.all(harness.emulator.requests.map(async ({ over }) => await over));
	expect(await stored()).toEqual(before);
});

test('large files go one after the other, so that no store has to hold many of them', async () => {
	harness.emulator.meta.fault({ on: 'file', stallAt: 0, times: 2 });
	const large = () => ({ mediaId: customerSent({ bytes: pattern(130_000_000) }) });
	const running = harness.run('DownloadMedia', [large(), large()], { parameters: { options: { maxTries: 1, timeoutSeconds: 1 } }, onError: 'continueRegularOutput' });
	const files = () => harness.emulator.requests.filter(({ operation }) => operation === 'file');
	const arrival = async (count: number) => {
		while (files().length < count) await sleep(5);
		return Date.now();
	};
	const first = await arrival(1);
	// Not before the first has been given up for its silence.
	expect((await arrival(2)) - first).toBeGreaterThan(500);
	const { output } = await running;
	expect(output[0]!.map(({ json }) => json.error)).toEqual([expect.stringContaining('stopped coming'), expect.stringContaining('stopped coming')]);
});

test('… also those whose size is first heard from the file host', async () => {
	const [stuck, whole] = [0, 1].map(() => customerSent({ bytes: pattern(130_000_000), mimeType: 'video/mp4' }));
	harness.emulator.meta.fault({ on: 'file', mediaId: stuck, stallAt: 0 });
	harness.emulator.meta.fault({ on: 'file', mediaId: whole, delay: 300 });
	const items = [stuck, whole].map((mediaId) => ({ mediaId, url: harness.emulator.meta.fileUrl(mediaId!, 'webhook') }));
	const running = harness.run('DownloadMedia', items, { parameters: { options: { maxTries: 1, timeoutSeconds: 3 } }, onError: 'continueRegularOutput' });
	while (harness.emulator.requests.length < 2) await sleep(5);
	const ended = harness.emulator.requests.map(async ({ over, mediaId }) => (await over, mediaId));
	expect(await Promise.race(ended)).toBe(stuck);
	expect((await running).output[0]!.map(({ json }) => json.size)).toEqual([undefined, 130_000_000]);
});

test('stopping an execution ends its wait for memory, though another one still holds it', async () => {
	harness.emulator.meta.fault({ on: 'file', stallAt: 0 });
	const run = (stop: AbortController) =>
		harness.run('DownloadMedia', [{ mediaId: customerSent({ bytes: pattern(130_000_000) }) }], { abortSignal: stop.signal });
	const operations = (operation: string) => harness.emulator.requests.filter((request) => request.operation === operation);
	const [stopHolder, stopWaiter] = [new AbortController(), new AbortController()];
	const holder = run(stopHolder);
	while (!operations('file').length) await sleep(5);
	const waiter = run(stopWaiter);
	while (operations('getUrl').length < 2) await sleep(5);
	await Promise.all(operations('getUrl').map(async ({ over }) => await over));
	// It has its answer now, and waits for memory: nothing outside shows that.
	await sleep(200);
	stopWaiter.abort();
	expect((await waiter).status).toBe('canceled');
	expect(operations('file')).toHaveLength(1);
	stopHolder.abort();
	expect((await holder).status).toBe('canceled');
});

describe('what Meta refuses, in words', () => {
	test('an unknown media ID', async () => {
		const { message, description } = await download({ mediaId: '123' });
		expect(message).toMatch(/^Media ID 123 could not be looked up: Meta says "Unsupported get request\. Object with ID '123' does not exist/);
		expect(message).toContain('(code 100/33)');
		expect(description).toContain('received files are kept 7 days');
	});

	test('a wrong token', async () => {
		const credentials = { whatsAppMediaApi: { ...harness.credential, accessToken: 'EAAwrong' } };
		const { error, saved } = await harness.run('DownloadMedia', [{ mediaId: customerSent() }], { credentials });
		expect(error!.message).toContain('Invalid OAuth access token - Cannot parse access token');
		expect((error as { description?: string }).description).toContain('Paste it again');
		expect(saved).not.toContain('EAAwrong');
	});

	test.each([400, 500, 200])('an answer with status %d that repeats the token', async (status) => {
		const { accessToken } = harness.credential;
		const body = JSON.stringify({ error: { message: `Malformed access token ${accessToken}`, type: 'OAuthException', code: 190 } });
		harness.emulator.meta.fault({ on: 'getUrl', status, headers: { 'Content-Type': 'application/json' }, body });
		const { message } = await download({ mediaId: customerSent() });
		expect(message).toContain('Meta says "Malformed access token …" (code 190)');
	});

	test('an expired token', async () => {
		harness.emulator.meta.tokens.get(harness.credential.accessToken!)!.state = 'expired';
		expect((await download({ mediaId: customerSent() })).description).toContain('last 24 hours');
	});

	test('a 502 page, a reset, an outage: no secret and no stack in what is saved', async () => {
		for (const fault of [{ status: 502, headers: { 'Content-Type': 'text/html' }, body: '<html>Bad gateway' }, { reset: true }, { error: 131016 as const }]) {
			const mediaId = customerSent();
			harness.emulator.meta.fault({ on: 'getUrl', ...fault });
			const { message, saved } = await download({ mediaId });
			expect(message).toMatch(/^(Media ID \d+ could not be looked up: |Media ID \d+: 127\.0\.0\.1:\d+ could not be reached)/);
			expect(saved).not.toContain(harness.credential.accessToken);
			expect(message).not.toMatch(/undefined|\bat .*\.ts/);
		}
	});

	test('neither media ID nor URL', async () => {
		expect((await download({})).message).toBe('There is neither a media ID nor a URL');
	});
});

describe('the output', () => {
	test('keeps the input’s fields, or not', async () => {
		const mediaId = customerSent();
		expect((await download({ mediaId, caption: 'Hi' })).json).toMatchObject({ caption: 'Hi' });
		expect((await download({ mediaId, caption: 'Hi' }, { options: { keepInputFields: false } })).json).not.toHaveProperty('caption');
	});

	test('file name and binary field of the user’s choice', async () => {
		const { item } = await download({ mediaId: customerSent() }, { binaryPropertyName: 'photo', options: { fileName: 'Mine' } });
		expect(item!.binary).toMatchObject({ photo: { fileName: 'Mine.jpg' } });
	});

	test('in n8n’s combined binary mode', async () => {
		const mediaId = customerSent();
		const { output, binary } = await harness.run('DownloadMedia', [{ mediaId }], { binaryMode: 'combined' });
		expect(output[0]![0]!.json._files).toHaveProperty('data');
		expect(await binary(output[0]![0])).toEqual(JPEG);
	});
});
