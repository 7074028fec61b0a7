import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

import { signIn, until } from '../support/n8n/rest';
import { mediaNode, workflow } from '../support/n8n/workflow';
import { ROOT } from '../support/paths';

/** `npm run demo`, as a visitor uses it: Enter in the terminal, and what they build in the editor meanwhile. */

jest.setTimeout(240_000);

let demo: ChildProcess;
let shown: string;
let port: number;
let api: Awaited<ReturnType<typeof signIn>>;

async function start(provider: string) {
	const probe = createServer().listen(0, '127.0.0.1');
	await once(probe, 'listening');
	({ port } = probe.address() as AddressInfo);
	await new Promise((done) => probe.close(done));
	shown = '';
	const script = join(ROOT, 'test/demo/demo.ts');
	demo = spawn(
		process.execPath,
		['--require', 'tsx/cjs', script, '--port', String(port), '--provider', provider],
		{ cwd: ROOT },
	);
	for (const stream of [demo.stdout!, demo.stderr!])
		stream.on('data', (text: Buffer) => (shown += text.toString()));
	await says('Press Enter to send one more file', 120_000);
	api = await signIn(`http://localhost:${port}`);
}

/** Resolves with all that the terminal shows from the sentence on. */
async function says(sentence: string, timeoutMs = 20_000): Promise<string> {
	return await until(`the demo says ${sentence}`, timeoutMs, async () => {
		const at = shown.indexOf(sentence);
		if (at < 0 && demo.exitCode !== null) throw new Error(`The demo has ended:\n${shown}`);
		return at < 0 ? undefined : shown.slice(at);
	}).catch(({ message }: Error) => {
		throw new Error(`${message} The terminal shows:\n${shown}`);
	});
}

async function enter(sentence: string) {
	shown = '';
	demo.stdin!.write('\n');
	return await says(sentence);
}

afterEach(async () => {
	if (demo.exitCode !== null) return;
	demo.kill('SIGINT');
	await once(demo, 'exit');
});

test.each(['pipes', 'meta'])('%s', async (provider) => {
	await start(provider);
	const all = await api.call<Array<{ id: string; name: string }>>('GET', '/rest/workflows');
	const own = all.find(({ name }) => name.startsWith('Demo: '))!;
	// The demo's n8n keeps what it has from run to run.
	for (const { id, name } of all) if (name === 'Mine') await api.deleteWorkflow(id);
	const where = await enter(`The published workflow “${own.name}” has it`);
	expect(where).toMatch(new RegExp(`/workflow/${own.id}/executions/\\d+\\s*$`));

	// Execute step in the demo's own trigger.
	await api.listen(own.id);
	await enter(`Your test of “${own.name}” has it`);
	await enter(`The published workflow “${own.name}” has it`);

	if (provider !== 'meta') return;
	// A trigger that the visitor adds, with what the form has by itself.
	const { nodes } = await api.workflow(own.id);
	const trigger = mediaNode(
		'whatsAppMediaTrigger',
		'Mine',
		{},
		{
			typeVersion: 1.2,
			credentials: nodes[0]!.credentials,
		},
	);
	const mine = await api.createWorkflow(workflow({ name: 'Mine', nodes: [trigger] }));
	await api.listen(mine.id);
	await enter('Your test of “Mine” has it');
	await expect(api.activate(mine.id)).rejects.toThrow(
		'Another workflow of this n8n already receives these files',
	);
	await api.deactivate(own.id);
	await api.activate(mine.id);
	await enter('The published workflow “Mine” has it');
	await api.deactivate(mine.id);
	await enter('Nobody receives it: publish a workflow');
});

test('what a visitor has published does not keep the next run from starting', async () => {
	await start('meta');
	const all = await api.call<Array<{ id: string; name: string }>>('GET', '/rest/workflows');
	const id = (name: string) => all.find((each) => each.name.startsWith(name))!.id;
	await api.deactivate(id('Demo: '));
	await api.activate(id('Mine'));
	demo.kill('SIGINT');
	await once(demo, 'exit');
	await start('meta');
	await enter('The published workflow “Demo: ');
});
