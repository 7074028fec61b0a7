import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { pattern, startEmulator, type Emulator } from '../emulator';
import { startN8n, type N8n } from '../support/n8n/instance';
import { packPackage } from '../support/n8n/pack';
import { items, type Credential } from '../support/n8n/rest';
import {
	manualTrigger,
	mediaNode,
	workflow,
	type Item,
	type Json,
	type WorkflowNode,
} from '../support/n8n/workflow';
import { calls, credentialFor, sha256 } from '../support/harness';
import { demoFile } from '../support/paths';
import { hostPorts, publicOrigins } from '../support/vendors';

/**
 * The packed tarball in a real n8n, which reaches the emulator under Meta's own host names, over TLS.
 */

jest.setTimeout(240_000);

const MB = 1_000_000;
const IS_VERSION_1 = process.env.N8N_VERSION?.startsWith('1.');

let emulator: Emulator;
let n8n: N8n;
let credential: Credential;
beforeAll(async () => {
	emulator = await startEmulator({
		...publicOrigins(['meta']),
		thirdParty: { origin: 'https://files.example' },
	});
	const port = Number(new URL(emulator.localUrl).port);
	n8n = await startN8n({
		packages: [await packPackage()],
		vendors: { ...hostPorts(emulator, ['meta']), 'files.example': port },
	});
	credential = await n8n.api.createCredential('WhatsApp', 'whatsAppMediaApi', account());
}, 900_000);
afterAll(async () => {
	await n8n?.stop();
	await emulator?.close();
});
beforeEach(() => emulator.reset());

/** As a user fills in the form: no addresses. */
function account(changes: Json = {}): Json {
	return { ...credentialFor(emulator), baseUrl: '', mediaHosts: '', ...changes };
}

const ours = (
	type: string,
	name: string,
	parameters: Json = {},
	more: Partial<WorkflowNode> = {},
) =>
	mediaNode(type, name, parameters, {
		credentials: { whatsAppMediaApi: { id: credential.id, name: credential.name } },
		...more,
	});

const download = (parameters?: Json, more?: Partial<WorkflowNode>) =>
	ours('whatsAppDownloadMedia', 'Download', parameters, more);
const upload = (parameters?: Json) => ours('whatsAppUploadMedia', 'Upload', parameters);

/** Runs Start → nodes on these items, as the Execute button does. */
async function run(nodes: WorkflowNode[], start: Json[], settings: Json = {}) {
	const { id } = await n8n.api.createWorkflow(
		workflow({
			nodes: [manualTrigger(), ...nodes],
			pinData: { Start: start.map((json): Item => ({ json })) },
			settings,
		}),
	);
	return await n8n.api.run(id, { timeoutMs: 200_000 });
}

const stored = (mediaId: unknown) => emulator.meta.store.get(String(mediaId))!;

test('the five nodes and the credential are there, and nothing else was asked of the network', async () => {
	const types = await n8n.api.nodeTypes();
	expect(types.map(({ displayName }) => displayName).sort()).toEqual([
		'WhatsApp Delete Media',
		'WhatsApp Delete Media Tool',
		'WhatsApp Download Media',
		'WhatsApp Get Media URL',
		'WhatsApp Get Media URL Tool',
		'WhatsApp Media Stream Trigger',
		'WhatsApp Media Trigger',
		'WhatsApp Upload Media',
		'WhatsApp Upload Media Tool',
	]);
	expect(await n8n.api.installedPackages()).toMatchObject([
		{ packageName: 'n8n-nodes-whatsapp-media' },
	]);
	expect(n8n.refused).toEqual([]);
});

describe('the credential’s Test button', () => {
	const press = async (changes: Json = {}) =>
		await n8n.api.testCredential({ type: 'whatsAppMediaApi', data: account(changes) });

	test('a good one', async () => {
		expect(await press()).toEqual({ status: 'OK', message: 'Connection successful!' });
		expect(
			await press({
				accessToken: ` ${account().accessToken}\n`,
				phoneNumberId: ` ${account().phoneNumberId} `,
			}),
		).toMatchObject({ status: 'OK' });
		expect(await press({ phoneNumberId: '' })).toMatchObject({ status: 'OK' });
	});

	test.each([
		[{ accessToken: 'EAAwrong' }, /^The access token is not valid\. Copy and paste/],
		[{ accessToken: '' }, /^The access token is missing/],
		[
			{ phoneNumberId: '123456' },
			/^The phone number ID is unknown, or the token has no access to it/,
		],
		[
			{ phoneNumberId: '102290129340398' },
			/^This is not a phone number ID\. It looks like the WhatsApp Business Account ID/,
		],
		[{ apiVersion: '25' }, /^"25" is not a version of the API/],
	])('%p', async (changes, message) => {
		expect(await press(changes)).toEqual({
			status: 'Error',
			message: expect.stringMatching(message),
		});
	});

	test('an account ID that Graph calls unknown, an expired token, a missing permission, an outage, a proxy’s page', async () => {
		emulator.meta.variants.accountAsPhoneNumber = 'gone';
		expect((await press({ phoneNumberId: account().businessAccountId })).message).toContain(
			'or the account ID beside it',
		);
		emulator.meta.fault({ on: 'phoneNumber', error: '190/463' });
		expect((await press()).message).toContain('last 24 hours');
		emulator.meta.fault({ on: 'phoneNumber', error: 10 });
		expect((await press()).message).toContain('whatsapp_business_messaging');
		emulator.meta.fault({ on: 'phoneNumber', error: 2 });
		// n8n 1 shows no status to the credential's rules, only the body.
		const outage = (body: string) => (IS_VERSION_1 ? body : 'not available right now');
		expect((await press()).message).toContain(outage('Meta refuses'));
		emulator.meta.fault({
			on: 'phoneNumber',
			status: 502,
			headers: { 'Content-Type': 'text/html' },
			body: '<html>Bad gateway',
		});
		expect((await press()).message).toContain(outage('did not come from the provider’s API'));
		emulator.meta.fault({
			on: 'phoneNumber',
			status: 200,
			headers: { 'Content-Type': 'text/html' },
			body: '<html>Log in',
		});
		expect(await press()).toMatchObject({
			status: 'Error',
			message: expect.stringContaining('did not come from the provider’s API'),
		});
	});
});

test('a customer sends a photo: Trigger, Download, done', async () => {
	const trigger = ours('whatsAppMediaTrigger', 'Trigger', { registration: 'manual' });
	const { id } = await n8n.api.createWorkflow(workflow({ nodes: [trigger, download()] }));
	await n8n.api.activate(id);
	// Manual asks Meta nothing: the webhook may be another app's than the token.
	expect(calls(emulator)).toEqual([]);
	emulator.requests.length = 0;
	const callback = `${n8n.url}/webhook/${trigger.webhookId}/webhook`;
	expect(await emulator.meta.handshake(callback)).toMatchObject({ ok: true });
	expect(await emulator.meta.handshake(callback, { token: 'wrong' })).toMatchObject({
		ok: false,
		status: 403,
	});

	const photo = await readFile(demoFile('photo.jpg'));
	const { mediaId, answer } = await emulator.meta.receive(
		{ type: 'image', bytes: photo, caption: 'Café' },
		{ callback },
	);
	expect(answer).toMatchObject({ status: 200, body: '' });
	const [execution] = await n8n.api.waitForExecutions(id);
	expect(execution!.status).toBe('success');
	const [item] = items(execution!, 'Download');
	expect(item!.json).toMatchObject({
		mediaId,
		type: 'image',
		caption: 'Café',
		verified: true,
		sha256: sha256(photo),
		fileName: `image-${mediaId}.jpg`,
	});
	expect(await n8n.api.bytes(item!.binary!.data!)).toEqual(photo);
	// The webhook's URL was still alive: one call, to the file host.
	expect(calls(emulator)).toEqual(['GET /whatsapp_business/attachments/']);

	for (const delivery of [
		emulator.meta.deliver([emulator.meta.status('delivered'), emulator.meta.text('thanks')], {
			callback,
		}),
		emulator.meta.receive(
			{ type: 'image', bytes: photo },
			{ callback, secret: 'not the app secret' },
		),
	])
		await delivery;
	expect(await n8n.api.executions({ workflowId: id })).toHaveLength(1);
	expect(n8n.logs()).toContain('its signature does not match');
	await n8n.api.deactivate(id);
});

test('Reuse Earlier Upload: one execution remembers what another uploaded, until somebody deletes it', async () => {
	const trigger = ours('whatsAppMediaTrigger', 'Trigger', { registration: 'manual' });
	const { id } = await n8n.api.createWorkflow(
		workflow({ nodes: [trigger, download(), upload({ options: { reuseEarlier: true } })] }),
	);
	await n8n.api.activate(id);
	const photo = await readFile(demoFile('photo.jpg'));
	const mediaIds: unknown[] = [];
	const again = async () => {
		await emulator.meta.receive(
			{ type: 'image', bytes: photo },
			{ callback: `${n8n.url}/webhook/${trigger.webhookId}/webhook` },
		);
		const [newest] = (await n8n.api.waitForExecutions(id, mediaIds.length + 1)).sort(
			(one, other) => Number(other.id) - Number(one.id),
		);
		mediaIds.push(items(newest!, 'Upload')[0]!.json.mediaId);
	};
	await again();
	await again();
	stored(mediaIds[0]).deleted = true;
	await again();
	await again();
	expect(mediaIds).toEqual([mediaIds[0], mediaIds[0], mediaIds[2], mediaIds[2]]);
	expect(mediaIds[2]).not.toBe(mediaIds[0]);
	expect(emulator.requests.filter(({ operation }) => operation === 'upload')).toHaveLength(2);
	await n8n.api.deactivate(id);
});

/** It has no mode `database`. */
const MODES = IS_VERSION_1
	? (['filesystem', 'default'] as const)
	: (['filesystem', 'database', 'default'] as const);

describe.each(MODES)('binary data mode %s', (binaryMode) => {
	beforeAll(async () => await n8n.restart({ binaryMode }));

	test.each([1, 5 * MB, 100 * MB])(
		'%d bytes come down and go up again, identical',
		async (size) => {
			const mediaId = emulator.meta.store.add({
				bytes: pattern(size),
				mimeType: 'text/plain',
				inbound: true,
			});
			// What is kept of the execution would be 133 MB of base64 in memory mode; nobody reads it here.
			const settings = { saveManualExecutions: binaryMode !== 'default' };
			const { id } = await n8n.api.createWorkflow(
				workflow({
					nodes: [manualTrigger(), download(), upload()],
					pinData: { Start: [{ json: { mediaId } }] },
					settings,
				}),
			);
			const running = await n8n.api.execute(id);
			expect(running.executionId).toBeTruthy();
			const arrived = await until(() =>
				emulator.meta.store.list().find(({ kind }) => kind === 'uploaded'),
			);
			expect(arrived.bytes.size).toBe(size);
			expect(arrived.sha256.equals(stored(mediaId).sha256)).toBe(true);
			expect(arrived).toMatchObject({ mimeType: 'text/plain', fileName: `text-${mediaId}.txt` });
			if (!settings.saveManualExecutions) return;
			const execution = await n8n.api.waitForExecution(running.executionId!);
			expect(items(execution, 'Download')[0]!.json).toMatchObject({
				size,
				verified: true,
				sha256: arrived.sha256.toString('hex'),
			});
		},
	);
});

describe('memory, in filesystem mode', () => {
	beforeAll(async () => await n8n.restart({ binaryMode: 'filesystem' }));

	test('100 MB down and 100 MB up each raise the peak by less than 40 MB', async () => {
		const add = (size: number) => ({
			mediaId: emulator.meta.store.add({
				bytes: pattern(size),
				mimeType: 'text/plain',
				inbound: true,
			}),
		});
		// An n8n that has been at work for a while: a fresh one grows by some 20 MB with each of its first executions, and
		// V8 lets 64 MB of used buffers gather before it first collects them, whoever made them.
		for (let i = 0; i < 10; i++) await run([download(), upload()], [add(5 * MB)]);
		await run([download()], [add(100 * MB)]);
		const rise = async (work: () => Promise<unknown>) => {
			const before = await n8n.resetPeakMemory();
			await work();
			return ((await n8n.peakMemory()) - before) / MB;
		};
		const down = await rise(async () =>
			expect(items(await run([download()], [add(100 * MB)]), 'Download')[0]!.json).toMatchObject({
				verified: true,
			}),
		);
		const both = await rise(async () =>
			expect(
				items(await run([download(), upload()], [add(100 * MB)]), 'Upload')[0]!.json,
			).toMatchObject({ size: 100 * MB }),
		);
		const [sent] = emulator.requests.filter(
			({ operation, bodySize }) => operation === 'upload' && bodySize > 100 * MB,
		);
		expect(Number(sent!.headers['content-length'])).toBe(sent!.bodySize);
		console.log(
			`Peak memory of n8n: +${down.toFixed(1)} MB for a 100 MB download, +${both.toFixed(1)} MB for a 100 MB download and upload`,
		);
		expect(down).toBeLessThan(40);
		expect(both).toBeLessThan(40);
	});
});

test('500 media IDs, three of them bad: 497 files, three sentences, all in order', async () => {
	const start = Array.from({ length: 500 }, (_, i) => ({
		mediaId: [17, 251, 499].includes(i)
			? `99900000000${i}`
			: emulator.meta.store.add({ bytes: `file ${i}`, mimeType: 'text/plain', inbound: true }),
	}));
	const execution = await run([download({}, { onError: 'continueRegularOutput' })], start);
	const out = items(execution, 'Download');
	expect(out.map(({ json }) => json.mediaId)).toEqual(start.map(({ mediaId }) => mediaId));
	expect(out.map(({ pairedItem }) => pairedItem)).toEqual(start.map((_, item) => ({ item })));
	expect(out.filter(({ json }) => json.error).map(({ json }) => json.mediaId)).toEqual(
		[17, 251, 499].map((i) => `99900000000${i}`),
	);
	expect(out.filter(({ json }) => json.verified)).toHaveLength(497);
	expect(calls(emulator)).toHaveLength(500 + 497);
});

test('the token was shown to Meta’s two hosts only, and no secret was kept or logged', async () => {
	const mediaId = emulator.meta.store.add({ bytes: 'x', mimeType: 'image/jpeg', inbound: true });
	emulator.meta.fault({ on: 'file', redirect: 'thirdParty' });
	await run([download()], [{ mediaId }]);
	for (const fault of [
		{ on: 'getUrl', status: 500, body: 'boom' },
		{ on: 'file', reset: true },
		{ on: 'file', status: 403, times: 2 },
		{ on: 'getUrl', error: 190 },
	] as const) {
		emulator.meta.fault(fault);
		expect((await run([download({ options: { maxTries: 1 } })], [{ mediaId }])).status).toBe(
			'error',
		);
	}
	const saw = new Set(
		emulator.requests.filter(({ headers }) => headers.authorization).map(({ host }) => host),
	);
	expect([...saw].sort()).toEqual(['graph.facebook.com', 'lookaside.fbsbx.com']);
	expect(emulator.requests.map(({ vendor }) => vendor)).toContain('thirdParty');
	expect(n8n.refused).toEqual(
		n8n.refused.filter((host) => host === new URL(emulator.thirdParty.url).host),
	);

	const { accessToken, appSecret } = emulator.meta.credentials;
	const database = Buffer.concat(
		await Promise.all(
			['database.sqlite', 'database.sqlite-wal'].map(
				async (name) =>
					await readFile(join(n8n.userFolder, '.n8n', name)).catch(() => Buffer.alloc(0)),
			),
		),
	);
	for (const secret of [accessToken, appSecret]) {
		expect(database.includes(secret)).toBe(false);
		expect(n8n.logs()).not.toContain(secret);
	}
});

async function until<T>(ask: () => T | undefined): Promise<T> {
	for (const start = Date.now(); Date.now() - start < 200_000;) {
		const answer = ask();
		if (answer !== undefined) return answer;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Error('Waited 200 s in vain');
}
