import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bring, type Program } from '../programs';
import { endProcesses, RUN_MARK } from './processes';
import { closingLine, isGood, sentence, table, time, type Outcome } from './report';
import { runRing, type Running } from './runRing';
import type { Ring } from './rings';

export type Choice = { rings: Ring[]; leftOut: string[]; jestArgs: string[] };

/** How many rings run at a time: a ring waits more than it works, for servers that are slow on purpose, and for n8n to start. */
const ABREAST = 2;
const PARENT_MS = 1_000;
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Runs the rings and says so. Resolves with the exit code, when nothing that it started is left. */
export async function runAll({ rings, leftOut, jestArgs }: Choice): Promise<number> {
	const started = Date.now();
	// A run inside another run's test is the other run's, too.
	const outer = process.env[RUN_MARK];
	const mark = `${outer ? `${outer}/` : ''}${randomBytes(4).toString('hex')}`;
	process.env[RUN_MARK] = mark;
	const folder = await mkdtemp(join(tmpdir(), 'whatsapp-media-tests-'));
	// Postgres has to pass through it as another user.
	await chmod(folder, 0o755);

	const outcome: Outcome = { results: [], notRun: [], leftOut };
	const running = new Set<Running>();
	const stopping = new AbortController();
	let exitCode: number | undefined;
	const stop = (why: string, code: number) => {
		if (exitCode !== undefined) return;
		exitCode = code;
		say(`\n${why}: ending what runs ...`);
		stopping.abort();
		for (const each of running) void each.stop();
	};
	for (const [signal, code] of Object.entries(SIGNALS))
		process.on(signal, () => stop(signal, code));
	const parentWatch = watchParent(() => stop('Whoever started this is gone', SIGNALS.SIGTERM));

	try {
		await runSteps();
	} finally {
		clearInterval(parentWatch);
		await endProcesses({ mark });
		await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
	}
	outcome.results.sort((a, b) => order(a.ring) - order(b.ring));
	say(`\n${table(outcome, (Date.now() - started) / 1_000)}\n`);
	say(closingLine(outcome));
	return exitCode ?? Number(!outcome.results.every(isGood) || outcome.notRun.length > 0);

	function order(name: string) {
		return rings.findIndex((ring) => ring.name === name);
	}

	async function runSteps() {
		const programs = new Set(rings.flatMap(({ needs }) => needs));
		const problem = await bring(
			[...programs].filter((program) => program !== 'n8n'),
			{ say, willInstallN8n: programs.has('n8n') },
		);
		if (problem) {
			outcome.notRun.push(...rings.map(({ name }) => ({ ring: name, why: problem })));
			return say(problem);
		}
		await runAbreast(rings.filter(({ isFast }) => isFast));
		await runAbreast(rings.filter(({ isFast }) => !isFast));
	}

	async function runAbreast(waiting: Ring[]) {
		await Promise.all(
			Array.from({ length: ABREAST }, async () => {
				for (let ring = waiting.shift(); ring; ring = waiting.shift()) await runOne(ring);
			}),
		);
	}

	async function runOne(ring: Ring) {
		const failed = ring.after.find(
			(name) =>
				!outcome.results.some((result) => result.ring === name && isGood(result)) &&
				rings.some((each) => each.name === name),
		);
		const why = stopping.signal.aborted
			? 'stopped'
			: failed
				? `${failed} has failed`
				: await prepare(ring.needs);
		if (why) return void outcome.notRun.push({ ring: ring.name, why });
		say(
			`\n[${rings.indexOf(ring) + 1}/${rings.length}] ${ring.name} ... (at ${time((Date.now() - started) / 1_000)})`,
		);
		let output = '';
		const one = runRing(ring, {
			mark,
			folder,
			jestArgs,
			onOutput: ring.isFast ? (text) => (output += text) : 'show',
		});
		running.add(one);
		const result = await one.done;
		running.delete(one);
		outcome.results.push(result);
		if (output.trim()) say(`\n${output.trim()}`);
		say(`[${rings.indexOf(ring) + 1}/${rings.length}] ${sentence(result)}`);
	}

	async function prepare(needs: Program[]): Promise<string | undefined> {
		return needs.includes('n8n') ? await bring(['n8n'], { say, willInstallN8n: true }) : undefined;
	}
}

/** npm passes a signal on to a shell, which dies of it and leaves us: then this is how we know. */
function watchParent(onGone: () => void): NodeJS.Timeout | undefined {
	if (process.platform === 'win32') return undefined;
	const parent = process.ppid;
	return setInterval(() => process.ppid !== parent && onGone(), PARENT_MS);
}
