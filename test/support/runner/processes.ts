import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

/** In the environment of whatever a run starts: which run, and which ring of it. */
export const RUN_MARK = 'WHATSAPP_MEDIA_TEST_RUN';

export type Found = { pid: number; command: string };
type Row = Found & { parent: number; group: number; marked: boolean };

const POLL_MS = 100;

/** Whatever a ring started: what bears its mark or is of its process group, and the children of these. */
export async function findProcesses({
	mark,
	group,
}: {
	mark: string;
	group?: number;
}): Promise<Found[]> {
	const rows =
		process.platform === 'win32'
			? []
			: process.platform === 'linux'
				? await fromProc(mark)
				: await fromPs();
	const found = new Set(
		rows
			.filter((row) => row.marked || (group !== undefined && row.group === group))
			.map(({ pid }) => pid),
	);
	for (let size = -1; size !== found.size;) {
		size = found.size;
		for (const { pid, parent } of rows) if (found.has(parent)) found.add(pid);
	}
	found.delete(process.pid);
	return rows.filter(({ pid }) => found.has(pid)).map(({ pid, command }) => ({ pid, command }));
}

/** Ends them, by force after `graceMs`, and returns when none is left. */
export async function endProcesses(
	of: { mark: string; group?: number },
	graceMs = 3_000,
): Promise<void> {
	if (process.platform === 'win32') return await endTree(of.group);
	const started = Date.now();
	for (let asked = false; ; asked = true) {
		const found = await findProcesses(of);
		if (found.length === 0) return;
		const isLate = Date.now() - started >= graceMs;
		if (isLate || !asked) for (const { pid } of found) signal(pid, isLate ? 'SIGKILL' : 'SIGTERM');
		await wait(POLL_MS);
	}
}

/** Waits until nothing is left that goes by itself, and returns what stays. */
export async function remaining(
	of: { mark: string; group?: number },
	patienceMs: number,
): Promise<Found[]> {
	for (const started = Date.now(); ; await wait(POLL_MS)) {
		const found = await findProcesses(of);
		if (found.length === 0 || Date.now() - started > patienceMs) return found;
	}
}

function signal(pid: number, name: NodeJS.Signals) {
	try {
		process.kill(pid, name);
	} catch {
		// It has ended meanwhile.
	}
}

async function fromProc(mark: string): Promise<Row[]> {
	const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
	const rows = await Promise.all(
		pids.map(async (pid) => await procRow(pid, mark).catch(() => undefined)),
	);
	return rows.filter((row) => row !== undefined);
}

async function procRow(pid: string, mark: string): Promise<Row | undefined> {
	// pid (name) state parent group …; the name may hold spaces and brackets.
	const [state, parent, group] = (await readFile(`/proc/${pid}/stat`, 'latin1'))
		.replace(/^.*\) /s, '')
		.split(' ');
	// A zombie has ended; whoever started it has not looked yet.
	if (state === 'Z') return undefined;
	const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
	// Not ours to read when it belongs to another user: then it is not ours.
	const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
	const marked = environment.split('\0').some((entry) => entry.startsWith(`${RUN_MARK}=${mark}`));
	return { pid: Number(pid), command, parent: Number(parent), group: Number(group), marked };
}

/** Elsewhere the process group has to do. */
async function fromPs(): Promise<Row[]> {
	const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,ppid=,pgid=,stat=,command=']);
	return stdout.split('\n').flatMap((line) => {
		const [, pid, parent, group, state, command] =
			/^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
		if (!pid || state!.startsWith('Z')) return [];
		return [
			{
				pid: Number(pid),
				parent: Number(parent),
				group: Number(group),
				command: command!,
				marked: false,
			},
		];
	});
}

async function endTree(pid: number | undefined) {
	if (pid !== undefined)
		await promisify(execFile)('taskkill', ['/T', '/F', '/PID', String(pid)]).catch(() => {});
}
