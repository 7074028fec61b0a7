import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { ROOT } from '../paths';

/** `npm test` ends, always, and leaves nothing behind: each way in which a run breaks, on small rings of its own (broken/). */

jest.setTimeout(60_000);

const GONE_MS = 5_000;

let folder: string;
let pidFile: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'runner-'));
	pidFile = join(folder, 'pids');
});
afterEach(async () => {
	for (const pid of [...started(), ...jestPid()]) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
	await rm(folder, { recursive: true, force: true });
});

function start(rings: string[], env: Record<string, string> = {}) {
	const script = join(__dirname, 'broken/run.ts');
	const child = spawn(process.execPath, ['--require', 'tsx/cjs', script, ...rings], {
		cwd: ROOT,
		stdio: ['ignore', 'pipe', 'pipe'],
		env: { ...process.env, BROKEN_PIDS: pidFile, ...env },
	});
	let output = '';
	for (const stream of [child.stdout, child.stderr])
		stream.on('data', (chunk) => (output += chunk));
	const code = new Promise<number | string>((done) =>
		child.once('exit', (status, signal) => done(status ?? signal ?? -1)),
	);
	return { child, code, output: () => output, lines: () => output.trim().split('\n') };
}

const numbers = (file: string) =>
	existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : [];
/** Every server that was started, and its child. */
const started = () => numbers(pidFile);
const jestPid = () => numbers(`${pidFile}.jest`);

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		// A zombie has ended, though nobody has looked yet.
		return (
			process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
		);
	} catch {
		return false;
	}
}

async function endless(
	env: Record<string, string> = {},
): Promise<ReturnType<typeof start> & { jest: number }> {
	const run = start(['endless:first', 'good'], env);
	while (!jestPid().length) {
		if (run.child.exitCode !== null) throw new Error(run.output());
		await wait(20);
	}
	expect(started()).toHaveLength(4);
	expect(started().every(isAlive)).toBe(true);
	return { ...run, jest: jestPid()[0]! };
}

/** When the runner itself was killed, others have to notice first. */
async function expectNothingLeft(withinMs = 0) {
	for (
		const since = Date.now();
		Date.now() - since < withinMs && [...started(), ...jestPid()].some(isAlive);
	)
		await wait(50);
	expect([...started(), ...jestPid()].filter(isAlive)).toEqual([]);
}

test('a good ring: the table, what was left out, and the closing line', async () => {
	const { code, lines, output } = start(['good']);
	expect(await code).toBe(0);
	expect(output()).toMatch(/^\[1\/1\] good \.\.\./m);
	expect(output()).toMatch(/^ok {2}good {2}2 passed +\d+ s$/m);
	expect(output()).toContain('Left out, as asked: another');
	expect(lines().at(-1)).toBe('2 passed, 0 failed');
});

test('a beforeAll that fails', async () => {
	const { code, lines } = start(['beforeAll', 'good']);
	expect(await code).toBe(1);
	expect(lines().at(-1)).toBe('2 passed, 1 failed');
	expect(started()).toHaveLength(2);
	await expectNothingLeft();
});

test('a test that times out', async () => {
	const { code, lines } = start(['timeout']);
	expect(await code).toBe(1);
	expect(lines().at(-1)).toBe('0 passed, 1 failed');
	expect(started()).toHaveLength(2);
	await expectNothingLeft();
});

test('a timer that is left is a failure, and is ended', async () => {
	const { code, lines, output } = start(['timer']);
	expect(await code).toBe(1);
	expect(output()).toContain('timer: its tests were done, but jest did not exit within 5 s');
	expect(lines().at(-1)).toBe('1 passed, 1 failed');
});

test('a process that is left is a failure, and is ended', async () => {
	const { code, output } = start(['behind']);
	expect(await code).toBe(1);
	expect(output()).toMatch(/^behind: left behind: .*server\.js/m);
	await expectNothingLeft();
});

test('a ring that takes too long', async () => {
	const { code, output } = start(['endless=3']);
	expect(await code).toBe(1);
	expect(output()).toMatch(/^endless: took longer than/m);
	await expectNothingLeft();
});

// With SIGINT the servers are deaf to it, so that they have to be ended by force.
test.each([
	['SIGINT', 130],
	['SIGTERM', 143],
	['SIGHUP', 129],
] as const)('%s ends it, with everything that it started', async (signal, exitCode) => {
	const { child, code, lines, output } = await endless(
		signal === 'SIGINT' ? { BROKEN_DEAF: '1' } : {},
	);
	child.kill(signal);
	expect(await code).toBe(exitCode);
	expect(output()).toMatch(/^NOT RUN {2}good +stopped/m);
	expect(lines().at(-1)).toBe('0 passed, 2 failed');
	await expectNothingLeft();
});

test('a jest that is killed', async () => {
	const { code, output, jest } = await endless();
	process.kill(jest, 'SIGKILL');
	expect(await code).toBe(1);
	expect(output()).toMatch(/^endless: ended with SIGKILL/m);
	expect(output()).toMatch(/^ok +good +2 passed/m);
	await expectNothingLeft();
});

test('a runner that is killed', async () => {
	const { child } = await endless();
	child.kill('SIGKILL');
	await expectNothingLeft(GONE_MS);
});

test('a jest without a runner, killed', async () => {
	const config = join(__dirname, 'broken/jest.config.js');
	const args = [
		join(ROOT, 'node_modules/jest/bin/jest.js'),
		'--config',
		config,
		'--runInBand',
		'--testPathPatterns',
		'endless',
	];
	const child: ChildProcess = spawn(process.execPath, args, {
		stdio: 'ignore',
		env: { ...process.env, BROKEN_PIDS: pidFile },
	});
	while (!jestPid().length) await wait(20);
	child.kill('SIGKILL');
	await expectNothingLeft(GONE_MS);
});
