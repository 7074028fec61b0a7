import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

import { signIn, until } from '../support/n8n/rest';
import { ROOT } from '../support/paths';

/** `npm run demo`, as a visitor uses it: Enter in the terminal, and Execute step in the editor. */

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

// One after the other in one folder, as somebody does who tries two providers.
test.each(['pipes', 'meta'])('%s: Enter sends a file, and says where it went', async (provider) => {
	await start(provider);
	const all = await api.call<Array<{ id: string; name: string }>>('GET', '/rest/workflows');
	const own = all.find(({ name }) => name.startsWith('Demo: '))!;
	const where = await enter(`The published workflow “${own.name}” has it`);
	expect(where).toMatch(new RegExp(`/workflow/${own.id}/executions/\\d+\\s*$`));

	// Execute step in the demo's own trigger.
	await api.listen(own.id);
	await enter(`Your test of “${own.name}” has it`);
});
