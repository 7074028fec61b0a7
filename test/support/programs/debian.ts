import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Log } from '../n8n/install';
import { onPath, run } from './files';

/** What sqlite3 takes to compile. The names of programs and of Debian's packages are the same. */
export const COMPILER = ['g++', 'make', 'python3'];

/** A mirror that does not answer must not hold up a run: `Acquire::http::Timeout` is for one connection. */
const LIMIT_MS = 240_000;
const QUIET = {
	env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
	timeout: LIMIT_MS,
	maxBuffer: 64 * 1024 * 1024,
};

export async function isDebian(): Promise<boolean> {
	return Boolean((await onPath('apt-get')) && (await onPath('dpkg')));
}

export async function canInstall(): Promise<boolean> {
	return process.getuid?.() === 0 && (await isDebian());
}

/** As root, into the system. `RUNLEVEL=1` keeps Debian from starting what it installs. */
export async function installPackages(packages: string[], log: Log): Promise<void> {
	log(`Installing with apt-get: ${packages.join(' ')} ...`);
	await run('apt-get', ['update', '-qq'], QUIET);
	await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], QUIET);
}

/** Without root: Debian's packages, and those that they need and that are not here, unpacked into a folder. */
export async function unpackPackages(folder: string, packages: string[], log: Log): Promise<void> {
	if (!(await isDebian())) throw new Error('this is not Debian');
	log(`Fetching from Debian, without installing: ${packages.join(' ')} ...`);
	const apt = join(folder, 'apt');
	for (const part of ['lists/partial', 'archives/partial'])
		await mkdir(join(apt, part), { recursive: true });
	const own = [
		'-o',
		`Dir::State::lists=${apt}/lists`,
		'-o',
		`Dir::Cache=${apt}`,
		'-o',
		`Dir::Cache::archives=${apt}/archives`,
		'-o',
		'Debug::NoLocking=1',
	];
	// Its own user may not enter our folder.
	own.push('-o', 'APT::Sandbox::User=', '-o', 'Acquire::Languages=none');
	await run('apt-get', [...own, 'update', '-qq'], QUIET);
	await run(
		'apt-get',
		[...own, 'install', '-y', '-qq', '--download-only', '--no-install-recommends', ...packages],
		QUIET,
	);
	const archives = (await readdir(join(apt, 'archives'))).filter((file) => file.endsWith('.deb'));
	for (const archive of archives) await run('dpkg', ['-x', join(apt, 'archives', archive), folder]);
	await rm(apt, { recursive: true });
}

/** For the environment of a program from such a folder: where its libraries are. */
export async function libraryPath(folder: string): Promise<string> {
	const libraries = join(folder, 'usr/lib');
	const triplet = (await readdir(libraries)).find((name) => name.endsWith('-linux-gnu'));
	return [triplet && join(libraries, triplet), libraries].filter(Boolean).join(':');
}
