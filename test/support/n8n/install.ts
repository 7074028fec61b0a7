import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import {
	copyFile,
	mkdir,
	readdir,
	readFile,
	rename,
	rm,
	stat,
	unlink,
	writeFile,
} from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { canInstall, COMPILER, installPackages } from '../programs/debian';

/** A real n8n on this disk, ready to start. */
export type N8nInstall = {
	/** Holds `node_modules`. */
	dir: string;
	/** A Node new enough for this n8n: the one that runs us, or the one that came with the install. */
	node: string;
	/** `node bin start` runs n8n. */
	bin: string;
	version: string;
};

export type Log = (line: string) => void;
export const toStderr: Log = (line) => void process.stderr.write(`${line}\n`);

const runtime = join(__dirname, 'runtime');
/** Another n8n than the one in runtime/, as `npm install` puts it together on the day that it is first asked for. */
const OTHER_VERSION = process.env.N8N_VERSION;
const WAIT_MS = 1_000;
const SAY_EVERY_MS = 15_000;

/** Outside the checkout: n8n, and other programs that the tests need. */
export const CACHE = join(
	process.env.XDG_CACHE_HOME || join(homedir(), '.cache'),
	'n8n-nodes-whatsapp-media',
);

/** The n8n that installN8n() would have to install otherwise. */
export async function findN8n(): Promise<N8nInstall | undefined> {
	if (process.env.N8N_DIR) return await describe(resolve(process.env.N8N_DIR));
	const dir = join(CACHE, await cacheKey());
	return existsSync(dir) ? await describe(dir) : undefined;
}

/**
 * n8n in a cache of its own, outside the checkout: about 5 minutes and 2.2 GB once, then reused for as long as
 * runtime/package-lock.json stays as it is. `N8N_VERSION` asks for another version, `N8N_DIR` names an install to use instead.
 */
export async function installN8n({ log = toStderr }: { log?: Log } = {}): Promise<N8nInstall> {
	if (process.env.N8N_DIR) return await describe(resolve(process.env.N8N_DIR));

	const dir = join(CACHE, await cacheKey());
	// The folder gets its name when it is complete, so that it exists is the proof that it is.
	if (existsSync(dir)) return await describe(dir);

	await mkdir(CACHE, { recursive: true });
	const unlock = await lock(`${dir}.lock`, () => existsSync(dir), log);
	try {
		if (!existsSync(dir)) await install(dir, log);
	} finally {
		await unlock();
	}
	return await describe(dir);
}

async function cacheKey() {
	if (OTHER_VERSION) return `n8n-${OTHER_VERSION}-${process.platform}-${process.arch}`;
	const hash = createHash('sha256');
	// What they say, however they are formatted.
	for (const file of ['package.json', 'package-lock.json']) {
		hash.update(`${JSON.stringify(await readJson(join(runtime, file)), null, 2)}\n`);
	}
	const { dependencies } = await readJson(join(runtime, 'package.json'));
	return `n8n-${dependencies.n8n}-${process.platform}-${process.arch}-${hash.digest('hex').slice(0, 12)}`;
}

async function install(dir: string, log: Log) {
	const partial = `${dir}.partial`;
	await rm(partial, { recursive: true, force: true });
	await mkdir(partial);
	if (OTHER_VERSION) {
		const { optionalDependencies } = await readJson(join(runtime, 'package.json'));
		// n8n 1 takes xlsx from a host of its own, where npm has an older one; and it does not start with the ajv that npm would choose.
		const manifest = {
			private: true,
			dependencies: { n8n: OTHER_VERSION, ajv: '8' },
			optionalDependencies,
			overrides: { xlsx: '0.18.5' },
		};
		await writeFile(join(partial, 'package.json'), JSON.stringify(manifest));
	} else
		for (const file of ['package.json', 'package-lock.json'])
			await copyFile(join(runtime, file), join(partial, file));

	log('Installing n8n for the tests: once, about 5 minutes and 2.2 GB.');
	log(`  into ${dir}`);
	await runNpm(
		partial,
		'n8n: 1/2 downloading packages',
		[OTHER_VERSION ? 'install' : 'ci', '--ignore-scripts', '--legacy-peer-deps'],
		log,
	);

	await prepareSqlite(partial, log);
	await rename(partial, dir);
	log('n8n is installed.');
}

/** The only install script that n8n cannot do without. It fetches a prebuilt binary from GitHub, or compiles (80 s). */
async function prepareSqlite(dir: string, log: Log) {
	const prefix = dirname(dirname(process.execPath));
	// Where Node has its headers with it, node-gyp need not fetch them.
	const headers = existsSync(join(prefix, 'include/node/node.h')) ? [`--nodedir=${prefix}`] : [];
	const prepare = async () =>
		await runNpm(
			dir,
			'n8n: 2/2 preparing sqlite3',
			['rebuild', 'sqlite3', '--ignore-scripts=false', ...headers],
			log,
		);
	try {
		await prepare().catch(async (error) => {
			if (!(await canInstall())) throw error;
			await installPackages(COMPILER, log);
			await prepare();
		});
	} catch (error) {
		throw new Error(
			`n8n keeps its data with sqlite3, and no binary of it could be fetched or compiled here. Install a C++ compiler, make and ` +
				`Python 3 (Debian: apt-get install ${COMPILER.join(' ')}, macOS: xcode-select --install) and run this again.\n${(error as Error).message}`,
		);
	}
}

/** Runs npm in `cwd`, saying every so often that it is alive. Everything npm says goes to a log that errors quote. */
export async function runNpm(cwd: string, phase: string, args: string[], log: Log) {
	const logFile = join(cwd, `npm-${args[0]}.log`);
	const fd = openSync(logFile, 'w');
	const options = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
	// `npm test` says where its npm is. Elsewhere PATH does; on Windows npm is a script, which only a shell can start.
	const npmCli = process.env.npm_execpath?.endsWith('.js') ? process.env.npm_execpath : undefined;
	const child = npmCli
		? spawn(process.execPath, [npmCli, ...args, ...options], { cwd, stdio: ['ignore', fd, fd] })
		: spawn('npm', [...args, ...options], {
				cwd,
				stdio: ['ignore', fd, fd],
				shell: process.platform === 'win32',
			});
	closeSync(fd);

	const started = Date.now();
	const elapsed = () => `${Math.round((Date.now() - started) / 1000)} s`;
	log(`${phase} ...`);
	const ticker = setInterval(() => log(`${phase} ... ${elapsed()}`), SAY_EVERY_MS);
	try {
		const code = await new Promise<number | null>((done, fail) =>
			child.on('exit', done).on('error', fail),
		);
		if (code !== 0) {
			const said = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-15).join('\n');
			throw new Error(`\`npm ${args.join(' ')}\` in ${cwd} ended with ${code}:\n${said}`);
		}
		log(`${phase}: done in ${elapsed()}`);
	} finally {
		clearInterval(ticker);
	}
}

/**
 * One installer at a time across processes: the lock file holds the installer's process id, so a crashed one is noticed.
 * Resolves with the way to release it, or without owning it when `ready` turns true.
 */
async function lock(file: string, ready: () => boolean, log: Log): Promise<() => Promise<void>> {
	for (let waited = 0; ; waited += WAIT_MS) {
		try {
			await writeFile(file, String(process.pid), { flag: 'wx' });
			return () => unlink(file);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
		}
		const owner = Number(await readFile(file, 'utf8').catch(() => ''));
		// Between its creation and its first byte the file is empty: an owner is only dead when it has a name.
		if (owner && !isAlive(owner)) {
			await unlink(file).catch(() => {});
			continue;
		}
		if (ready()) return async () => {};
		if (waited % SAY_EVERY_MS === 0)
			log(
				`n8n: process ${owner || '?'} is installing it, waiting ... (if that is not so, delete ${file})`,
			);
		await new Promise((done) => setTimeout(done, WAIT_MS));
	}
}

function isAlive(pid: number) {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EPERM';
	}
}

async function describe(dir: string): Promise<N8nInstall> {
	const n8n = join(dir, 'node_modules', 'n8n');
	if (!existsSync(n8n)) throw new Error(`There is no n8n in ${dir} (looked for ${n8n}).`);
	const { version, engines } = await readJson(join(n8n, 'package.json'));
	return {
		dir,
		node: await findNode(dir, Number(/\d+/.exec(engines.node))),
		bin: join(n8n, 'bin', 'n8n'),
		version,
	};
}

/**
 * The npm packages `node-<os>-<cpu>` are Node itself; npm installs the one whose `os` and `cpu` fit. (The package
 * `node` would need its install script, which runs npm inside npm.)
 */
async function findNode(dir: string, oldest: number) {
	if (Number(process.versions.node.split('.')[0]) >= oldest) return process.execPath;
	const names = await readdir(join(dir, 'node_modules'));
	for (const name of names.filter((each) => /^node-(bin-)?(linux|darwin|win)-/.test(each))) {
		const file = join(
			dir,
			'node_modules',
			name,
			'bin',
			process.platform === 'win32' ? 'node.exe' : 'node',
		);
		if (await stat(file).catch(() => undefined)) return file;
	}
	throw new Error(
		`n8n needs Node ${oldest} or newer; this is ${process.version}, and ${dir} holds no other.`,
	);
}

async function readJson(file: string) {
	return JSON.parse(await readFile(file, 'utf8'));
}
