import axios from 'axios';

import { addToken } from '../nodes/WhatsApp/account';
import { providers } from '../nodes/WhatsApp/providers';
import type { Account, Api, Provider } from '../nodes/WhatsApp/providers/provider';
import { equalSecrets, hmacHex } from '../nodes/WhatsApp/providers/signature';
import { startEmulator, type Emulator } from './emulator';
import { credentialFor, sha256 } from './world';

/** Ring 1: each provider alone, over axios, without n8n. */

const BYTES = Buffer.from('%PDF-1.7 a contract');

let emulator: Emulator;
beforeAll(async () => {
	emulator = await startEmulator();
});
afterAll(async () => await emulator.close());
beforeEach(() => emulator.reset());

const accountOf = (): Account => ({ ...(credentialFor(emulator) as unknown as Account), apiVersion: 'v25.0' });

function apiOf(account = accountOf()): Api {
	return {
		account,
		async send({ method, path, query, headers, body }) {
			const reply = await axios.request({
				method,
				url: account.baseUrl + path,
				params: query,
				data: body,
				headers: { Authorization: `Bearer ${account.accessToken}`, ...headers },
				validateStatus: () => true,
				maxRedirects: 0,
			});
			return { status: reply.status, headers: reply.headers as Record<string, string>, body: reply.data };
		},
	};
}

describe.each(Object.entries(providers))('%s', (_name, provider: Provider) => {
	const upload = async (api = apiOf()) =>
		await provider.upload(api, { fileName: 'contract.pdf', mimeType: 'application/pdf', size: BYTES.length, content: BYTES });

	test('upload, look up, fetch, delete, look up again', async () => {
		const { mediaId, expiresAt } = await upload();
		expect(Date.parse(expiresAt!)).toBeGreaterThan(Date.now());
		const location = await provider.resolve(apiOf(), mediaId);
		expect(location).toMatchObject({ mimeType: 'application/pdf', size: BYTES.length, sha256: sha256(BYTES), tokenRequired: true });
		expect(provider.urlExpiresAt(location.url)).toBe(location.expiresAt);
		const { accessToken } = accountOf();
		const file = await axios.get(location.url, { responseType: 'arraybuffer', headers: { Authorization: `Bearer ${accessToken}` } });
		expect(file.data).toEqual(BYTES);
		await provider.delete(apiOf(), mediaId);
		await expect(provider.resolve(apiOf(), mediaId)).rejects.toMatchObject({ kind: 'gone', message: expect.stringContaining(mediaId) });
		await expect(provider.delete(apiOf(), mediaId)).rejects.toMatchObject({ kind: 'gone' });
	});

	test('what it says of a wrong token, a missing permission, an outage, and a page', async () => {
		const { mediaId } = await upload();
		const wrong = apiOf({ ...accountOf(), accessToken: 'EAAwrong' });
		await expect(provider.resolve(wrong, mediaId)).rejects.toMatchObject({ kind: 'credential', status: 401 });
		emulator.meta.fault({ on: 'getUrl', error: 10 });
		await expect(provider.resolve(apiOf(), mediaId)).rejects.toMatchObject({ kind: 'credential' });
		for (const code of [1, 2, 4, 80007, 131016, 131000] as const) {
			emulator.meta.fault({ on: 'getUrl', error: code });
			await expect(provider.resolve(apiOf(), mediaId)).rejects.toMatchObject({ kind: 'temporary' });
		}
		emulator.meta.fault({ on: 'getUrl', status: 502, body: '<html>Bad gateway</html>' });
		await expect(provider.resolve(apiOf(), mediaId)).rejects.toMatchObject({ kind: 'temporary', status: 502 });
		emulator.meta.fault({ on: 'getUrl', status: 200, body: '{"url":' });
		await expect(provider.resolve(apiOf(), mediaId)).rejects.toMatchObject({ kind: 'refused', status: 200 });
	});

	test('its webhooks are believed only with the right secret', async () => {
		const { message } = emulator.meta.prepare({ type: 'image', bytes: BYTES });
		const rawBody = Buffer.from(emulator.meta.envelope([[emulator.meta.value([message])]]));
		const signed = (secret: string) => ({ query: {}, rawBody, headers: { 'x-hub-signature-256': `sha256=${hmacHex(secret, rawBody)}` } });
		const account = accountOf();
		expect(provider.verify(signed(account.webhookSecret), account)).toBe(true);
		expect(provider.verify(signed('another'), account)).toEqual({ reason: expect.stringContaining('another app') });
		expect(provider.verify({ query: {}, rawBody, headers: {} }, account)).toEqual({ reason: expect.any(String) });
		expect(provider.verify(signed(''), { ...account, webhookSecret: '' })).toEqual({ reason: expect.stringContaining('no App Secret') });
		expect(provider.parse(JSON.parse(rawBody.toString()))).toMatchObject([{ type: 'image', sha256: sha256(BYTES) }]);
	});

	test('nothing that is parsed can throw', () => {
		for (const body of [undefined, null, 5, 'x', [], { entry: {} }, { entry: [{ changes: [{ value: { messages: [{ type: 'image', image: 'x' }] } }] }] }]) {
			expect(provider.parse(body)).toEqual([]);
		}
	});
});

test('phone numbers are listed for the account', async () => {
	expect(await providers.meta!.phoneNumbers!(apiOf())).toEqual(
		emulator.meta.phoneNumbers.map(({ id, display_phone_number: number, verified_name: name }) => ({ id, number, name })),
	);
});

describe('the token goes', () => {
	const data = { provider: 'meta', apiVersion: 'v25.0', accessToken: ' EAAG\n1 ' };
	const authorization = async (url: string, more = {}, baseURL?: string) =>
		(await addToken({ ...data, ...more }, { url, baseURL })).headers?.Authorization;

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
		const own = { baseUrl: 'https://relay.example/meta/', mediaHosts: 'files.example, http://127.0.0.1:4011' };
		expect(await authorization('/v25.0/1', own, 'https://relay.example/meta/')).toBe('Bearer EAAG1');
		expect(await authorization('https://files.example/1', own)).toBe('Bearer EAAG1');
		expect(await authorization('http://127.0.0.1:4011/1', own)).toBe('Bearer EAAG1');
		expect(await authorization('http://files.example/1', own)).toBeUndefined();
		expect(await authorization('https://more.files.example/1', own)).toBeUndefined();
		expect(await authorization('http://127.0.0.1:4012/1', own)).toBeUndefined();
	});
});

test('secrets are equal or not, whatever their lengths', () => {
	expect(equalSecrets('abc', 'abc')).toBe(true);
	for (const given of ['', 'ab', 'abcd', 'abC', 'ábc']) expect(equalSecrets(given, 'abc')).toBe(false);
});
