import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ownProcess } from '../../ownProcess';

/** Starts a server and its child, as startN8n() does; resolves when both are up. */
export async function startServer({ detached = false } = {}): Promise<void> {
	const file = process.env.BROKEN_PIDS!;
	const before = pids(file);
	ownProcess(
		spawn(process.execPath, [join(__dirname, 'server.js'), file], { stdio: 'ignore', detached }),
	);
	while (pids(file) < before + 2) await new Promise((done) => setTimeout(done, 20));
}

function pids(file: string): number {
	try {
		return readFileSync(file, 'utf8').trim().split('\n').length;
	} catch {
		return 0;
	}
}
