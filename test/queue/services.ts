import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chown, cp, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { CACHE, installN8n } from '../support/n8n/install';
import { freePort } from '../support/n8n/instance';
import { until } from '../support/n8n/rest';
import { ownProcess } from '../support/ownProcess';
import { findPostgres } from '../support/programs/postgres';
import { findRedis } from '../support/programs/redis';

const run = promisify(execFile);

/** A server that every n8n process needs, and what these need to find it. */
export interface Service {
	env: Record<string, string>;
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
/** The machine's Redis or the one that `npm test` has fetched, on a port of its own. */
export async function startRedis(): Promise<Service> {
	const folder = await mkdtemp(join(tmpdir(), 'redis-'));
	const port = await freePort();
	const env = { QUEUE_BULL_REDIS_HOST: '127.0.0.1', QUEUE_BULL_REDIS_PORT: String(port) };
	// As in docs/queue-mode/compose.yaml: what it was given is on disk before it says so.
	const args = [
		'--port',
		String(port),
		'--bind',
		'127.0.0.1',
		'--dir',
		folder,
		'--save',
		'',
		'--appendonly',
		'yes',
		'--appendfsync',
		'always',
	];
	const found = await findRedis();
	if (!found) throw new Error('This needs Redis: `npm test` fetches one.');
	return {
		env,
		...(await startProgram({
			name: 'Redis',
			...found,
			args,
			folder,
			ready: async () => await pong(port),
			stopSignal: 'SIGTERM',
		})),
	};
}

/** The same of Postgres. */
export async function startPostgres(): Promise<Postgres> {
	const installed = await findPostgres();
	if (!installed) throw new Error('This needs Postgres: `npm test` fetches one.');
	const folder = await mkdtemp(join(tmpdir(), 'postgres-'));
	const port = await freePort();
	// It refuses to run as root.
	const user = process.getuid?.() === 0 ? await unprivilegedUser() : undefined;
	if (user) await chown(folder, user.uid, user.gid);
	const bin = join(user ? await readable(installed, folder) : installed, 'bin');
	const data = join(folder, 'data');
	const init = ['-D', data, '-U', 'n8n', '--auth=trust', '--no-sync', '--no-instructions'];
	await run(join(bin, 'initdb'), init, { ...user, cwd: folder }).catch((error: Error) => {
		throw new Error(`Postgres could not be set up: ${error.message}`);
	});
	const args = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-k', folder];
	const url = `postgresql://n8n@127.0.0.1:${port}/postgres`;
	const ready = async () => Boolean(await rowsOf(url, 'SELECT 1').catch(() => undefined));
	// SIGINT is its "fast" shutdown: clients are sent away, nothing is lost.
	const service = await startProgram({
		name: 'Postgres',
		command: join(bin, 'postgres'),
		args,
		folder,
		ready,
		stopSignal: 'SIGINT',
		...user,
	});
	const env = {
		DB_TYPE: 'postgresdb',
		DB_POSTGRESDB_HOST: '127.0.0.1',
		DB_POSTGRESDB_PORT: String(port),
		DB_POSTGRESDB_USER: 'n8n',
		DB_POSTGRESDB_DATABASE: 'postgres',
	};
	return { env, rows: async (sql) => await query(url, sql), ...service };
}

async function query<T>(url: string, sql: string): Promise<T[]> {
	const [found] = await rowsOf(
		url,
		`SELECT coalesce(json_agg(found), '[]') AS rows FROM (${sql}) AS found`,
	);
	return (found as { rows: Array<{ rows: T[] }> }).rows[0]!.rows;
}

/** With n8n's own client: Postgres' is not in every package of it. */
async function rowsOf(url: string, sql: string): Promise<unknown[]> {
	const { dir } = await installN8n();
	const { Client } = createRequire(join(dir, 'node_modules/n8n/package.json'))('pg');
	const client = new Client({ connectionString: url });
	client.on('error', () => {});
	await client.connect();
	try {
		const result = await client.query(sql);
		return Array.isArray(result) ? result : [result];
	} finally {
		await client.end();
	}
}

async function pong(port: number): Promise<boolean> {
	return await new Promise((resolve) => {
		const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
		socket.setTimeout(1_000, () => socket.destroy());
		socket.on('data', (data) => {
			socket.destroy();
			resolve(String(data).startsWith('+PONG'));
		});
		socket.on('error', () => resolve(false)).on('close', () => resolve(false));
	});
}

interface Program {
	name: string;
	command: string;
	/** Added to ours. */
	env?: Record<string, string>;
	args: string[];
	/** Gone with close(). */
	folder: string;
	ready(): Promise<boolean>;
	stopSignal: NodeJS.Signals;
	uid?: number;
	gid?: number;
}

async function startProgram({
	name,
	command,
	env,
	args,
	folder,
	ready,
	stopSignal,
	uid,
	gid,
}: Program): Promise<Omit<Service, 'env'>> {
	let child: ChildProcess | undefined;
	let printed = '';
	const hasEnded = () => !child || child.exitCode !== null || child.signalCode !== null;

	async function start() {
		if (!hasEnded()) return;
		printed = '';
		const started = (child = spawn(command, args, {
			cwd: folder,
			uid,
			gid,
			env: { ...process.env, ...env },
			stdio: ['ignore', 'pipe', 'pipe'],
		}));
		for (const stream of [started.stdout!, started.stderr!])
			stream.on('data', (chunk) => (printed += chunk));
		started.on('error', (error: NodeJS.ErrnoException) => (printed += `${error.message}\n`));
		ownProcess(started);
		await until(`${name} is up`, UP_MS, async () => {
			if (started.pid === undefined || hasEnded())
				throw new Error(`${name} did not start:\n${printed}`);
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
		start,
		stop: async () => await end(stopSignal),
		kill: async () => await end('SIGKILL'),
		async close() {
			await end(stopSignal);
			await rm(folder, { recursive: true, force: true, maxRetries: 3 });
		},
	};
}

async function unprivilegedUser(): Promise<{ uid: number; gid: number }> {
	return await systemUser('postgres').catch(async () => await systemUser('nobody'));
}

async function systemUser(name: string): Promise<{ uid: number; gid: number }> {
	const [uid, gid] = await Promise.all(
		['-u', '-g'].map(async (flag) => Number((await run('id', [flag, name])).stdout)),
	);
	return { uid: uid!, gid: gid! };
}

/** Our cache is in root's home, which another user may not enter: it gets a copy. */
async function readable(installed: string, folder: string): Promise<string> {
	if (!installed.startsWith(CACHE)) return installed;
	const copy = join(folder, 'programs');
	await cp(installed, copy, { recursive: true, verbatimSymlinks: true });
	return copy;
}
