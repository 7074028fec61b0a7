import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startEmulator, type Emulator } from '../emulator';
import { hostOverrides } from '../emulator/client';
import { startN8n, type N8n, type N8nOptions } from '../support/n8n/instance';
import { packPackage } from '../support/n8n/pack';
import { until } from '../support/n8n/rest';
import { startPostgres, startRedis, type Postgres, type Service } from './services';
import { hostPorts, publicOrigins } from '../support/vendors';

/** Where the providers believe the cluster to be. What comes there goes to the webhook processor that `front` names. */
export const PUBLIC = 'https://n8n.example';
export const PACKAGE = 'n8n-nodes-whatsapp-media';

/** Of what docs/queue-mode/compose.yaml sets, all that matters to what is tested. */
export const settings = {
	EXECUTIONS_MODE: 'queue',
	// Deliveries are the webhook processors' alone, as behind a proxy that sends /webhook/ there.
	N8N_DISABLE_PRODUCTION_MAIN_PROCESS: 'true',
	OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS: 'true',
	QUEUE_BULL_REDIS_TIMEOUT_THRESHOLD: '60000',
	// What a process that starts with an empty folder does about packages that the database names.
	N8N_REINSTALL_MISSING_PACKAGES: 'true',
	// n8n's own check for the executions of killed workers marks them as failed and throws away what they were started with.
	// Once in 25 days, the longest that a timer takes; examples/retry-after-a-crash.json does it instead.
	QUEUE_WORKER_STALLED_INTERVAL: '2147483647',
};

export interface ClusterOptions {
	webhooks?: number;
	workers?: number;
	binaryMode?: N8nOptions['binaryMode'];
	env?: Record<string, string>;
	log?: (line: string) => void;
}

/** n8n in queue mode: each process with a folder of its own, as in containers. They share Redis, Postgres and the key. */
export interface Cluster {
	emulator: Emulator;
	redis: Service;
	postgres: Postgres;
	main: N8n;
	webhooks: N8n[];
	workers: N8n[];
	/** Where files are kept in binary mode filesystem. */
	storage: string;
	/** Sends what goes to PUBLIC to this process. */
	front(process: N8n): void;
	/** Another worker, with an empty folder: it fetches the package by itself. */
	addWorker(): Promise<N8n>;
	/** Where workers keep files from now on. Whatever the mode, every process reads what was kept in another. */
	keepFilesIn(binaryMode: N8nOptions['binaryMode']): Promise<void>;
	/** What a test that failed half way has left dead or disconnected runs again. */
	mend(): Promise<void>;
	close(): Promise<void>;
}

export async function startCluster({
	webhooks = 2,
	workers = 2,
	binaryMode,
	env = {},
	log = () => {},
}: ClusterOptions = {}): Promise<Cluster> {
	const closing: Array<() => Promise<unknown>> = [];
	const close = async () => {
		for (const each of closing.splice(0).reverse()) await each();
	};
	try {
		const emulator = await startEmulator(publicOrigins(['meta']));
		closing.push(() => emulator.close());
		const [redis, postgres, packed] = await Promise.all([
			startRedis(),
			startPostgres(),
			packPackage(),
		]);
		closing.push(() => Promise.all([redis.close(), postgres.close()]));
		// What binary mode filesystem needs: one folder for all of them.
		const shared = await mkdtemp(join(tmpdir(), 'n8n-shared-'));
		closing.push(() => rm(shared, { recursive: true, force: true }));

		const options: N8nOptions = {
			packages: [packed],
			install: false,
			vendors: hostPorts(emulator, ['meta']),
			env: {
				...settings,
				N8N_WEBHOOK_URL: `${PUBLIC}/`,
				...redis.env,
				...postgres.env,
				N8N_ENCRYPTION_KEY: randomBytes(16).toString('hex'),
				N8N_STORAGE_PATH: shared,
				...env,
			},
			log,
		};
		const start = async (command: N8nOptions['command']) => {
			const n8n = await startN8n({ ...options, binaryMode, command });
			closing.push(() => n8n.stop());
			return n8n;
		};
		// The first one makes the tables.
		const main = await start('start');
		const many = async (command: 'worker' | 'webhook', count: number) =>
			await Promise.all(Array.from({ length: count }, async () => await start(command)));
		const [receivers, runners] = await Promise.all([
			many('webhook', webhooks),
			many('worker', workers),
		]);

		const front = ({ url }: N8n) => void hostOverrides.set(PUBLIC, url);
		if (receivers[0]) front(receivers[0]);
		const addWorker = async () => {
			const worker = await start('worker');
			runners.push(worker);
			return worker;
		};
		const keepFilesIn = async (mode: N8nOptions['binaryMode']) => {
			binaryMode = mode;
			await Promise.all(runners.map(async (worker) => await worker.restart({ binaryMode })));
		};
		const mend = async () => {
			await Promise.all([redis.start(), postgres.start()]);
			const all = [main, ...receivers, ...runners];
			await Promise.all(all.map(async (n8n) => (await n8n.isReady()) || (await n8n.restart())));
			while (runners.length < workers) await addWorker();
		};
		return {
			emulator,
			redis,
			postgres,
			main,
			webhooks: receivers,
			workers: runners,
			storage: shared,
			front,
			addWorker,
			keepFilesIn,
			mend,
			close,
		};
	} catch (error) {
		await close();
		throw error;
	}
}

/** Settings → Community nodes → Install, on main, which tells the others. */
export async function installPackage({ main, webhooks, workers }: Cluster): Promise<void> {
	await main.api.installPackage(PACKAGE);
	await until(
		'every process has the package',
		120_000,
		async () => [...webhooks, ...workers].every(hasPackage) || undefined,
	);
}

/** A worker or webhook processor has no API to ask; it prints this when its nodes are ready to be used. */
export function hasPackage({ logs }: N8n): boolean {
	return logs().includes(`Community package installed: ${PACKAGE}`);
}
