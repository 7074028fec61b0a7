import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { posix } from 'node:path';
import { WebSocket } from 'undici';

import { providers } from '../../nodes/WhatsApp/providers';
import { listen, timing } from '../../nodes/WhatsApp/trigger/liveConnection';
import type { MediaError } from '../../nodes/WhatsApp/errors';
import type { MediaMessage } from '../../nodes/WhatsApp/providers/mediaMessage';
import { axiosClient } from '../support/axiosClient';
import { serveTrigger, type TriggerServer } from '../support/core/webhook';
import type { Emulator } from '../emulator';
import { PHOTO } from '../support/files';
import { startHarness, type Harness } from '../support/harness';
import { until } from '../support/n8n/rest';
import { credentialsFor, runOne } from '../support/run';

/** What only WAHA has. */

const FOREIGN = {
	url: 'https://other.example/hook',
	events: ['session.status'],
	hmac: null,
	retries: { policy: 'linear' },
};

let harness: Harness;
let waha: Emulator['waha'];
beforeAll(async () => {
	Object.assign(globalThis, { WebSocket });
	Object.assign(timing, { firstWait: 1, longestWait: 10 });
	harness = await startHarness();
	({ waha } = harness.emulator);
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());

const run = async (node: string, json: object, parameters = {}) =>
	await runOne(harness, 'waha', node, json, parameters);
const api = (changes = {}) => axiosClient(harness.emulator, 'waha', changes);
const parse = (message: object, event = 'message.any') =>
	providers.waha!.parse(JSON.parse(waha.envelope(event, message)));
const operations = () => harness.emulator.requests.map(({ operation }) => operation);

describe('messages', () => {
	test.each(['NOWEB', 'GOWS', 'WEBJS', 'none'] as const)(
		'%s: every type is told, and who sent it where',
		(engine) => {
			waha.variants.engine = engine;
			for (const type of ['image', 'video', 'voice', 'document', 'sticker']) {
				const [item] = parse(
					waha.prepare({ type, bytes: PHOTO, fileName: 'a.pdf', groupId: '120363' }).message,
				);
				expect(item).toMatchObject({
					type,
					chatId: '120363@g.us',
					from: '16505551234',
					accountId: 'default',
					...(type === 'document' && { fileName: 'a.pdf' }),
				});
			}
			const [hidden] = parse(waha.prepare({ type: 'audio', bytes: PHOTO, from: null }).message);
			expect(hidden).toMatchObject({
				type: 'audio',
				voice: false,
				fromUserId: '100000000000003@lid',
				chatId: '100000000000003@lid',
			});
			expect(hidden).not.toHaveProperty('from');
		},
	);

	test.each([
		['a person', '15550001111@c.us', '', '15550001111'],
		['a hidden person', '100000000000003@lid', '', undefined],
		['a group', '120363@g.us', '_15550001111@c.us', '15550001111'],
		['a group, by a hidden person', '120363@g.us', '_100000000000003@lid', undefined],
		['the status', 'status@broadcast', '_15550001111@c.us', '15550001111'],
		['a channel', '120363@newsletter', '', undefined],
	])('the ID that a sender’s app made up names no other sender: in %s', (_, chat, end, from) => {
		for (const made of [
			'3EB0',
			'3EB0_19995550100@c.us',
			'_19995550100@c.us_',
			'19995550100@c.us',
		]) {
			const id = `false_${chat}_${made}${end}`;
			const [item] = parse({ id, from: chat, fromMe: false, participant: null, body: 'pay' });
			expect([id, item]).toEqual([id, expect.objectContaining({ chatId: chat, text: 'pay' })]);
			expect([id, item!.from]).toEqual([id, from]);
		}
	});

	test('own files from the phone are echoes; what was sent through the API, and other events, are none', () => {
		expect(parse(waha.prepare({ type: 'image', bytes: PHOTO, own: 'app' }).message)).toMatchObject([
			{ origin: 'echo', from: '15550783881', chatId: '16505551234@c.us' },
		]);
		expect(parse(waha.prepare({ type: 'image', bytes: PHOTO, own: 'api' }).message)).toEqual([]);
		expect(parse(waha.text('hi', { own: 'api' }))).toEqual([]);
		expect(
			parse(waha.prepare({ type: 'image', bytes: PHOTO }).message, 'message.reaction'),
		).toEqual([]);
	});

	test('texts of every engine; a place and a contact are none', () => {
		for (const engine of ['NOWEB', 'GOWS', 'WEBJS'] as const) {
			waha.variants.engine = engine;
			expect(parse(waha.text('hi'))).toMatchObject([
				{ type: 'text', text: 'hi', from: '16505551234', fromName: 'Sheena Nelson' },
			]);
		}
		for (const message of [
			{ location: { latitude: 1, longitude: 2 } },
			{ vCards: ['BEGIN:VCARD'] },
			{ _data: { type: 'poll_creation' } },
			{ body: '' },
			{ body: null },
		])
			expect(parse(waha.text('/9j/4AAQ', { message }))).toEqual([]);
	});

	test('the server’s own links lead to the base URL, in the trigger’s items too; a storage’s stay as they are', async () => {
		const own = (url: string, baseUrl = waha.url) =>
			providers.waha!.ownFileUrl!(url, { ...api().credentials, baseUrl });
		const [message] = parse(waha.prepare({ type: 'image', bytes: PHOTO }).message);
		expect(message!.url).toMatch('http://localhost:3000/api/files/default/false_16505551234@c.us_');
		expect(own(message!.url!, 'https://example.com/waha')).toMatch(
			/^https:\/\/example\.com\/waha\/api\/files\/default\//,
		);
		for (const url of [
			'http://localhost:3000/api/sessions/default',
			'https://evil.example/x?/api/files/',
			'no URL',
		])
			expect(own(url)).toBe(url);
		waha.variants.storage = 's3';
		const [stored] = parse(waha.prepare({ type: 'image', bytes: PHOTO }).message);
		expect(stored).toMatchObject({
			url: own(stored!.url!),
			urlExpiresAt: expect.stringMatching(/Z$/),
		});
	});
});

describe('download', () => {
	test('a file that is gone is fetched again for its message', async () => {
		const [{ raw, ...item }] = parse(waha.prepare({ type: 'image', bytes: PHOTO }).message) as [
			MediaMessage,
		];
		expect(raw).toBeDefined();
		harness.emulator.clock.advance(180_001);
		const { json } = await run('DownloadMedia', item);
		expect(json).toMatchObject({ verified: true, size: PHOTO.length });
		expect(operations()).toEqual(['file', 'message', 'file']);
	});

	test('no proxy that decodes paths takes the key to another path of the API', async () => {
		const asked: string[] = [];
		const proxy = createServer(({ url, headers }, response) => {
			// As nginx does with `proxy_pass http://waha:3000/;`.
			if (headers['x-api-key'])
				asked.push(posix.normalize(decodeURIComponent(url!.split('?')[0]!)));
			response.writeHead(404).end();
		});
		await once(proxy.listen(0, '127.0.0.1'), 'listening');
		const baseUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
		const up = ['..%2f..%2fapi%2fsessions', '%2e%2e%2fsessions', 'default/..%5c..%5csessions'];
		const names = [...up, 'default/%2e%2e%2f%2e%2e%2fsessions', '..%252fsessions', '/sessions'];
		for (const host of ['https://stranger.example', baseUrl])
			for (const path of [...names, 'default/a.jpeg'])
				await harness.run('DownloadMedia', [{ url: `${host}/api/files/${path}` }] as never, {
					credentials: credentialsFor(harness, 'waha', { baseUrl }),
				});
		proxy.close();
		expect(new Set(asked)).toEqual(new Set(['/api/files/default/a.jpeg']));
	});

	test('from S3 without the key', async () => {
		waha.variants.storage = 's3';
		const { mediaId } = waha.prepare({ type: 'image', bytes: PHOTO });
		expect((await run('DownloadMedia', { mediaId })).json).toMatchObject({ verified: true });
		const [, storage] = harness.emulator.requests;
		expect([
			storage!.operation,
			JSON.stringify(storage!.headers).includes(waha.credentials.accessToken),
		]).toEqual(['storage', false]);
	});

	test('of another session, when the item names it', async () => {
		await run('DownloadMedia', { mediaId: 'false_1@c.us_X', accountId: 'sales' });
		expect(harness.emulator.requests[0]!.path).toContain('/api/sales/chats/');
	});

	test.each([
		['no key', { error: 'unauthorized' }, /^It is WAHA_API_KEY .* WAHA says "/],
		['an unknown session', { error: 'sessionNotFound' }, /Check Session in the credential/],
		['an unknown message', { error: 'messageNotFound' }, /it is the ID of a message/],
		['what only Plus could do', { error: 'plusOnly' }, /free WAHA from before version 2026\.6\.1/],
		['a session that is not running', { error: 'notWorking' }, /Restart the session/],
	] as const)('%s: says what to do', async (_, fault, description) => {
		const { mediaId } = waha.prepare({ type: 'image', bytes: PHOTO });
		waha.fault({ on: 'message', times: 9, ...fault });
		expect(await run('DownloadMedia', { mediaId }, { options: { maxTries: 1 } })).toMatchObject({
			message: expect.stringContaining(mediaId),
			description: expect.stringMatching(description),
		});
	});

	test.each([
		[
			'gRPC',
			{
				code: 13,
				details:
					'Error: 13 INTERNAL: failed to download media: download failed with status code 403\n    at callErrorFromStatus',
			},
			'status code 403"',
		],
		[
			'Boom',
			{ isBoom: true, output: { statusCode: 428, payload: { message: 'Connection Closed' } } },
			'"Connection Closed"',
		],
		['OpenSSL', { reason: 'bad decrypt', code: 'ERR_OSSL_BAD_DECRYPT' }, '"bad decrypt"'],
		['a text', 'not ready', '"not ready"'],
	])(
		'a file that WAHA could not fetch (%s): in its words, one line',
		async (_, mediaError, words) => {
			const { mediaId } = waha.prepare({ type: 'image', bytes: PHOTO });
			waha.variants.mediaError = mediaError;
			const { message } = await run('DownloadMedia', { mediaId }, { options: { maxTries: 1 } });
			expect(message).toMatch(mediaId);
			expect(message).toContain(words);
			expect(message).not.toContain('callErrorFromStatus');
		},
	);
});

describe('registration', () => {
	let servers: TriggerServer[] = [];
	afterEach(async () => {
		await Promise.all(servers.map(async (server) => await server.close()));
		servers = [];
	});
	const trigger = async (changes = {}) => {
		const server = await serveTrigger(harness.engine, {
			node: 'whatsAppMediaTrigger',
			parameters: { registration: 'phoneNumber' },
			credentials: credentialsFor(harness, 'waha', changes),
		});
		servers.push(server);
		return server;
	};

	test('publish, receive, unpublish: everything else in the session stays, to the last character', async () => {
		waha.config.webhooks = [FOREIGN as never];
		const [config, apps] = [JSON.stringify(waha.config), JSON.stringify(waha.apps)];
		waha.variants.appsNotSent = 'gone';
		const server = await trigger({ webhookSecret: '' });
		await server.activate();
		expect(waha.config.webhooks).toEqual([
			FOREIGN,
			{
				url: server.url,
				events: ['message.any'],
				hmac: { key: expect.stringMatching(/^[0-9a-f]{64}$/) },
			},
		]);
		await until('the session works', 5000, async () => waha.status === 'WORKING' || undefined);
		const { answers } = await waha.receive({ type: 'image', bytes: PHOTO });
		expect(answers.map(({ status }) => status)).toEqual([200]);
		expect(server.executions).toHaveLength(1);
		await server.deactivate();
		expect([JSON.stringify(waha.config), JSON.stringify(waha.apps), waha.restarts]).toEqual([
			config,
			apps,
			2,
		]);
	});

	test('a webhook without a URL is somebody else’s, and stays', async () => {
		const nameless = { events: ['session.status'], retries: { attempts: 3 } } as never;
		waha.config.webhooks = [nameless];
		const server = await trigger();
		await server.activate();
		expect(waha.config.webhooks).toEqual([nameless, expect.objectContaining({ url: server.url })]);
		await server.deactivate();
		expect(waha.config.webhooks).toEqual([nameless]);
	});

	test('what is there already is not written again: the session would stop', async () => {
		const server = await trigger();
		await server.activate();
		await server.activate();
		expect(waha.restarts).toBe(1);
		await server.deactivate();
		await server.deactivate();
		expect(waha.restarts).toBe(2);
	});

	test('a webhook that somebody else adds at the same time is not lost, and neither is ours', async () => {
		const [one, other] = [await trigger(), await trigger()];
		await Promise.all([one.activate(), other.activate()]);
		expect(waha.config.webhooks!.map(({ url }) => url).sort()).toEqual([one.url, other.url].sort());
	});

	test.each([
		['without a signature', { signature: null }],
		['with another secret', { secret: 'guessed' }],
		['with a signature for another body', { signature: 'ab'.repeat(64) }],
	])('a delivery %s is refused', async (_, forgery) => {
		const server = await trigger();
		await server.activate();
		const { answers } = await waha.receive({ type: 'image', bytes: PHOTO }, forgery);
		expect([answers[0]!.status, server.executions.length]).toEqual([401, 0]);
	});
});

describe('the live connection', () => {
	const open = (changes = {}) => {
		const heard: MediaMessage[] = [];
		const lost: MediaError[] = [];
		const client = {
			...api(changes),
			provider: providers.waha!,
			idleTimeoutMs: 1000,
			open: async () => await Promise.reject(new Error('not used')),
		};
		return {
			heard,
			lost,
			...listen(client, {
				onMessages: (messages) => heard.push(...messages),
				onUnreadable: () => {},
				onAccessLost: (error) => lost.push(error),
			}),
		};
	};

	test('a file arrives', async () => {
		const { heard, ready, close } = open();
		await ready;
		for (const frame of ['', '{', 'null', '{"event":"message","payload":[]}'])
			waha.stream.send(frame);
		await waha.receive({ type: 'image', bytes: PHOTO });
		await until('it arrives', 5000, async () => heard.length > 0 || undefined);
		expect(heard).toMatchObject([
			{ provider: 'waha', type: 'image', url: expect.stringContaining('/api/files/') },
		]);
		close();
		await until(
			'it is closed',
			5000,
			async () => waha.stream.connections.length === 0 || undefined,
		);
	});

	test.each([
		['a wrong key', { accessToken: 'wrong' }, 'credential'],
		['an unknown session', { phoneNumberId: 'sales' }, 'credential'],
	] as const)('%s is told before anything is opened', async (_, changes, code) => {
		const { ready } = open(changes);
		await expect(ready).rejects.toMatchObject({ code });
		expect(operations()).toEqual(['session']);
	});

	test('a session that is not logged in says so', async () => {
		waha.stuck = 'SCAN_QR_CODE';
		await expect(open().ready).rejects.toMatchObject({
			message: expect.stringContaining('SCAN_QR_CODE'),
			description: expect.stringContaining('log in'),
		});
	});

	test('a key that is withdrawn ends it: closed with 1008, and the API says why', async () => {
		const { ready, lost } = open();
		await ready;
		waha.fault({ on: 'session', error: 'unauthorized', times: 9 });
		waha.stream.drop(1008, 'Unauthorized');
		await until('the listener is told', 5000, async () => lost.length > 0 || undefined);
		expect(lost).toMatchObject([{ code: 'credential' }]);
		expect(waha.stream.connections).toEqual([]);
	});

	test('a quiet connection is replaced without a gap: nothing is kept for later', async () => {
		Object.assign(timing, { openTimeout: 300, idleTimeout: 300 });
		const { ready, heard, close } = open();
		await ready;
		let gaps = 0;
		const watch = setInterval(() => (gaps += waha.stream.connections.length === 0 ? 1 : 0), 1);
		await until(
			'it was replaced',
			5000,
			async () =>
				harness.emulator.requests.filter(({ operation }) => operation === 'stream').length >= 3 ||
				undefined,
		);
		clearInterval(watch);
		Object.assign(timing, { openTimeout: 10_000, idleTimeout: 180_000 });
		await waha.receive({ type: 'image', bytes: PHOTO });
		await until('it arrives', 5000, async () => heard.length > 0 || undefined);
		expect(gaps).toBe(0);
		close();
		await until(
			'all are closed',
			5000,
			async () => waha.stream.connections.length === 0 || undefined,
		);
	});
});
