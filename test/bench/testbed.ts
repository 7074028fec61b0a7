import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { startEmulator, type Emulator } from '../emulator';
import { hostOverrides } from '../emulator/client';
import { installN8n, type Log } from '../support/n8n/install';
import { startN8n, type N8n } from '../support/n8n/instance';
import { packPackage } from '../support/n8n/pack';
import { until } from '../support/n8n/rest';
import { startVendorNames } from '../support/n8n/tls';
import {
	node,
	webhook,
	workflow,
	type Item,
	type Json,
	type WorkflowNode,
} from '../support/n8n/workflow';
import { credentialFor } from '../support/harness';
import type { Order } from './plainNode';
import { hostPorts, publicOrigins } from '../support/vendors';

/** One real n8n, Meta under its own host names, and a plain Node client beside them. */
export interface Testbed {
	emulator: Emulator;
	n8n: N8n;
	version: { n8n: string; node: string };
	tarball: string;
	credentials: Record<
		'whatsAppMediaApi' | 'whatsAppApi' | 'whatsAppTriggerApi',
		{ id: string; name: string }
	>;
	/** Milliseconds that the plain client takes. */
	plain(files: Order['files'], inFlight: number): Promise<number>;
	sql<T>(sql: string): Promise<T[]>;
	/** Every answer of Meta's hosts comes so much later. */
	delay(ms: number): void;
	/** Removes what executions left behind, so that the disk does not fill, and waits until n8n has nothing left to do for them. */
	clean(): Promise<void>;
	close(): Promise<void>;
}

export const PUBLIC = 'https://n8n.example';

export async function startTestbed({
	env = {},
	log,
}: {
	env?: Record<string, string>;
	log?: Log;
}): Promise<Testbed> {
	const emulator = await startEmulator(publicOrigins(['meta']));
	emulator.meta.variants.webhookTimeout = 120_000;
	const names = hostPorts(emulator, ['meta']);
	const tarball = await packPackage();
	const n8n = await startN8n({
		packages: [tarball, await packPackage(join(__dirname, 'bare'))],
		vendors: names,
		env: { N8N_WEBHOOK_URL: `${PUBLIC}/`, WEBHOOK_URL: `${PUBLIC}/`, ...env },
		log,
	});
	hostOverrides.set(PUBLIC, n8n.url);
	const install = await installN8n({ log });
	const children: ChildProcess[] = [];
	const child = (file: string, args: string[], more: NodeJS.ProcessEnv = {}) => {
		const started = fork(join(__dirname, file), args, {
			execPath: install.node,
			execArgv: ['--no-warnings'],
			env: { PATH: process.env.PATH, ...more },
		});
		children.push(started);
		return started;
	};
	const clientNames = await startVendorNames(names);
	const client = child('plainNode.ts', [], clientNames.env);
	const database = child('database.ts', [join(n8n.userFolder, '.n8n', 'database.sqlite')]);

	const { accessToken, businessAccountId, appId, appSecret } = emulator.meta.credentials;
	const credential = async (type: string, data: Json) => {
		const { id, name } = await n8n.api.createCredential(type, type, data);
		return { id, name };
	};
	return {
		emulator,
		n8n,
		version: {
			n8n: install.version,
			node: execFileSync(install.node, ['--version']).toString().trim(),
		},
		tarball,
		credentials: {
			whatsAppMediaApi: await credential('whatsAppMediaApi', {
				...credentialFor(emulator),
				baseUrl: '',
				mediaHosts: '',
			}),
			whatsAppApi: await credential('whatsAppApi', { accessToken, businessAccountId }),
			whatsAppTriggerApi: await credential('whatsAppTriggerApi', {
				clientId: appId,
				clientSecret: appSecret,
			}),
		},
		async plain(files, inFlight) {
			const order: Order = {
				files,
				inFlight,
				token: accessToken,
				folder: join(n8n.userFolder, 'plain'),
			};
			return (await ask<{ ms: number }>(client, order)).ms;
		},
		sql: async <T>(sql: string) => (await ask<{ rows: T[] }>(database, { sql })).rows,
		delay(ms) {
			// A fresh list of faults, the only way to end one that has no end.
			Object.values(emulator.meta.sites).forEach(({ faults }) => faults?.clear());
			if (ms)
				for (const on of ['getUrl', 'file', 'upload'] as const)
					emulator.meta.fault({ on, delay: ms, times: Infinity });
		},
		async clean() {
			emulator.requests.length = 0;
			const storage = join(n8n.userFolder, '.n8n', 'storage');
			for (const name of await readdir(storage).catch(() => []))
				await rm(join(storage, name, ''), { recursive: true, force: true });
			let before = -Infinity;
			await until('n8n is idle', 30_000, async () => {
				const ticks = await cpuTicks(n8n.pid);
				const idle = ticks - before <= 2;
				before = ticks;
				return idle || undefined;
			});
		},
		async close() {
			for (const one of children) one.kill();
			await clientNames.close();
			await n8n.stop();
			await emulator.close();
		},
	};
}

/** User and system time of a process, in hundredths of a second: man 5 proc_pid_stat. */
async function cpuTicks(pid: number): Promise<number> {
	const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
	return Number(fields[11]) + Number(fields[12]);
}

async function ask<T>(child: ChildProcess, question: object): Promise<T> {
	child.send(question);
	const [answer] = (await once(child, 'message')) as [T & { error?: string }];
	if (answer.error) throw new Error(answer.error);
	return answer;
}

/** A workflow that does its work on the items that are posted to it, in production. */
export interface Chain {
	/** Milliseconds from the start of the first of these nodes to the end of the last, and the most memory n8n held over what it held before. */
	run(items: Json[]): Promise<{ ms: number; memory: number; items: Item[]; executionId: string }>;
	id: string;
}

export async function chain(
	testbed: Testbed,
	name: string,
	nodes: WorkflowNode[],
	before: WorkflowNode[] = [],
): Promise<Chain> {
	const start = [
		webhook('Start', name, { responseMode: 'lastNode', responseData: 'noData' }),
		node('n8n-nodes-base.splitOut', 'Items', { fieldToSplitOut: 'body.items', options: {} }),
	];
	const { id } = await testbed.n8n.api.createWorkflow(
		workflow({ name, nodes: [...start, ...before, ...nodes] }),
	);
	await testbed.n8n.api.activate(id);
	return {
		id,
		async run(items) {
			const held = await testbed.n8n.resetPeakMemory();
			const reply = await fetch(`${testbed.n8n.url}/webhook/${name}`, {
				method: 'POST',
				headers: { 'content-type': 'application/json', connection: 'close' },
				body: JSON.stringify({ items }),
			});
			const said = await reply.text();
			const memory = (await testbed.n8n.peakMemory()) - held;
			const execution = await until('the execution is in the list', 30_000, async () => {
				const [last] = await testbed.sql<{ id: number }>(
					`select id from execution_entity where workflowId = '${id}' and stoppedAt is not null order by id desc limit 1`,
				);
				return last && (await testbed.n8n.api.execution(String(last.id)));
			});
			if (!reply.ok || execution.status !== 'success') {
				const { error } = execution.data.resultData;
				throw new Error(`${name} failed: ${error?.message ?? said} ${error?.description ?? ''}`);
			}
			const runs = nodes.map(
				(each) => execution.data.resultData.runData[each.name]!.at(-1)! as unknown as Run,
			);
			const first = runs[0]!;
			const last = runs.at(-1)!;
			// A second try is another work than the one that is measured.
			for (const { message } of runs.flatMap(({ hints }) => hints ?? []))
				process.stderr.write(`${name}: ${message}\n`);
			return {
				ms: last.startTime + last.executionTime - first.startTime,
				memory,
				items: last.data?.main[0] ?? [],
				executionId: execution.id,
			};
		},
	};
}

type Run = {
	startTime: number;
	executionTime: number;
	hints?: Array<{ message: string }>;
	data?: { main: Array<Item[] | null> };
};
