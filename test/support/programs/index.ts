import { findN8n, installN8n, type Log } from '../n8n/install';
import { installChromium, findChromium } from './chromium';
import { canInstall, COMPILER, installPackages, isDebian } from './debian';
import { onPath } from './files';
import { installPostgres, findPostgres } from './postgres';
import { installRedis, findRedis } from './redis';

/** What a ring of tests needs beside Node. */
export type Program = 'n8n' | 'redis' | 'postgres' | 'chromium';

type Source = {
	title: string;
	find(): Promise<unknown>;
	/** Into our cache, without root. */
	install(log: Log): Promise<void>;
	debian: string;
	brew: string;
};

const SOURCES: Record<Exclude<Program, 'n8n'>, Source> = {
	redis: {
		title: 'Redis',
		find: findRedis,
		install: installRedis,
		debian: 'redis-server',
		brew: 'redis',
	},
	postgres: {
		title: 'Postgres',
		find: findPostgres,
		install: installPostgres,
		debian: 'postgresql',
		brew: 'postgresql@17',
	},
	chromium: {
		title: 'Chromium',
		find: findChromium,
		install: installChromium,
		debian: 'chromium',
		brew: '--cask chromium',
	},
};
const ASK_MS = 10_000;

/** Sees to it that these are here. What it cannot bring it tells: a sentence, with the line to type. */
export async function bring(
	programs: Program[],
	{ say, willInstallN8n }: { say: Log; willInstallN8n: boolean },
): Promise<string | undefined> {
	const missing: Source[] = [];
	for (const program of programs) {
		if (program === 'n8n') continue;
		const source = SOURCES[program];
		if (await source.find()) continue;
		await source
			.install(say)
			.catch((error: Error) => say(`${source.title} could not be fetched: ${error.message}`));
		if (!(await source.find())) missing.push(source);
	}
	const packages = missing.map(({ debian }) => debian);
	if (willInstallN8n && (await needsCompiler())) packages.push(...COMPILER);
	if (packages.length && (await canInstall()))
		await installPackages(packages, say).catch((error: Error) => say(error.message));
	for (const source of [...missing])
		if (await source.find()) missing.splice(missing.indexOf(source), 1);
	if (missing.length)
		return `${missing.map(({ title }) => title).join(' and ')} cannot be brought here. Install: ${line(missing)}`;
	if (willInstallN8n && (await needsCompiler())) {
		return `n8n needs sqlite3, whose binary cannot be fetched here, and there is no compiler. Install: ${await compilerLine()}`;
	}
	return programs.includes('n8n') ? await n8n(say) : undefined;
}

async function n8n(say: Log): Promise<string | undefined> {
	try {
		await installN8n({ log: say });
		return undefined;
	} catch (error) {
		return (error as Error).message;
	}
}

/** Only before n8n is installed, and only where the binary of its sqlite3 is out of reach. */
async function needsCompiler(): Promise<boolean> {
	if (await findN8n()) return false;
	const here = await Promise.all(COMPILER.map(async (program) => await onPath(program)));
	if (here.every(Boolean)) return false;
	if (process.platform === 'darwin' && (await onPath('clang'))) return false;
	const answer = await fetch('https://github.com/TryGhost/node-sqlite3/releases', {
		method: 'HEAD',
		signal: AbortSignal.timeout(ASK_MS),
	}).catch(() => undefined);
	return !answer?.ok;
}

function line(missing: Source[]): string {
	if (process.platform === 'darwin')
		return missing.map(({ brew }) => `brew install ${brew}`).join(' && ');
	if (process.platform === 'win32')
		return 'not on Windows; run these tests in WSL, or leave the ring out (npm test -- --without queue,editor)';
	return `sudo apt-get install ${missing.map(({ debian }) => debian).join(' ')} (or the packages of your system)`;
}

async function compilerLine(): Promise<string> {
	if (process.platform === 'darwin') return 'xcode-select --install';
	return `${(await isDebian()) ? 'sudo apt-get install' : 'the packages of your system for'} ${COMPILER.join(' ')}`;
}
