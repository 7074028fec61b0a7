import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(__dirname, '../../..');

/** Packs what `npm run build` made, as it would be published, or another package. Returns the tarball's path. */
export async function packPackage(packageFolder = root): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'packed-'));
	const { stdout } = await promisify(execFile)(
		'npm',
		['pack', '--silent', '--pack-destination', folder],
		{ cwd: packageFolder },
	);
	return join(folder, stdout.trim().split('\n').pop()!);
}
