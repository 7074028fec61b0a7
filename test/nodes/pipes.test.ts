import { providers } from '../../nodes/WhatsApp/providers';
import { serveTrigger } from '../support/core/webhook';
import type { Emulator } from '../emulator';
import { PHOTO } from '../support/files';
import { sha256, startHarness, type Harness } from '../support/harness';
import { credentialsFor, outcomeOf, runOne } from '../support/run';

/** What only Pipes.bot has. */

let harness: Harness;
let pipes: Emulator['pipes'];
beforeAll(async () => {
	harness = await startHarness();
	({ pipes } = harness.emulator);
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());

const credentials = () => credentialsFor(harness, 'pipes');
const run = async (node: string, json: object, parameters = {}) =>
	await runOne(harness, 'pipes', node, json, parameters);
const received = (about: object = {}) =>
	providers.pipes!.parse(pipes.prepare({ type: 'image', bytes: PHOTO, ...about }).message.body)[0]!;
const operations = () => harness.emulator.requests.map(({ operation }) => operation);
const add = () => pipes.store.add({ bytes: PHOTO, mimeType: 'image/jpeg', inbound: true });

test('the item has its own media ID, never Meta’s; ISO times; its conversation', () => {
	const { message, mediaId } = pipes.prepare({
		type: 'audio',
		bytes: PHOTO,
		timestamp: '2025-01-15T10:30:00.000Z',
	});
	const [item] = providers.pipes!.parse(message.body);
	expect(item).toMatchObject({
		mediaId,
		type: 'audio',
		voice: false,
		size: PHOTO.length,
		timestamp: '2025-01-15T10:30:00.000Z',
		chatId: message.conversationId,
		phoneNumberId: 'pn_5kQ2vT8xWm',
	});
	expect(item).not.toHaveProperty('url');
});

test('a frame of the live connection that is no JSON, or no object, holds no message', () => {
	for (const frame of [
		'',
		'pong',
		'{"type":"whatsapp_message","data"',
		'null',
		'[]',
		'"whatsapp_message"',
	])
		expect(providers.pipes!.live!.parse(frame)).toEqual([]);
});

test('Get Media URL: where the redirect leads, for five minutes, without the key', async () => {
	const { json } = await run('GetMediaUrl', { mediaId: add() });
	expect(json).toMatchObject({
		url: expect.stringContaining(`${pipes.filesUrl}/media/`),
		tokenRequired: false,
	});
	const life = Date.parse(String(json!.urlExpiresAt)) - Date.now();
	expect(life).toBeGreaterThan(297_000);
	expect(life).toBeLessThan(303_000);
	expect((await run('DownloadMedia', json!)).json).toMatchObject({ sha256: sha256(PHOTO) });
	expect(operations()).toEqual(['download', 'file']);
});

test('Download follows by itself, checks the size, and renews a presigned URL that is over', async () => {
	const message = received();
	expect((await run('DownloadMedia', message)).json).toMatchObject({
		verified: true,
		sha256: sha256(PHOTO),
	});
	expect(
		(
			await run('DownloadMedia', {
				...message,
				url: pipes.fileUrl(message.mediaId!).replace(/Signature=\w/, 'Signature=z'),
			})
		).json,
	).toMatchObject({ verified: true });
	expect(operations()).toEqual(['download', 'file', 'file', 'download', 'file']);
	pipes.variants.size = 'absent';
	expect((await run('DownloadMedia', received())).json!.verified).toBeUndefined();
});

test('a wrong key: what to do, then what Pipes.bot says', async () => {
	const mediaId = add();
	pipes.fault({ on: 'download', error: 'unauthorized' });
	const { message, description } = await run('DownloadMedia', { mediaId });
	expect(message).toBe(
		`Media ID ${mediaId} could not be looked up: the API key in the credential is not valid`,
	);
	expect(description).toMatch(
		/^Copy and paste the complete key .* Pipes\.bot says ".*" \(\w+\)\.$/,
	);
});

describe.each(['string', 'object'] as const)('what it refuses (error as %s)', (errorShape) => {
	beforeEach(() => {
		pipes.variants.errorShape = errorShape;
	});

	test.each([
		['forbidden', 403, 'another Pipes.bot account'],
		['notFound', 404, 'the ID inside the message is Meta’s'],
		['mediaExpired', 410, '48 hours'],
	] as const)('%s', async (error, status, description) => {
		const mediaId = add();
		pipes.fault({ on: 'download', error });
		const { code, message } = (await import('../emulator/pipes')).errors[error]();
		const said = await run('DownloadMedia', { mediaId });
		expect(said.message).toBe(
			`Media ID ${mediaId} could not be looked up: Pipes.bot says "${message}" (${code})`,
		);
		expect(said.description).toContain(description);
		expect((said.error as { httpCode?: string }).httpCode).toBe(String(status));
	});
});

test('a file that is unavailable: the item says so, and no download fails', async () => {
	const trigger = await serveTrigger(harness.engine, {
		node: 'whatsAppMediaTrigger',
		parameters: {},
		credentials: credentials(),
	});
	pipes.callback = trigger.url;
	await pipes.receive({ type: 'image', bytes: PHOTO, unavailable: true });
	await pipes.receive({ type: 'image', bytes: PHOTO, media: { unavailable: true } });
	await trigger.close();
	const items = trigger.executions.flat();
	expect(items.map(({ json }) => [json.unavailable, typeof json.mediaId])).toEqual([
		[true, 'undefined'],
		[true, 'string'],
	]);
	const { output, hints, error } = await harness.run('DownloadMedia', items, {
		credentials: credentials(),
	});
	expect(error).toBeUndefined();
	expect(output[0]!.map(({ json, binary }) => [json.unavailable, binary])).toEqual([
		[true, undefined],
		[true, undefined],
	]);
	expect(hints[0]!.message).toMatch(/^2 of 2 files were unavailable/);
	expect(harness.emulator.requests).toEqual([]);
});

test('Upload and Delete say what is missing and what to use', async () => {
	const data = await harness.engine.file(PHOTO, { mimeType: 'image/jpeg', fileName: 'a.jpg' });
	const { message, description } = outcomeOf(
		await harness.run('UploadMedia', [{ json: {}, binary: { data } }], {
			credentials: credentials(),
		}),
	);
	expect(message).toBe('"a.jpg": Pipes.bot has no public way to upload a file');
	expect(description).toContain('/v1/messages/send');
	expect(await run('DeleteMedia', { mediaId: 'x' })).toMatchObject({
		message: 'Media ID x was not deleted: Pipes.bot has no way to delete a file',
	});
	expect(harness.emulator.requests).toEqual([]);
});

describe('what is typed into the credential', () => {
	const secret = 'correct horse battery staple';
	test.each([secret, ` ${secret}\n`, `\t${secret} `])(
		'a secret of several words is believed as it is (%j)',
		async (webhookSecret) => {
			const trigger = await serveTrigger(harness.engine, {
				node: 'whatsAppMediaTrigger',
				parameters: { registration: 'manual' },
				credentials: { whatsAppMediaApi: { ...credentials().whatsAppMediaApi, webhookSecret } },
			});
			pipes.callback = trigger.url;
			const deliver = async (by: string) =>
				(await pipes.receive({ type: 'image', bytes: PHOTO }, { secret: by })).answer!.status;
			expect(await deliver(secret)).toBe(200);
			expect(await deliver(secret.replaceAll(' ', ''))).toBe(401);
			await trigger.close();
		},
	);

	test.each(['space', 'line break', 'no-break space'])(
		'a token with a %s inside is refused before anything is sent',
		async (name) => {
			const inside = { space: ' ', 'line break': '\n', 'no-break space': '\u00a0' }[name]!;
			const { accessToken } = credentialsFor(harness, 'pipes').whatsAppMediaApi as {
				accessToken: string;
			};
			const broken = accessToken.slice(0, 4) + inside + accessToken.slice(4);
			const { error } = await harness.run('GetMediaUrl', [{ mediaId: add() }], {
				credentials: credentialsFor(harness, 'pipes', { accessToken: broken }),
			});
			expect(error!.message).toBe(
				'The access token in the credential contains a space, a line break or another character that no token has',
			);
			expect(JSON.stringify(error)).not.toContain(accessToken.slice(4));
			expect(harness.emulator.requests).toEqual([]);
		},
	);

	test('white space around a token does not matter', async () => {
		const { accessToken } = credentialsFor(harness, 'pipes').whatsAppMediaApi as {
			accessToken: string;
		};
		const { error } = await harness.run('GetMediaUrl', [{ mediaId: add() }], {
			credentials: credentialsFor(harness, 'pipes', { accessToken: ` ${accessToken}\n` }),
		});
		expect(error).toBeUndefined();
	});
});
