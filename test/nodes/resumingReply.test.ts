import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

import type { Fault } from '../emulator';
import { pattern } from '../emulator';
import { MB } from '../../nodes/WhatsApp/units';
import { startFileHost, type FileHost } from '../support/fileHost';
import {
	calls,
	credentialFor,
	sha256,
	startHarness,
	type Harness,
	type Vendor,
} from '../support/harness';
import { credentialsFor, outcomeOf } from '../support/run';
import { quickRetries } from '../support/quickRetries';

/** A download that breaks off goes on where it was, or begins again; what n8n stores is one whole file, or none. */

quickRetries();
let harness: Harness;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => {
	await harness.close();
});
beforeEach(() => harness.emulator.reset());

const SIZE = 3 * MB;
const RESUMED = '1 of 1 downloads broke off, and continued where they stopped.';
const TRIED_AGAIN = '1 of 1 items needed more than one try.';

/** Where the file comes from. */
type Host = { vendor: Vendor; on: 'file' | 'media'; link?: true };
const META: Host = { vendor: 'meta', on: 'file' };

const fault = (order: Fault & { times?: number; after?: number }, { vendor, on }: Host = META) =>
	harness.emulator[vendor].fault({ on, ...order } as never);

async function download({ size = SIZE, options = {} as Record<string, number>, host = META } = {}) {
	const { emulator } = harness;
	const { store } = emulator[host.vendor];
	const mediaId = store.add({ bytes: pattern(size), mimeType: 'video/mp4', inbound: true });
	const item: Record<string, unknown> = { mediaId };
	if (host.link) {
		emulator.whapi.linked.add(mediaId);
		Object.assign(item, { url: emulator.whapi.link(mediaId) });
	}
	const { output, error, hints } = await harness.run('DownloadMedia', [item] as never, {
		parameters: { options },
		credentials: { whatsAppMediaApi: credentialFor(emulator, host.vendor) },
	});
	const files = emulator.requests.filter(({ operation }) => operation === host.on);
	const json = output?.[0]?.[0]?.json;
	const isWhole = json?.sha256 === store.get(mediaId)!.sha256.toString('hex') && json.size === size;
	return {
		error,
		isWhole,
		hints: hints.map(({ message }) => message),
		ranges: files.map(({ headers }) => headers.range),
		ifRanges: files.map(({ headers }) => headers['if-range']),
		/** What went over the wire. */
		sent: files.reduce((sum, { bytesSent }) => sum + bytesSent, 0),
	};
}

/** The parts are not kept. */
const leftOvers = async () =>
	(await harness.engine.binaryFiles()).filter((file) => file.includes('.tmp'));

test.each([0.01, 0.5, 0.99])('a line that breaks once, at %d', async (cutAt) => {
	fault({ cutAt });
	const { isWhole, hints, sent, ranges, ifRanges } = await download();
	expect({ isWhole, hints }).toEqual({ isWhole: true, hints: [RESUMED] });
	expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
	expect(ifRanges).toEqual([undefined, expect.stringMatching(/^\d+$/)]);
	expect(sent).toBeLessThan(SIZE * 1.05);
});

test('100 MB over a line that breaks every 10 MB: less than 5 % more bytes than the file has', async () => {
	const size = 100 * MB;
	fault({ cutAfter: 10 * MB, times: Infinity });
	const { isWhole, hints, sent, ranges } = await download({ size });
	expect({ isWhole, hints }).toEqual({ isWhole: true, hints: [RESUMED] });
	expect(ranges.length).toBeLessThanOrEqual(11);
	expect(sent).toBeLessThan(size * 1.05);
	expect(await leftOvers()).toEqual([]);
});

test.each<[string, Host]>([
	['a file host of another provider', { vendor: 'pipes', on: 'file' }],
	['a public link', { vendor: 'whapi', on: 'file', link: true }],
])('%s', async (_what, host) => {
	fault({ cutAt: 0.5 }, host);
	const { isWhole, ranges } = await download({ host });
	expect(isWhole).toBe(true);
	expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=/)]);
});

test('a host that serves no ranges is asked for the whole file again', async () => {
	const host: Host = { vendor: 'whapi', on: 'media' };
	fault({ cutAt: 0.5 }, host);
	const { isWhole, ranges, hints } = await download({ host });
	expect({ isWhole, hints }).toEqual({ isWhole: true, hints: [TRIED_AGAIN] });
	expect(ranges).toEqual([undefined, undefined]);
});

test.each<[string, Fault, number]>([
	['the whole file', { ignoreRange: true }, 3],
	['another Etag', { headers: { Etag: '1' } }, 3],
	['another part', { headers: { 'Content-Range': `bytes 5-${SIZE - 1}/${SIZE}` } }, 3],
	['a part of a longer file', { headers: { 'Content-Range': `bytes 1-2/${SIZE + 1}` } }, 3],
	['416', { status: 416 }, 3],
	['404', { status: 404 }, 3],
	['a page', { status: 200, body: '<!doctype html>' }, 3],
])('%s in place of the rest: it begins again', async (_what, answer, requests) => {
	fault({ cutAt: 0.5 });
	fault(answer);
	const { isWhole, hints, ranges } = await download();
	expect({ isWhole, hints }).toEqual({ isWhole: true, hints: [TRIED_AGAIN] });
	expect(ranges).toHaveLength(requests);
	expect(ranges.at(-1)).toBeUndefined();
	expect(await leftOvers()).toEqual([]);
});

test.each<[string, Fault]>([
	['503', { status: 503 }],
	['a closed connection', { reset: true }],
])('%s in place of the rest: it asks for the rest again', async (_what, answer) => {
	fault({ cutAt: 0.5 });
	fault(answer);
	const { isWhole, hints, ranges } = await download();
	expect({ isWhole, hints }).toEqual({ isWhole: true, hints: [RESUMED] });
	expect(ranges[1]).toBe(ranges[2]);
});

test('a Retry-After in place of the rest is kept', async () => {
	fault({ cutAt: 0.5 });
	fault({ status: 503, headers: { 'Retry-After': '1' } });
	const started = Date.now();
	expect(await download()).toMatchObject({ isWhole: true });
	expect(Date.now() - started).toBeGreaterThanOrEqual(990);
});

test.each([1, 2, 4])('a line without progress is given up after %d tries', async (maxTries) => {
	fault({ cutAfter: 100_000, times: Infinity });
	const { error, ranges } = await download({ options: { maxTries } });
	expect(error!.message).toContain(`of ${SIZE} bytes`);
	expect(ranges).toHaveLength(maxTries);
	expect(await leftOvers()).toEqual([]);
});

describe('at a host that is not what it says, of a file of which nothing was announced', () => {
	let host: FileHost;
	beforeAll(async () => (host = await startFileHost()));
	afterAll(async () => await host.close());

	const FILE = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(SIZE)]);
	const HEADERS = { ETag: '"1"', 'Accept-Ranges': 'bytes', 'Content-Type': 'application/pdf' };

	/** Breaks off once, after 2 MB, and answers to the first bytes that are asked for from there. */
	const breakOnce = (
		whole: Buffer,
		more: Record<string, string>,
		sendRest: (response: ServerResponse, start: number, contentRange: string) => void,
	) => {
		let isWhole = false;
		host.answer(({ headers: { range } }, response) => {
			const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1]);
			if (start)
				return sendRest(response, start, `bytes ${start}-${whole.length - 1}/${whole.length}`);
			response.writeHead(200, { ...HEADERS, ...more, 'Content-Length': whole.length });
			if (isWhole) return void response.end(whole);
			isWhole = true;
			// What is still in the socket's buffers would not arrive.
			response.write(whole.subarray(0, 2 * MB), () => setTimeout(() => response.destroy(), 50));
		});
	};
	const downloadFrom = async (options = {}) => {
		const credentials = credentialsFor(harness, 'meta', { mediaHosts: host.origin });
		const item = { url: `${host.origin}/file` };
		const run = harness.run('DownloadMedia', [item], { credentials, parameters: { options } });
		const { json, message } = outcomeOf(await run);
		const isWhole = json?.size === FILE.length && json.sha256 === sha256(FILE);
		return { isWhole, message, ranges: host.requests.map(({ headers: { range } }) => range) };
	};

	test.each<[string, (start: number) => Buffer]>([
		['ends too early', (start) => FILE.subarray(start, start + 500_000)],
		['is the whole', () => FILE],
	])('a rest without length that %s is not added to what came', async (_what, restFrom) => {
		breakOnce(FILE, {}, (response, start, contentRange) => {
			response.writeHead(206, { ...HEADERS, 'Content-Range': contentRange });
			response.end(restFrom(start));
		});
		expect(await downloadFrom({ maxTries: 2 })).toMatchObject({ isWhole: true });
	});

	test.each([{}, { 'Content-Encoding': 'gzip' }])(
		'a file that came compressed is fetched as a whole again, whatever its rest calls itself: %j',
		async (encoding) => {
			const zipped = gzipSync(FILE, { level: 0 });
			breakOnce(zipped, { 'Content-Encoding': 'gzip' }, (response, start, contentRange) => {
				const length = { 'Content-Length': zipped.length - start };
				response.writeHead(206, {
					...HEADERS,
					...encoding,
					...length,
					'Content-Range': contentRange,
				});
				response.end(zipped.subarray(start));
			});
			const { isWhole, ranges } = await downloadFrom();
			expect({ isWhole, last: ranges.at(-1) }).toEqual({ isWhole: true, last: undefined });
		},
	);

	test.each<[string, (response: ServerResponse) => void]>([
		['500', (response) => void response.writeHead(500).end()],
		['a closed connection', (response) => void response.destroy()],
		[
			'no byte',
			(response) => {
				const { range } = response.req.headers;
				const start = Number(/\d+/.exec(range!)![0]);
				response.writeHead(206, {
					...HEADERS,
					'Content-Length': FILE.length - start,
					'Content-Range': `bytes ${start}-${FILE.length - 1}/${FILE.length}`,
				});
				response.flushHeaders();
				setTimeout(() => response.destroy(), 50);
			},
		],
	])('%s for each rest: the whole is fetched within Maximum Tries', async (_what, answer) => {
		for (const maxTries of [2, 4, 10]) {
			breakOnce(FILE, {}, answer);
			const { isWhole, message, ranges } = await downloadFrom({ maxTries });
			expect({ maxTries, isWhole, message }).toEqual({ maxTries, isWhole: true });
			expect(ranges.length).toBeLessThanOrEqual(4);
			expect(ranges.at(-1)).toBeUndefined();
		}
	});
});

describe('a rest that hangs before it begins', () => {
	let host: FileHost;
	beforeAll(async () => (host = await startFileHost()));
	afterAll(async () => await host.close());

	const FILE = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(SIZE)]);
	const TIMEOUT_MS = 2000;

	/** The first connection breaks long after its last byte; what asks for the rest then gets no answer. The second whole comes. */
	const serveHangingRest = () => {
		const times = { lastByte: 0, restBegun: 0, restEnded: 0 };
		let isWhole = false;
		host.answer(({ headers: { range } }, response) => {
			if (range) {
				times.restBegun = Date.now();
				response.once('close', () => (times.restEnded = Date.now()));
				return;
			}
			const headers = { ETag: '"1"', 'Accept-Ranges': 'bytes', 'Content-Type': 'application/pdf' };
			response.writeHead(200, { ...headers, 'Content-Length': FILE.length });
			if (isWhole) return void response.end(FILE);
			isWhole = true;
			response.write(FILE.subarray(0, 2 * MB), () => {
				times.lastByte = Date.now();
				setTimeout(() => response.destroy(), 0.8 * TIMEOUT_MS);
			});
		});
		return times;
	};
	const start = async ({
		item = {},
		options = {},
		abortSignal = undefined as AbortSignal | undefined,
	} = {}) =>
		await harness.run('DownloadMedia', [{ url: `${host.origin}/file`, ...item }], {
			credentials: credentialsFor(harness, 'meta', { mediaHosts: host.origin }),
			parameters: { options: { timeoutSeconds: TIMEOUT_MS / 1000, ...options } },
			abortSignal,
		});

	test('ends with the Timeout of the file, and the whole is asked for', async () => {
		const times = serveHangingRest();
		const { json } = outcomeOf(await start());
		expect(json).toMatchObject({ size: FILE.length, sha256: sha256(FILE) });
		expect(host.requests.map(({ headers }) => Boolean(headers.range))).toEqual([
			false,
			true,
			false,
		]);
		// A quarter more, as idleTimer.ts looks.
		expect(times.restEnded - times.lastByte).toBeLessThan(1.6 * TIMEOUT_MS);
	});

	test('so does a look-up of its URL that hangs', async () => {
		const { emulator } = harness;
		const times = serveHangingRest();
		const mediaId = emulator.meta.store.add({
			bytes: FILE,
			mimeType: 'application/pdf',
			inbound: true,
		});
		const lookedUp = (minutes: number) => {
			const ext = Math.floor(Date.now() / 1000) + 60 * minutes;
			const body = JSON.stringify({ url: `${host.origin}/file?ext=${ext}`, id: mediaId });
			return { on: 'getUrl', body, headers: { 'Content-Type': 'application/json' } } as never;
		};
		fault(lookedUp(5));
		fault({ on: 'getUrl', delay: Infinity } as never);
		fault(lookedUp(60));
		const now = Date.now.bind(Date);
		const clock = jest
			.spyOn(Date, 'now')
			.mockImplementation(() => now() + (times.lastByte ? 301_000 : 0));
		const started = performance.now();
		const { json, message } = outcomeOf(await start({ item: { mediaId, url: '' } }));
		clock.mockRestore();
		expect({ message, json }).toMatchObject({ message: undefined, json: { size: FILE.length } });
		// One for each try, and the one that hung.
		expect(calls(emulator)).toHaveLength(3);
		expect(performance.now() - started).toBeLessThan(1.6 * TIMEOUT_MS);
	});

	test('ends at once where the workflow is stopped', async () => {
		const times = serveHangingRest();
		const stop = new AbortController();
		const running = start({ abortSignal: stop.signal, options: { timeoutSeconds: 60 } });
		while (!times.restBegun) await new Promise((resolve) => setTimeout(resolve, 10));
		const stopped = Date.now();
		stop.abort();
		expect((await running).status).toBe('canceled');
		while (!times.restEnded) await new Promise((resolve) => setTimeout(resolve, 10));
		expect(times.restEnded - stopped).toBeLessThan(500);
		expect(host.requests).toHaveLength(2);
	});
});

test('a weak or missing Etag, or no length, proves nothing', async () => {
	const unproven: Array<Record<string, string>> = [
		{ Etag: 'W/"1"' },
		{ Etag: '' },
		{ 'Accept-Ranges': 'none' },
	];
	for (const headers of unproven) {
		harness.emulator.reset();
		fault({ cutAt: 0.5, headers });
		expect((await download()).ranges).toEqual([undefined, undefined]);
	}
});

test('a URL that has expired on the way is renewed', async () => {
	const { emulator } = harness;
	fault({ cutAt: 0.5 });
	const now = Date.now.bind(Date);
	const hasBegun = () =>
		emulator.requests.some(({ operation, bytesSent }) => operation === 'file' && bytesSent);
	const clock = jest
		.spyOn(Date, 'now')
		.mockImplementation(() => now() + (hasBegun() ? 301_000 : 0));
	const { isWhole, hints } = await download();
	clock.mockRestore();
	expect({ isWhole, hints }).toEqual({ isWhole: true, hints: [RESUMED] });
	expect(calls(emulator).filter((call) => call.includes('/v25.0/'))).toHaveLength(2);
});

test('a cancelled execution waits for no further try, and asks for nothing more', async () => {
	const { emulator } = harness;
	jest.mocked(Math.random).mockReturnValue(1);
	fault({ cutAt: 0.1 });
	fault({ status: 503, times: Infinity });
	const stop = new AbortController();
	const mediaId = emulator.meta.store.add({
		bytes: pattern(SIZE),
		mimeType: 'video/mp4',
		inbound: true,
	});
	const running = harness.run('DownloadMedia', [{ mediaId }] as never, {
		parameters: { options: { maxTries: 20 } },
		abortSignal: stop.signal,
	});
	const asked = () => emulator.requests.filter(({ operation }) => operation === 'file').length;
	while (asked() < 3) await new Promise((resolve) => setTimeout(resolve, 10));
	const started = Date.now();
	stop.abort();
	expect((await running).status).toBe('canceled');
	jest.mocked(Math.random).mockReturnValue(0.01);
	expect(Date.now() - started).toBeLessThan(1000);
	expect(asked()).toBe(3);
	expect(await leftOvers()).toEqual([]);
});
