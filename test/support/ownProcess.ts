import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

/** To tell, in the environment of what a test starts, which run it belongs to (runner/processes.ts). */
export const runMark: Record<string, string> = process.env.WHATSAPP_MEDIA_TEST_RUN
	? { WHATSAPP_MEDIA_TEST_RUN: process.env.WHATSAPP_MEDIA_TEST_RUN }
	: {};

let watchdog: ChildProcess | undefined;

/** The child does not outlive this process, even if this one is killed. */
export function ownProcess(child: ChildProcess): void {
	if (child.pid === undefined) return;
	watchdog ??= startWatchdog();
	watchdog.stdin!.write(`+${child.pid}\n`);
	child.once('exit', () => watchdog!.stdin!.write(`-${child.pid}\n`));
}

/** A process of its own, since one that is killed cannot clean up; of its own session, so that Ctrl+C does not reach it first. */
function startWatchdog(): ChildProcess {
	const script = join(__dirname, 'runner/watchdog.js');
	// Without the mark: it ends by itself, after its owner.
	const env = { ...process.env };
	delete env.WHATSAPP_MEDIA_TEST_RUN;
	const started = spawn(process.execPath, [script], {
		stdio: ['pipe', 'ignore', 'ignore'],
		detached: true,
		env,
	});
	started.stdin!.on('error', () => {});
	started.unref();
	(started.stdin as unknown as { unref(): void }).unref();
	return started;
}
