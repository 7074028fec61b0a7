import axios from 'axios';

import { startEmulator, VENDORS, type Emulator } from '.';
import { startReceiver, type Receiver } from '../support/receiver';

/** What a person with curl can send besides files. */

let emulator: Emulator;
let receiver: Receiver;
beforeAll(async () => {
	emulator = await startEmulator();
	receiver = await startReceiver();
});
afterAll(async () => {
	await receiver.close();
	await emulator.close();
});
beforeEach(() => receiver.reset());

const order = async (url: string, query: Record<string, string>) =>
	await axios.post(`${url}/_emulator/receive`, '', {
		params: { ...query, callback: receiver.url },
	});

it.each(VENDORS)('%s: a text, from whom it is said to be', async (vendor) => {
	await order(emulator[vendor].url, { text: 'Hello there', from: '4915255501010', name: 'Ada' });
	expect(receiver.requests).toHaveLength(1);
	const body = receiver.requests[0]!.body.toString();
	for (const word of ['Hello there', '4915255501010', 'Ada']) expect(body).toContain(word);
});

it.each([
	['too-large', '131052'],
	['status-failed', '131047'],
	['view-once', '131051'],
	['list-reply', 'priority_express'],
])('Meta: %s', async (shape, word) => {
	await order(emulator.meta.url, { shape });
	expect(receiver.requests[0]!.body.toString()).toContain(word);
});
