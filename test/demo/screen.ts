/** What the demo shows: plain lines, and on a terminal one more for what is going on right now. */

const WIDTH = 72;
const CLEAR_LINE = '\r\u001b[2K';

let goingOn = '';

export function say(line = ''): void {
	if (!process.stdout.isTTY) return void process.stdout.write(`${line}\n`);
	process.stdout.write(`${CLEAR_LINE}${line}\n${goingOn}`);
}

/** One step: what it is doing while it lasts, then what `done` makes of its result, and how long it took. */
export async function phase<T>(
	doing: string,
	work: () => Promise<T>,
	done: (result: T) => string,
): Promise<T> {
	const started = Date.now();
	goingOn = `  ${doing} ...`;
	if (process.stdout.isTTY) process.stdout.write(goingOn);
	try {
		const result = await work();
		goingOn = '';
		say(`✓ ${done(result).padEnd(WIDTH)}${seconds(started).padStart(7)}`);
		return result;
	} catch (cause) {
		goingOn = '';
		say(`✗ ${doing}`);
		throw cause;
	}
}

export type Cell = string | number;

/** Numbers to the right, all else to the left. */
export function table(head: string[], rows: Cell[][]): void {
	const lines = [head, ...rows].map((row) =>
		row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell)),
	);
	const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
	const isNumber = head.map((_, column) => rows.every((row) => typeof row[column] === 'number'));
	const show = (line: string[]) =>
		say(
			line
				.map((text, column) =>
					isNumber[column] ? text.padStart(widths[column]!) : text.padEnd(widths[column]!),
				)
				.join('   '),
		);
	show(lines[0]!);
	show(widths.map((width) => '─'.repeat(width)));
	lines.slice(1).forEach(show);
}

export function seconds(since: number): string {
	return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
