import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { WebSocket } from 'undici';

import { listen, timing } from '../../nodes/WhatsApp/trigger/liveConnection';
import { providers } from '../../nodes/WhatsApp/providers';
import { axiosClient } from '../support/axiosClient';
import { startEmulator, type Emulator } from '../emulator';
import { until } from '../support/n8n/rest';
import { ROOT } from '../support/paths';

/** The live connection without n8n, over the WebSocket that newer versions of Node have built in. */

let emulator: Emulator;
beforeAll(async () => {
	Object.assign(globalThis, { WebSocket });
	Object.assign(timing, { firstWait: 1, longestWait: 10 });
	emulator = await startEmulator();
});
afterAll(async () => await emulator.close());
beforeEach(() => emulator.reset());

/** A listener on the account's connection; `sent` are its requests to the API. */
const open = () => {
	const client = axiosClient(emulator, 'pipes');
	const sent: Array<Promise<unknown>> = [];
	const send: typeof client.send = async (request) => {
		const reply = client.send(request);
		sent.push(reply.catch((cause: Error) => cause.message));
		return await reply;
	};
	const account = {
		...client,
		send,
		provider: providers.pipes!,
		idleTimeoutMs: 1000,
		open: async () => await Promise.reject(new Error('not used')),
	};
	return {
		...listen(account, { onMessages: () => {}, onUnreadable: () => {}, onAccessLost: () => {} }),
		sent,
	};
};

test('after the last listener has left there is no connection, and no request is made', async () => {
	const [one, other] = [open(), open()];
	await Promise.all([one.ready, other.ready]);
	expect(emulator.pipes.stream.connections).toHaveLength(1);
	one.close();
	other.close();
	const before = emulator.requests.length;
	// With the waits of this test, a connection that went on would ask a hundred times meanwhile.
	await setTimeout(500);
	expect(emulator.requests.slice(before)).toEqual([]);
	expect(emulator.pipes.stream.connections).toEqual([]);
});

test('a request under way ends with the last listener, and so does the wait for the first connection', async () => {
	emulator.pipes.stream.refuse = 503;
	emulator.pipes.fault({ on: 'download', delay: Infinity });
	const one = open();
	await until(
		'the API is asked why',
		5000,
		async () => emulator.requests.some(({ operation }) => operation === 'download') || undefined,
	);
	one.close();
	await one.ready;
	expect(await Promise.all(one.sent)).toEqual(['canceled']);
});

test.each([
	['while the connection is open', false],
	['while it waits to connect again', true],
])('a process that closes %s ends by itself', async (_, isDropped) => {
	// A process of its own, in which nothing else has a timer. The waits are longer than this test.
	const script = `
		Object.assign(globalThis, { WebSocket: require('undici').WebSocket });
		const { listen, timing } = require('./nodes/WhatsApp/trigger/liveConnection.ts');
		const { providers } = require('./nodes/WhatsApp/providers/index.ts');
		timing.firstWait = timing.longestWait = 600_000;
		const credentials = ${JSON.stringify(axiosClient(emulator, 'pipes').credentials)};
		const client = { provider: providers.pipes, credentials, send: async () => ({ status: 404, headers: {}, body: {} }) };
		const one = listen(client, { onMessages() {}, onUnreadable() {}, onAccessLost() {} });
		one.ready.then(() => console.log('open'));
		process.stdin.once('data', () => { one.close(); process.stdin.destroy(); });`;
	const child = spawn(process.execPath, ['--require', 'tsx/cjs', '-e', script], {
		cwd: ROOT,
		stdio: ['pipe', 'pipe', 'inherit'],
	});
	const exited = once(child, 'exit');
	try {
		await Promise.race([once(child.stdout, 'data'), exited]);
		if (isDropped) emulator.pipes.stream.drop();
		await until(
			'the connection is as it should be',
			5000,
			async () => emulator.pipes.stream.connections.length === (isDropped ? 0 : 1) || undefined,
		);
		child.stdin.write('close');
		expect(
			await Promise.race([exited, setTimeout(10_000, 'still running', { ref: false })]),
		).toEqual([0, null]);
	} finally {
		child.kill();
	}
});
