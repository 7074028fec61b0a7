import axios from 'axios';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ping, WebSocket } from 'undici';
import { type Emulator, startEmulator } from '..';

const PHOTO = Buffer.from('\xff\xd8\xff\xe0 not much of a photo \0', 'latin1');

let emulator: Emulator;
let pipes: Emulator['pipes'];
let hook: Server;
let hookUrl: string;
let hookStatus = 200;
const deliveries: Array<{ signature?: unknown; body: string }> = [];

beforeAll(async () => {
	emulator = await startEmulator();
	({ pipes } = emulator);
	hook = createServer(({ headers }, response) => {
		const pieces: Buffer[] = [];
		response.req
			.on('data', (piece: Buffer) => pieces.push(piece))
			.on('end', () => {
				deliveries.push({
					signature: headers['x-pipes-signature'],
					body: Buffer.concat(pieces).toString(),
				});
				response.writeHead(hookStatus).end();
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
	hookStatus = 200;
	deliveries.length = 0;
});

const get = async (url: string, Authorization?: string) =>
	await axios.get(url, {
		validateStatus: () => true,
		maxRedirects: 0,
		responseType: 'arraybuffer',
		headers: { Authorization },
	});
const download = async (mediaId: string, key = pipes.credentials.accessToken) =>
	await get(`${pipes.url}/v1/media/download/${mediaId}`, `Bearer ${key}`);
const said = ({ status, data }: { status: number; data: Buffer }) => [
	status,
	JSON.parse(data.toString()),
];

describe('the download', () => {
	it('leads to a presigned URL, good for five minutes and for nobody with a key', async () => {
		const mediaId = pipes.store.add({ bytes: PHOTO, mimeType: 'image/jpeg', inbound: true });
		expect(mediaId).toHaveLength(21);
		const { status, headers } = await download(mediaId);
		const { location } = headers as { location: string };
		expect([status, new URL(location).origin]).toEqual([302, pipes.filesUrl]);
		expect(location).toContain('X-Amz-Expires=300');
		const file = await get(location);
		expect([file.status, file.headers['content-type'], file.data]).toEqual([
			200,
			'image/jpeg',
			PHOTO,
		]);
		const both = await get(location, `Bearer ${pipes.credentials.accessToken}`);
		expect([both.status, both.data.toString()]).toEqual([
			400,
			expect.stringContaining('Only one auth mechanism allowed'),
		]);
		expect((await get(location.replace(mediaId, 'another'))).status).toBe(403);
		emulator.clock.advance(300_000);
		expect((await get(location)).status).toBe(403);
	});

	it('tells wrong keys, foreign, unknown and expired files apart, in either shape', async () => {
		const mediaId = pipes.store.add({ bytes: PHOTO, mimeType: 'image/jpeg', inbound: true });
		expect(said(await download(mediaId, 'pk_wrong'))).toEqual([
			401,
			{ error: 'Invalid API key', code: 'UNAUTHORIZED' },
		]);
		expect(said(await download('x'.repeat(21)))).toEqual([
			404,
			{ error: 'Media not found', code: 'NOT_FOUND' },
		]);
		expect(
			(await download(pipes.store.add({ bytes: PHOTO, mimeType: 'image/jpeg', owner: 'pn_other' })))
				.status,
		).toBe(403);
		emulator.clock.advance(48 * 3_600_000);
		expect(said(await download(mediaId))).toEqual([
			410,
			{ error: 'Media expired', code: 'MEDIA_EXPIRED' },
		]);
		pipes.variants.errorShape = 'object';
		expect(said(await download(mediaId))).toEqual([
			410,
			{ error: { message: 'Media expired', code: 'MEDIA_EXPIRED' } },
		]);
		pipes.fault({ on: 'download', error: 'internal' });
		expect((await download(mediaId)).status).toBe(500);
	});
});

describe('webhooks', () => {
	beforeEach(() => {
		pipes.callback = hookUrl;
	});

	it('are Meta’s, with pipes beside it, signed in hex', async () => {
		const { mediaId, message, answer, body } = await pipes.receive({
			type: 'document',
			bytes: PHOTO,
			caption: 'Hi',
			timestamp: '2025-01-15T10:30:00.000Z',
		});
		expect(answer!.status).toBe(200);
		expect(deliveries).toEqual([
			{
				signature: createHmac('sha256', pipes.credentials.webhookSecret).update(body).digest('hex'),
				body,
			},
		]);
		const { entry, pipes: beside } = JSON.parse(body);
		expect(entry[0].changes[0].value.messages[0]).toMatchObject({
			id: message.id,
			timestamp: '2025-01-15T10:30:00.000Z',
			type: 'document',
			document: { caption: 'Hi' },
		});
		expect(entry[0].changes[0].value.messages[0].document.id).not.toBe(mediaId);
		expect(beside.media).toEqual({
			mediaId,
			downloadUrl: `/v1/media/download/${mediaId}`,
			mimeType: 'application/pdf',
			byteSize: PHOTO.length,
			fileName: 'document.pdf',
		});
		const { mediaId: none, body: without } = await pipes.receive(
			{ type: 'image', bytes: PHOTO, unavailable: true },
			{ signature: null },
		);
		expect([none, JSON.parse(without).pipes.media, deliveries[1]!.signature]).toEqual([
			'',
			{ mimeType: 'image/jpeg', unavailable: true },
			undefined,
		]);
	});

	it('that are refused go to the stream, or both go', async () => {
		hookStatus = 500;
		await pipes.receive({ type: 'image', bytes: PHOTO });
		expect(pipes.stream.queued).toHaveLength(1);
		hookStatus = 200;
		await pipes.receive({ type: 'image', bytes: PHOTO });
		expect(pipes.stream.queued).toHaveLength(1);
		pipes.variants.delivery = 'both';
		await pipes.receive({ type: 'image', bytes: PHOTO });
		expect(pipes.stream.queued).toHaveLength(2);
	});
});

describe('the stream', () => {
	const open: WebSocket[] = [];
	/** A client that keeps the frames that came; `closed` is the code it ended with. */
	function connect(query = `apiKey=${pipes.credentials.accessToken}`) {
		const socket = new WebSocket(`${pipes.url.replace('http', 'ws')}/ws?${query}`);
		open.push(socket);
		const frames: string[] = [];
		socket.addEventListener('message', ({ data }) => frames.push(String(data)));
		socket.addEventListener('error', () => {});
		const closed = new Promise<number>((resolve) =>
			socket.addEventListener('close', ({ code }) => resolve(code)),
		);
		const until = async (count: number) => {
			while (frames.length < count) await new Promise((resolve) => setTimeout(resolve, 2));
			return frames.map((frame) => JSON.parse(frame));
		};
		return { socket, frames, closed, until };
	}
	afterEach(() => {
		for (const socket of open.splice(0)) socket.close();
	});

	it('greets, and hands messages on', async () => {
		const { until } = connect();
		await until(1);
		const long = pipes.prepare({ type: 'image', bytes: PHOTO, caption: 'x'.repeat(70_000) });
		await pipes.deliver(long.message);
		const [connected, event] = await until(2);
		expect(connected).toEqual({
			type: 'connected',
			userId: expect.any(String),
			connectionId: expect.any(String),
			scope: 'user',
		});
		expect(event).toMatchObject({
			type: 'whatsapp_message',
			data: {
				messageId: long.message.id,
				type: 'image',
				media: { mediaId: long.mediaId, byteSize: PHOTO.length },
			},
		});
		const [request] = emulator.requests;
		expect(request).toMatchObject({ operation: 'stream', status: 101 });
	});

	it('queues a hundred per sender, and drains them to whoever comes first', async () => {
		pipes.variants.drainInterval = 1;
		for (let n = 0; n < 102; n++) await pipes.deliver(pipes.text(`${n}`));
		await pipes.deliver(pipes.text('other', { from: '49152' }));
		expect(pipes.stream.queued).toHaveLength(101);
		const first = connect();
		const events = await first.until(102);
		expect([events[1].data.text, events[101].data.text]).toEqual(['2', 'other']);
		expect(pipes.stream.queued).toEqual([]);
		await pipes.stream.drop();
		await first.closed;
		await pipes.deliver(pipes.text('old'));
		emulator.clock.advance(86_400_000);
		expect(pipes.stream.queued).toEqual([]);
	});

	it('refuses before it upgrades', async () => {
		const { closed } = connect('apiKey=pk_wrong');
		expect(await closed).toBe(1006);
		expect(emulator.requests[0]!.status).toBe(401);
		await connect(`apiKey=${pipes.credentials.accessToken}&conversationId=other`).closed;
		expect(emulator.requests.at(-1)!.status).toBe(403);
	});

	it('keeps to a conversation, without the queue', async () => {
		const mine = pipes.text('mine');
		await pipes.deliver(mine);
		const { until } = connect(
			`apiKey=${pipes.credentials.accessToken}&conversationId=${mine.conversationId}`,
		);
		expect(await until(1)).toMatchObject([
			{ scope: 'conversation', conversationId: mine.conversationId },
		]);
		await pipes.deliver(pipes.text('another', { from: '49152' }));
		await pipes.deliver(pipes.text('mine again'));
		expect((await until(2))[1].data.text).toBe('mine again');
		expect(pipes.stream.queued).toHaveLength(2);
	});

	it('answers pings, closes, sends garbage, drops connections, and freezes them', async () => {
		const { socket, until, closed, frames } = connect();
		await until(1);
		ping(socket);
		while (!pipes.stream.connections[0]!.socket.pings)
			await new Promise((resolve) => setTimeout(resolve, 2));
		pipes.stream.send('not JSON');
		while (frames.length < 2) await new Promise((resolve) => setTimeout(resolve, 2));
		pipes.stream.drop(1012, 'restart');
		expect(await closed).toBe(1012);

		const second = connect();
		await second.until(1);
		pipes.stream.freeze();
		await pipes.deliver(pipes.text('lost'));
		expect(pipes.stream.queued).toEqual([]);
		pipes.stream.drop();
		expect(await second.closed).toBe(1006);
		expect(second.frames).toHaveLength(1);
	});
});

it('is driven by hand, too', async () => {
	const form = new FormData();
	form.append('file', new Blob(['OggS'], { type: 'application/octet-stream' }), 'voice.ogg');
	const { data } = await axios.post(
		`${pipes.url}/_emulator/receive?from=49152&callback=${hookUrl}`,
		form,
	);
	expect(data[0]).toMatchObject({ message: { from: '49152' }, answer: { status: 200 } });
	expect(pipes.help()).toContain(pipes.credentials.accessToken);
});
