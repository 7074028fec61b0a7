import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setInterval, setTimeout } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';

import { storeReply } from '../../nodes/WhatsApp/transfer/storeReply';
import { watchForIdleness } from '../../nodes/WhatsApp/transport/idleTimer';
import { startFileHost, type FileHost } from '../support/fileHost';
import { sha256, startHarness, type Harness } from '../support/harness';
import { credentialsFor, outcomeOf } from '../support/run';

/** Hosts that say other sizes than they send, and stores that fail. */

let harness: Harness;
let host: FileHost;
beforeAll(async () => {
	harness = await startHarness();
	host = await startFileHost();
});
afterAll(async () => {
	await host?.close();
	await harness?.close();
});

const FILE = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(3_000_000)]);
const TYPE = { 'Content-Type': 'application/pdf' };

const download = async (path: string, item: object, options: object) =>
	outcomeOf(
		await harness.run('DownloadMedia', [{ url: `${host.origin}${path}`, ...item } as never], {
			credentials: credentialsFor(harness, 'meta', { mediaHosts: host.origin }),
			parameters: { options: options as never },
		}),
	);

test('a rest that goes on behind the end of the file is ended there', async () => {
	let sent = 0;
	host.answer(({ headers: { range } }, response) => {
		const headers = { ...TYPE, ETag: '"1"', 'Accept-Ranges': 'bytes' };
		const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1]);
		if (!start) {
			if (host.requests.length > 1) return response.writeHead(404).end();
			response.writeHead(200, { ...headers, 'Content-Length': FILE.length });
			return response.write(FILE.subarray(0, 2_000_000), () =>
				setTimeout(() => response.destroy(), 50),
			);
		}
		const range206 = `bytes ${start}-${FILE.length - 1}/${FILE.length}`;
		response.writeHead(206, { ...headers, 'Content-Range': range206 });
		response.write(FILE.subarray(start));
		const more = () => {
			if (response.destroyed || (sent += 100_000) > 200e6) return response.end();
			if (response.write(Buffer.alloc(100_000))) setImmediate(more);
			else response.once('drain', more);
		};
		return more();
	});
	const { message } = await download('/file', {}, { maxTries: 3, maxSizeMb: 0 });
	expect(message).toBeDefined();
	expect(sent).toBeLessThan(50e6);
});

test('a size a few bytes too large, and a hash of other bytes: the same file twice is that file', async () => {
	host.answer((_request, response) => {
		response.writeHead(200, { ...TYPE, 'Content-Length': FILE.length });
		response.end(FILE);
	});
	const announced = { mediaId: '', size: FILE.length + 5, sha256: sha256('other bytes') };
	const { json } = await download('/file', announced, { maxTries: 2 });
	expect(json).toMatchObject({ sha256: sha256(FILE), verified: false });
	expect(host.requests).toHaveLength(2);
});

test('what Maximum Size refuses by its header does not wait for memory first', async () => {
	host.answer(({ url }, response) => {
		const isBusy = url === '/busy';
		response.writeHead(200, { ...TYPE, 'Content-Length': isBusy ? 60_000_000 : 1e12 });
		response.flushHeaders();
		if (!isBusy) return;
		const line = setInterval(() => response.write(Buffer.alloc(50_000)), 20);
		response.on('close', () => clearInterval(line));
	});
	const stop = new AbortController();
	const busy = harness.run('DownloadMedia', [{ url: `${host.origin}/busy` } as never], {
		credentials: credentialsFor(harness, 'meta', { mediaHosts: host.origin }),
		abortSignal: stop.signal,
	});
	while (!host.requests.length) await sleep(5);
	await sleep(100);
	const started = Date.now();
	const { message } = await download('/huge', {}, { maxTries: 1, timeoutSeconds: 20 });
	expect(message).toContain('larger than');
	expect(Date.now() - started).toBeLessThan(10_000);
	stop.abort();
	await busy;
});

test('a store that fails before it reads ends the file', async () => {
	const body = Readable.from([FILE.subarray(0, 1_000_000), FILE.subarray(1_000_000)], {
		objectMode: false,
	});
	const reply = { status: 200, headers: {}, body, abort: () => body.destroy(), host: 'host' };
	const share = { setSize: async () => {}, grow: () => undefined };
	const expected = { subject: 'Media ID 1', file: { url: 'http://host/' }, rules: {} };
	const store = {
		prepareBinaryData: async () => {
			throw new Error('ENOSPC: no space left on device');
		},
	};
	await expect(
		storeReply(reply as never, { ...expected, idleTimeoutMs: 1000, share } as never, store),
	).rejects.toThrow('ENOSPC');
	while (!body.destroyed) await sleep(5);
});

test('what is idle is told so once', async () => {
	let times = 0;
	watchForIdleness({ size: 0, onIdle: () => void times++ }, 40);
	while (!times) await sleep(5);
	await sleep(200);
	expect(times).toBe(1);
});

describe('a body that is still encoded', () => {
	const encoded = (encoding: string) =>
		host.answer((_request, response) => {
			response.writeHead(200, { ...TYPE, 'Content-Encoding': encoding });
			response.end(FILE);
		});

	test.each(['gzip, gzip', 'DCZ', 'utf-8, exi', 'brotli', 'gz;q=1', '"x-zstd"'])(
		'%s is not the file',
		async (encoding) => {
			encoded(encoding);
			const says = `cannot be read: ${new URL(host.origin).host} sent it encoded (Content-Encoding: ${encoding}), though it was asked not to`;
			const before = await harness.engine.binaryFiles();
			expect((await download('/file', {}, {})).message).toContain(says);
			expect((await download('/file', { sha256: '0'.repeat(64) }, {})).message).toContain(says);
			expect(await harness.engine.binaryFiles()).toEqual(before);
		},
	);

	const ANNOUNCED = { sha256: sha256(FILE) };

	test('… unless its bytes are as announced', async () => {
		encoded('exi');
		expect((await download('/file', ANNOUNCED, {})).json).toMatchObject({ verified: true });
	});

	test.each([
		...[
			'identity',
			'aws-chunked',
			'UTF-8, identity',
			'base64',
			'utf8',
			'charset=utf-8',
			'us-ascii',
		],
		...['iso-8859-1', '7bit', '8bit', 'image/jpeg', 'null', 'raw', 'x-unknown'],
	])('… or the word means nothing: %s', async (word) => {
		encoded(word);
		for (const item of [{}, { size: FILE.length - 5 }]) {
			const { json, message } = await download('/file', item, {});
			expect({ message, json }).toMatchObject({ message: undefined, json: ANNOUNCED });
		}
	});
});
