import { TriggerContext } from 'n8n-core';
import type { INodeExecutionData, ITriggerResponse } from 'n8n-workflow';
import { WebSocket } from 'undici';

import { timing } from '../../nodes/WhatsApp/trigger/liveConnection';
import { WhatsAppMediaStreamTrigger } from '../../nodes/WhatsApp/WhatsAppMediaStreamTrigger.node';
import { credentialFor, startHarness, type Harness } from '../support/harness';
import { until } from '../support/n8n/rest';

/** The Stream Trigger over n8n-core's context, and what can go wrong between a frame and an execution. */

let harness: Harness;
let open: ITriggerResponse[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (cause: unknown) => void unhandled.push(cause);
beforeAll(async () => {
	Object.assign(globalThis, { WebSocket });
	Object.assign(timing, { firstWait: 1, longestWait: 10 });
	harness = await startHarness();
	process.on('unhandledRejection', onUnhandled);
	process.on('uncaughtException', onUnhandled);
});
afterAll(async () => {
	process.off('unhandledRejection', onUnhandled);
	process.off('uncaughtException', onUnhandled);
	await harness.close();
});
beforeEach(() => {
	harness.emulator.reset();
	unhandled.length = 0;
});
afterEach(async () => {
	await Promise.all(open.map(async ({ closeFunction }) => await closeFunction?.()));
	open = [];
	expect(unhandled).toEqual([]);
});

const stream = () => harness.emulator.pipes.stream;
const photo = async (bytes: string) =>
	await harness.emulator.pipes.receive({ type: 'image', bytes });

/** A published workflow that listens; `items` are what started it. */
async function publish({
	credential = {},
	id = 'node-1',
	onEmit = () => {},
	parameters = {},
} = {}) {
	const { engine, emulator } = harness;
	const data = { ...credentialFor(emulator, 'pipes'), ...credential };
	const credentials = { whatsAppMediaApi: data };
	const type = 'whatsAppMediaStreamTrigger';
	const node = { ...engine.node({ node: type, credentials, parameters }), id };
	const items: INodeExecutionData[] = [];
	const errors: Error[] = [];
	const context = new TriggerContext(
		engine.workflow([node]),
		node,
		engine.additionalData(credentials),
		'trigger',
		'activate',
		([list]) => {
			onEmit();
			items.push(...list!);
		},
		(error) => void errors.push(error),
	);
	const log = jest.spyOn(context.logger, 'error');
	const warned = jest.spyOn(context.logger, 'warn');
	const response = await engine.use(
		async () => await new WhatsAppMediaStreamTrigger().trigger.call(context),
	);
	open.push(response);
	return { items, errors, log, warned, close: async () => await response.closeFunction!() };
}

const got = async (items: INodeExecutionData[], count: number) =>
	await until(`${count} item(s)`, 5000, async () => items.length >= count || undefined);

const connected = async (count: number) =>
	await until(
		`${count} connection(s) are open`,
		5000,
		async () => stream().connections.length === count || undefined,
	);

test.each(['https://my server', 'nowhere', 'http://', 'ftp://files.example'])(
	'Base URL %s: an error at once, in words and without the key',
	async (baseUrl) => {
		const key = credentialFor(harness.emulator, 'pipes').accessToken!;
		const error = await publish({ credential: { baseUrl } }).then(
			() => undefined,
			(cause: Error) => cause,
		);
		expect(error?.message).toContain('Base URL in the credential is not a web address');
		expect(JSON.stringify(error)).not.toContain(key);
	},
);

test('no media type: not published, and no connection', async () => {
	await expect(publish({ parameters: { mediaTypes: [] } })).rejects.toThrow(
		'No media type is chosen, so nothing can start the workflow',
	);
	expect(harness.emulator.requests).toEqual([]);
});

test('an execution that n8n cannot start: said in the log, and what comes next starts', async () => {
	let full = true;
	const { items, log } = await publish({
		onEmit: () => {
			if (full) throw new Error('The queue is full');
		},
	});
	const { message } = await photo('one');
	await until('it is said', 5000, async () => log.mock.calls.length || undefined);
	expect(log.mock.calls[0]![0]).toContain('The queue is full');
	full = false;
	await photo('two');
	await got(items, 1);
	// It is new when it comes again.
	stream().push(message);
	await got(items, 2);
});

test('a listener that fails keeps nothing from the others of its account', async () => {
	await publish({
		id: 'failing',
		onEmit: () => {
			throw new Error('The queue is full');
		},
	});
	const { items } = await publish({ id: 'healthy' });
	await photo('one');
	await got(items, 1);
});

test('closing twice leaves a newer connection alone', async () => {
	const first = await publish();
	await first.close();
	const second = await publish();
	await first.close();
	await first.close();
	await connected(1);
	await photo('one');
	await got(second.items, 1);
	const third = await publish({ id: 'third' });
	await connected(1);
	await photo('two');
	await got(third.items, 1);
});

test('closed while it fetches a file: the transfer ends, nothing starts, and the log says which message', async () => {
	const { items, warned, close } = await publish({
		parameters: { options: { downloadFiles: true } },
	});
	harness.emulator.pipes.fault({ on: 'file', delay: 3000 });
	const { message } = await photo('one');
	const files = () => harness.emulator.requests.filter(({ operation }) => operation === 'file');
	await until('the file is asked for', 5000, async () => files().length || undefined);
	const start = performance.now();
	await close();
	const said = () => warned.mock.calls.map(([line]) => String(line)).join();
	await until('it is said', 5000, async () => said().includes('was closed') || undefined);
	expect(performance.now() - start).toBeLessThan(2000);
	expect(JSON.stringify(message)).toContain(/msg_\w+$/.exec(said())![0]);
	expect(items).toEqual([]);
});

test('100 files are under way at once in all, and none is left out', async () => {
	const { items } = await publish({ parameters: { options: { downloadFiles: true } } });
	const { pipes } = harness.emulator;
	pipes.fault({ on: 'file', delay: 1500, times: Infinity });
	await Promise.all(Array.from({ length: 130 }, async (_, i) => await photo(`file ${i}`)));
	const files = () => harness.emulator.requests.filter(({ operation }) => operation === 'file');
	await until('100 are under way', 5000, async () => files().length >= 100 || undefined);
	expect(items).toEqual([]);
	expect(files()).toHaveLength(100);
	await got(items, 130);
	expect(new Set(items.map(({ json }) => json.messageId)).size).toBe(130);
});

test('garbage on the connection, and then a file: the file', async () => {
	const { items } = await publish();
	for (const frame of [
		...['', 'null', '{', '[]', '"x"', '\u0000', '{"type":"whatsapp_message"}'],
		'{"type":{"toString":null},"data":{"type":"image"}}',
		'{"type":"whatsapp_message","data":{"messageId":"1","type":{"toString":null},"timestamp":1e300}}',
		'{"type":"whatsapp_message","data":{"messageId":{"toString":null},"type":"image"}}',
		'['.repeat(100_000),
		`{"type":"whatsapp_message","data":{"type":"image","media":"${'x'.repeat(3_000_000)}"}}`,
	])
		stream().send(frame);
	await photo('one');
	await got(items, 1);
	expect(items).toHaveLength(1);
});
