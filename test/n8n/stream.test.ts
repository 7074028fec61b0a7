import { spawn } from 'node:child_process';

import { startEmulator, type Emulator } from '../emulator';
import { installN8n } from '../support/n8n/install';
import { startN8n, type N8n } from '../support/n8n/instance';
import { packPackage } from '../support/n8n/pack';
import { items, until } from '../support/n8n/rest';
import { mediaNode, workflow, type Json } from '../support/n8n/workflow';
import { credentialFor, sha256 } from '../support/harness';
import { ROOT } from '../support/paths';

/** The live connection, in a real n8n: its Node has a WebSocket, which this process may not. */

jest.setTimeout(120_000);

let emulator: Emulator;
let n8n: N8n;
beforeAll(async () => {
	emulator = await startEmulator();
	n8n = await startN8n({ packages: [await packPackage()] });
}, 900_000);
afterAll(async () => {
	await n8n?.stop();
	await emulator?.close();
});
beforeEach(() => emulator.reset());

const account = (changes: Json = {}): Json => ({ ...credentialFor(emulator, 'pipes'), ...changes });
const connected = async (count: number) =>
	await until(
		`${count} connection(s) are open`,
		30_000,
		async () => emulator.pipes.stream.connections.length === count || undefined,
	);

async function streaming(data = account(), parameters: Json = {}) {
	const { id, name } = await n8n.api.createCredential('Pipes', 'whatsAppMediaApi', data);
	const ours = (type: string, called: string, more: Json = {}) =>
		mediaNode(type, called, more, { credentials: { whatsAppMediaApi: { id, name } } });
	return await n8n.api.createWorkflow(
		workflow({
			nodes: [
				ours('whatsAppMediaStreamTrigger', 'Stream', parameters),
				ours('whatsAppDownloadMedia', 'Download'),
			],
		}),
	);
}

test('a file comes over the connection, and through Download Media', async () => {
	const { id } = await streaming();
	await n8n.api.activate(id);
	await connected(1);
	const bytes = Buffer.from('OggS a voice note');
	const { mediaId } = await emulator.pipes.receive({ type: 'voice', bytes });
	const [execution] = await n8n.api.waitForExecutions(id);
	expect(items(execution!, 'Stream')[0]!.json).toMatchObject({
		provider: 'pipes',
		type: 'voice',
		mediaId,
		size: bytes.length,
		timestamp: expect.stringMatching(/Z$/),
	});
	const [file] = items(execution!, 'Download');
	expect(await n8n.api.bytes(file!.binary!.data!)).toEqual(bytes);
	expect(file!.json.sha256).toBe(sha256(bytes));
	await n8n.api.deactivate(id);
	await connected(0);
});

test('a text comes over the connection where Also Start On has it, and through Download Media', async () => {
	const { id } = await streaming(account(), { options: { alsoStartOn: ['text'] } });
	await n8n.api.activate(id);
	await connected(1);
	await emulator.pipes.receiveText('hi');
	const [execution] = await n8n.api.waitForExecutions(id);
	expect(items(execution!, 'Download')[0]!.json).toMatchObject({
		provider: 'pipes',
		type: 'text',
		text: 'hi',
		from: '16505551234',
	});
	await n8n.api.deactivate(id);
	await connected(0);
});

test('a connection that drops is opened again, and what came meanwhile arrives; garbage does no harm', async () => {
	const { id } = await streaming();
	await n8n.api.activate(id);
	await connected(1);
	for (const frame of [
		'',
		'{',
		'[]',
		'null',
		'{"type":"whatsapp_message"}',
		'{"type":"whatsapp_message","data":{"type":"image","media":[]}}',
		'\u0000'.repeat(1000),
	])
		emulator.pipes.stream.send(frame);
	emulator.pipes.stream.drop();
	await emulator.pipes.receive({ type: 'image', bytes: 'while away' });
	await connected(1);
	const [execution] = await n8n.api.waitForExecutions(id);
	expect(items(execution!, 'Download')[0]!.json).toMatchObject({ size: 10 });
	await n8n.api.deactivate(id);
});

test('two workflows of one key share one connection; each has its own filter', async () => {
	const [all, voices] = [await streaming(), await streaming(account(), { mediaTypes: ['voice'] })];
	await n8n.api.activate(all.id);
	await n8n.api.activate(voices.id);
	await connected(1);
	await emulator.pipes.receive({ type: 'image', bytes: 'x' });
	await emulator.pipes.receive({ type: 'voice', bytes: 'y' });
	await n8n.api.waitForExecutions(all.id, 2);
	await n8n.api.waitForExecutions(voices.id, 1);
	await n8n.api.deactivate(all.id);
	await connected(1);
	await emulator.pipes.receive({ type: 'voice', bytes: 'z' });
	await n8n.api.waitForExecutions(voices.id, 2);
	expect(await n8n.api.executions({ workflowId: all.id })).toHaveLength(2);
	await n8n.api.deactivate(voices.id);
	await connected(0);
});

test('a wrong key: a sentence, and no loop', async () => {
	const { id } = await streaming(account({ accessToken: 'pk_wrong' }));
	await expect(n8n.api.activate(id)).rejects.toThrow(/The live connection was refused/);
	await n8n.api.deactivate(id).catch(() => {});
	expect(n8n.logs()).not.toContain('pk_wrong');
});

test('a provider without live connections says what to use', async () => {
	const { id } = await streaming(credentialFor(emulator, 'meta'));
	await expect(n8n.api.activate(id)).rejects.toThrow('Meta Cloud API has no live connection');
});

test('a dead connection is noticed because nothing arrives', async () => {
	const { node } = await installN8n();
	// The module itself, on n8n's Node, with an idle timeout of one second.
	const script = `
		const { listen, timing } = require('./dist/nodes/WhatsApp/trigger/liveConnection.js');
		const { providers } = require('./dist/nodes/WhatsApp/providers/index.js');
		timing.idleTimeout = timing.openTimeout = 1000; timing.firstWait = 10;
		const account = { provider: providers.pipes, credentials: ${JSON.stringify({ ...account(), phoneNumberId: '' })}, send: async () => ({ status: 404, headers: {}, body: {} }) };
		listen(account, { onMessages: (messages) => console.log(messages[0].mediaId), onAccessLost: (e) => console.log(e.message) });`;
	const child = spawn(node, ['-e', script], { cwd: ROOT });
	let printed = '';
	child.stdout.on('data', (chunk) => (printed += chunk));
	child.stderr.on('data', (chunk) => (printed += chunk));
	try {
		await connected(1);
		emulator.pipes.stream.freeze();
		const { connections } = emulator.pipes.stream;
		const [dead] = connections;
		await until(
			'another connection is open',
			20_000,
			async () => connections.some((one) => one !== dead) || undefined,
		);
		const { mediaId } = emulator.pipes.prepare({ type: 'image', bytes: 'x' });
		emulator.pipes.variants.fanOut = 'all';
		const sent = await emulator.pipes.receive({ type: 'image', bytes: 'x' });
		expect(mediaId).not.toBe(sent.mediaId);
		await until(
			'the file is seen',
			10_000,
			async () => printed.includes(sent.mediaId) || undefined,
		);
	} finally {
		child.kill();
	}
	expect(printed).not.toContain('Error');
});
