import { execFile } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { join } from 'node:path';

import { backoff, retry, wait } from '../../nodes/WhatsApp/waiting';
import { startFileHost, type FileHost } from '../support/fileHost';
import { ownProcess } from '../support/ownProcess';

test('a wait takes its time, and leaves no listener behind', async () => {
	const { signal } = new AbortController();
	const started = performance.now();
	const waiting = wait(30.5, signal);
	expect(getEventListeners(signal, 'abort')).toHaveLength(1);
	await waiting;
	expect(performance.now() - started).toBeGreaterThanOrEqual(30);
	expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a wait ends when its signal is aborted, or does not begin', async () => {
	const stop = new AbortController();
	const waiting = wait(3_600_000, stop.signal);
	stop.abort();
	await waiting;
	await wait(3_600_000, stop.signal);
	expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
});

test('retry tries until it succeeds, and counts', async () => {
	const causes: unknown[] = [];
	const work = async (tryNumber: number) => {
		if (tryNumber < 3) throw `failure ${tryNumber}`;
		return tryNumber;
	};
	expect(await retry(work, (cause, tries) => (causes.push([cause, tries]), 0))).toBe(3);
	expect(causes).toEqual([
		['failure 1', 1],
		['failure 2', 2],
	]);
});

test('retry gives up with the last error, when it is told to or aborted', async () => {
	const stop = new AbortController();
	let tries = 0;
	const work = async () => {
		throw new Error(`failure ${++tries}`);
	};
	await expect(retry(work, (_, after) => (after < 2 ? 0 : undefined))).rejects.toThrow('failure 2');
	const waiting = retry(work, () => (stop.abort(), 3_600_000), stop.signal);
	await expect(waiting).rejects.toThrow('failure 3');
	await expect(retry(work, () => 0, stop.signal)).rejects.toThrow('failure 4');
});

test('backoff doubles, up to a bound', () => {
	expect([1, 2, 3, 4].map((tries) => backoff(tries, 500))).toEqual([500, 1000, 2000, 4000]);
	expect(backoff(9, 1000, 120_000)).toBe(120_000);
});

describe('a process that has nothing else to do', () => {
	/** Runs a program of its own; what it prints. */
	const run = async (program: string) => {
		const path = (name: string) => JSON.stringify(join(__dirname, '../../nodes/WhatsApp', name));
		const names = ['waiting.ts', 'transfer/resumingReply.ts'].map(
			(name) => `require(${path(name)})`,
		);
		const text = `const [{ retry }, { resumingReply }] = [${names.join()}]; ${program}`;
		const child = execFile(process.execPath, ['--require', 'tsx/cjs', '-e', text]);
		ownProcess(child);
		let printed = '';
		child.stdout!.on('data', (chunk) => (printed += chunk));
		await once(child, 'close');
		return printed;
	};
	let host: FileHost;
	beforeAll(async () => (host = await startFileHost()));
	afterAll(async () => await host.close());

	const failing = 'async () => { console.log("tried"); throw "failure"; }';

	test('lives through the wait between two tries', async () => {
		const work = 'async (n) => { if (n === 1) throw "failure"; console.log("done"); }';
		expect(await run(`retry(${work}, () => 700);`)).toBe('done\n');
	});

	test('lives through many short waits', async () => {
		const work = 'async (n) => { if (n < 200) throw "failure"; console.log("done"); }';
		expect(await run(`retry(${work}, (_, tries) => tries % 5);`)).toBe('done\n');
	});

	test('lives until the rest of a file is asked for that broke off', async () => {
		const [size, half] = [1000, 500];
		host.answer(({ headers: { range } }, response) => {
			// Where the overlap of what came begins: all of it, here.
			const contentRange = range && { 'Content-Range': `bytes 0-${size - 1}/${size}` };
			const headers = { 'Content-Length': size, ETag: '"1"', 'Accept-Ranges': 'bytes' };
			response.writeHead(range ? 206 : 200, { ...headers, ...contentRange, Connection: 'close' });
			if (range) response.end(Buffer.alloc(size));
			else response.write(Buffer.alloc(half), () => setTimeout(() => response.destroy(), 50));
		});
		const open = `const open = (headers) => new Promise((resolve) => {
			require('http').get('${host.origin}', { headers, agent: false }, (body) => resolve({
				status: body.statusCode,
				headers: body.headers,
				length: Number(body.headers['content-length']),
				body,
				abort: () => body.destroy(),
			}));
		});`;
		const read = `(async () => {
			Math.random = () => 0.5;
			let size = 0;
			const { body } = resumingReply(await open({}), { open, maxRetries: 3 });
			for await (const chunk of body) size += chunk.length;
			console.log(size);
		})();`;
		expect(await run(open + read)).toBe(`${size}\n`);
	});

	test('ends soon after the wait was ended', async () => {
		const stopLater = 'const stop = new AbortController(); setTimeout(() => stop.abort(), 300);';
		const waited = `retry(${failing}, () => 3600000, stop.signal).catch(console.log)`;
		const whenOver =
			'const at = Date.now(); process.on("exit", () => console.log(Date.now() - at))';
		const printed = await run(`${stopLater} ${waited}.then(() => { ${whenOver} });`);
		const [tried, failure, milliseconds] = printed.trim().split('\n');
		expect([tried, failure]).toEqual(['tried', 'failure']);
		expect(Number(milliseconds)).toBeLessThan(1000);
	});
});
