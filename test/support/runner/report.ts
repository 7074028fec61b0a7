import type { Result } from './runRing';

export type Outcome = {
	results: Result[];
	/** Asked for, but not run: why. */
	notRun: Array<{ ring: string; why: string }>;
	/** Left out by choice. */
	leftOut: string[];
};

export const isGood = ({ failed, problems }: Result) => failed === 0 && problems.length === 0;

export const time = (seconds: number) =>
	seconds < 60
		? `${Math.round(seconds)} s`
		: `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;

/** One line about a ring that has ended. */
export function sentence({
	ring,
	passed,
	failed,
	skipped,
	seconds,
	retried,
	problems,
}: Result): string {
	const counts = [
		`${passed} passed`,
		failed && `${failed} failed`,
		skipped && `${skipped} skipped`,
		retried.length && `${retried.length} retried`,
	].filter(Boolean);
	return [
		`${ring}: ${counts.join(', ')}, ${time(seconds)}`,
		...problems.map((problem) => `${ring}: ${problem}`),
	].join('\n');
}

export function table({ results, notRun, leftOut }: Outcome, seconds: number): string {
	const rows = results.map((result) => [
		isGood(result) ? 'ok' : 'FAILED',
		result.ring,
		tests(result),
		time(result.seconds),
		result.retried.length ? String(result.retried.length) : '',
	]);
	for (const { ring, why } of notRun) rows.push(['NOT RUN', ring, why, '', '']);
	const all = [
		['', 'ring', 'tests', 'time', 'retried'],
		...rows,
		['', 'all', '', time(seconds), ''],
	];
	const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
	const lines = all.map((row) =>
		row
			.map((cell, column) => cell.padEnd(widths[column]!))
			.join('  ')
			.trimEnd(),
	);
	for (const { ring, problems, retried } of results) {
		for (const problem of problems) lines.push(`${ring}: ${problem}`);
		for (const name of retried) lines.push(`retried in ${ring}: ${name}`);
	}
	if (leftOut.length) lines.push(`Left out, as asked: ${leftOut.join(', ')}`);
	return lines.join('\n');
}

const tests = ({ passed, failed, skipped }: Result) =>
	[`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`]
		.filter(Boolean)
		.join(', ');

/** Read by machines: the last line, alone. A ring that broke, or was not run, is a failure of its own. */
export function closingLine({ results, notRun }: Outcome): string {
	const sum = (count: (result: Result) => number) =>
		results.reduce((total, result) => total + count(result), 0);
	const failed = sum((result) => (isGood(result) ? 0 : Math.max(result.failed, 1))) + notRun.length;
	const skipped = sum((result) => result.skipped);
	return `${sum(({ passed }) => passed)} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
}
