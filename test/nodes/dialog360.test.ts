import { serveTrigger, type TriggerServer } from '../support/core/webhook';
import type { Emulator } from '../emulator';
import { hostOverrides } from '../emulator/client';
import { PHOTO } from '../support/files';
import { startHarness, type Harness } from '../support/harness';
import { credentialsFor, runOne } from '../support/run';

/** What only 360dialog has. */

const FOREIGN = { url: 'https://other.example/hook', headers: { 'X-Theirs': '1' } };

let harness: Harness;
let dialog360: Emulator['dialog360'];
let servers: TriggerServer[] = [];
beforeAll(async () => {
	harness = await startHarness();
	({ dialog360 } = harness.emulator);
});
afterAll(async () => await harness.close());
beforeEach(() => {
	harness.emulator.reset();
	hostOverrides.clear();
});
afterEach(async () => {
	await Promise.all(servers.map(async (server) => await server.close()));
	servers = [];
});

const run = async (node: string, json: object, parameters = {}) =>
	await runOne(harness, 'dialog360', node, json, parameters);
const operations = () => harness.emulator.requests.map(({ operation }) => operation);

/** A trigger in an n8n at https://<host>. */
async function trigger({
	host = 'n8n.example',
	webhookId = 'a1b2',
	credential = { webhookSecret: '' },
} = {}) {
	const credentials = credentialsFor(harness, 'dialog360', credential);
	const server = await serveTrigger(harness.engine, {
		node: 'whatsAppMediaTrigger',
		parameters: { registration: 'phoneNumber' },
		credentials,
		publicUrl: `https://${host}/`,
		webhookId,
	});
	hostOverrides.set(`https://${host}`, server.baseUrl.slice(0, -1));
	servers.push(server);
	return server;
}
const receive = async () => await dialog360.receive({ type: 'image', bytes: PHOTO });

describe('files', () => {
	test('Meta’s URL in a message leads to the API’s host, and Meta’s own host is never asked', async () => {
		const server = await trigger();
		await server.activate();
		await receive();
		const [[{ json }]] = server.executions as unknown as [[{ json: { url: string } }]];
		expect(json.url).toMatch(`${dialog360.url}/whatsapp_business/attachments/?mid=`);
		expect((await run('DownloadMedia', json)).json).toMatchObject({ verified: true });
		expect(
			(
				await run('DownloadMedia', {
					mediaId: dialog360.store.add({ bytes: PHOTO, mimeType: 'image/jpeg', inbound: true }),
				})
			).json,
		).toMatchObject({ verified: true });
		expect(operations()).not.toContain('metaFile');
	});

	test('an ID that is no number is not asked for: few failed look-ups are allowed', async () => {
		for (const node of ['GetMediaUrl', 'DownloadMedia', 'DeleteMedia'])
			expect((await run(node, { mediaId: 'wamid.x' })).message).toContain(
				'does not look like one from 360dialog',
			);
		expect(harness.emulator.requests).toEqual([]);
	});

	test.each(['DownloadMedia', 'GetMediaUrl'])(
		'%s: a look-up that was refused is not repeated',
		async (node) => {
			const mediaId = dialog360.store.add({ bytes: PHOTO, mimeType: 'image/jpeg' });
			for (const error of ['blocked', '4', '131000', '80007'] as const) {
				dialog360.fault({ on: 'getUrl', error });
				const before = harness.emulator.requests.length;
				const { message, json } = await run(node, { mediaId });
				expect(
					harness.emulator.requests.slice(before).filter(({ operation }) => operation === 'getUrl'),
				).toHaveLength(json ? 2 : 1);
				if (!json) expect(message).toContain(mediaId);
			}
		},
	);
});

describe('registration', () => {
	test('publish, receive, unpublish: nothing removes a webhook, so it is marked as free', async () => {
		const server = await trigger();
		await server.activate();
		expect(dialog360.webhook).toEqual({
			url: server.url,
			headers: { 'X-Webhook-Secret': expect.stringMatching(/^[0-9a-f]{64}$/) },
		});
		expect((await receive()).answer!.status).toBe(200);
		await server.deactivate();
		expect(dialog360.webhook).toEqual({
			url: server.url,
			headers: { 'X-Webhook-Released': expect.stringMatching(/^[0-9a-f]{64}$/) },
		});
		const other = await trigger({ host: 'other-n8n.example', webhookId: 'c3d4' });
		await other.activate();
		expect(dialog360.webhook!.url).toBe(other.url);
	});

	test.each([200, 204])(
		'an answer of %i without a word says that it is written',
		async (status) => {
			const server = await trigger();
			dialog360.fault({ on: 'setWebhook', status });
			await server.activate();
			expect(dialog360.webhook!.url).toBe(server.url);
		},
	);

	test('a foreign webhook is left as it is', async () => {
		dialog360.webhook = structuredClone(FOREIGN);
		const server = await trigger();
		await expect(server.activate()).rejects.toThrow('https://other.example/hook');
		await server.deactivate();
		expect(dialog360.webhook).toEqual(FOREIGN);
		expect(operations()).not.toContain('setWebhook');
	});

	test('beside a foreign one, where the number has a list: added, changed by its name, marked as free', async () => {
		dialog360.webhook = structuredClone(FOREIGN);
		dialog360.variants.list = 'on';
		dialog360.destinations = [{ name: 'n8n', ...FOREIGN }];
		const server = await trigger();
		await server.activate();
		expect(dialog360.destinations).toEqual([
			{ name: 'n8n', ...FOREIGN },
			{ name: 'n8n-2', url: server.url, headers: { 'X-Webhook-Secret': expect.any(String) } },
		]);
		hostOverrides.set('https://other.example', server.baseUrl.slice(0, -1));
		await server.deactivate();
		expect(dialog360.destinations[1]).toMatchObject({
			name: 'n8n-2',
			headers: { 'X-Webhook-Released': expect.any(String) },
		});
		await server.activate();
		expect(dialog360.destinations).toHaveLength(2);
		expect(dialog360.webhook).toEqual(FOREIGN);
	});

	test('a list that is switched off between reading and writing: the foreign webhook is left as it is', async () => {
		const url = 'https://shop:s3cret@other.example/hook?key=s3cret';
		dialog360.webhook = { ...FOREIGN, url };
		dialog360.variants.list = 'on';
		const off = { status: 409, body: '{"message":"Multi-webhook is not enabled"}' };
		const headers = { 'Content-Type': 'application/json' };
		dialog360.fault({ on: 'list', after: 2, times: 9, ...off, headers });
		await expect((await trigger()).activate()).rejects.toThrow(
			'has just set the webhook of the 360dialog number: https://other.example/hook. ',
		);
		expect(dialog360.webhook).toEqual({ ...FOREIGN, url });
		expect(operations()).not.toContain('setWebhook');
	});

	test('a full list has no place', async () => {
		dialog360.webhook = structuredClone(FOREIGN);
		dialog360.variants.list = 'on';
		dialog360.destinations = ['a', 'b', 'c'].map((name) => ({ name, ...FOREIGN }));
		await expect((await trigger()).activate()).rejects.toThrow(
			'Deliveries already go to another webhook',
		);
		expect(dialog360.destinations).toHaveLength(3);
	});

	test('a test beside production takes what it shows, and then production goes on', async () => {
		const server = await trigger();
		await server.activate();
		await server.startTest();
		expect((await receive()).answer!.status).toBe(200);
		await server.stopTest();
		expect(dialog360.webhook).toEqual({
			url: server.url,
			headers: { 'X-Webhook-Secret': expect.any(String) },
		});
	});

	test('an address with a port or without https is refused before anything is sent', async () => {
		const server = await trigger({ host: 'n8n.example:5678' });
		await expect(server.activate()).rejects.toThrow('without a port');
		expect(operations()).not.toContain('setWebhook');
	});
});

test.each([
	['without the header', { headers: null }],
	['with another secret', { headers: { 'X-Webhook-Secret': 'guessed' } }],
	[
		'with Meta’s kind of signature',
		{ headers: { 'X-Webhook-Secret': '', 'X-Hub-Signature-256': 'sha256=00' } },
	],
])('a delivery %s is refused', async (_, forgery) => {
	const server = await trigger();
	await server.activate();
	const { answer } = await dialog360.receive({ type: 'image', bytes: PHOTO }, forgery);
	expect([answer!.status, server.executions.length]).toEqual([401, 0]);
});

test.each(['bare', 'prefixed'] as const)(
	'a partner’s signature (%s) is as good as the header',
	async (signature) => {
		dialog360.variants.signature = signature;
		const server = await trigger({ credential: {} as never });
		await server.activate();
		const { answer } = await dialog360.receive({ type: 'image', bytes: PHOTO }, { headers: null });
		expect(answer!.status).toBe(200);
	},
);
