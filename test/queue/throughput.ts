import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { readdir, readFile } from 'node:fs/promises';

import { installN8n } from '../support/n8n/install';
import type { N8n } from '../support/n8n/instance';
import { mediaNode, workflow } from '../support/n8n/workflow';
import { installPackage, startCluster, type Cluster } from './cluster';
import { publish, trigger } from './flow';

/**
 * How many files a second go through trigger → download → upload → delete with 4, 2 and 1 workers, where each of the four
 * calls to Meta takes 80 ms; and what one file costs in CPU and in the database. Printed, for docs/queue-mode.md:
 *
 *     npm run build && npx tsx test/queue/throughput.ts [files for one worker = 40] [kB each = 200] [expression engine = vm]
 *
 * Each worker runs one execution at a time, so that Meta's latency, and not this machine's CPU, is what they wait for.
 */

const CALL_MS = 80;
/** The better one counts: whatever else runs on the machine only takes away. */
const ROUNDS = 2;
const FILES = Number(process.argv[2] ?? 40);
const BYTES = 1_000 * Number(process.argv[3] ?? 200);
/** `vm` is n8n's own choice; `legacy` takes less CPU, of which four workers need more than two cores have. */
const ENGINE = process.argv[4] ?? 'vm';

async function main() {
	const cluster = await startCluster({
		webhooks: 1,
		workers: 4,
		env: { N8N_CONCURRENCY_PRODUCTION_LIMIT: '1', N8N_EXPRESSION_ENGINE: ENGINE },
		log: (line) => console.error(line),
	});
	try {
		await installPackage(cluster);
		for (const on of ['getUrl', 'file', 'upload', 'delete'] as const)
			cluster.emulator.meta.fault({ on, delay: CALL_MS, times: Infinity });
		cluster.emulator.meta.variants.webhookTimeout = 60_000;
		const rates = new Map<number, number>();
		await measure(cluster, 40);
		for (const workers of [4, 2, 1]) {
			for (const extra of cluster.workers.splice(workers)) await extra.stop();
			const files = FILES * workers;
			for (let round = 0; round < ROUNDS; round++) {
				const { seconds, cpu, others, rows } = await measure(cluster, files);
				rates.set(workers, Math.max(rates.get(workers) ?? 0, files / seconds));
				console.log(
					`${workers} worker(s): ${files} files in ${seconds.toFixed(1)} s, ${(files / seconds).toFixed(2)}/s; CPU for each file: ${cpu}; ${others}; database: ${rows}`,
				);
			}
		}
		const one = rates.get(1)!;
		console.log(`\n| workers | files/s | × |\n|---|---|---|`);
		for (const workers of [1, 2, 4])
			console.log(
				`| ${workers} | ${rates.get(workers)!.toFixed(2)} | ${(rates.get(workers)! / one).toFixed(2)} |`,
			);
		console.log(`${cpus().length} cores, ${cpus()[0]?.model}`);
	} finally {
		await cluster.close();
	}
}

/** The queue is filled while it is paused: what is measured is the workers, not how fast files come in. */
async function measure(cluster: Cluster, files: number) {
	const { webhooks, postgres } = cluster;
	const node = (type: string, name: string) => mediaNode(type, name);
	const flow = await publish(
		cluster,
		workflow({
			nodes: [
				trigger(),
				node('whatsAppDownloadMedia', 'Download'),
				node('whatsAppUploadMedia', 'Upload'),
				node('whatsAppDeleteMedia', 'Delete'),
			],
		}),
	);
	const queue = await bull(cluster);
	const before = await databaseBytes(cluster);
	await queue.pause();
	const [receiver] = webhooks;
	const atReceiver = await cpuSeconds([receiver!]);
	// Random, so that Postgres does not compress them; and without a URL, as some deliveries are: four calls each.
	const file = () => ({
		type: 'document' as const,
		mimeType: 'text/plain',
		fileName: 'Report.txt',
		bytes: randomBytes(BYTES),
		url: false,
	});
	for (let sent = 0; sent < files; sent += 8)
		await Promise.all(
			Array.from(
				{ length: Math.min(8, files - sent) },
				async () => await flow.receive(receiver!, file()),
			),
		);
	const receiving = (await cpuSeconds([receiver!])) - atReceiver;
	const began = await cpuOf(cluster);
	await queue.resume();
	// Asking costs CPU, too.
	while ((await flow.statuses()).some(({ status }) => status === 'new' || status === 'running'))
		await new Promise((resolve) => setTimeout(resolve, 2_000));
	const ended = await cpuOf(cluster);
	const statuses = new Set((await flow.statuses()).map(({ status }) => status));
	if (statuses.size > 1 || !statuses.has('success'))
		throw new Error(`Not all succeeded: ${[...statuses].join(', ')}`);
	await queue.close();
	const [{ seconds }] = (await postgres.rows<{ seconds: number }>(
		`SELECT extract(epoch FROM max("stoppedAt") - min("startedAt")) AS seconds FROM execution_entity WHERE "workflowId" = '${flow.id}'`,
	)) as [{ seconds: number }];
	const after = await databaseBytes(cluster);
	const ms = (used: number) => `${((used / files) * 1000).toFixed(0)} ms`;
	const kB = (table: keyof typeof after) =>
		`${table} ${((after[table] - before[table]) / files / 1000).toFixed(1)} kB`;
	const { machine, clock, ...ours } = Object.fromEntries(
		Object.entries(ended).map(([name, at]) => [name, at - began[name as keyof typeof began]]),
	);
	const each = Object.entries(ours).map(([name, used]) => `${name} ${ms(used)}`);
	const strangers = machine! - Object.values(ours).reduce((sum, one) => sum + one, 0);
	const others = `its cores busy with all that ${(((machine! - strangers) / clock! / cpus().length) * 100).toFixed(0)} %, with strangers ${((strangers / clock! / cpus().length) * 100).toFixed(0)} %`;
	return {
		seconds,
		cpu: `webhook processor ${ms(receiving)}; then ${each.join(', ')}`,
		others,
		rows: `${kB('files')}, ${kB('executions')}`,
	};
}

async function databaseBytes({ postgres }: Cluster) {
	const [row] = await postgres.rows<{ files: number; executions: number }>(
		`SELECT pg_total_relation_size('binary_data') AS files, pg_total_relation_size('execution_data') + pg_total_relation_size('execution_entity') AS executions`,
	);
	return row!;
}

/** n8n's own client of the queue. */
async function bull({
	redis,
}: Cluster): Promise<{ pause(): Promise<void>; resume(): Promise<void>; close(): Promise<void> }> {
	const { dir } = await installN8n();
	const Bull = createRequire(join(dir, 'node_modules', 'n8n', 'package.json'))('bull');
	const {
		QUEUE_BULL_PREFIX: prefix,
		QUEUE_BULL_REDIS_HOST: host,
		QUEUE_BULL_REDIS_PORT: port,
		QUEUE_BULL_REDIS_PASSWORD: password,
	} = redis.env;
	return new Bull('jobs', { prefix, redis: { host, port: Number(port), password } });
}

/** Seconds of CPU that each has used, the whole machine too; and the time. */
async function cpuOf({ main, webhooks, workers }: Cluster) {
	const { user, system } = process.cpuUsage();
	return {
		workers: await cpuSeconds(workers),
		others: await cpuSeconds([main, ...webhooks]),
		Postgres: await cpuOfProgram('postgres'),
		Redis: await cpuOfProgram('redis-server'),
		'stand-in': (user + system) / 1e6,
		machine:
			cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) /
			1_000,
		clock: performance.now() / 1_000,
	};
}

async function cpuSeconds(processes: N8n[]): Promise<number> {
	return sum(
		await Promise.all(processes.map(async ({ pid }) => (await cpuOfProcess(pid)).seconds)),
	);
}

async function cpuOfProgram(program: string): Promise<number> {
	const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
	const all = await Promise.all(
		pids.map(async (pid) => await cpuOfProcess(pid).catch(() => undefined)),
	);
	return sum(all.flatMap((one) => (one?.program === program ? one.seconds : [])));
}

/** Of all its threads, since it started. */
async function cpuOfProcess(pid: number | string) {
	const TICKS = 100;
	const [, program, rest] = /\((.*)\) (.*)/s.exec(await readFile(`/proc/${pid}/stat`, 'utf8'))!;
	const fields = rest!.split(' ');
	return { program: program!, seconds: (Number(fields[11]) + Number(fields[12])) / TICKS };
}

const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0);

main().catch((error) => {
	console.error(error);
	process.exitCode = 1;
});
