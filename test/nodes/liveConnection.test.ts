import { setTimeout } from 'node:timers/promises';
import { WebSocket } from 'undici';

import { listen, timing } from '../../nodes/WhatsApp/trigger/liveConnection';
import { providers } from '../../nodes/WhatsApp/providers';
import { axiosClient } from '../support/axiosClient';
import { startEmulator, type Emulator } from '../emulator';

/** The live connection without n8n, over the WebSocket that newer versions of Node have built in. */

let emulator: Emulator;
beforeAll(async () => {
	Object.assign(globalThis, { WebSocket });
	Object.assign(timing, { firstWait: 1, longestWait: 10 });
	emulator = await startEmulator();
});
afterAll(async () => await emulator.close());
beforeEach(() => emulator.reset());

const open = () => {
	const account = { ...axiosClient(emulator, 'pipes'), provider: providers.pipes!, idleTimeoutMs: 1000, open: async () => await Promise.reject(new Error('not used')) };
	return listen(account, { onMessages: () => {}, onAccessLost: () => {} });
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
