import axios, { type AxiosInstance } from 'axios';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Emulator, startEmulator } from '..';

const PHOTO = Buffer.from('\xff\xd8\xff\xe0 not much of a photo \0', 'latin1');

let emulator: Emulator;
let whapi: Emulator['whapi'];
/** With the token, errors as answers, bytes as they are. */
let gate: AxiosInstance;
/** A webhook that keeps what comes. */
let hook: Server;
let hookUrl: string;
const deliveries: Array<{
	method?: string;
	url?: string;
	headers: IncomingMessage['headers'];
	body: string;
}> = [];

beforeAll(async () => {
	emulator = await startEmulator();
	({ whapi } = emulator);
	gate = axios.create({
		baseURL: whapi.url,
		validateStatus: () => true,
		headers: { Authorization: `Bearer ${whapi.credentials.accessToken}` },
	});
	hook = createServer(({ method, url, headers }, response) => {
		const pieces: Buffer[] = [];
		response.req
			.on('data', (piece: Buffer) => pieces.push(piece))
			.on('end', () => {
				deliveries.push({ method, url, headers, body: Buffer.concat(pieces).toString() });
				response.end();
			});
	}).listen(0, '127.0.0.1');
	await once(hook, 'listening');
	hookUrl = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`;
});
afterAll(async () => {
	hook.close().closeAllConnections();
	await emulator.close();
});
beforeEach(() => {
	emulator.reset();
	deliveries.length = 0;
});

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('base64');
const bytes = { responseType: 'arraybuffer' } as const;
const error = (code: number, message: string) => ({
	status: code,
	data: { error: { code, message } },
});
const listen = (more = {}) => ({
	url: hookUrl,
	events: [{ type: 'messages', method: 'post' }],
	mode: 'body',
	...more,
});

describe('the gate', () => {
	it('knows no channel for a bad token, and needs a login for media', async () => {
		const id = whapi.store.add({ bytes: PHOTO, mimeType: 'image/jpeg' });
		for (const Authorization of ['', 'Bearer nobody', whapi.credentials.accessToken]) {
			for (const path of ['/settings', `/media/${id}`, '/health']) {
				expect(await gate.get(path, { headers: { Authorization } })).toMatchObject(
					error(404, 'Channel not found'),
				);
			}
		}
		whapi.authorized = false;
		expect(await gate.get(`/media/${id}`)).toMatchObject(error(401, 'Need channel authorization'));
		expect(
			await gate.post('/media', PHOTO, { headers: { 'Content-Type': 'image/jpeg' } }),
		).toMatchObject(error(401, 'Need channel authorization for upload media'));
		expect((await gate.get('/health?wakeup=false')).data).toMatchObject({
			channel_id: 'MANTIS-M72HC',
			status: { text: 'QR' },
		});
		expect(whapi.woken).toBe(0);
		await gate.get('/health');
		expect(whapi.woken).toBe(1);
	});

	it('gives bytes for an ID, for 30 days', async () => {
		const id = whapi.store.add({ bytes: PHOTO, mimeType: 'image/jpeg' });
		expect(id).toMatch(/^jpeg-[0-9a-f-]+$/);
		const answer = await gate.get(`/media/${id}`, bytes);
		expect([answer.status, answer.headers['content-type'], answer.data]).toEqual([
			200,
			'image/jpeg',
			PHOTO,
		]);
		expect((await gate.get('/media?count=5')).data).toEqual({
			files: [
				{
					id,
					mime_type: 'image/jpeg',
					file_size: PHOTO.length,
					sha256: sha256(PHOTO),
					timestamp: expect.any(Number),
				},
			],
			count: 1,
			total: 1,
			offset: 0,
		});
		emulator.clock.advance(30 * 86_400_000 + 1);
		expect(await gate.get(`/media/${id}`)).toMatchObject(error(404, 'Specified media not found'));
	});

	it('deletes once', async () => {
		const id = whapi.store.add({ bytes: PHOTO, mimeType: 'image/jpeg' });
		expect(await gate.delete(`/media/${id}`)).toMatchObject({
			status: 200,
			data: { success: true },
		});
		expect(await gate.delete(`/media/${id}`)).toMatchObject(
			error(404, 'Specified media not found'),
		);
	});

	it('takes uploads in three forms, and encodes anew if told to', async () => {
		const upload = async (body: unknown, type: string) =>
			whapi.store.get(
				(await gate.post('/media', body, { headers: { 'Content-Type': type } })).data.media[0].id,
			)!;
		const url = `data:application/pdf;name=${encodeURIComponent('Été 1.pdf')};base64,${PHOTO.toString('base64')}`;
		const raw = await upload(PHOTO, 'image/jpeg');
		expect([Buffer.concat([...raw.bytes.read()]), raw.fileName]).toEqual([PHOTO, undefined]);
		for (const [body, type] of [
			[{ media: url }, 'application/json'],
			[url, 'application/pdf'],
		] as const) {
			const { bytes: stored, fileName, mimeType } = await upload(body, type);
			expect([Buffer.concat([...stored.read()]), fileName, mimeType]).toEqual([
				PHOTO,
				'Été 1.pdf',
				'application/pdf',
			]);
		}
		whapi.variants.reencodes = true;
		expect((await upload(PHOTO, 'image/jpeg')).sha256).not.toEqual(raw.sha256);
		expect((await upload({ media: url, no_encode: true }, 'application/json')).sha256).toEqual(
			raw.sha256,
		);
		expect(
			await gate.post('/media', PHOTO, { headers: { 'Content-Type': 'application/zip' } }),
		).toMatchObject(error(415, 'Unsupported media type'));
		const form = new FormData();
		form.append('media', new Blob([new Uint8Array(PHOTO)]));
		expect((await gate.post('/media', form)).status).toBe(400);
	});

	it('fails as ordered', async () => {
		whapi.fault({ on: 'media', error: 'tooMany' });
		const id = whapi.store.add({ bytes: PHOTO, mimeType: 'image/jpeg' });
		expect(await gate.get(`/media/${id}`)).toMatchObject(error(429, 'Too many requests'));
		expect((await gate.get(`/media/${id}`)).status).toBe(200);
	});
});

describe('settings', () => {
	it('are merged at the top, arrays whole', async () => {
		const first = (await gate.patch('/settings', { webhooks: [{ url: hookUrl }], unknown: 1 }))
			.data;
		expect(first).toMatchObject({
			before_update: { webhooks: [] },
			changes: ['webhooks', 'unknown'],
		});
		expect(first.after_update.webhooks).toEqual([
			{ url: hookUrl, events: [{ type: 'message', method: 'put' }], mode: 'body' },
		]);
		await gate.patch('/settings', { webhooks: [listen({ headers: { 'X-Key': 'k' } })] });
		expect((await gate.get('/settings')).data).toMatchObject({
			callback_persist: true,
			webhooks: [listen({ headers: { 'X-Key': 'k' } })],
		});
		await gate.patch('/settings', { media: { auto_download: ['image'] } });
		expect(whapi.settings).toMatchObject({
			webhooks: [listen()],
			media: { auto_download: ['image'] },
		});
		expect(whapi.settings.media.init_avatars).toBeUndefined();
		whapi.variants.mediaSettings = 'merged';
		await gate.patch('/settings', { media: { init_avatars: true } });
		expect(whapi.settings.media).toEqual({ auto_download: ['image'], init_avatars: true });
	});

	it('refuse nonsense', async () => {
		const headers = Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`X-${n}`, 'x']));
		for (const body of [
			[],
			{ webhooks: {} },
			{ webhooks: [{ url: 'nowhere' }] },
			{ webhooks: [listen({ headers })] },
		]) {
			expect((await gate.patch('/settings', body)).status).toBe(400);
		}
	});

	it('lose a webhook to two who read before either writes', async () => {
		whapi.fault({ on: 'settings', delay: 30, times: 2 });
		const add = async (url: string) => {
			const { webhooks } = (await gate.get('/settings')).data;
			await gate.patch('/settings', { webhooks: [...webhooks, { url }] });
		};
		await Promise.all([add('http://a.example'), add('http://b.example')]);
		expect(whapi.settings.webhooks).toHaveLength(1);
	});
});

describe('what customers send', () => {
	it('is delivered to those who asked, as the mode says, with their headers', async () => {
		whapi.settings.webhooks = [
			listen({ headers: { 'X-Key': 'k' } }),
			listen({ mode: 'path' }),
			{
				...listen({ mode: 'method' }),
				events: [
					{ type: 'messages', method: 'patch' },
					{ type: 'messages', method: 'post' },
				],
			},
			listen({ events: [{ type: 'message', method: 'put' }] }),
		] as never;
		const { message, answers, body } = await whapi.receive({
			type: 'image',
			bytes: PHOTO,
			caption: 'Hi',
		});
		expect(answers).toHaveLength(3);
		expect(
			deliveries.map(({ method, url, headers }) => [method, url, headers['x-key']]).sort(),
		).toEqual([
			['POST', '/hook', 'k'],
			['POST', '/hook/messages', undefined],
			['POST', '/hook/messages/post', undefined],
		]);
		expect(deliveries[0]!.body).toBe(body);
		expect(JSON.parse(body)).toEqual({
			messages: [message],
			event: { type: 'messages', event: 'post' },
			channel_id: 'MANTIS-M72HC',
		});
		whapi.variants.eventKey = 'method';
		expect(whapi.envelope([message])).toContain('"event":{"type":"messages","method":"post"}');
	});

	it.each(['image', 'video', 'gif', 'short', 'audio', 'voice', 'document', 'sticker'] as const)(
		'%s has its shape',
		(type) => {
			const { mediaId, message } = whapi.prepare({
				type,
				bytes: PHOTO,
				caption: 'Hi',
				groupId: '120363',
			});
			expect(message).toMatchObject({
				type,
				from_me: false,
				chat_id: '120363@g.us',
				from: '16505551234',
				from_name: 'Sheena Nelson',
				timestamp: expect.any(Number),
			});
			expect(message[type]).toMatchObject({
				id: mediaId,
				file_size: PHOTO.length,
				sha256: sha256(PHOTO),
			});
			expect(message[type]).not.toHaveProperty('link');
		},
	);

	it('has a public link when it is downloaded automatically, which takes no token', async () => {
		whapi.settings.media.auto_download = ['video'];
		const { message, mediaId } = whapi.prepare({ type: 'short', bytes: PHOTO });
		const { link } = message.short as { link: string };
		expect(link).toBe(`${whapi.filesUrl}/in-files/15550783881/${mediaId}.mp4`);
		expect((await axios.get(link, bytes)).data).toEqual(PHOTO);
		expect(await gate.get(link)).toMatchObject({
			status: 400,
			data: expect.stringContaining('Unsupported Authorization Type'),
		});
		expect((await gate.get(`/messages/${message.id}`)).data).toEqual(message);
		expect(whapi.prepare({ type: 'image', bytes: PHOTO }).message.image).not.toHaveProperty('link');
		emulator.clock.advance(30 * 86_400_000 + 1);
		expect((await axios.get(link, { validateStatus: () => true })).status).toBe(403);
	});

	it('varies: too early, another hash, a document with a caption', async () => {
		Object.assign(whapi.variants, {
			lateBy: 1000,
			hash: 'wrong',
			captionedDocument: 'documentWithCaption',
		});
		const { mediaId, message } = whapi.prepare({
			type: 'document',
			bytes: PHOTO,
			caption: 'Hi',
			fileName: 'a.pdf',
		});
		expect(message).toMatchObject({
			type: 'documentWithCaption',
			document: { file_name: 'a.pdf', filename: 'a.pdf', caption: 'Hi' },
		});
		expect(message.document).not.toMatchObject({ sha256: sha256(PHOTO) });
		expect((await gate.get(`/media/${mediaId}`)).status).toBe(404);
		emulator.clock.advance(1000);
		expect((await gate.get(`/media/${mediaId}`)).status).toBe(200);
	});
});

it('is driven by hand, too', async () => {
	const form = new FormData();
	form.append('file', new Blob(['OggS'], { type: 'application/octet-stream' }), 'voice.ogg');
	const { data } = await axios.post(
		`${whapi.url}/_emulator/receive?from=49152&callback=${hookUrl}&url=true`,
		form,
	);
	expect(data[0]).toMatchObject({
		message: { from: '49152', type: 'voice', voice: { link: expect.any(String) } },
		answer: { status: 200 },
	});
	expect(whapi.help()).toContain(whapi.credentials.accessToken);
});
