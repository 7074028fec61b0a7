import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { freePort } from '../support/n8n/instance';
import { until } from '../support/n8n/rest';

const run = promisify(execFile);

/** A server that every n8n process needs, and what these need to find it. */
export interface Service {
	env: Record<string, string>;
	/** Whether it is this test's own to stop and start. */
	own: boolean;
	/** As an operator would restart it: it lets go of nothing that it has said yes to. */
	stop(): Promise<void>;
	/** As a power cut. */
	kill(): Promise<void>;
	/** After either, on the same data and port; nothing if it runs. */
	start(): Promise<void>;
	close(): Promise<void>;
}

export interface Postgres extends Service {
	/** Rows of one SELECT. */
	rows<T extends Record<string, unknown>>(sql: string): Promise<T[]>;
}

const UP_MS = 60_000;
const INSTALL = 'Debian: apt-get install redis-server postgresql';
/** Whoever shares the servers with us, by `REDIS_URL` and `DATABASE_URL`, keeps what is theirs. */
const namespace = `n8n_test_${randomBytes(4).toString('hex')}`;

/** Debian's redis-server on a port of its own, unless `REDIS_URL` names one. */
export async function startRedis(): Promise<Service> {
	const names = { QUEUE_BULL_PREFIX: namespace, N8N_REDIS_KEY_PREFIX: namespace };
	const given = process.env.REDIS_URL;
	if (given) {
		const { hostname, port, username, password, pathname, protocol } = new URL(given);
		const env = {
			...names,
			QUEUE_BULL_REDIS_HOST: hostname,
			QUEUE_BULL_REDIS_PORT: port || '6379',
			QUEUE_BULL_REDIS_USERNAME: decodeURIComponent(username),
			QUEUE_BULL_REDIS_PASSWORD: decodeURIComponent(password),
			QUEUE_BULL_REDIS_DB: pathname.slice(1) || '0',
			QUEUE_BULL_REDIS_TLS: String(protocol === 'rediss:'),
		};
		return { env, ...somebodyElses };
	}
	const folder = await mkdtemp(join(tmpdir(), 'redis-'));
	const port = await freePort();
	const env = { ...names, QUEUE_BULL_REDIS_HOST: '127.0.0.1', QUEUE_BULL_REDIS_PORT: String(port) };
	// As in docs/queue-mode/compose.yaml: what it was given is on disk before it says so.
	const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
	const ready = async () => (await run('redis-cli', ['-p', String(port), 'ping']).catch(() => undefined))?.stdout.trim() === 'PONG';
	return { env, ...(await ownProcess({ name: 'Redis', command: 'redis-server', args, folder, ready, stopSignal: 'SIGTERM' })) };
}

/** Debian's PostgreSQL on a port of its own, unless `DATABASE_URL` names one. */
export async function startPostgres(): Promise<Postgres> {
	const given = process.env.DATABASE_URL;
	if (given) {
		const { hostname, port, username, password, pathname } = new URL(given);
		const env = {
			DB_POSTGRESDB_HOST: hostname,
			DB_POSTGRESDB_PORT: port || '5432',
			DB_POSTGRESDB_USER: decodeURIComponent(username),
			DB_POSTGRESDB_PASSWORD: decodeURIComponent(password),
			DB_POSTGRESDB_DATABASE: pathname.slice(1),
			DB_POSTGRESDB_SCHEMA: namespace,
		};
		return {
			env: { DB_TYPE: 'postgresdb', ...env },
			rows: async (sql) => await query(given, sql),
			...somebodyElses,
			close: async () => void (await run('psql', [given, '-c', `DROP SCHEMA IF EXISTS ${namespace} CASCADE`])),
		};
	}
	const bin = await postgresBin();
	const folder = await mkdtemp(join(tmpdir(), 'postgres-'));
	const port = await freePort();
	// It refuses to run as root.
	const user = process.getuid?.() === 0 ? await systemUser('postgres') : undefined;
	if (user) await chown(folder, user.uid, user.gid);
	const data = join(folder, 'data');
	const init = ['-D', data, '-U', 'n8n', '--auth=trust', '--no-sync', '--no-instructions'];
	await run(join(bin, 'initdb'), init, { ...user, cwd: folder }).catch((error: Error) => {
		throw new Error(`Postgres could not be set up (${INSTALL}): ${error.message}`);
	});
	const args = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-k', folder];
	const ready = async () => Boolean(await run(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).catch(() => undefined));
	// SIGINT is its "fast" shutdown: clients are sent away, nothing is lost.
	const service = await ownProcess({ name: 'Postgres', command: join(bin, 'postgres'), args, folder, ready, stopSignal: 'SIGINT', ...user });
	const env = {
		DB_TYPE: 'postgresdb',
		DB_POSTGRESDB_HOST: '127.0.0.1',
		DB_POSTGRESDB_PORT: String(port),
		DB_POSTGRESDB_USER: 'n8n',
		DB_POSTGRESDB_DATABASE: 'postgres',
		DB_POSTGRESDB_SCHEMA: namespace,
	};
	return { env, rows: async (sql) => await query(`postgresql://n8n@127.0.0.1:${port}/postgres`, sql), ...service };
}

const somebodyElses = {
	own: false,
	stop: async () => {},
	kill: async () => {},
	start: async () => {},
	close: async () => {},
};

async function query<T>(url: string, sql: string): Promise<T[]> {
	const asJson = `SET search_path TO ${namespace}; SELECT coalesce(json_agg(found), '[]') FROM (${sql}) AS found`;
	const { stdout } = await run('psql', [url, '-qAtc', asJson], { maxBuffer: 64 * 1024 * 1024 });
	return JSON.parse(stdout);
}

interface Program {
	name: string;
	command: string;
	args: string[];
	/** Gone with close(). */
	folder: string;
	ready(): Promise<boolean>;
	stopSignal: NodeJS.Signals;
	uid?: number;
	gid?: number;
}

async function ownProcess({ name, command, args, folder, ready, stopSignal, uid, gid }: Program): Promise<Omit<Service, 'env'>> {
	let child: ChildProcess | undefined;
	let printed = '';
	const hasEnded = () => !child || child.exitCode !== null || child.signalCode !== null;

	async function start() {
		if (!hasEnded()) return;
		printed = '';
		const started = (child = spawn(command, args, { cwd: folder, uid, gid, stdio: ['ignore', 'pipe', 'pipe'] }));
		for (const stream of [started.stdout!, started.stderr!]) stream.on('data', (chunk) => (printed += chunk));
		started.on('error', (error: NodeJS.ErrnoException) => (printed += `${error.message}\n`));
		running.add(started);
		started.on('exit', () => running.delete(started));
		await until(`${name} is up`, UP_MS, async () => {
			if (started.pid === undefined || hasEnded()) throw new Error(`${name} did not start (${INSTALL}):\n${printed}`);
			return (await ready()) || undefined;
		});
	}

	async function end(signal: NodeJS.Signals) {
		if (hasEnded()) return;
		const ended = new Promise((done) => child!.on('exit', done));
		child!.kill(signal);
		await ended;
	}

	await start();
	return {
		own: true,
		start,
		stop: async () => await end(stopSignal),
		kill: async () => await end('SIGKILL'),
		async close() {
			await end(stopSignal);
			await rm(folder, { recursive: true, force: true, maxRetries: 3 });
		},
	};
}

/** A failing program must not leave a server behind. Postgres takes SIGQUIT for "now"; SIGKILL would leave its children. */
const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => child.kill('SIGQUIT')));

/** Debian keeps each version's programs apart from PATH. */
async function postgresBin(): Promise<string> {
	const versions = await readdir('/usr/lib/postgresql').catch(() => []);
	const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
	const bin = newest ? join('/usr/lib/postgresql', newest, 'bin') : '';
	// Without a folder: whatever PATH has.
	return existsSync(join(bin, 'initdb')) ? bin : '';
}

async function systemUser(name: string): Promise<{ uid: number; gid: number }> {
	const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => Number((await run('id', [flag, name])).stdout)));
	return { uid: uid!, gid: gid! };
}
