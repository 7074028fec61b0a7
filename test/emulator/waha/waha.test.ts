import axios, { type AxiosInstance } from 'axios';
import { createHmac } from 'node:crypto';
import { WebSocket } from 'undici';
import { type Emulator, startEmulator } from '..';
import { type Receiver, startReceiver } from '../../support/receiver';

const PHOTO = Buffer.from('\xff\xd8\xff\xe0 not much of a photo \0', 'latin1');

let emulator: Emulator;
let waha: Emulator['waha'];
/** With the key, errors as answers, bytes as they are. */
let api: AxiosInstance;
let hook: Receiver;

beforeAll(async () => {
	emulator = await startEmulator();
	({ waha } = emulator);
	api = axios.create({
		baseURL: waha.url,
		validateStatus: () => true,
		headers: { 'X-Api-Key': waha.credentials.accessToken },
	});
	hook = await startReceiver();
});
afterAll(async () => {
	await hook.close();
	await emulator.close();
});
beforeEach(() => {
	emulator.reset();
	hook.reset();
});

const bytes = { responseType: 'arraybuffer' } as const;
const look = (id: string, chat = '16505551234@c.us') =>
	`/api/default/chats/${encodeURIComponent(chat)}/messages/${encodeURIComponent(id)}?downloadMedia=true`;
const local = (url: string) => url.replace('http://localhost:3000', waha.url);

test('the key: in the header or the query, and nowhere else', async () => {
	for (const headers of [
		{ 'X-Api-Key': 'wrong' },
		{ 'X-Api-Key': undefined, Authorization: `Bearer ${waha.credentials.accessToken}` },
	])
		expect(await api.get('/api/sessions/default', { headers })).toMatchObject({
			status: 401,
			data: { message: 'Unauthorized', statusCode: 401 },
		});
	expect(
		(await axios.get(`${waha.url}/api/server/version?x-api-key=${waha.credentials.accessToken}`))
			.data,
	).toEqual({ version: '2026.8.2', engine: 'NOWEB', tier: 'CORE', browser: null });
	expect((await axios.get(`${waha.url}/ping`)).data).toEqual({ message: 'pong' });
});

test('a session: its configuration is replaced whole, and it starts anew', async () => {
	expect((await api.get('/api/sessions/default')).data).toMatchObject({
		name: 'default',
		status: 'WORKING',
		me: { id: '15550783881@c.us' },
		engine: { engine: 'NOWEB' },
	});
	expect(await api.get('/api/sessions/other')).toMatchObject({
		status: 404,
		data: { message: 'Session not found', error: 'Not Found', statusCode: 404 },
	});
	const { data } = await api.put('/api/sessions/default', {
		config: { webhooks: [{ url: hook.url, events: ['message'] }] },
	});
	expect(data).toMatchObject({ status: 'STARTING', config: { webhooks: [{ url: hook.url }] } });
	expect(data.config).not.toHaveProperty('noweb');
	expect([waha.restarts, waha.apps.length]).toEqual([1, 1]);
	const id = waha.store.add({ bytes: PHOTO, mimeType: 'image/jpeg' });
	expect(await api.get(look(id))).toMatchObject({
		status: 422,
		data: { status: 'STARTING', expected: ['WORKING'] },
	});
	emulator.clock.advance(1000);
	expect((await api.get('/api/sessions/default?expand=apps')).data).toMatchObject({
		status: 'WORKING',
		apps: [{ app: 'chatwoot' }],
	});
});

test('a file lives for three minutes, and is fetched again for its message', async () => {
	const { mediaId, message } = waha.prepare({ type: 'image', bytes: PHOTO, caption: 'Hi' });
	const { url } = message.media as { url: string };
	expect(url).toBe(`http://localhost:3000/api/files/default/${mediaId}.jpeg`);
	expect((await api.get(local(url), bytes)).data).toEqual(PHOTO);
	expect((await api.get(local(url), { headers: { 'X-Api-Key': '' } })).status).toBe(401);
	emulator.clock.advance(180_001);
	expect(await api.get(local(url))).toMatchObject({
		status: 404,
		data: { statusCode: 404, message: 'Not Found' },
	});
	const again = await api.get(look(mediaId));
	expect(again.data).toMatchObject({
		id: mediaId,
		body: 'Hi',
		hasMedia: true,
		media: { mimetype: 'image/jpeg', error: null },
	});
	expect((await api.get(local(again.data.media.url), bytes)).data).toEqual(PHOTO);
	expect((await api.get(look(mediaId, 'all'))).status).toBe(200);
	for (const path of [look('false_1@c.us_X', 'all'), look(mediaId, '1@c.us')])
		expect((await api.get(path)).status).toBe(404);
});

test('in S3 it has a presigned URL for an hour, which takes no other proof', async () => {
	waha.variants.storage = 's3';
	const url = waha.fileUrl(waha.store.add({ bytes: PHOTO, mimeType: 'image/jpeg' }));
	expect(url).toMatch(`${waha.filesUrl}/default/`);
	expect((await axios.get(url, bytes)).data).toEqual(PHOTO);
	expect((await api.get(url, { headers: { Authorization: 'Bearer x' } })).status).toBe(400);
	emulator.clock.advance(3_600_001);
	expect((await api.get(url)).status).toBe(403);
});

test('a file that WAHA could not fetch, one that comes later, one that the old Core does not give', async () => {
	const id = waha.store.add({ bytes: PHOTO, mimeType: 'image/jpeg' });
	waha.variants.mediaError = { code: 13, details: 'Error: 13 INTERNAL' };
	expect((await api.get(look(id, 'all'))).data.media).toMatchObject({
		url: null,
		error: { code: 13 },
	});
	waha.variants.mediaError = undefined;
	expect(waha.prepare({ type: 'video', bytes: PHOTO, url: false }).message.media).toMatchObject({
		url: null,
		error: null,
	});
	waha.variants.tier = 'OLD_CORE';
	expect(await api.get(look(id, 'all'))).toMatchObject({
		status: 422,
		data: { message: expect.stringContaining('only in Plus version') },
	});
});

test.each(['NOWEB', 'GOWS', 'WEBJS', 'none'] as const)(
	'%s: a voice note in a group, from a hidden number',
	(engine) => {
		waha.variants.engine = engine;
		const { message, mediaId } = waha.prepare({
			type: 'voice',
			bytes: PHOTO,
			from: null,
			groupId: '120363',
		});
		expect(mediaId).toMatch(/^false_120363@g\.us_3EB0[0-9A-F]{18}_100000000000003@lid$/);
		expect(message).toMatchObject({
			id: mediaId,
			from: '120363@g.us',
			participant: '100000000000003@lid',
			fromMe: false,
			body: null,
			media: { mimetype: 'audio/ogg; codecs=opus' },
		});
		expect(message._data === undefined).toBe(engine === 'none');
	},
);

test('webhooks: who asked for which event, signed with SHA-512 over the raw bytes', async () => {
	waha.config.webhooks = [
		{
			url: hook.url,
			events: ['message.any'],
			hmac: { key: 'k' },
			customHeaders: [{ name: 'X-Mine', value: '1' }],
		},
	];
	const { body } = await waha.receive({ type: 'image', bytes: PHOTO });
	await waha.receive({ type: 'image', bytes: PHOTO, own: 'app' });
	const [first, own] = hook.requests;
	expect(JSON.parse(body)).toMatchObject({
		event: 'message',
		session: 'default',
		engine: 'NOWEB',
		environment: { tier: 'CORE' },
	});
	expect(JSON.parse(String(first!.body))).toMatchObject({
		event: 'message.any',
		payload: { fromMe: false },
	});
	expect(JSON.parse(String(own!.body))).toMatchObject({
		payload: { fromMe: true, to: '16505551234@c.us' },
	});
	expect(first!.headers).toMatchObject({
		'x-webhook-hmac': createHmac('sha512', 'k').update(first!.body).digest('hex'),
		'x-webhook-hmac-algorithm': 'sha512',
		'x-mine': '1',
		'user-agent': 'WAHA/2026.8.2',
	});
	waha.config.webhooks[0]!.events = ['message'];
	hook.reset();
	await waha.receive({ type: 'image', bytes: PHOTO, own: 'app' });
	expect(hook.requests).toEqual([]);
	// The documentation's own example.
	const example = '{"event":"message","session":"default","engine":"WEBJS"}';
	await waha.deliver(example, { callback: hook.url, secret: 'my-secret-key' });
	expect(hook.requests[0]!.headers['x-webhook-hmac']).toBe(
		'208f8a55dde9e05519e898b10b89bf0d0b3b0fdf11fdbf09b6b90476301b98d8097c462b2b17a6ce93b6b47a136cf2e78a33a63f6752c2c1631777076153fa89',
	);
});

test('the WebSocket has the same bodies; a wrong key is let in and sent away', async () => {
	const open = (key: string) =>
		new WebSocket(
			`${waha.url.replace('http', 'ws')}/ws?x-api-key=${key}&session=default&events=message`,
		);
	const refused = open('wrong');
	expect(
		await new Promise((resolve) =>
			refused.addEventListener('close', ({ code, reason }) => resolve([code, reason])),
		),
	).toEqual([1008, 'Unauthorized']);
	const socket = open(waha.credentials.accessToken);
	await new Promise((resolve) => socket.addEventListener('open', resolve));
	const frame = new Promise<string>((resolve) =>
		socket.addEventListener('message', ({ data }) => resolve(String(data))),
	);
	const { body } = await waha.receive({ type: 'image', bytes: PHOTO });
	expect(await frame).toBe(body);
	socket.close();
});

test('it is driven by hand, too, and fails as ordered', async () => {
	const form = new FormData();
	form.append('file', new Blob(['OggS'], { type: 'application/octet-stream' }), 'voice.ogg');
	const { data } = await axios.post(
		`${waha.url}/_emulator/receive?from=49152&callback=${hook.url}`,
		form,
	);
	expect(data[0]).toMatchObject({
		message: { from: '49152@c.us', media: { mimetype: expect.stringContaining('audio/ogg') } },
		answer: { status: 200 },
	});
	expect(waha.help()).toContain(waha.credentials.accessToken);
	waha.fault({ on: 'session', error: 'notWorking' });
	expect((await api.get('/api/sessions/default')).status).toBe(422);
	expect((await api.get('/api/nothing')).data).toEqual({
		message: 'Cannot GET /api/nothing',
		error: 'Not Found',
		statusCode: 404,
	});
});
