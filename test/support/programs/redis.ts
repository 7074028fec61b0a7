import { join } from 'node:path';

import type { Log } from '../n8n/install';
import { libraryPath, unpackPackages } from './debian';
import { cached, cacheFolder, exists, onPath } from './files';

const FOLDER = `redis-${process.platform}-${process.arch}`;

/** A program, and what has to be in its environment. */
export type Found = { command: string; env: Record<string, string> };

/** The machine's own, or the one that installRedis() has fetched. No npm package ships a Redis. */
export async function findRedis(): Promise<Found | undefined> {
	const installed = (await onPath('redis-server')) ?? (await onPath('valkey-server'));
	if (installed) return { command: installed, env: {} };
	const command = join(cacheFolder(FOLDER), 'usr/bin/redis-server');
	if (!(await exists(command))) return undefined;
	return { command, env: { LD_LIBRARY_PATH: await libraryPath(cacheFolder(FOLDER)) } };
}

export async function installRedis(log: Log): Promise<void> {
	// redis-tools has the program; redis-server only the service.
	await cached(
		FOLDER,
		async (folder) => await unpackPackages(folder, ['redis-server', 'redis-tools'], log),
	);
}
