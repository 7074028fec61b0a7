import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

import { type Credential, signIn, until } from '../support/n8n/rest';
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

async function enter(sentence: string, typed = '') {
	shown = '';
	demo.stdin!.write(`${typed}\n`);
	return await says(sentence);
}

afterEach(async () => {
	if (demo.exitCode !== null) return;
	demo.kill('SIGINT');
	await once(demo, 'exit');
});

/** What a visitor builds: it takes texts, too, and answers each with one. */
async function publishAnswering() {
	const [credential] = await api.call<Credential[]>('GET', '/rest/credentials');
	const { id, name, type } = credential!;
	const credentials = { [type]: { id, name, type } };
	const position = [0, 0] as [number, number];
	const created = await api.createWorkflow({
		name: 'Answers',
		settings: {},
		nodes: [
			{
				id: 'trigger',
				name: 'WhatsApp Media Trigger',
				type: 'n8n-nodes-whatsapp-media.whatsAppMediaTrigger',
				typeVersion: 1.2,
				position,
				credentials,
				webhookId: 'answers',
				parameters: { options: { alsoStartOn: ['text'] } },
			},
			{
				id: 'reply',
				name: 'Reply',
				type: 'n8n-nodes-base.httpRequest',
				typeVersion: 4.2,
				position,
				credentials,
				parameters: {
					method: 'POST',
					url: '=https://graph.facebook.com/v25.0/{{ $json.phoneNumberId }}/messages',
					authentication: 'predefinedCredentialType',
					nodeCredentialType: type,
					sendBody: true,
					specifyBody: 'json',
					jsonBody:
						'={{ { messaging_product: "whatsapp", to: $json.from, type: "text", text: { body: "You wrote: " + $json.text } } }}',
				},
			},
		],
		connections: {
			'WhatsApp Media Trigger': { main: [[{ node: 'Reply', type: 'main', index: 0 }]] },
		},
	});
	await api.activate(created.id);
}

// One after the other, as somebody does who tries two providers.
test.each(['pipes', 'meta'])('%s: Enter sends a file, and says where it went', async (provider) => {
	await start(provider);
	const all = await api.call<Array<{ id: string; name: string }>>('GET', '/rest/workflows');
	const own = all.find(({ name }) => name.startsWith('Demo: '))!;
	// Nothing of another provider: its credential would be the first in the list.
	expect(await api.call<Credential[]>('GET', '/rest/credentials')).toHaveLength(1);
	const where = await enter(`The published workflow “${own.name}” has it`);
	expect(where).toMatch(new RegExp(`/workflow/${own.id}/executions/\\d+\\s*$`));

	// Execute step in the demo's own trigger.
	await api.listen(own.id);
	await enter(`Your test of “${own.name}” has it`);
	await enter('texts start one only if the trigger has the option Also Start On', 't');
	await enter('Press Enter to send a file, t and Enter to send a text', 'x');

	if (provider !== 'meta') return;
	await api.deactivate(own.id);
	await publishAnswering();
	await enter('Your workflow replied: “You wrote: Hello! This is text number', 't');
});
