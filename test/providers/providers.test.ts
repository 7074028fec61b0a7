import { createHmac } from 'node:crypto';

import { authenticate } from '../../nodes/WhatsApp/transport/authenticate';
import { providers } from '../../nodes/WhatsApp/providers';
import type { MediaErrorCode } from '../../nodes/WhatsApp/errors';
import type { Credentials, Webhook } from '../../nodes/WhatsApp/providers/provider';
import { parseCredentials } from '../../nodes/WhatsApp/transport/credentials';
import { mayFetchWithToken } from '../../nodes/WhatsApp/transport/hosts';
import { equalSecrets } from '../../nodes/WhatsApp/providers/signature';
import { axiosClient, fetchFile } from '../support/axiosClient';
import {
	type CustomerFile,
	type Emulator,
	startEmulator,
	type Vendor,
	VENDORS,
	type VendorEmulator,
} from '../emulator';
import { sha256 } from '../support/harness';
import { credentialFor, VENDOR_FACTS } from '../support/vendors';
import { startReceiver, type Receiver } from '../support/receiver';

/** Each provider alone, over axios, without n8n. */

const BYTES = Buffer.from('%PDF-1.7\na contract');
const PDF = {
	fileName: 'contract.pdf',
	mimeType: 'application/pdf',
	size: BYTES.length,
	content: BYTES,
};
const TYPES = ['image', 'video', 'audio', 'voice', 'document', 'sticker'] as const;

let emulator: Emulator;
/** Our own address, which vendors deliver to. */
let receiver: Receiver;

beforeAll(async () => {
	emulator = await startEmulator();
	receiver = await startReceiver();
});
afterAll(async () => {
	await receiver.close();
	await emulator.close();
});
beforeEach(() => {
	emulator.reset();
	receiver.reset();
});

describe.each(VENDORS)('%s', (vendor) => {
	const provider = providers[vendor]!;
	const facts = VENDOR_FACTS[vendor];
	const played = (): VendorEmulator => emulator[vendor];
	const api = (changes?: Partial<Credentials>) => axiosClient(emulator, vendor, changes);
	const add = () =>
		played().store.add({ bytes: BYTES, mimeType: 'application/pdf', inbound: true });
	const fault = (order: object) => played().fault({ on: facts.operations.lookUp, ...order });

	/** A customer sends a file; the webhook as it reaches us, and the media ID. */
	async function receive(file: CustomerFile) {
		if (facts.localRegistration === 'manual') played().callback = receiver.url;
		else await provider.registration!.register(api(), facts.localRegistration, receiver.url);
		const { mediaId } = await played().receive(file);
		const { headers, body } = receiver.requests.at(-1)!;
		const webhook: Webhook = { query: {}, headers, rawBody: body };
		return { mediaId, webhook };
	}
	const parse = ({ rawBody }: Webhook) => provider.parse(JSON.parse(rawBody.toString()));

	test.each(TYPES)('%s: from the webhook to its bytes', async (type) => {
		const fileName = type === 'document' ? 'Contract 1.pdf' : undefined;
		const { mediaId, webhook } = await receive({
			type,
			bytes: BYTES,
			fileName,
			caption: 'Hi',
			from: '16505551234',
			name: 'Sheena',
		});
		expect(provider.verify(webhook, api().credentials)).toBe(true);
		const [message] = parse(webhook);
		expect(message).toMatchObject({
			provider: vendor,
			type,
			mediaId,
			mimeType: expect.stringMatching(/^\w+\/[\w-]+/),
			...(facts.announcesHash && { sha256: sha256(BYTES) }),
			...(type === 'document' && { fileName, caption: 'Hi' }),
			...(type === 'voice' && { voice: true }),
			messageId: expect.any(String),
			chatId: expect.any(String),
			from: '16505551234',
			fromName: 'Sheena',
			timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
			raw: expect.any(Object),
		});
		expect(Math.abs(Date.parse(message!.timestamp!) - Date.now())).toBeLessThan(5000);
		expect(Object.values(message!)).not.toContain(undefined);
		const { bytes, location } = await fetchFile(provider, api(), message!.mediaId!);
		expect(bytes).toEqual(BYTES);
		expect(location.tokenRequired).toBe(facts.fileTakesToken);
		expect(Object.values(location)).not.toContain(undefined);
		expect(provider.urlExpiresAt(location.url)).toBe(location.expiresAt);
	});

	test('its webhooks are believed only with the right secret', async () => {
		const { webhook } = await receive({ type: 'image', bytes: BYTES });
		const { credentials } = api();
		const proof = Object.keys(webhook.headers).find((name) => /signature|secret|hmac/.test(name))!;
		for (const given of [undefined, '', 'x', 'sha256=', [webhook.headers[proof]] as string[]]) {
			expect(
				provider.verify(
					{ ...webhook, headers: { ...webhook.headers, [proof]: given } },
					credentials,
				),
			).toEqual({ reason: expect.any(String) });
		}
		for (const secret of ['other', ''])
			expect(provider.verify(webhook, { ...credentials, [facts.proofField]: secret })).toEqual({
				reason: expect.any(String),
			});
		if (facts.signsBody)
			expect(
				provider.verify(
					{ ...webhook, rawBody: Buffer.concat([webhook.rawBody, BYTES]) },
					credentials,
				),
			).not.toBe(true);
	});

	test('nothing that is parsed can throw', () => {
		const message = { type: 'image', image: 'x' };
		const bodies = [
			undefined,
			null,
			5,
			'x',
			[],
			{ entry: {} },
			{ entry: [null, { changes: [{ value: { messages: [1, { type: '__proto__' }] } }] }] },
		];
		for (const body of [...bodies, { messages: [null, message, { type: 'constructor' }] }])
			expect(provider.parse(body)).toEqual([]);
		expect(() =>
			provider.parse({ entry: [{ changes: [{ value: { messages: [message] } }] }], pipes: 5 }),
		).not.toThrow();
	});

	test('gone, a wrong token, an outage and a page each get their kind and a sentence that names the media ID', async () => {
		const mediaId = add();
		const refused = async (code: MediaErrorCode, from = api()) => {
			const error = await fetchFile(provider, from, mediaId).catch((cause) => cause);
			expect(error).toMatchObject({
				name: 'MediaError',
				code,
				message: expect.stringContaining(mediaId),
				description: expect.any(String),
			});
		};
		await refused('credential', api({ accessToken: 'wrong' }));
		fault({ status: 502, body: '{}' });
		await refused('temporary');
		fault({ status: 400, body: '{"not":"what we know"}' });
		await refused('permanent');
		emulator.clock.advance(facts.lifetimeMs + 1);
		await refused('gone');
	});

	test('an upload comes back the same and can be deleted, or there is a sentence that says what to do instead', async () => {
		if (!facts.hasUpload) {
			for (const tried of [provider.upload(api(), PDF), provider.delete(api(), 'x')])
				await expect(tried).rejects.toMatchObject({
					code: 'permanent',
					message: expect.stringContaining('no'),
					description: expect.any(String),
				});
			return expect(emulator.requests).toEqual([]);
		}
		const { mediaId, expiresAt } = await provider.upload(api(), PDF);
		expect(Date.parse(expiresAt!)).toBeGreaterThan(Date.now());
		expect((await fetchFile(provider, api(), mediaId)).bytes).toEqual(BYTES);
		expect(played().store.get(mediaId)).toMatchObject({
			fileName: 'contract.pdf',
			mimeType: 'application/pdf',
		});
		const location = await provider.resolve(api(), mediaId, { details: true });
		expect(location).toMatchObject({
			mimeType: 'application/pdf',
			size: BYTES.length,
			sha256: sha256(BYTES),
		});
		await provider.delete(api(), mediaId);
		await expect(fetchFile(provider, api(), mediaId)).rejects.toMatchObject({
			code: 'gone',
			message: expect.stringContaining(mediaId),
		});
		await expect(provider.delete(api(), mediaId)).rejects.toMatchObject({ code: 'gone' });
	});

	test.each(['..', '../me?x=', 'me', '', 'a/b', '1?x=', '1#x', '%2e%2e', '.', '1 2', '١٢٣'])(
		'what is no media ID (%j) makes no request',
		async (mediaId) => {
			for (const asked of [
				provider.resolve(api(), mediaId),
				provider.resolve(api(), mediaId, { details: true }),
				provider.delete(api(), mediaId),
			])
				await expect(asked).rejects.toMatchObject({
					code: 'permanent',
					message: expect.stringContaining(`Media ID ${mediaId}`),
					description: expect.any(String),
				});
			expect(emulator.requests).toEqual([]);
		},
	);

	test('to fetch a file, the token goes to no path of the API but that of files', () => {
		const parsed = parseCredentials(credentialFor(emulator, vendor));
		const { baseUrl } = parsed.credentials;
		const bases = [baseUrl, provider.defaultBaseUrl ?? baseUrl];
		const mediaId = add();
		const paths = ['/settings', '/media', '/media/', `/media/${mediaId}/x`, `/x/media/${mediaId}`];
		const hidden = [`/media/../settings`, `/media/%2e%2e/settings`, `/media/${mediaId}?x=1`];
		const graph = ['/', '/v25.0/me', `/v25.0/${mediaId}?method=delete`];
		for (const base of bases)
			for (const path of [...paths, ...hidden, ...graph])
				expect([path, mayFetchWithToken(new URL(base + path), parsed)]).toEqual([path, false]);
	});
});

test('an expiry that no clock reaches is none', () => {
	const made = 'X-Amz-Date=20251101T120000Z';
	const expiry = (seconds: string) =>
		providers.pipes!.urlExpiresAt(`https://x.example/?${made}&X-Amz-Expires=${seconds}`);
	expect(expiry('300')).toBe('2025-11-01T12:05:00.000Z');
	for (const seconds of ['99999999999999999', '9'.repeat(400)])
		expect(expiry(seconds)).toBeUndefined();
});

describe('meta alone', () => {
	test('no ID of another kind can lead elsewhere either', async () => {
		const client = axiosClient(emulator, 'meta', { businessAccountId: 'me' });
		await expect(providers.meta!.phoneNumbers!(client)).rejects.toMatchObject({
			message: '"me" is not a Meta ID',
		});
		const file = { ...PDF, phoneNumberId: '../me' };
		await expect(providers.meta!.upload(client, file)).rejects.toMatchObject({
			message: '"../me" is not a Meta ID',
		});
		expect(emulator.requests).toEqual([]);
	});

	test.each(['https://graph-video.facebook.com/1', 'https://graph.facebook.com/v25.0/1'])(
		'no file is fetched with the token from %s, not even with a relay in the credential',
		(url) => {
			for (const baseUrl of ['', 'https://relay.example'])
				for (const mediaHosts of ['', 'graph.facebook.com'])
					expect(
						mayFetchWithToken(
							new URL(url),
							parseCredentials({ provider: 'meta', baseUrl, mediaHosts }),
						),
					).toBe(false);
		},
	);

	test('a missing permission, and what it calls temporary', async () => {
		const mediaId = emulator.meta.store.add({ bytes: BYTES, mimeType: 'image/png' });
		const asked = async () => await providers.meta!.resolve(axiosClient(emulator, 'meta'), mediaId);
		emulator.meta.fault({ on: 'getUrl', error: 10 });
		await expect(asked()).rejects.toMatchObject({ code: 'credential' });
		for (const code of [1, 2, 4, 80007, 131016, 131000] as const) {
			emulator.meta.fault({ on: 'getUrl', error: code });
			await expect(asked()).rejects.toMatchObject({ code: 'temporary' });
		}
		emulator.meta.fault({ on: 'getUrl', status: 200, body: '{"url":' });
		await expect(asked()).rejects.toMatchObject({ code: 'permanent', status: 200 });
	});

	test('phone numbers are listed for the account', async () => {
		expect(await providers.meta!.phoneNumbers!(axiosClient(emulator, 'meta'))).toEqual(
			emulator.meta.phoneNumbers.map(
				({ id, display_phone_number: number, verified_name: name }) => ({ id, number, name }),
			),
		);
	});
});

describe('the token goes', () => {
	const data = { provider: 'meta', apiVersion: 'v25.0', accessToken: ' EAAG1\n' };
	const authorization = async (url: string, more = {}, baseURL?: string) =>
		(await authenticate({ ...data, ...more }, { url, baseURL })).headers?.Authorization;

	test.each([
		'https://graph.facebook.com/v25.0/1',
		'https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1',
		'https://scontent.xx.fbcdn.net/v/1',
		'https://mmg.whatsapp.net/v/1',
	])('to %s, without the white space around it', async (url) => {
		expect(await authorization(url)).toBe('Bearer EAAG1');
	});

	test.each([
		'http://graph.facebook.com/v25.0/1',
		'http://lookaside.fbsbx.com/x',
		'https://graph.facebook.com.evil.example/v25.0/1',
		'https://evilfbsbx.com/x',
		'https://user@evil.example/?https://lookaside.fbsbx.com',
		'https://lookaside.fbsbx.com:8443/x',
		'https://graph.facebook.com:444/x',
	])('not to %s', async (url) => {
		expect(await authorization(url)).toBeUndefined();
	});

	test('to a relay and media hosts of the user’s own, and then not to the vendor’s API', async () => {
		const own = {
			baseUrl: 'https://relay.example/meta/',
			mediaHosts: 'files.example, http://127.0.0.1:4011',
		};
		expect(await authorization('/v25.0/1', own, 'https://relay.example/meta/')).toBe(
			'Bearer EAAG1',
		);
		expect(await authorization('https://files.example/1', own)).toBe('Bearer EAAG1');
		expect(await authorization('http://127.0.0.1:4011/1', own)).toBe('Bearer EAAG1');
		expect(await authorization('http://files.example/1', own)).toBeUndefined();
		expect(await authorization('https://more.files.example/1', own)).toBeUndefined();
		expect(await authorization('http://127.0.0.1:4012/1', own)).toBeUndefined();
	});

	test.each(['me:s3cret@', 'me@', ':s3cret@'])(
		'nowhere with %s in Base URL, which is said without it',
		async (user) => {
			const baseUrl = `https://${user}relay.example`;
			const refused = authorization('/v25.0/1', { baseUrl }, baseUrl);
			await expect(refused).rejects.toThrow('Take the user name and password out of Base URL');
			await expect(refused).rejects.not.toThrow('s3cret');
		},
	);

	describe('from n8n’s HTTP Request node, which says uri and not url,', () => {
		const request = (vendor: Vendor, uri: unknown, more: object = {}) => ({
			data: {
				...credentialFor(emulator, vendor),
				apiVersion: 'v25.0',
				baseUrl: 'https://api.example',
				mediaHosts: '',
			},
			options: {
				method: 'POST',
				uri,
				headers: { accept: '*/*' },
				followRedirect: true,
				followAllRedirects: true,
				maxRedirects: 21,
				sendCredentialsOnCrossOriginRedirect: true,
				...more,
			},
		});
		const authenticated = async (...[vendor, uri, more]: Parameters<typeof request>) => {
			const { data, options } = request(vendor, uri, more);
			return await authenticate(data, options as never);
		};

		test.each(VENDORS)('%s: to the API, and not along with a redirect', async (vendor) => {
			const { accessToken } = credentialFor(emulator, vendor);
			for (const uri of ['https://api.example/messages', new URL('https://api.example/messages')]) {
				const { headers, ...others } = await authenticated(vendor, uri);
				expect(JSON.stringify(headers)).toContain(accessToken);
				expect(headers).toMatchObject({ accept: '*/*' });
				expect(others).toMatchObject({
					method: 'POST',
					uri,
					followRedirect: false,
					followAllRedirects: false,
					disableFollowRedirect: true,
				});
			}
		});

		test.each(VENDORS)('%s: to nobody else, and then as it came', async (vendor) => {
			for (const uri of ['https://evil.example/', 'http://api.example/', 'https://api.example:1/'])
				expect(await authenticated(vendor, uri)).toEqual(request(vendor, uri).options);
		});

		test('of the two, n8n follows url', async () => {
			const api = 'https://api.example/1';
			const evil = 'https://evil.example/1';
			const tokenFor = async (uri: string, url: string) =>
				(await authenticated('meta', uri, { url })).headers?.Authorization;
			expect(await tokenFor(api, evil)).toBeUndefined();
			expect(await tokenFor(evil, api)).toMatch(/^Bearer /);
		});

		test('with a proof of the App Secret where the request names one', async () => {
			const { accessToken, webhookSecret } = credentialFor(emulator, 'meta');
			const proof = createHmac('sha256', webhookSecret!).update(accessToken!).digest('hex');
			for (const address of ['/1?fields=id&appsecret_proof=', '/1?appsecret_proof=&fields=id']) {
				const { url, baseURL } = await authenticated('meta', undefined, {
					url: address,
					baseURL: 'https://api.example',
				});
				expect(baseURL).toBeUndefined();
				expect(new URL(url).origin).toBe('https://api.example');
				expect(Object.fromEntries(new URL(url).searchParams)).toEqual({
					fields: 'id',
					appsecret_proof: proof,
				});
			}
			const own = await authenticated('meta', 'https://api.example/1?appsecret_proof=x');
			expect(own).not.toHaveProperty('url');
		});

		test('to nobody when there is no address at all', async () => {
			expect(await authenticated('meta', undefined)).toEqual(request('meta', undefined).options);
		});
	});
});

test('secrets are equal or not, whatever their lengths', () => {
	expect(equalSecrets('abc', 'abc')).toBe(true);
	for (const given of ['', 'ab', 'abcd', 'abC', 'ábc'])
		expect(equalSecrets(given, 'abc')).toBe(false);
});
