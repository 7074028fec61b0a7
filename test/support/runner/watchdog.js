/*
 * Ends processes whose owner is gone, however it went: a killed jest runs no handler. The owner writes `+<pid>` and `-<pid>`,
 * one a line; the end of this input is the end of the owner. See ../ownProcess.ts.
 */
const { execFileSync } = require('node:child_process');
const { readdirSync, readFileSync } = require('node:fs');

const owned = new Set();
let rest = '';

process.stdin.on('data', (chunk) => {
	const lines = (rest + chunk).split('\n');
	rest = lines.pop();
	for (const line of lines) {
		const pid = Number(line.slice(1));
		if (line[0] === '+') owned.add(pid);
		else owned.delete(pid);
	}
});
process.stdin.on('end', end);
process.stdin.on('error', end);
// Ctrl+C is for the owner to answer; this one goes when the owner has gone.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

function end() {
	const doomed = withChildren();
	for (const pid of doomed) kill(pid, 'SIGTERM');
	setTimeout(
		() => {
			for (const pid of doomed) kill(pid, 'SIGKILL');
			process.exit();
		},
		owned.size ? 1_000 : 0,
	);
}

function withChildren() {
	const all = new Set(owned);
	if (process.platform === 'win32' || owned.size === 0) return all;
	const rows = process.platform === 'linux' ? fromProc() : fromPs();
	for (let size = -1; size !== all.size;) {
		size = all.size;
		for (const [pid, parent] of rows) if (all.has(parent)) all.add(pid);
	}
	return all;
}

/** A slim Linux has no `ps`. */
function fromProc() {
	return readdirSync('/proc')
		.filter((name) => /^\d+$/.test(name))
		.flatMap((pid) => {
			try {
				const [, parent] = readFileSync(`/proc/${pid}/stat`, 'latin1')
					.replace(/^.*\) /s, '')
					.split(' ');
				return [[Number(pid), Number(parent)]];
			} catch {
				return [];
			}
		});
}

function fromPs() {
	const rows = execFileSync('ps', ['-Ao', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
	return rows.map((row) => row.trim().split(/\s+/).map(Number));
}

function kill(pid, signal) {
	try {
		process.kill(pid, signal);
	} catch {
		// It has ended.
	}
}
