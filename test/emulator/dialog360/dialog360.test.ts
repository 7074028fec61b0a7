import axios, { type AxiosInstance } from 'axios';
import { createHmac } from 'node:crypto';
import { type Emulator, startEmulator } from '..';
import { hostOverrides } from '../client';
import { type Receiver, startReceiver } from '../../support/receiver';

const PHOTO = Buffer.from('\xff\xd8\xff\xe0 not much of a photo \0', 'latin1');
const HOOK = 'https://n8n.example/hook';

let emulator: Emulator;
let dialog360: Emulator['dialog360'];
/** With the key, errors as answers. */
let api: AxiosInstance;
let hook: Receiver;

beforeAll(async () => {
	emulator = await startEmulator();
	({ dialog360 } = emulator);
	api = axios.create({
		baseURL: dialog360.url,
		validateStatus: () => true,
		headers: { 'D360-API-KEY': dialog360.credentials.accessToken },
	});
	hook = await startReceiver();
	hostOverrides.set('https://n8n.example', hook.url);
});
afterAll(async () => {
	hostOverrides.clear();
	await hook.close();
	await emulator.close();
});
beforeEach(() => {
	emulator.reset();
	hook.reset();
});

const own = (url: string) => url.replace('https://lookaside.fbsbx.com', dialog360.url);
const bytes = { responseType: 'arraybuffer' } as const;

test('the key counts, in its header only', async () => {
	for (const headers of [
		{ 'D360-API-KEY': 'wrong' },
		{ 'D360-API-KEY': undefined, Authorization: `Bearer ${dialog360.credentials.accessToken}` },
	])
		expect(await api.get('/v1/configs/webhook', { headers })).toMatchObject({
			status: 401,
			data: { error: 'Unauthorized' },
		});
});

test('a file: uploaded, looked up with Meta’s URL, fetched under the API’s host, deleted', async () => {
	const form = new FormData();
	form.append('messaging_product', 'whatsapp');
	form.append('file', new Blob([PHOTO], { type: 'image/jpeg' }), 'photo.jpg');
	const { id } = (await api.post('/media', form)).data;
	expect(id).toMatch(/^\d+$/);
	const { data } = await api.get(`/${id}`);
	expect(Object.keys(data)).toEqual([
		'messaging_product',
		'url',
		'mime_type',
		'sha256',
		'file_size',
		'id',
	]);
	expect(data.url).toMatch(
		/^https:\/\/lookaside\.fbsbx\.com\/whatsapp_business\/attachments\/\?mid=\d+&/,
	);
	expect(
		(await api.get(own(data.url), { ...bytes, headers: { 'User-Agent': 'x/1' } })).data,
	).toEqual(PHOTO);
	expect(
		(
			await axios.get(own(data.url), {
				validateStatus: () => true,
				headers: { 'User-Agent': 'x/1' },
			})
		).status,
	).toBe(401);
	emulator.clock.advance(5 * 60_000 + 1);
	expect((await api.get(own(data.url), { headers: { 'User-Agent': 'x/1' } })).status).toBe(404);
	expect((await api.delete(`/${id}`)).data).toEqual({ success: true });
	expect(await api.delete(`/${id}`)).toMatchObject({
		status: 400,
		data: { error: { code: 100, error_subcode: 33 } },
	});
});

test('after five look-ups that failed none is answered for an hour', async () => {
	const id = dialog360.store.add({ bytes: PHOTO, mimeType: 'image/jpeg' });
	expect(await api.get('/abc')).toMatchObject({
		status: 400,
		data: { meta: { success: false, http_code: 400 } },
	});
	for (const wrong of ['1', '2', '3', '4'])
		expect((await api.get(`/${wrong}`)).data.error.code).toBe(100);
	expect(await api.get(`/${id}`)).toMatchObject({
		status: 429,
		data: { meta: { http_code: 429 } },
	});
	emulator.clock.advance(3_600_001);
	expect((await api.get(`/${id}`)).status).toBe(200);
});

test('one webhook, with headers of one’s own: https, no port, no underscore', async () => {
	expect((await api.get('/v1/configs/webhook')).status).toBe(404);
	for (const url of [
		'http://n8n.example/x',
		'https://n8n.example:5678/x',
		'https://my_n8n.example/x',
		'x',
	])
		expect((await api.post('/v1/configs/webhook', { url })).status).toBe(400);
	expect(
		(await api.post('/v1/configs/webhook', { url: HOOK, headers: { 'X-Mine': '1' } })).data,
	).toEqual({ url: HOOK });
	expect((await api.get('/v1/configs/webhook')).data).toEqual({
		url: HOOK,
		headers: { 'X-Mine': '1' },
	});
	const { body } = await dialog360.receive({ type: 'image', bytes: PHOTO });
	expect([hook.requests[0]!.headers['x-mine'], String(hook.requests[0]!.body)]).toEqual([
		'1',
		body,
	]);
	expect(hook.requests[0]!.headers).not.toHaveProperty('x-hub-signature-256');
	expect(JSON.parse(body)).toMatchObject({
		object: 'whatsapp_business_account',
		entry: [
			{
				changes: [
					{
						value: {
							messages: [{ image: { url: expect.stringMatching(/^https:\/\/lookaside/) } }],
						},
					},
				],
			},
		],
	});
});

test('a list of more, where it is switched on: appended, changed by name, three at most, after the main one', async () => {
	expect(await api.get('/multi_webhook')).toMatchObject({
		status: 409,
		data: { message: expect.any(String) },
	});
	dialog360.variants.list = 'on';
	const add = async (name: string) =>
		(await api.put('/multi_webhook', { destinations: [{ name, url: HOOK, headers: {} }] })).status;
	expect([await add('a'), await add('a'), await add('b'), await add('c'), await add('d')]).toEqual([
		200, 400, 200, 200, 400,
	]);
	expect(
		(await api.patch('/multi_webhook', { name: 'b', url: HOOK, headers: { 'X-B': '1' } })).data,
	).toEqual({ message: 'operation started' });
	expect((await api.get('/multi_webhook')).data.destinations[1]).toEqual({
		name: 'b',
		url: HOOK,
		headers: { 'X-B': '1' },
	});
	await api.post('/v1/configs/webhook', { url: HOOK });
	const { answers } = await dialog360.receive({ type: 'image', bytes: PHOTO });
	expect(answers).toHaveLength(4);
	hook.status = 500;
	expect((await dialog360.receive({ type: 'image', bytes: PHOTO })).answers).toHaveLength(1);
});

test.each(['bare', 'prefixed'] as const)('a partner’s signature: %s', async (signature) => {
	dialog360.variants.signature = signature;
	await dialog360.receive({ type: 'image', bytes: PHOTO }, { callback: hook.url });
	const [{ headers, body }] = hook.requests as [(typeof hook.requests)[0]];
	const hex = createHmac('sha256', dialog360.credentials.webhookSecret).update(body).digest('hex');
	expect(headers['x-360dialog-signature']).toBe(signature === 'bare' ? hex : `sha256=${hex}`);
});

test('it is driven by hand, too, and fails as ordered', async () => {
	expect(dialog360.help()).toContain(dialog360.credentials.accessToken);
	dialog360.fault({ on: 'getUrl', error: '190' });
	expect(await api.get('/1')).toMatchObject({ status: 401, data: { error: { code: 190 } } });
	dialog360.fault({ on: 'getUrl', error: 'blocked' });
	expect((await api.get('/1')).status).toBe(429);
	expect((await api.get('/nothing/here')).status).toBe(404);
});
