import { execFile } from 'node:child_process';
import { access, chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { CACHE, runNpm, type Log } from '../n8n/install';

export const run = promisify(execFile);

/** Where the shell would find it. */
export async function onPath(program: string): Promise<string | undefined> {
	const names = process.platform === 'win32' ? [`${program}.exe`, program] : [program];
	for (const folder of (process.env.PATH ?? '').split(delimiter)) {
		for (const name of names) if (await exists(join(folder, name))) return join(folder, name);
	}
	return undefined;
}

export async function exists(file: string) {
	return await access(file).then(
		() => true,
		() => false,
	);
}

/** A folder of our cache: made once, whole or not at all. */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<void> {
	const folder = cacheFolder(name);
	if (await exists(folder)) return;
	const partial = `${folder}.${process.pid}.partial`;
	await mkdir(partial, { recursive: true });
	try {
		await fill(partial);
		await rename(partial, folder).catch((error) => {
			// Another run was faster.
			if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
		});
	} finally {
		await rm(partial, { recursive: true, force: true });
	}
}

export const cacheFolder = (name: string) => join(CACHE, name);

/** Fetches one npm package and unpacks it into `<folder>/package`. None of its scripts is run, nothing that it names is fetched. */
export async function unpackNpm(folder: string, name: string, log: Log): Promise<void> {
	await runNpm(folder, `fetching ${name}`, ['pack', name], log);
	const tarball = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
	if (!tarball) throw new Error(`npm pack ${name} left no tarball.`);
	await run('tar', ['-xzf', tarball], { cwd: folder });
	await rm(join(folder, tarball));
}

export const makeExecutable = async (file: string) => await chmod(file, 0o755);
