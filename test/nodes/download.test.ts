import { pattern } from '../emulator';
import * as downloads from '../support/download';
import { fixture, PHOTO } from '../support/files';
import { calls, sha256, startHarness, type Harness } from '../support/harness';
import { credentialsFor } from '../support/run';

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

describe('from a media ID', () => {
	test('one Graph call, one file call; the bytes, checked', async () => {
		const mediaId = customerSent();
		const { item, json, binary } = await download({ mediaId });
		expect(await binary(item)).toEqual(PHOTO);
		expect(json).toEqual({
			mediaId,
			mimeType: 'image/jpeg',
			fileName: `image-${mediaId}.jpg`,
			size: PHOTO.length,
			sha256: sha256(PHOTO),
			verified: true,
		});
		expect(item!.binary!.data).toMatchObject({
			mimeType: 'image/jpeg',
			fileName: `image-${mediaId}.jpg`,
			fileExtension: 'jpg',
			bytes: PHOTO.length,
		});
		expect(item!.binary!.data!.directory).toBeUndefined();
		expect(calls(harness.emulator)).toEqual([
			`GET /v25.0/${mediaId}`,
			'GET /whatsapp_business/attachments/',
		]);
	});

	test.each([
		['inline;filename=Beleg vom 3.3.jpg', 'Beleg vom 3.3.jpg'],
		["attachment; filename=x.jpg; filename*=UTF-8''Quittung%20%E2%82%AC.jpg", 'Quittung €.jpg'],
		["attachment; filename*=UTF-8''..%2F..%2Fetc%2F%E2%80%AEgpj.png", 'gpj.jpg'],
	])('a name that only the file host knows: %s', async (disposition, fileName) => {
		harness.emulator.meta.fault({
			on: 'file',
			headers: { 'Content-Disposition': disposition },
			times: 2,
		});
		const mediaId = customerSent();
		expect((await download({ mediaId })).item).toMatchObject({
			json: { fileName },
			binary: { data: { fileName } },
		});
		// Whoever knows more than the host is believed.
		expect((await download({ mediaId, fileName: 'mine.jpg' })).json).toMatchObject({
			fileName: 'mine.jpg',
		});
	});

	test('hash and size are understood in either of their spellings', async () => {
		Object.assign(harness.emulator.meta.variants, { fileSize: 'string', getHash: 'base64' });
		expect((await download({ mediaId: customerSent() })).json).toMatchObject({
			verified: true,
			sha256: sha256(PHOTO),
		});
	});

	test.each([
		[
			'invoice.pdf',
			'application/octet-stream',
			'application/pdf',
			'%PDF-1.7\n1 0 obj',
			'invoice.pdf',
		],
		['orders.csv', 'application/vnd.ms-excel', 'text/csv', 'a;b\n', 'orders.csv'],
		['orders.csv', 'application/vnd.ms-excel', 'application/vnd.ms-excel', 'a;b\n', 'orders.csv'],
		[
			'letter.docx',
			'application/zip',
			'application/zip, application/vnd.openxmlformats-officedocument.wordprocessingml.document',
			fixture('invoice.docx'),
			'letter.docx',
		],
		['', 'audio/aac', 'audio/*', fixture('sound-only.mp4'), /^audio-\d+\.m4a$/],
		['voice.weba', 'audio/webm', 'audio/*', fixture('recorded.webm'), 'voice.webm'],
	])(
		'%s as %s is what %s allows, in its name too',
		async (fileName, mimeType, allowedMimeTypes, bytes, name) => {
			const mediaId = customerSent({ bytes, mimeType });
			const { json, message } = await download(
				{ mediaId, ...(fileName && { fileName }) },
				{ options: { allowedMimeTypes } },
			);
			expect(message).toBeUndefined();
			expect(json!.fileName).toEqual(typeof name === 'string' ? name : expect.stringMatching(name));
		},
	);

	test('… and what the bytes show is refused where it is not allowed', async () => {
		const { message } = await download(
			{ mediaId: customerSent({ mimeType: 'application/octet-stream' }), fileName: 'a.pdf' },
			{ options: { allowedMimeTypes: 'application/pdf' } },
		);
		expect(message).toContain('is of type image/jpeg, which is not allowed here');
	});

	test('a wrong declared type is corrected from the first bytes, in type, name and store, and noted', async () => {
		const mediaId = customerSent({ mimeType: 'image/png' });
		const { item, hints } = await download({ mediaId, fileName: 'photo.png' });
		expect(item!.json).toMatchObject({
			mimeType: 'image/jpeg',
			fileName: 'photo.jpg',
			verified: true,
		});
		expect(item!.binary!.data).toMatchObject({
			mimeType: 'image/jpeg',
			fileName: 'photo.jpg',
			fileExtension: 'jpg',
		});
		expect(hints).toMatchObject([
			{
				message:
					'1 of 1 files declared as image/png are image/jpeg by their content, and were named accordingly.',
			},
		]);
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
		expect(json).toMatchObject({
			size: 5_000_000,
			verified: true,
			fileName: `video-${mediaId}.mp4`,
		});
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
		const { item } = await download({
			mediaId: customerSent({ bytes: 'sound', mimeType: given }),
			type: 'voice',
		});
		expect(item!.binary!.data).toMatchObject({ fileExtension: extension, mimeType });
		expect(item!.binary!.data!.fileName).toMatch(new RegExp(`\\.${extension}$`));
	});

	test("a document keeps its sender's name, made safe", async () => {
		const { json } = await download({
			mediaId: customerSent({ bytes: 'pages', mimeType: 'application/pdf' }),
			fileName: '../../etc/Rechnung März\u202Efdp.pdf',
		});
		// The item's mediaId is the same as the field's, so its fileName belongs to this file.
		expect(json!.fileName).toBe('Rechnung Märzfdp.pdf');
	});

	test('a media ID of the user’s own choice takes nothing from the item', async () => {
		const mediaId = customerSent();
		const item = {
			mediaId: 'another',
			url: 'https://example.com/other',
			fileName: 'other.pdf',
			sha256: 'f'.repeat(64),
		};
		const { json } = await download(item, { mediaId });
		expect(json).toMatchObject({ mediaId, fileName: `image-${mediaId}.jpg`, verified: true });
	});

	test('phone_number_id is sent only on request, and left out when Meta takes offence', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.variants.phoneNumberIdOnInbound = 'refused';
		const { phoneNumberId } = harness.emulator.meta.credentials;
		expect((await download({ mediaId }, { options: { phoneNumberId } })).json).toMatchObject({
			verified: true,
		});
		expect(harness.emulator.requests.map(({ query }) => query.phone_number_id)).toEqual([
			phoneNumberId,
			undefined,
			undefined,
		]);
	});
});

describe('what Meta refuses, in words', () => {
	test('an unknown media ID', async () => {
		const { message, description } = await download({ mediaId: '123' });
		expect(message).toBe('Media ID 123 could not be looked up: not found (code 100/33)');
		expect(description).toContain('Meta keeps received files for 7 days');
		expect(description).toMatch(
			/Meta says "Unsupported get request\. Object with ID '123' does not/,
		);
	});

	test('a wrong token', async () => {
		const credentials = credentialsFor(harness, 'meta', { accessToken: 'EAAwrong' });
		const { error, saved } = await harness.run('DownloadMedia', [{ mediaId: customerSent() }], {
			credentials,
		});
		expect(error!.message).toContain('the access token in the credential is not valid');
		expect((error as { description?: string }).description).toMatch(
			/^Copy and paste the complete token: .* Meta says "Invalid OAuth access token - Cannot/,
		);
		expect(saved).not.toContain('EAAwrong');
	});

	test.each([
		['meta', ['accessToken'], 'Access Token'],
		[
			'meta',
			['accessToken', 'phoneNumberId', 'webhookSecret'],
			'Access Token, and for the trigger App Secret and Phone Number ID',
		],
		['waha', ['baseUrl'], 'Base URL'],
		['waha', ['baseUrl', 'accessToken'], 'Base URL and API Key'],
		['pipes', ['accessToken', 'webhookSecret'], 'API Key, and for the trigger Webhook Secret'],
		['dialog360', ['accessToken'], 'API Key'],
	] as const)(
		'%s without %p: all that is missing is named at once',
		async (vendor, fields, all) => {
			const empty = Object.fromEntries(fields.map((field) => [field, ' ']));
			// A server of the user's own may want no token.
			const credentials = credentialsFor(harness, vendor, { baseUrl: '', ...empty });
			const mediaIds = {
				meta: '1',
				waha: 'false_1@c.us_3A',
				pipes: 'V1StGXR8_Z5jdHi6B-myT',
				dialog360: '1',
			};
			const { error } = await harness.run('DownloadMedia', [{ mediaId: mediaIds[vendor] }], {
				credentials,
			});
			expect(error!.message).toBe(`The credential lacks ${all}`);
		},
	);

	test.each([
		['meta', '12345'],
		['dialog360', '12345'],
		['whapi', 'jpeg-aaaa1111-bb22cc'],
		['pipes', 'V1StGXR8_Z5jdHi6B-myT'],
	] as const)(
		'%s behind a relay that adds the token: the request goes there without one',
		async (vendor, mediaId) => {
			const credentials = credentialsFor(harness, vendor, { accessToken: '' });
			const { error } = await harness.run('DownloadMedia', [{ mediaId }], { credentials });
			expect(error!.message).not.toContain('The credential lacks');
			expect(harness.emulator.requests).toHaveLength(1);
			const { authorization, 'd360-api-key': key } = harness.emulator.requests[0]!.headers;
			expect([authorization, key]).toEqual([undefined, undefined]);
		},
	);

	test.each([400, 500, 200])('an answer with status %d that repeats the token', async (status) => {
		const { accessToken } = harness.credential;
		const body = JSON.stringify({
			error: {
				message: `Malformed access token ${accessToken}`,
				type: 'OAuthException',
				code: 190,
			},
		});
		harness.emulator.meta.fault({
			on: 'getUrl',
			status,
			headers: { 'Content-Type': 'application/json' },
			body,
		});
		const mediaId = customerSent();
		const { message, description } = await download({ mediaId });
		expect(message).toBe(
			`Media ID ${mediaId} could not be looked up: the access token in the credential is not valid`,
		);
		expect(description).toMatch(
			/^Copy and paste the complete token: .* Meta says "Malformed access token …" \(code 190\)\.$/,
		);
	});

	test('an expired token', async () => {
		harness.emulator.meta.tokens.get(harness.credential.accessToken!)!.state = 'expired';
		const { message, description } = await download({ mediaId: customerSent() });
		expect(message).toContain('the access token in the credential has expired');
		expect(description).toMatch(/^Tokens from the dashboard last 24 hours: .* Meta says ".*"/);
	});

	test('a 502 page, a reset, an outage: no secret and no stack in what is saved', async () => {
		for (const fault of [
			{ status: 502, headers: { 'Content-Type': 'text/html' }, body: '<html>Bad gateway' },
			{ reset: true },
			{ error: 131016 as const },
		]) {
			const mediaId = customerSent();
			harness.emulator.meta.fault({ on: 'getUrl', ...fault });
			const { message, saved } = await download({ mediaId });
			expect(message).toMatch(
				/^(Media ID \d+ could not be looked up: |Media ID \d+: 127\.0\.0\.1:\d+ could not be reached)/,
			);
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
		expect(
			(await download({ mediaId, caption: 'Hi' }, { options: { keepInputFields: false } })).json,
		).not.toHaveProperty('caption');
	});

	test('file name and binary field of the user’s choice', async () => {
		const { item } = await download(
			{ mediaId: customerSent() },
			{ binaryPropertyName: 'photo', options: { fileName: 'Mine' } },
		);
		expect(item!.binary).toMatchObject({ photo: { fileName: 'Mine.jpg' } });
	});

	test('in n8n’s combined binary mode', async () => {
		const mediaId = customerSent();
		const { output, binary } = await harness.run('DownloadMedia', [{ mediaId }], {
			binaryMode: 'combined',
		});
		expect(output[0]![0]!.json._files).toHaveProperty('data');
		expect(await binary(output[0]![0])).toEqual(PHOTO);
	});
});
