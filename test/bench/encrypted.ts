import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { IDataObject } from 'n8n-workflow';

import { WhatsAppMediaApi } from '../../credentials/WhatsAppMediaApi.credentials';
import type * as Download from '../../nodes/WhatsApp/WhatsAppDownloadMedia.node';
import { pattern } from '../emulator';
import { encryptFiles } from '../support/encoders';
import { fixture } from '../support/files';
import { createEngine } from '../support/core/engine';
import { ownProcess } from '../support/ownProcess';
import { ROOT } from '../support/paths';

/**
 * What decrypting costs: one file as it is and encrypted, in turns, through Download Media on n8n's own helpers and binary
 * store, from a server in a process of its own. `npx tsx test/bench/encrypted.ts [MB] [rounds]` What is held of it in memory
 * is test/nodes/encrypted.test.ts's to show: the process itself hardly grows, where earlier downloads have left room.
 */

const MB = 1_000_000;

/** Rounds that do not count: their code is cold. */
const WARM_UP = 2;

interface Taken {
	ms: number;
	/** Of the processor, in all threads: what others do on the machine changes it less. */
	cpuMs: number;
}

async function main(size: number, rounds: number): Promise<void> {
	const folder = await mkdtemp(join(tmpdir(), 'bench-encrypted-'));
	const path = join(folder, 'film');
	// Begins as a film does, so that its type is known by its first bytes.
	const head = fixture('good.mp4').subarray(0, 32);
	await writeFile(path, [head, ...pattern(size - head.length).read()]);
	const [message] = await encryptFiles('zapo', [{ type: 'video', path }]);
	const { mediaKey, fileSha256, fileEncSha256 } = message!;
	const server = await startServer(folder);
	const engine = await startEngine();
	const whatsAppMediaApi = { provider: 'meta', accessToken: 'token', mediaHosts: server.url };

	const download = async (item: object, url: string, options: object = {}) => {
		const { output, error } = await engine.run({
			node: 'whatsAppDownloadMedia',
			items: [{ json: item as IDataObject }],
			credentials: { whatsAppMediaApi },
			parameters: { url: server.url + url, options: { maxSizeMb: 0, ...options } },
		});
		const { sha256 } = output[0]?.[0]?.json ?? {};
		const isRight = sha256 === Buffer.from(fileSha256, 'base64').toString('hex');
		if (!isRight) throw error ?? new Error(`${url}: other bytes`);
	};
	const url = `${server.url}/film.enc`;
	const announced = { videoMessage: { url, mediaKey, fileSha256, fileEncSha256 } };
	const ways: Record<string, () => Promise<void>> = {
		'as it is': () => download({}, '/film'),
		'encrypted, announced by its message': () => download(announced, '/film.enc', { mediaKey }),
		'encrypted, type and hashes unknown': () => download({}, '/film.enc', { mediaKey }),
	};
	const taken = new Map(Object.keys(ways).map((way) => [way, [] as Taken[]]));
	for (let round = -WARM_UP; round < rounds; round++) {
		for (const [way, run] of Object.entries(ways)) {
			const one = await measure(run);
			if (round >= 0) taken.get(way)!.push(one);
		}
	}
	report(size, taken);
	server.close();
	await engine.close();
	await rm(folder, { recursive: true });
}

/** By their full names: tsx takes `.node` for the JSON file beside it. */
async function startEngine() {
	const load = async <Loaded>(path: string) => (await import(join(ROOT, path))) as Loaded;
	const { WhatsAppDownloadMedia } = await load<typeof Download>(
		'nodes/WhatsApp/WhatsAppDownloadMedia.node.ts',
	);
	return await createEngine({ nodes: [WhatsAppDownloadMedia], credentials: [WhatsAppMediaApi] });
}

async function measure(run: () => Promise<void>): Promise<Taken> {
	globalThis.gc?.();
	const cpuBefore = process.cpuUsage();
	const started = performance.now();
	await run();
	const ms = performance.now() - started;
	const { user, system } = process.cpuUsage(cpuBefore);
	return { ms, cpuMs: (user + system) / 1000 };
}

function report(size: number, taken: Map<string, Taken[]>): void {
	const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
	const of = (all: Taken[], fact: keyof Taken) => median(all.map((one) => one[fact]));
	const [base] = [...taken.values()];
	const rows = [...taken].map(([way, all]) => {
		const times = (['ms', 'cpuMs'] as const).map((fact) => {
			const ratio = of(all, fact) / of(base!, fact);
			return `${of(all, fact).toFixed(0)} | ${ratio.toFixed(2)}`;
		});
		return `| ${[way, ...times].join(' | ')} |`;
	});
	const head = ['', 'ms', 'of as it is', 'ms of processor', 'of as it is'];
	console.log(`\n${size / MB} MB, ${[...taken.values()][0]!.length} rounds, medians\n`);
	console.log(`| ${head.join(' | ')} |\n|---|--:|--:|--:|--:|\n${rows.join('\n')}\n`);
}

/** Serves a folder's files, with their length. */
async function startServer(folder: string) {
	const child = fork(__filename, ['serve', folder], { execArgv: process.execArgv });
	ownProcess(child);
	const [url] = (await once(child, 'message')) as [string];
	return { url, close: () => child.kill() };
}

function serve(folder: string): void {
	const server = createServer((request, response) => {
		void (async () => {
			const path = join(folder, new URL(request.url!, 'http://host').pathname);
			response.setHeader('Content-Length', (await stat(path)).size);
			response.setHeader('Content-Type', 'application/octet-stream');
			createReadStream(path).pipe(response);
		})();
	});
	server.listen(0, '127.0.0.1', () => {
		process.send!(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
	});
}

if (process.argv[2] === 'serve') serve(process.argv[3]!);
else void main(Number(process.argv[2] ?? 100) * MB, Number(process.argv[3] ?? 7));
