import * as n8nWorkflow from 'n8n-workflow';
import { setTimeout } from 'node:timers/promises';

import { providers } from '../../nodes/WhatsApp/providers';
import { axiosClient } from '../support/axiosClient';
import { serveTrigger } from '../support/core/webhook';
import type { Emulator } from '../emulator';
import type { Webhook } from '../emulator/whapi';
import { sha256, startHarness, type Harness } from '../support/harness';
import { fixture, PHOTO } from '../support/files';
import { credentialsFor, runOne } from '../support/run';

/** What only Whapi.Cloud has. */

const whapiProvider = providers.whapi!;

let harness: Harness;
let whapi: Emulator['whapi'];
beforeAll(async () => {
	harness = await startHarness();
	({ whapi } = harness.emulator);
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());

const run = async (node: string, json: object, parameters = {}) =>
	await runOne(harness, 'whapi', node, json, parameters);
const parse = (...messages: object[]) =>
	whapiProvider.parse({
		messages,
		event: { type: 'messages', event: 'post' },
		channel_id: 'MANTIS-M72HC',
	});
const operations = () => harness.emulator.requests.map(({ operation }) => operation);

test('a URL that leads to the channel’s settings is asked without the token, and gives no file', async () => {
	const { message, output } = await run('DownloadMedia', { url: `${whapi.url}/settings` });
	expect(message).toBeDefined();
	expect(output).toEqual([]);
	expect(
		harness.emulator.requests.map(({ path, headers }) => [path, headers.authorization]),
	).toEqual([['/settings', undefined]]);
	const mediaId = whapi.store.add({ bytes: PHOTO, mimeType: 'image/jpeg', inbound: true });
	const { json } = await run('DownloadMedia', { url: `${whapi.url}/media/${mediaId}` });
	expect(json).toMatchObject({ sha256: sha256(PHOTO) });
});

describe('messages', () => {
	test('gif, video note, a document with a caption, either of its types', () => {
		for (const captionedDocument of ['document', 'documentWithCaption'] as const) {
			whapi.variants.captionedDocument = captionedDocument;
			const { message } = whapi.prepare({
				type: 'document',
				bytes: PHOTO,
				caption: 'Hi',
				fileName: 'a.pdf',
			});
			expect(parse(message)).toMatchObject([
				{ type: 'document', caption: 'Hi', fileName: 'a.pdf' },
			]);
		}
		expect(parse(whapi.prepare({ type: 'gif', bytes: PHOTO }).message)).toMatchObject([
			{ type: 'video', animated: true },
		]);
		expect(parse(whapi.prepare({ type: 'short', bytes: PHOTO }).message)).toMatchObject([
			{ type: 'video' },
		]);
	});

	test('link previews are texts, not files; what the API sent is nobody’s, what the phone sent is an echo', () => {
		const preview = {
			body: 'https://example.com',
			id: 'jpeg-1-2',
			link: 'https://example.com',
			sha256: 'x',
			preview: 'x',
		};
		const texts = parse(whapi.text('hi'), whapi.message('link_preview', preview));
		expect(texts.map(({ type, text, mediaId, url }) => [type, text, mediaId, url])).toEqual([
			['text', 'hi', undefined, undefined],
			['text', 'https://example.com', undefined, undefined],
		]);
		const { message } = whapi.prepare({ type: 'image', bytes: PHOTO, fromMe: true });
		expect(parse(message)).toEqual([]);
		expect(parse({ ...message, source: 'mobile' })).toMatchObject([
			{ origin: 'echo', chatId: '16505551234@s.whatsapp.net' },
		]);
	});

	test('groups, replies, forwards, hidden numbers', () => {
		const context = { forwarded: true, quoted_id: 'PsqX-1' };
		const { message } = whapi.prepare({
			type: 'image',
			bytes: PHOTO,
			groupId: '120363',
			context,
			message: { from: '9912@lid' },
		});
		expect(parse(message)).toMatchObject([
			{ chatId: '120363@g.us', fromUserId: '9912@lid', forwarded: true, replyTo: 'PsqX-1' },
		]);
		expect(parse(message)[0]).not.toHaveProperty('from');
	});

	test('a public link lasts 30 days', () => {
		const [message] = parse(
			whapi.prepare({ type: 'image', bytes: PHOTO, url: true, timestamp: 1778766865 }).message,
		);
		expect(message).toMatchObject({
			url: whapi.link(message!.mediaId!),
			urlExpiresAt: '2026-06-13T13:54:25.000Z',
		});
	});
});

describe('Download', () => {
	const received = (about: object = {}) => {
		const [message] = parse(whapi.prepare({ type: 'image', bytes: PHOTO, ...about }).message);
		return message!;
	};

	test('by ID: one call. By link: one call, without the token', async () => {
		expect((await run('DownloadMedia', received())).json).toMatchObject({ verified: true });
		expect((await run('DownloadMedia', received({ url: true }))).json).toMatchObject({
			verified: true,
		});
		expect(operations()).toEqual(['media', 'file']);
	});

	test.each([403, 404] as const)(
		'a link that is over (%d): by ID then, still checked',
		async (expiredLink) => {
			const message = received({ url: true });
			whapi.variants.expiredLink = expiredLink;
			whapi.linked.clear();
			expect((await run('DownloadMedia', message)).json).toMatchObject({
				verified: true,
				sha256: sha256(PHOTO),
			});
			expect(operations()).toEqual(['file', 'media']);
		},
	);

	test('a file that is not there right after its webhook is asked for again', async () => {
		whapi.variants.lateBy = 500;
		expect((await run('DownloadMedia', received())).json).toMatchObject({ verified: true });
		expect(operations()).toEqual(['media', 'media']);
	});

	test('stopping the execution ends the waiting for it', async () => {
		whapi.variants.lateBy = 60_000;
		const stop = new AbortController();
		const credentials = credentialsFor(harness, 'whapi');
		const running = harness.run('DownloadMedia', [{ json: received() as never }], {
			credentials,
			abortSignal: stop.signal,
		});
		while (!operations().length) await setTimeout(5);
		await harness.emulator.requests[0]!.over;
		// The file is being waited for now, a second at first.
		await setTimeout(100);
		const stopped = Date.now();
		stop.abort();
		expect((await running).status).toBe('canceled');
		expect(Date.now() - stopped).toBeLessThan(700);
		expect(operations()).toEqual(['media']);
	});

	test('an older one that is gone is not', async () => {
		const message = received({ timestamp: Math.floor(Date.now() / 1000) - 3600 });
		whapi.store.clear();
		const { message: said, description } = await run('DownloadMedia', message);
		expect(said).toBe(
			`Media ID ${message.mediaId} could not be downloaded: Whapi.Cloud says "Specified media not found" (HTTP 404)`,
		);
		expect(description).toContain('30 days');
		expect(operations()).toEqual(['media']);
	});

	test('one that is gone, of a message from the future, is waited for no longer than of one from now', async () => {
		const message = received({ timestamp: Math.floor(Date.now() / 1000) + 20 });
		whapi.store.clear();
		const now = Date.now.bind(Date);
		const clock = jest
			.spyOn(Date, 'now')
			.mockImplementation(() => now() + operations().length * 15_000);
		const { message: said } = await run('DownloadMedia', message);
		clock.mockRestore();
		expect(said).toContain('Specified media not found');
		expect(operations()).toEqual(['media']);
	});

	test('a bad token is called a token, also right after the webhook; a channel without login is called that', async () => {
		const message = received();
		whapi.fault({ on: 'media', error: 'channelNotFound' });
		expect(await run('DownloadMedia', message)).toMatchObject({
			message: expect.stringContaining('the token in the credential belongs to no channel'),
			description: expect.stringContaining('Whapi.Cloud says "Channel not found'),
		});
		whapi.authorized = false;
		expect((await run('DownloadMedia', message)).description).toContain('scan the QR code');
		expect(operations()).toEqual(['media', 'media']);
	});

	test('an error answer that falls silent half way is not waited for', async () => {
		whapi.fault({ on: 'media', status: 500, body: 'x'.repeat(1000), stallAt: 0.6 });
		expect(
			(await run('DownloadMedia', received(), { options: { timeoutSeconds: 1 } })).json,
		).toMatchObject({ verified: true });
		expect(operations()).toEqual(['media', 'media']);
	});

	test('429 is WhatsApp’s own, and is not tried again', async () => {
		whapi.fault({ on: 'media', error: 'tooMany', times: 9 });
		expect((await run('DownloadMedia', received())).description).toContain('soft ban');
		expect(operations()).toEqual(['media']);
	});

	test('a hash that is not that of the bytes goes on, marked', async () => {
		whapi.variants.hash = 'wrong';
		expect((await run('DownloadMedia', received())).json).toMatchObject({ verified: false });
	});
});

describe('Get Media URL', () => {
	test('the link where there is one: from the message, else from the list', async () => {
		const { message, mediaId } = whapi.prepare({
			type: 'document',
			bytes: PHOTO,
			fileName: 'a.pdf',
			url: true,
		});
		const expected = {
			url: whapi.link(mediaId),
			tokenRequired: false,
			urlExpiresAt: expect.any(String),
			sha256: sha256(PHOTO),
			size: PHOTO.length,
			mimeType: 'application/pdf',
			fileName: 'a.pdf',
		};
		expect((await run('GetMediaUrl', { mediaId, messageId: message.id })).json).toMatchObject(
			expected,
		);
		expect((await run('GetMediaUrl', { mediaId })).json).toMatchObject(expected);
		expect((await run('GetMediaUrl', { mediaId, messageId: 'another' })).json).toMatchObject(
			expected,
		);
		expect(operations()).toEqual(['message', 'list', 'message', 'list']);
	});

	test('a name that is safe to write', async () => {
		const fileName = '../../etc/\u202epasswd';
		const { mediaId } = whapi.prepare({ type: 'document', bytes: PHOTO, fileName });
		expect((await run('GetMediaUrl', { mediaId })).json).toMatchObject({ fileName: 'passwd' });
	});

	test('else the authenticated address, which says so and goes straight into Download', async () => {
		const { mediaId } = whapi.prepare({ type: 'image', bytes: PHOTO });
		const { json } = await run('GetMediaUrl', { mediaId });
		expect(json).toMatchObject({ url: `${whapi.url}/media/${mediaId}`, tokenRequired: true });
		expect(json!.urlExpiresAt).toBeUndefined();
		expect((await run('DownloadMedia', json!)).json).toMatchObject({ verified: true });
	});
});

describe('Upload', () => {
	const upload = async (mimeType: string, fileName: string, bytes: Buffer = PHOTO) => {
		const credentials = credentialsFor(harness, 'whapi');
		const data = await harness.engine.file(bytes, { mimeType, fileName });
		const { output, error } = await harness.run('UploadMedia', [{ json: {}, binary: { data } }], {
			credentials,
		});
		expect(error).toBeUndefined();
		const kept = whapi.store.get(String(output[0]![0]!.json.mediaId))!;
		return {
			kept,
			bytes: Buffer.concat([...kept.bytes.read()]),
			request: harness.emulator.requests.at(-1)!,
		};
	};

	test.each([0, 1, 2])(
		'a document keeps its name and its bytes (3n + %d), even where Whapi encodes anew',
		async (rest) => {
			whapi.variants.reencodes = true;
			const bytes = Buffer.from(`%PDF-1.7\n${'x'.repeat(300_000 + rest)}`);
			const {
				kept,
				bytes: stored,
				request,
			} = await upload('application/pdf', 'Été & "1".pdf', bytes);
			expect(stored.equals(bytes)).toBe(true);
			expect(kept).toMatchObject({ fileName: 'Été & _1_.pdf', mimeType: 'application/pdf' });
			expect(Number(request.headers['content-length'])).toBe(request.bodySize);
		},
	);

	test('a picture goes as it is, its length promised; a type that the raw form does not list goes the other way', async () => {
		const { bytes, request } = await upload('image/jpeg', 'a.jpg');
		expect([bytes, request.headers['content-type'], request.headers['content-length']]).toEqual([
			PHOTO,
			'image/jpeg',
			String(PHOTO.length),
		]);
		const sticker = fixture('small.webp');
		expect((await upload('image/webp', 'a.webp', sticker)).kept).toMatchObject({
			mimeType: 'image/webp',
		});
	});
});

describe('registration', () => {
	const foreign: Webhook[] = [
		{
			url: 'https://crm.example/hook',
			events: [
				{ type: 'messages', method: 'post' },
				{ type: 'statuses', method: 'post' },
			],
			mode: 'method',
			headers: { Key: 'k' },
			webhook_max_age_seconds: 60,
		},
		{ url: 'https://log.example/hook', events: [{ type: 'chats', method: 'put' }], mode: 'body' },
	];
	const url = (n: number) => `https://n8n.example/webhook/${n}/webhook`;
	const { register, unregister, registeredUrls: registered } = whapiProvider.registration!;
	const api = (changes = {}) => axiosClient(harness.emulator, 'whapi', changes);
	const urls = () => whapi.settings.webhooks.map((webhook) => webhook.url).sort();

	beforeEach(() => {
		whapi.settings.webhooks = structuredClone(foreign);
	});

	test('adds its own, once, and takes only its own away', async () => {
		await register(api(), 'phoneNumber', url(1));
		await register(api(), 'phoneNumber', url(1));
		expect(whapi.settings.webhooks).toEqual([
			...foreign,
			{
				url: url(1),
				events: [{ type: 'messages', method: 'post' }],
				mode: 'body',
				headers: { 'X-Webhook-Secret': expect.stringMatching(/^[0-9a-f]{64}$/) },
			},
		]);
		expect(JSON.stringify(whapi.settings.webhooks)).not.toContain(whapi.credentials.accessToken);
		expect(await registered(api(), 'phoneNumber')).toEqual([url(1)]);
		await unregister(api(), 'phoneNumber', url(2));
		await unregister(api(), 'phoneNumber', url(1));
		expect(whapi.settings.webhooks).toEqual(foreign);
		expect(operations().filter((operation) => operation === 'changeSettings')).toHaveLength(2);
	});

	test('one without a URL is somebody else’s, and not written over: Whapi.Cloud itself refuses such a list', async () => {
		const nameless = { events: [{ type: 'statuses', method: 'post' }], mode: 'body' } as never;
		whapi.settings.webhooks.push(nameless);
		await expect(register(api(), 'phoneNumber', url(1))).rejects.toThrow('must be a valid uri');
		expect(whapi.settings.webhooks).toEqual([...foreign, nameless]);
	});

	test('one that would not reach us does not count, and is mended', async () => {
		whapi.settings.webhooks.push({
			url: url(1),
			events: [{ type: 'messages', method: 'post' }],
			mode: 'method',
			headers: { 'X-Webhook-Secret': 'of an older token' },
		});
		expect(await registered(api(), 'phoneNumber')).toEqual([]);
		await register(api(), 'phoneNumber', url(1));
		expect(await registered(api(), 'phoneNumber')).toEqual([url(1)]);
	});

	test.each(['replaced', 'merged'] as const)(
		'public links are switched on, and nothing else (media settings are %s)',
		async (mediaSettings) => {
			whapi.variants.mediaSettings = mediaSettings;
			for (let n = 0; n < 2; n++) await whapiProvider.registration!.enablePublicLinks!(api());
			expect(whapi.settings.media).toEqual({
				auto_download: ['image', 'audio', 'voice', 'video', 'document', 'sticker'],
				init_avatars: true,
			});
			expect(whapi.settings.webhooks).toEqual(foreign);
			expect(operations()).toEqual(['settings', 'changeSettings', 'settings']);
		},
	);

	test('says what is wrong with the token, and with a channel that is busy', async () => {
		await expect(register(api({ accessToken: 'x' }), 'phoneNumber', url(1))).rejects.toMatchObject({
			code: 'credential',
		});
		whapi.fault({ on: 'changeSettings', error: 'internal' });
		await expect(register(api(), 'phoneNumber', url(1))).rejects.toMatchObject({
			code: 'temporary',
		});
	});

	const all = Array.from({ length: 10 }, (_, n) => n);
	const slowly = () => {
		for (let n = 0; n < 400; n++)
			whapi.fault({ on: n % 2 ? 'settings' : 'changeSettings', delay: Math.random() * 20 });
	};
	const soon = async <T>(work: () => Promise<T>) => {
		await setTimeout(Math.random() * 60);
		return await work();
	};
	/** Each process of n8n has this module to itself; n8n-workflow may be the same for all, for it takes seconds to load. */
	const process = (): typeof whapiProvider => {
		let loaded: typeof whapiProvider;
		jest.isolateModules(() => {
			jest.doMock('n8n-workflow', () => n8nWorkflow);
			loaded = jest.requireActual<typeof import('../../nodes/WhatsApp/providers/whapi')>(
				'../../nodes/WhatsApp/providers/whapi',
			).whapi;
		});
		jest.dontMock('n8n-workflow');
		return loaded!;
	};

	test.each([
		['one process', () => [whapiProvider]],
		['three processes', () => [process(), process(), process()]],
	])(
		'ten triggers at once, on and off in any order, over a slow network, in %s',
		async (_, start) => {
			const processes = start();
			const at = all.map((n) => processes[n % processes.length]!.registration!);
			const on = async (n: number, address = url(n)) =>
				await soon(async () => await at[n]!.register(api(), 'phoneNumber', address));
			const off = async (n: number, address = url(n)) =>
				await soon(async () => await at[n]!.unregister(api(), 'phoneNumber', address));
			const theirs = foreign.map((webhook) => webhook.url);
			slowly();
			await Promise.all(all.map(async (n) => await on(n)));
			expect(urls()).toEqual([...theirs, ...all.map(url)].sort());
			// Half of them go while ten more come.
			await Promise.all(all.flatMap((n) => [...(n % 2 ? [off(n)] : []), on(n, url(n + 10))]));
			expect(urls()).toEqual(
				[...theirs, ...all.filter((n) => !(n % 2)).map(url), ...all.map((n) => url(n + 10))].sort(),
			);
			await Promise.all(all.flatMap((n) => [off(n), off(n, url(n + 10))]));
			expect(whapi.settings.webhooks.sort((a, b) => a.url.localeCompare(b.url))).toEqual(foreign);
		},
	);

	test('what somebody changes at the same time stays changed', async () => {
		// What we read is answered late: others write before we do.
		whapi.fault({ on: 'settings', delay: 1000 });
		const ours = register(api(), 'phoneNumber', url(1));
		const isRead = () =>
			harness.emulator.requests.some(({ operation }) => operation === 'settings');
		while (!isRead()) await setTimeout(5);
		await setTimeout(100);
		const changed = [
			{ ...foreign[0]!, mode: 'path' as const },
			{ url: 'https://new.example/hook', mode: 'body' as const, events: [] },
		];
		whapi.settings = { ...whapi.settings, webhooks: changed };
		await ours;
		expect(urls()).toEqual(
			[
				'https://crm.example/hook',
				'https://log.example/hook',
				'https://new.example/hook',
				url(1),
			].sort(),
		);
		expect(whapi.settings.webhooks).toEqual(expect.arrayContaining(changed));
	});
});

test('Auto Download is switched on from the trigger, when it registers', async () => {
	const credentials = credentialsFor(harness, 'whapi');
	for (const autoDownload of [false, true]) {
		const server = await serveTrigger(harness.engine, {
			node: 'whatsAppMediaTrigger',
			parameters: { options: { autoDownload } },
			credentials,
		});
		await server.activate();
		expect(whapi.settings.webhooks.map(({ url }) => url)).toEqual([server.url]);
		expect(whapi.settings.media.auto_download?.includes('voice') ?? false).toBe(autoDownload);
		await server.deactivate();
		expect(whapi.settings.webhooks).toEqual([]);
		await server.close();
	}
});
