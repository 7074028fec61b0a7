import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';

import { htmlPage, pattern, startEmulator, type Emulator } from './emulator';
import { fileUrl, URL_LIFETIME } from './emulator/meta/files';
import type { Content } from './emulator/store';
import { installN8n, toStderr } from './support/n8n/install';
import { startN8n, type N8n } from './support/n8n/instance';
import { packPackage } from './support/n8n/pack';
import { items, until } from './support/n8n/rest';
import { mediaNode, node, webhook, workflow, type Item } from './support/n8n/workflow';
import { credentialFor } from './support/harness';
import { hostPorts, publicOrigins } from './support/vendors';

/**
 * Thousands of files through Download Media in a real n8n, while a tenth of the calls fails. Every file must be there in the
 * end, byte for byte, and n8n must hold no more memory after the last batch than after the first ones.
 *
 *     npm run soak                 # 5,000 files, a quarter of an hour
 *     npm run soak -- 10000 42     # more files, other random numbers
 */

const BATCH = 1000;
const FILES = Number(process.argv[2] ?? 5000);
const SEED = Number(process.argv[3] ?? 1);
/** Of calls. A call that a retry makes may fail, too. */
const FAILING = 0.115;
/** A silent file costs a minute or a little more each time, and a node tries 4 times. */
const MOST_MINUTES_PER_BATCH = 20;
/** A node tries 4 times in all; who fails more often than that is not to be saved. */
const MOST_PER_FILE = 3;
const TYPES = [
	'image/jpeg',
	'audio/ogg; codecs=opus',
	'application/pdf',
	'video/mp4',
	'image/webp',
];

type Order = Omit<Parameters<Emulator['meta']['fault']>[0], 'on' | 'mediaId'>;
interface NamedFault {
	name: string;
	order: (random: () => number, emulator: Emulator, mediaId: string) => Order;
	/** The same wrong bytes twice are taken for the file, with `verified: false`: of these, one for a file. */
	once?: true;
}

const CONNECTION: NamedFault[] = [
	{ name: 'connection reset', order: () => ({ reset: true }) },
	{ name: 'body cut', order: (random) => ({ cutAt: random() * 0.9 }) },
	{ name: 'silent from the start', order: () => ({ delay: Infinity }) },
	{ name: 'silent in the body', order: (random) => ({ stallAt: random() * 0.9 }) },
	...[500, 502, 503].map((status) => ({ name: `HTTP ${status}`, order: () => ({ status }) })),
	{ name: '502 page', order: () => htmlPage(502) },
	{ name: '429, Retry-After 1', order: () => ({ status: 429, headers: { 'Retry-After': '1' } }) },
];

/** Graph answers as if from a cache: with a URL that the host no longer serves. */
const staleUrl = (mediaId: string, url: string): Order => ({
	status: 200,
	headers: { 'Content-Type': 'application/json' },
	body: JSON.stringify({ messaging_product: 'whatsapp', url, id: mediaId }),
});

const FAULTS: Record<'getUrl' | 'file', NamedFault[]> = {
	getUrl: [
		...CONNECTION,
		{
			name: 'stale answer: a URL that says it has expired',
			order: (_, { meta }, mediaId) =>
				staleUrl(mediaId, fileUrl(meta, mediaId, 'getMedia', meta.clock.now() - 2 * URL_LIFETIME)),
		},
		{
			name: 'stale answer: a URL that the host answers with 404',
			order: (_, { meta }, mediaId) =>
				staleUrl(mediaId, meta.fileUrl(mediaId).replace(/hash=[^&]+/, 'hash=ARold')),
		},
		{ name: 'Graph error 2', order: () => ({ error: 2 }) },
		{ name: 'Graph error 131000', order: () => ({ error: 131000 }) },
	],
	file: [
		...CONNECTION,
		{
			name: 'body ends early, as if whole',
			order: (random) => ({ truncateAt: 0.1 + random() * 0.8 }),
		},
		{ name: 'more bytes promised', order: () => ({ contentLength: 300_000 }) },
		{ name: 'the same other bytes', order: () => ({ wrongBytes: true }), once: true },
		{ name: 'other bytes each time', order: () => ({ wrongBytes: 'changing' }) },
		...[401, 403, 404, 410].map((status) => ({
			name: `stale answer: HTTP ${status}, though the file is there`,
			order: () => ({ status }),
		})),
		{ name: 'web page with status 200', order: () => htmlPage(200) },
		{
			name: 'web page that calls itself a photo',
			order: () => ({ ...htmlPage(200), headers: { 'Content-Type': 'image/jpeg' } }),
		},
		{ name: 'a byte a second', order: () => ({ trickle: { bytes: 1e6, everyMs: 1000 } }) },
	],
};

/** Numbers in [0, 1), the same for the same seed: mulberry32. */
function seeded(seed: number): () => number {
	return () => {
		let x = (seed = (seed + 0x6d2b79f5) | 0);
		x = Math.imul(x ^ (x >>> 15), x | 1);
		x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
		return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** A file's bytes, made when they are read: what the emulator holds must not count. */
const bytesOf = (size: number, seed: number): Content => ({
	size,
	read: (start, end) => pattern(size, seed).read(start, end),
});

const ordered: Record<string, number> = {};

/** One batch of what customers sent, each with what will go wrong on its way. */
function send(emulator: Emulator, first: number, count: number, random: () => number): string[] {
	const { meta } = emulator;
	return Array.from({ length: count }, (_, i) => {
		// From 2 to 200 KB, small ones as often as large ones.
		const size = Math.round(2000 * 100 ** random());
		const mimeType = TYPES[Math.floor(random() * TYPES.length)]!;
		const mediaId = meta.store.add({
			bytes: bytesOf(size, (SEED * 1_000_003 + first + i) >>> 0),
			mimeType,
			inbound: true,
		});
		let planned = 0;
		let hadOnce = false;
		for (const on of ['getUrl', 'file'] as const)
			while (planned < MOST_PER_FILE && random() < FAILING) {
				const choice = FAULTS[on].filter(({ once }) => !(once && hadOnce));
				const { name, order, once } = choice[Math.floor(random() * choice.length)]!;
				hadOnce ||= !!once;
				planned++;
				ordered[name] = (ordered[name] ?? 0) + 1;
				meta.fault({ ...order(random, emulator, mediaId), on, mediaId });
			}
		return mediaId;
	});
}

async function main() {
	const random = seeded(SEED);
	const emulator = await startEmulator(publicOrigins(['meta']));
	const names = hostPorts(emulator, ['meta']);
	const n8n = await startN8n({
		packages: [await packPackage()],
		vendors: names,
		binaryMode: 'filesystem',
		log: toStderr,
	});
	let wrong: string[] = [];
	try {
		const { id, name } = await n8n.api.createCredential('WhatsApp', 'whatsAppMediaApi', {
			...credentialFor(emulator),
			baseUrl: '',
			mediaHosts: '',
		});
		const download = mediaNode(
			'whatsAppDownloadMedia',
			'Download',
			{},
			{ credentials: { whatsAppMediaApi: { id, name } }, onError: 'continueRegularOutput' },
		);
		const created = await n8n.api.createWorkflow(
			workflow({
				nodes: [
					webhook('Start', 'soak'),
					node('n8n-nodes-base.splitOut', 'Items', { fieldToSplitOut: 'body.items', options: {} }),
					download,
				],
			}),
		);
		await n8n.api.activate(created.id);

		const hints: string[] = [];
		const sums = { calls: 0, failed: 0 };
		console.log(`${await versions(n8n)}; seed ${SEED}\n`);
		console.log(
			'| files | correct | calls | of them failed | seconds | RSS after | VmHWM in the batch |\n|--:|--:|--:|--:|--:|--:|--:|',
		);
		console.log(`| 0 | | | | | ${await rss(n8n)} MB | |`);
		for (let done = 0; done < FILES;) {
			const before = { ...ordered };
			const mediaIds = send(emulator, done, Math.min(BATCH, FILES - done), random);
			await n8n.resetPeakMemory();
			const reply = await fetch(`${n8n.url}/webhook/soak`, {
				method: 'POST',
				headers: { 'content-type': 'application/json', connection: 'close' },
				body: JSON.stringify({ items: mediaIds.map((mediaId) => ({ mediaId })) }),
			});
			if (!reply.ok) throw new Error(`The webhook answered ${reply.status}: ${await reply.text()}`);
			const count = Math.floor(done / BATCH) + 1;
			const newest = await until('the batch ends', MOST_MINUTES_PER_BATCH * 60_000, async () => {
				// Seldom, and not for its data: what is asked of n8n takes memory, too.
				await setTimeout(1000);
				const list = await n8n.api.executions({ workflowId: created.id });
				return list.length >= count && list[0]!.stoppedAt ? list[0] : undefined;
			});
			const peak = await n8n.peakMemory();
			const rssAfter = await rss(n8n);
			const execution = await n8n.api.waitForExecution(newest.id);
			const seconds = (Date.parse(execution.stoppedAt!) - Date.parse(execution.startedAt)) / 1000;
			for (const { message } of execution.data.resultData.runData.Download?.at(-1)?.hints ?? [])
				hints.push(message);
			const bad = await check(emulator, n8n, mediaIds, items(execution, 'Download'));
			wrong = [...wrong, ...bad];
			const calls = emulator.requests.length;
			const failed =
				Object.values(ordered).reduce((sum, each) => sum + each, 0) -
				Object.values(before).reduce((sum, each) => sum + each, 0);
			sums.calls += calls;
			sums.failed += failed;
			done += mediaIds.length;
			console.log(
				`| ${done} | ${mediaIds.length - bad.length} of ${mediaIds.length} | ${calls} | ${failed} (${((failed / calls) * 100).toFixed(1)} %) | ${seconds.toFixed(1)} | ${rssAfter} MB | ${mb(peak)} MB |`,
			);
			// What the emulator remembers is not part of the measurement.
			emulator.reset();
		}
		const { files, others } = await stored(n8n);
		if (files.length !== FILES)
			wrong.push(`The binary store holds ${files.length} files, not ${FILES}`);
		if (others.length) wrong.push(`The binary store also holds ${others.slice(0, 5).join(', ')}`);
		console.log(
			`\n${sums.calls} calls, ${sums.failed} of them failed (${((sums.failed / sums.calls) * 100).toFixed(1)} %):`,
		);
		for (const [fault, times] of Object.entries(ordered).sort(([, one], [, other]) => other - one))
			console.log(`* ${times} × ${fault}`);
		console.log(
			`\n${files.length} files in the binary store, nothing beside them but their metadata. What n8n said of the last two batches:`,
		);
		for (const hint of hints.slice(-4)) console.log(`* ${hint}`);
	} finally {
		await n8n.stop();
		await emulator.close();
	}
	console.log(
		wrong.length
			? `\n${wrong.length} WRONG:\n${wrong.slice(0, 50).join('\n')}`
			: '\nNothing wrong.',
	);
	process.exitCode = wrong.length ? 1 : 0;
}

/** What is not as it was sent: by the node's own word, and by the very file in the binary store. */
async function check(
	{ meta }: Emulator,
	n8n: N8n,
	mediaIds: string[],
	out: Item[],
): Promise<string[]> {
	const problems = await Promise.all(
		mediaIds.map(async (mediaId, at) => {
			const { json = {}, binary } = out[at] ?? {};
			const { sha256, bytes } = meta.store.get(mediaId)!;
			const expected = sha256.toString('hex');
			if (json.error) return `${mediaId}: ${String(json.error)}`;
			if (
				json.mediaId !== mediaId ||
				json.sha256 !== expected ||
				json.size !== bytes.size ||
				json.verified !== true
			)
				return `${mediaId}: ${JSON.stringify(json)}`;
			const path = binary?.data?.id?.replace(/^filesystem-v2:/, '');
			if (!path) return `${mediaId}: no file`;
			const found = await hashOf(join(storage(n8n), path)).catch(String);
			return found === expected
				? undefined
				: `${mediaId}: in the binary store ${found}, expected ${expected}`;
		}),
	);
	return problems.filter((problem) => problem !== undefined);
}

const storage = ({ userFolder }: N8n) => join(userFolder, '.n8n', 'storage');

async function hashOf(file: string): Promise<string> {
	const hash = createHash('sha256');
	await pipeline(createReadStream(file), hash);
	return hash.digest('hex');
}

/** The files of the binary store; n8n puts `<file>.metadata` beside each. */
async function stored(n8n: N8n) {
	const all = (await readdir(storage(n8n), { recursive: true, withFileTypes: true }))
		.filter((entry) => entry.isFile())
		.map(({ parentPath, name }) => join(parentPath, name));
	const ours = new Set(all.filter((file) => /\/binary_data\/[^/.]+$/.test(file)));
	return {
		files: [...ours],
		others: all.filter((file) => !ours.has(file) && !ours.has(file.replace(/\.metadata$/, ''))),
	};
}

const mb = (bytes: number) => Math.round(bytes / 1_000_000);

async function rss({ pid }: N8n): Promise<number> {
	return mb(
		Number(/VmRSS:\s*(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024,
	);
}

async function versions(n8n: N8n): Promise<string> {
	const { version } = await installN8n({});
	const [ours] = await n8n.api.installedPackages();
	return `${new Date().toISOString().slice(0, 10)}: n8n ${version}, ${ours?.packageName} ${ours?.installedVersion}, ${cpus().length} cores (${cpus()[0]?.model}), ${Math.round(totalmem() / 2 ** 30)} GB`;
}

void main();
