import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { ownProcess, runMark } from '../ownProcess';
import { installN8n, type Log } from './install';
import { startRegistry } from './registry';
import { type N8nApi, signIn, until } from './rest';
import { startVendorNames } from './tls';

export type N8nOptions = {
	/** Packed community packages (`npm pack`), installed as a user would: Settings > Community nodes. */
	packages?: string[];
	/** Whether to install them as soon as it is up, or leave that to the caller. Default: true. */
	install?: boolean;
	/** Host names that this n8n reaches over https, and the local ports that stand in for them. No other host exists. */
	vendors?: Record<string, number>;
	/** Where binary data goes. n8n's own default is the file system, and the database in queue mode. */
	binaryMode?: 'default' | 'filesystem' | 'database';
	/** Holds `.n8n`: the database, the files, the encryption key. Without one, a temporary folder that stop() removes. */
	userFolder?: string;
	port?: number;
	/** Added to the defaults below, or put in their place. */
	env?: Record<string, string>;
	/** Queue mode has three kinds of process. Only `start` and `webhook` serve `url`, only `start` has an `api`. */
	command?: 'start' | 'worker' | 'webhook';
	log?: Log;
};

export type N8n = {
	/** Without a slash at its end. */
	url: string;
	userFolder: string;
	/** Of the process that runs now: restart() changes it. */
	readonly pid: number;
	/** Signed in as the owner. */
	readonly api: N8nApi;
	/** Whether it runs, and is connected to its database. */
	isReady(): Promise<boolean>;
	/** Hosts this n8n tried to reach that no `vendors` entry names. */
	refused: string[];
	/** Everything that n8n has printed, but for the 400 migrations of an empty database. */
	logs(): string;
	/** The most memory the n8n process has held since it started or since resetPeakMemory(), in bytes. Linux only. */
	peakMemory(): Promise<number>;
	/** Sets the peak to what is held now, so that the next peak tells what one execution took. Returns what is held. */
	resetPeakMemory(): Promise<number>;
	/** Ends it as `systemctl stop` would, and removes a temporary user folder. */
	stop(): Promise<void>;
	/** Ends it as a power cut would. restart() brings it back. */
	kill(): Promise<void>;
	/** Ends it and starts it again on the same folder and port, with other settings if told. */
	restart(changes?: Pick<N8nOptions, 'binaryMode' | 'env'>): Promise<void>;
};

/** Before n8n is up it needs to migrate its database: 12 s here, 7 s with an old folder, more on a cold disk. */
const BOOT_MS = 120_000;
const STOP_MS = 15_000;

/** Quiet and offline; everything else as a user has it, the slow default expression engine included. */
const defaults = {
	N8N_LISTEN_ADDRESS: '127.0.0.1',
	N8N_HOST: '127.0.0.1',
	// The session cookie has to work over plain http.
	N8N_SECURE_COOKIE: 'false',
	N8N_DIAGNOSTICS_ENABLED: 'false',
	N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
	N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED: 'false',
	N8N_TEMPLATES_ENABLED: 'false',
	N8N_PERSONALIZATION_ENABLED: 'false',
	N8N_HIRING_BANNER_ENABLED: 'false',
	N8N_DYNAMIC_BANNERS_ENABLED: 'false',
	N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
	// The list of verified packages comes from the internet.
	N8N_VERIFIED_PACKAGES_ENABLED: 'false',
	N8N_UNVERIFIED_PACKAGES_ENABLED: 'true',
	N8N_GRACEFUL_SHUTDOWN_TIMEOUT: '10',
};

/** These call home, or cost boot time. n8n 1 has fewer, and ends at a name that it does not know. */
const disabledModules = (version: string) =>
	version.startsWith('1.')
		? 'insights,mcp,chat-hub'
		: 'mcp-registry,instance-ai,insights,mcp,chat-hub,agents';

/** Starts a real n8n of its own and resolves when it serves. */
export async function startN8n(options: N8nOptions = {}): Promise<N8n> {
	const { command = 'start', log } = options;
	const install = await installN8n({ log });

	const temporary = options.userFolder === undefined;
	const userFolder = options.userFolder ?? (await mkdtemp(join(tmpdir(), 'n8n-whatsapp-media-')));
	const port = options.port ?? (await freePort());
	const url = `http://127.0.0.1:${port}`;

	const registry = await startRegistry(options.packages ?? []);
	const vendors = await startVendorNames({
		...options.vendors,
		'registry.npmjs.org': registry.port,
		// Asked whether a package is banned; any answer but a yes will do.
		'api.n8n.io': registry.port,
	});

	let settings: Pick<N8nOptions, 'binaryMode' | 'env'> = {
		binaryMode: options.binaryMode,
		env: options.env,
	};
	let child: ChildProcess;
	let api: N8nApi | undefined;
	let printed = '';
	const isReady = async () =>
		Boolean((await fetch(`${url}/healthz/readiness`).catch(() => undefined))?.ok);
	const logs = () => printed.replace(/^.*(Starting|Finished) migration.*\n/gm, '');

	async function start() {
		log?.(`n8n ${install.version} (${command}) is starting on ${url} ...`);
		child = spawn(install.node, [install.bin, command], {
			stdio: ['ignore', 'pipe', 'pipe'],
			env: {
				// Nothing else of ours: an N8N_ or npm_ setting of the developer's shell would make tests differ.
				HOME: process.env.HOME,
				...runMark,
				// n8n starts its task runner with the first `node` it finds, and installs packages with `npm`.
				PATH: [dirname(install.node), process.env.PATH].join(delimiter),
				...defaults,
				N8N_DISABLED_MODULES: disabledModules(install.version),
				...vendors.env,
				N8N_USER_FOLDER: userFolder,
				N8N_PORT: String(port),
				N8N_RUNNERS_BROKER_PORT: String(await freePort()),
				// A worker serves nothing but its health.
				QUEUE_HEALTH_CHECK_ACTIVE: 'true',
				QUEUE_HEALTH_CHECK_PORT: String(port),
				...(settings.binaryMode && { N8N_DEFAULT_BINARY_DATA_MODE: settings.binaryMode }),
				...settings.env,
			},
		});
		for (const stream of [child.stdout!, child.stderr!])
			stream.on('data', (chunk) => (printed += chunk));
		ownProcess(child);

		await until('n8n is up', BOOT_MS, async () => {
			if (hasEnded(child))
				throw new Error(
					`n8n ended while starting (${child.exitCode ?? child.signalCode}):\n${logs()}`,
				);
			return (await isReady()) || undefined;
		}).catch((error) => {
			throw hasEnded(child) ? error : new Error(`${error.message}\n${logs()}`);
		});
		if (command === 'start') api = await signIn(url);
	}

	async function end(signal: 'SIGTERM' | 'SIGKILL') {
		if (hasEnded(child)) return;
		const ended = new Promise((done) => child.on('exit', done));
		child.kill(signal);
		const tooLong = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
		await ended;
		clearTimeout(tooLong);
	}

	async function stop() {
		await end('SIGTERM');
		await vendors.close();
		await registry.close();
		if (temporary) await rm(userFolder, { recursive: true, force: true, maxRetries: 3 });
	}

	const procFile = (name: string) => `/proc/${child.pid}/${name}`;
	async function memory(field: 'VmHWM' | 'VmRSS') {
		const status = await readFile(procFile('status'), 'utf8');
		return Number(new RegExp(`${field}:\\s*(\\d+) kB`).exec(status)?.[1]) * 1024;
	}

	try {
		await start();
		for (const { name } of options.install === false ? [] : registry.packages) {
			const known = existsSync(join(userFolder, '.n8n', 'nodes', 'node_modules', name));
			log?.(`n8n is installing ${name} ...`);
			await (known ? api?.updatePackage(name) : api?.installPackage(name));
		}
	} catch (error) {
		await stop();
		throw error;
	}

	return {
		url,
		userFolder,
		get pid() {
			return child.pid!;
		},
		get api() {
			if (!api) throw new Error(`An n8n ${command} process has no REST API.`);
			return api;
		},
		isReady,
		refused: vendors.refused,
		logs,
		peakMemory: () => memory('VmHWM'),
		async resetPeakMemory() {
			// 5 resets the high-water mark: man 5 proc_pid_clear_refs.
			await writeFile(procFile('clear_refs'), '5');
			return await memory('VmRSS');
		},
		stop,
		kill: () => end('SIGKILL'),
		async restart(changes = {}) {
			await end('SIGTERM');
			settings = {
				binaryMode: changes.binaryMode ?? settings.binaryMode,
				env: { ...settings.env, ...changes.env },
			};
			await start();
		},
	};
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

/** Below the range that systems take ports of outgoing connections from: between this look and its use nothing else takes it. */
export async function freePort(): Promise<number> {
	for (;;) {
		const port = 15_000 + Math.floor(Math.random() * 15_000);
		const server = createServer();
		const isFree = await new Promise<boolean>((done) =>
			server.once('error', () => done(false)).listen(port, '127.0.0.1', () => done(true)),
		);
		if (!isFree) continue;
		await new Promise((done) => server.close(done));
		return port;
	}
}
