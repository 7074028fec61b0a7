import { WebhookContext } from 'n8n-core';
import type { ServerResponse } from 'node:http';

import { ConcurrencyLimit } from '../../nodes/WhatsApp/execution/concurrencyLimit';
import { timing } from '../../nodes/WhatsApp/trigger/downloads';
import { serveTrigger, type TriggerServer } from '../support/core/webhook';
import { startFileHost, type FileHost } from '../support/fileHost';
import { PHOTO } from '../support/files';
import { startHarness, type Harness } from '../support/harness';
import { until } from '../support/n8n/rest';
import { credentialsFor } from '../support/run';

/** The triggers' option Download Files, where files are slow, late, or fail at first. */

let harness: Harness;
let open: TriggerServer[] = [];
beforeAll(async () => (harness = await startHarness()));
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());
afterEach(async () => {
	await Promise.all(open.map(async (trigger) => await trigger.close()));
	open = [];
});

async function serve(credentials: ReturnType<typeof credentialsFor>) {
	const trigger = await serveTrigger(harness.engine, {
		node: 'whatsAppMediaTrigger',
		parameters: { options: { downloadFiles: true } },
		credentials: credentials as never,
	});
	open.push(trigger);
	return trigger;
}

/** A photo comes to a trigger of its own. */
async function photoArrives() {
	const { meta } = harness.emulator;
	const trigger = await serve(credentialsFor(harness, 'meta'));
	meta.callback = trigger.url;
	void meta.receive({ type: 'image', bytes: 'a photo' }).catch(() => {});
	await until('the photo starts its workflow', 5000, async () => trigger.executions[0]);
	return trigger.executions[0]![0]!;
}

test('100 slow files of one trigger hold up no other', async () => {
	const host = await startFileHost();
	const replies: ServerResponse[] = [];
	host.answer((_request, response) => {
		response.writeHead(200, { 'Content-Type': 'image/jpeg', 'Content-Length': 90_000_000 });
		response.write('x');
		replies.push(response);
	});
	const { whapi } = harness.emulator;
	const slow = await serve(credentialsFor(harness, 'whapi', { mediaHosts: host.origin }));
	await slow.activate();
	const messages = Array.from({ length: 100 }, (_, i) => {
		const { message } = whapi.prepare({ type: 'image', bytes: `x${i}` });
		const link = `${host.origin}/slow`;
		return { ...message, image: { link, mime_type: 'image/jpeg' } };
	});
	void whapi.deliver(messages as never).catch(() => {});
	try {
		await until('all are under way', 10_000, async () => host.requests.length >= 100 || undefined);
		expect((await photoArrives()).binary).toBeDefined();
	} finally {
		host.answer((_request, response) => response.writeHead(404).end());
		for (const response of replies) response.destroy();
		await slow.settled();
		await host.close();
	}
});

test('a file host that is overloaded once: the file comes with the second try', async () => {
	harness.emulator.meta.fault({ on: 'file', status: 503 });
	const { binary, json } = await photoArrives();
	expect(json).not.toHaveProperty('error');
	expect(binary).toBeDefined();
});

describe('a workflow that is unpublished while a file is under way', () => {
	/** To unpublish takes a second of it. */
	const GRACE_MS = 2500;
	const { grace } = timing;
	let host: FileHost;
	let trigger: TriggerServer;
	/** The answers that were begun. */
	let begun: Array<{ complete: () => void; response: ServerResponse }>;
	let closed: number;
	beforeAll(async () => (host = await startFileHost()));
	afterAll(async () => await host.close());
	beforeEach(async () => {
		timing.grace = GRACE_MS;
		begun = [];
		closed = 0;
		// More than a byte a millisecond: no idle timeout ends it.
		host.answer((_request, response) => {
			response.writeHead(200, { 'Content-Type': 'image/jpeg', 'Content-Length': SIZE });
			let sent = PHOTO.length;
			response.write(PHOTO);
			const more = setInterval(() => {
				response.write(Buffer.alloc(200));
				sent += 200;
			}, 50);
			response.once('close', () => (clearInterval(more), closed++));
			const complete = () => {
				clearInterval(more);
				response.end(Buffer.alloc(SIZE - sent));
			};
			begun.push({ complete, response });
		});
		trigger = await serve(credentialsFor(harness, 'whapi', { mediaHosts: host.origin }));
		await trigger.activate();
	});
	afterEach(() => {
		timing.grace = grace;
		host.answer((_request, response) => response.writeHead(404).end());
		for (const { response } of begun) response.destroy();
	});
	const SIZE = 1_000_000;

	const filesArrive = async (count: number) => {
		const { whapi } = harness.emulator;
		const messages = Array.from({ length: count }, (_, i) => {
			const { message } = whapi.prepare({ type: 'image', bytes: `x${i}` });
			return { ...message, image: { link: `${host.origin}/a.jpg`, mime_type: 'image/jpeg' } };
		});
		void whapi.deliver(messages as never).catch(() => {});
		await until('a file is under way', 5000, async () => begun[0]);
	};
	const execution = async () => await until('it starts', 5000, async () => trigger.executions[0]);

	test('starts with the file that comes in time', async () => {
		await filesArrive(1);
		await trigger.deactivate();
		for (const { complete } of begun) complete();
		const [item] = await execution();
		expect(item!.json).not.toHaveProperty('error');
		expect(item!.binary!.data!.bytes).toBe(SIZE);
	});

	test('starts without those that go on and on, and asks for nothing more', async () => {
		await filesArrive(30);
		const unpublished = Date.now();
		await trigger.deactivate();
		const items = await execution();
		expect(Date.now() - unpublished).toBeLessThan(GRACE_MS + 1500);
		expect(items).toHaveLength(30);
		for (const { json, binary } of items) {
			expect(binary).toBeUndefined();
			expect(json.error).toBe(
				'The workflow was unpublished while the file was under way. Download Media behind this trigger can still get it.',
			);
		}
		await until('no request is open', 1000, async () => closed === begun.length || undefined);
		const { length } = begun;
		await new Promise((resolve) => setTimeout(resolve, 600));
		expect(begun).toHaveLength(length);
	});

	test('and published again: the file has its time', async () => {
		await filesArrive(1);
		await trigger.deactivate();
		await trigger.activate();
		await new Promise((resolve) => setTimeout(resolve, 1.5 * GRACE_MS));
		expect(trigger.executions).toEqual([]);
		for (const { complete } of begun) complete();
		expect((await execution())[0]!.binary!.data!.bytes).toBe(SIZE);
	});

	test('a test that ends is not its end', async () => {
		await filesArrive(1);
		await trigger.startTest();
		await trigger.stopTest();
		await new Promise((resolve) => setTimeout(resolve, 1.5 * GRACE_MS));
		for (const { complete } of begun) complete();
		expect((await execution())[0]!.binary!.data!.bytes).toBe(SIZE);
	});

	test('a running test has its file, though production is unpublished', async () => {
		await trigger.startTest();
		await filesArrive(1);
		await trigger.deactivate();
		await new Promise((resolve) => setTimeout(resolve, 1.5 * GRACE_MS));
		for (const { complete } of begun) complete();
		expect((await execution())[0]!.binary!.data!.bytes).toBe(SIZE);
		expect(trigger.tests).toBe(1);
	});

	test('a test that is stopped waits no longer for its file', async () => {
		await trigger.startTest();
		await filesArrive(1);
		await trigger.stopTest();
		expect((await execution())[0]!.json).toHaveProperty('error');
		expect(trigger.tests).toBe(1);
	});

	test.each([
		['is still reading its credential', 0],
		['goes on reading it for longer than a file may take', 1.5 * GRACE_MS],
	])('the first delivery %s: its file ends all the same', async (_what, pauseMs) => {
		const { getCredentials } = WebhookContext.prototype;
		let goOn!: () => void;
		const gate = new Promise<void>((resolve) => (goOn = resolve));
		const reads = jest
			.spyOn(WebhookContext.prototype, 'getCredentials')
			.mockImplementation(async function (this: WebhookContext, type) {
				await gate;
				return (await getCredentials.call(this, type)) as never;
			});
		try {
			const { whapi } = harness.emulator;
			const { message } = whapi.prepare({ type: 'image', bytes: 'x' });
			const image = { link: `${host.origin}/a.jpg`, mime_type: 'image/jpeg' };
			void whapi.deliver([{ ...message, image }] as never).catch(() => {});
			await until('it reads', 5000, async () => reads.mock.calls[0]);
			await trigger.deactivate();
			await new Promise((resolve) => setTimeout(resolve, pauseMs));
			goOn();
			expect((await execution())[0]!.json).toHaveProperty('error');
		} finally {
			reads.mockRestore();
		}
	});
});

describe('a place under way', () => {
	const never = async () => await new Promise<void>(() => {});
	const soon = 5000;

	test('is given up after the patience, and to one only', async () => {
		const limit = new ConcurrencyLimit(1, 50);
		let end!: () => void;
		const first = limit.run(async () => await new Promise<void>((resolve) => (end = resolve)));
		await limit.run(async () => end());
		await first;
		const begun: number[] = [];
		void limit.run(async () => (begun.push(1), await never()));
		void limit.run(async () => (begun.push(2), await never()));
		await new Promise(setImmediate);
		expect(begun).toEqual([1]);
	});

	test('is free while its work waits, and has to be got again', async () => {
		const limit = new ConcurrencyLimit(1, soon);
		const order: string[] = [];
		let go!: () => void;
		const isTime = new Promise<void>((resolve) => (go = resolve));
		const waits = limit.run(async (place) => {
			place.leave();
			await isTime;
			await place.enter();
			order.push('waited');
		});
		await limit.run(async () => {
			go();
			await new Promise(setImmediate);
			order.push('other');
		});
		await waits;
		expect(order).toEqual(['other', 'waited']);
	});

	test('is waited for no longer once the signal says so', async () => {
		const limit = new ConcurrencyLimit(1, soon);
		let end!: () => void;
		const first = limit.run(async () => await new Promise<void>((resolve) => (end = resolve)));
		const closing = new AbortController();
		const waiting = limit.run(never, closing.signal);
		closing.abort();
		await expect(waiting).rejects.toThrow();
		end();
		await first;
		expect(await limit.run(async () => 'free')).toBe('free');
	});
});
