import { sleep } from 'n8n-workflow';

import { pattern } from '../emulator';
import * as downloads from '../support/download';
import { PHOTO } from '../support/files';
import { startHarness, type Harness } from '../support/harness';
import { credentialsFor, runOne } from '../support/run';

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

/** To download large files: by default they are refused. */
const LARGE = { maxSizeMb: 0 };

/** A server that declares 256 MB and sends a byte now and then. */
const trickling = () => {
	const mediaId = customerSent({ bytes: pattern(256_000_000), mimeType: 'video/mp4' });
	const trickle = { bytes: Infinity, everyMs: 20 };
	harness.emulator.meta.fault({ on: 'file', mediaId, trickle });
	// By its URL, since the emulator takes a while to hash so much.
	return { mediaId, url: harness.emulator.meta.fileUrl(mediaId, 'webhook') };
};
const operations = (operation: string) =>
	harness.emulator.requests.filter((request) => request.operation === operation);

/** Starts an execution whose file of 130 MB stops coming at once; resolves once it holds its memory. */
async function holdMemory(item = { mediaId: customerSent({ bytes: pattern(130_000_000) }) }) {
	harness.emulator.meta.fault({ on: 'file', mediaId: item.mediaId, stallAt: 0 });
	const stop = new AbortController();
	const running = harness.run('DownloadMedia', [item], {
		parameters: { options: LARGE },
		abortSignal: stop.signal,
	});
	while (!operations('file').length) await sleep(5);
	return {
		async stop() {
			stop.abort();
			expect((await running).status).toBe('canceled');
		},
	};
}

test('large files go one after the other, so that no store has to hold many of them', async () => {
	const holder = await holdMemory();
	const mediaId = customerSent({ bytes: pattern(130_000_000) });
	const running = harness.run('DownloadMedia', [{ mediaId }], { parameters: { options: LARGE } });
	while (operations('getUrl').length < 2) await sleep(5);
	await Promise.all(operations('getUrl').map(async ({ over }) => await over));
	// It has its answer now, and waits for memory: nothing outside shows that.
	await sleep(200);
	expect(operations('file')).toHaveLength(1);
	await holder.stop();
	expect((await running).output[0]![0]!.json.size).toBe(130_000_000);
});

test('… also those whose size is first heard from the file host', async () => {
	const [held, whole] = [0, 1].map(() => {
		const mediaId = customerSent({ bytes: pattern(130_000_000), mimeType: 'video/mp4' });
		return { mediaId, url: harness.emulator.meta.fileUrl(mediaId, 'webhook') };
	});
	const holder = await holdMemory(held);
	let isDone = false;
	const running = harness
		.run('DownloadMedia', [whole!], { parameters: { options: LARGE } })
		.finally(() => (isDone = true));
	while (operations('file').length < 2) await sleep(5);
	await sleep(500);
	expect(isDone).toBe(false);
	await holder.stop();
	expect((await running).output[0]![0]!.json.size).toBe(130_000_000);
});

test('a file that trickles in counts as silent', async () => {
	const item = trickling();
	const started = Date.now();
	const { error } = await harness.run('DownloadMedia', [item], {
		parameters: { options: { ...LARGE, maxTries: 1, timeoutSeconds: 1 } },
	});
	expect(error!.message).toContain('sent no more data');
	expect(Date.now() - started).toBeLessThan(10_000);
});

test('a file that trickles in holds up no small one of another execution', async () => {
	const stop = new AbortController();
	const holder = harness.run('DownloadMedia', [trickling()], {
		parameters: { options: LARGE },
		abortSignal: stop.signal,
	});
	while (!operations('file').length) await sleep(5);
	const photo = await harness.run('DownloadMedia', [
		{ mediaId: customerSent({ bytes: 'a photo' }) },
	]);
	expect(photo.output[0]![0]!.json).toMatchObject({ size: 7, verified: true });
	stop.abort();
	expect((await holder).status).toBe('canceled');
});

test('… and a large one for no longer than Timeout', async () => {
	const stop = new AbortController();
	const holder = harness.run('DownloadMedia', [trickling()], {
		parameters: { options: { ...LARGE, timeoutSeconds: 3 } },
		abortSignal: stop.signal,
	});
	while (!operations('file').length) await sleep(5);
	const started = Date.now();
	const mediaId = customerSent({ bytes: pattern(3_000_000) });
	const { output } = await harness.run('DownloadMedia', [{ mediaId }], {
		parameters: { options: { timeoutSeconds: 60 } },
	});
	expect(output[0]![0]!.json).toMatchObject({ size: 3_000_000, verified: true });
	expect(Date.now() - started).toBeLessThan(8000);
	stop.abort();
	expect((await holder).status).toBe('canceled');
});

test('a file that is waited for holds no memory meanwhile', async () => {
	const { whapi } = harness.emulator;
	const credentials = credentialsFor(harness, 'whapi');
	whapi.fault({ on: 'media', status: 404, times: Infinity });
	const late = { mediaId: 'mp4-8a1c5f-77d0', size: 300_000_000 };
	const stop = new AbortController();
	const sleeper = harness.run('DownloadMedia', [{ ...late, timestamp: new Date().toISOString() }], {
		credentials,
		parameters: { options: LARGE },
		abortSignal: stop.signal,
	});
	while (!harness.emulator.requests.length) await sleep(5);
	await harness.emulator.requests[0]!.over;
	const mediaId = customerSent({ bytes: pattern(3_000_000) });
	const started = Date.now();
	const { output } = await harness.run('DownloadMedia', [{ mediaId }]);
	expect(output[0]![0]!.json).toMatchObject({ size: 3_000_000 });
	expect(Date.now() - started).toBeLessThan(5000);
	stop.abort();
	expect((await sleeper).status).toBe('canceled');
});

const MADE_UP = [1, 500, 200_000_000, 1e15];

test('a size that the sender’s client made up refuses no file', async () => {
	const { store } = harness.emulator.whapi;
	const mediaId = store.add({ bytes: PHOTO, mimeType: 'image/jpeg', inbound: true });
	for (const size of MADE_UP) {
		const { json } = await runOne(harness, 'whapi', 'DownloadMedia', { mediaId, size });
		expect(json).toMatchObject({ size: PHOTO.length });
	}
});

test('nor does the size of a file that no provider answers for', async () => {
	const url = harness.emulator.thirdParty.put(PHOTO, 'image/jpeg');
	for (const size of MADE_UP) {
		const { json } = await downloads.downloadOnce(harness, { url, size });
		expect(json).toMatchObject({ size: PHOTO.length });
	}
});

test('… and holds no memory', async () => {
	const { whapi } = harness.emulator;
	whapi.fault({ on: 'media', delay: Infinity, times: Infinity });
	const stop = new AbortController();
	const liars = [1, 2, 3].map((n) => ({ mediaId: `mp4-8a1c5f-77d${n}`, size: 104_000_000 }));
	const running = harness.run('DownloadMedia', liars, {
		credentials: credentialsFor(harness, 'whapi'),
		abortSignal: stop.signal,
	});
	while (operations('media').length < liars.length) await sleep(5);
	const mediaId = customerSent({ bytes: pattern(3_000_000) });
	expect((await downloads.downloadOnce(harness, { mediaId })).json).toMatchObject({
		size: 3_000_000,
	});
	stop.abort();
	expect((await running).status).toBe('canceled');
});

test('stopping an execution ends its wait for memory, though another one still holds it', async () => {
	const holder = await holdMemory();
	const stop = new AbortController();
	const waiter = harness.run(
		'DownloadMedia',
		[{ mediaId: customerSent({ bytes: pattern(130_000_000) }) }],
		{ parameters: { options: LARGE }, abortSignal: stop.signal },
	);
	while (operations('getUrl').length < 2) await sleep(5);
	await Promise.all(operations('getUrl').map(async ({ over }) => await over));
	// It has its answer now, and waits for memory: nothing outside shows that.
	await sleep(200);
	stop.abort();
	expect((await waiter).status).toBe('canceled');
	expect(operations('file')).toHaveLength(1);
	await holder.stop();
});
