import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { ownProcess } from '../ownProcess';
import { endProcesses, remaining, RUN_MARK } from './processes';
import type { Ring } from './rings';

export type Result = {
	ring: string;
	passed: number;
	failed: number;
	skipped: number;
	seconds: number;
	/** Full names of the tests that failed first and passed then. */
	retried: string[];
	/** What went wrong with the ring itself, and not with a test of it. */
	problems: string[];
};

export type Running = { done: Promise<Result>; stop(): Promise<void> };

export type RunOptions = {
	/** Marks everything that is started. */
	mark: string;
	/** For its temporary files; emptied by whoever made it. */
	folder: string;
	jestArgs: string[];
	/** Where its output goes: to the screen as it comes, or all of it at the end. */
	onOutput: 'show' | ((text: string) => void);
};

/** After its last test jest has nothing to wait for. */
const EXIT_MS = 5_000;
/** n8n's task runner and a browser's helpers follow their parents a moment later. */
const PATIENCE_MS = 5_000;
const POLL_MS = 250;

/** Starts a ring in a process group of its own. However it ends, nothing of it is left when `done` resolves. */
export function runRing(ring: Ring, options: RunOptions): Running {
	const mark = `${options.mark}/${ring.name}`;
	const state: { child?: ChildProcess; isStopped: boolean } = { isStopped: false };
	const done = follow(ring, { ...options, mark }, state);
	return {
		done,
		async stop() {
			state.isStopped = true;
			await endProcesses({ mark, group: state.child?.pid });
			await done;
		},
	};
}

async function follow(
	ring: Ring,
	options: RunOptions,
	state: { child?: ChildProcess; isStopped: boolean },
): Promise<Result> {
	const { mark } = options;
	const started = Date.now();
	const temporary = join(options.folder, ring.name);
	await mkdir(temporary, { recursive: true, mode: 0o755 });
	const resultFile = join(options.folder, `${ring.name}.json`);
	const child = (state.child = start(ring, options, temporary, resultFile));
	const problems: string[] = [];
	const code = await ended(
		ring,
		child,
		resultFile,
		problems,
		async () => await endProcesses({ mark, group: child.pid }),
	);
	if (state.isStopped) problems.push('stopped');
	const left = await remaining({ mark, group: child.pid }, problems.length ? 0 : PATIENCE_MS);
	await endProcesses({ mark, group: child.pid });
	if (left.length && problems.length === 0)
		problems.push(
			`left behind: ${left.map(({ command, pid }) => `${command.slice(0, 120)} (${pid})`).join('; ')}`,
		);
	const counts = ring.isJest
		? await readCounts(resultFile)
		: { passed: Number(code === 0), failed: Number(code !== 0), skipped: 0, retried: [] };
	if (code !== 0 && counts.failed === 0 && problems.length === 0)
		problems.push(`ended with ${code}`);
	await rm(temporary, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
	return { ring: ring.name, ...counts, seconds: (Date.now() - started) / 1_000, problems };
}

function start(
	ring: Ring,
	{ mark, jestArgs, onOutput }: RunOptions,
	temporary: string,
	resultFile: string,
): ChildProcess {
	const [program, ...args] = ring.command;
	const jest = ring.isJest ? ['--json', `--outputFile=${resultFile}`, ...jestArgs] : [];
	const env: NodeJS.ProcessEnv = { ...process.env, [RUN_MARK]: mark, TMPDIR: temporary };
	delete env.RETRY_FAILED_TESTS;
	if (ring.retries && process.env.RETRY_FAILED_TESTS !== '0') env.RETRY_FAILED_TESTS = '1';
	if (onOutput !== 'show' && process.stdout.isTTY) env.FORCE_COLOR = '1';
	const child = spawn(program!, [...args, ...jest], {
		// With --json jest says on stderr what it has to say to people, and on stdout that there is a file.
		stdio: [
			'ignore',
			ring.isJest ? 'ignore' : onOutput === 'show' ? 'inherit' : 'pipe',
			onOutput === 'show' ? 'inherit' : 'pipe',
		],
		env,
		detached: process.platform !== 'win32',
		shell: process.platform === 'win32' && program === 'npm',
	});
	ownProcess(child);
	if (onOutput !== 'show')
		for (const stream of [child.stdout, child.stderr])
			stream?.on('data', (chunk) => onOutput(String(chunk)));
	return child;
}

/** Its exit code or signal. Ends it when it takes too long, or has its results and stays. */
async function ended(
	ring: Ring,
	child: ChildProcess,
	resultFile: string,
	problems: string[],
	end: () => Promise<void>,
): Promise<number | string> {
	let code: number | string | undefined;
	// Not `close`: a grandchild that is left behind holds the pipe open.
	child
		.once('exit', (status, signal) => (code = status ?? signal ?? 1))
		.once('error', (error) => (code = error.message));
	let finished: number | undefined;
	for (const started = Date.now(); code === undefined; await wait(POLL_MS)) {
		if (
			ring.isJest &&
			finished === undefined &&
			(await readFile(resultFile).catch(() => undefined))
		)
			finished = Date.now();
		if (finished !== undefined && Date.now() - finished > EXIT_MS)
			problems.push(
				`its tests were done, but jest did not exit within ${EXIT_MS / 1000} s: something is still open (--detectOpenHandles shows what)`,
			);
		else if (Date.now() - started > ring.limitMinutes * 60_000)
			problems.push(`took longer than ${ring.limitMinutes} minutes`);
		if (problems.length) await end();
	}
	return code;
}

type JestResults = {
	numPassedTests: number;
	numFailedTests: number;
	numPendingTests: number;
	numTodoTests: number;
	numRuntimeErrorTestSuites: number;
	testResults: Array<{
		assertionResults: Array<{ fullName: string; status: string; invocations?: number }>;
	}>;
};

async function readCounts(
	file: string,
): Promise<Pick<Result, 'passed' | 'failed' | 'skipped' | 'retried'>> {
	const text = await readFile(file, 'utf8').catch(() => undefined);
	if (!text) return { passed: 0, failed: 0, skipped: 0, retried: [] };
	const results = JSON.parse(text) as JestResults;
	return {
		passed: results.numPassedTests,
		// A file that does not even load is one that failed.
		failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
		skipped: results.numPendingTests + results.numTodoTests,
		retried: results.testResults.flatMap(({ assertionResults }) =>
			assertionResults
				.filter(({ invocations = 1 }) => invocations > 1)
				.map(({ fullName }) => fullName),
		),
	};
}
