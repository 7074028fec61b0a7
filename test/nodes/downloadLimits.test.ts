import { sleep } from 'n8n-workflow';

import { pattern } from '../emulator';
import * as downloads from '../support/download';
import { startHarness, type Harness } from '../support/harness';

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());

const customerSent = (file: Parameters<typeof downloads.customerSent>[1] = {}) =>
	downloads.customerSent(harness, file);

test.each([
	['before its answer', { delay: Infinity }, false],
	['in its middle', { stallAt: 0.5 }, true],
])('stopping the execution ends a file %s, and leaves nothing of it', async (_, fault, begun) => {
	harness.emulator.meta.fault({ on: 'file', ...fault });
	const stored = async () => await harness.engine.binaryFiles();
	const before = await stored();
	const stop = new AbortController();
	const running = harness.run(
		'DownloadMedia',
		[{ mediaId: customerSent({ bytes: pattern(200_000) }) }],
		{ abortSignal: stop.signal },
	);
	const isUnderWay = async () =>
		begun
			? (await stored()).length > before.length
			: harness.emulator.requests.some(({ operation }) => operation === 'file');
	while (!(await isUnderWay())) await sleep(5);
	stop.abort();
	expect((await running).status).toBe('canceled');
	await Promise.all(harness.emulator.requests.map(async ({ over }) => await over));
	expect(await stored()).toEqual(before);
});

test('large files go one after the other, so that no store has to hold many of them', async () => {
	harness.emulator.meta.fault({ on: 'file', stallAt: 0, times: 2 });
	const large = () => ({ mediaId: customerSent({ bytes: pattern(130_000_000) }) });
	const running = harness.run('DownloadMedia', [large(), large()], {
		parameters: { options: { maxTries: 1, timeoutSeconds: 1 } },
		onError: 'continueRegularOutput',
	});
	const files = () => harness.emulator.requests.filter(({ operation }) => operation === 'file');
	const arrival = async (count: number) => {
		while (files().length < count) await sleep(5);
		return Date.now();
	};
	const first = await arrival(1);
	// Not before the first has been given up for its silence.
	expect((await arrival(2)) - first).toBeGreaterThan(500);
	const { output } = await running;
	expect(output[0]!.map(({ json }) => json.error)).toEqual([
		expect.stringContaining('stopped coming'),
		expect.stringContaining('stopped coming'),
	]);
});

test('… also those whose size is first heard from the file host', async () => {
	const [stuck, whole] = [0, 1].map(() =>
		customerSent({ bytes: pattern(130_000_000), mimeType: 'video/mp4' }),
	);
	harness.emulator.meta.fault({ on: 'file', mediaId: stuck, stallAt: 0 });
	harness.emulator.meta.fault({ on: 'file', mediaId: whole, delay: 300 });
	const items = [stuck, whole].map((mediaId) => ({
		mediaId,
		url: harness.emulator.meta.fileUrl(mediaId!, 'webhook'),
	}));
	const running = harness.run('DownloadMedia', items, {
		parameters: { options: { maxTries: 1, timeoutSeconds: 3 } },
		onError: 'continueRegularOutput',
	});
	while (harness.emulator.requests.length < 2) await sleep(5);
	const ended = harness.emulator.requests.map(async ({ over, mediaId }) => (await over, mediaId));
	expect(await Promise.race(ended)).toBe(stuck);
	expect((await running).output[0]!.map(({ json }) => json.size)).toEqual([undefined, 130_000_000]);
});

test('stopping an execution ends its wait for memory, though another one still holds it', async () => {
	harness.emulator.meta.fault({ on: 'file', stallAt: 0 });
	const run = (stop: AbortController) =>
		harness.run('DownloadMedia', [{ mediaId: customerSent({ bytes: pattern(130_000_000) }) }], {
			abortSignal: stop.signal,
		});
	const operations = (operation: string) =>
		harness.emulator.requests.filter((request) => request.operation === operation);
	const [stopHolder, stopWaiter] = [new AbortController(), new AbortController()];
	const holder = run(stopHolder);
	while (!operations('file').length) await sleep(5);
	const waiter = run(stopWaiter);
	while (operations('getUrl').length < 2) await sleep(5);
	await Promise.all(operations('getUrl').map(async ({ over }) => await over));
	// It has its answer now, and waits for memory: nothing outside shows that.
	await sleep(200);
	stopWaiter.abort();
	expect((await waiter).status).toBe('canceled');
	expect(operations('file')).toHaveLength(1);
	stopHolder.abort();
	expect((await holder).status).toBe('canceled');
});
