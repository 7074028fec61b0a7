import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

test('passes, and leaves a server that nothing else knows of', async () => {
	const file = process.env.BROKEN_PIDS!;
	spawn(process.execPath, [join(__dirname, 'server.js'), file], {
		stdio: 'ignore',
		detached: true,
	}).unref();
	while (!existsSync(file)) await new Promise((done) => setTimeout(done, 20));
});
