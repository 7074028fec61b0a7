import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem, type } from 'node:os';
import { join } from 'node:path';

import { median, valueOf, type Bar, type Result } from './row';

const PAGE = join(__dirname, '../../docs/benchmarks.md');
const BEGIN = '<!-- table: npm run bench -->';
const END = '<!-- end of table -->';

export function machine(version: { n8n: string; node: string }): string {
	const [cpu] = cpus();
	return `n8n ${version.n8n} on Node ${version.node.replace('v', '')}, ${type()}, ${cpus().length} cores (${cpu?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB`;
}

/** What n8n evaluates expressions with, and the settings that choose it. */
export const ENGINES: Record<string, { title: string; env: Record<string, string> }> = {
	vm: { title: "With n8n's default expression engine (`vm`)", env: {} },
	lazy: {
		title: 'With `N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE=true`',
		env: { N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE: 'true' },
	},
	legacy: {
		title: 'With `N8N_EXPRESSION_ENGINE=legacy`',
		env: { N8N_EXPRESSION_ENGINE: 'legacy' },
	},
};

/** One line for each row, for the terminal and the page alike. */
export function line(result: Result): string[] {
	const medians = Object.entries(result.rounds).map(
		([name, all]) => `${name} ${shown(median(all), result.unit)}`,
	);
	return [
		result.what,
		medians.join(', '),
		result.bars.map((bar) => verdict(bar, result)).join('; '),
	];
}

function verdict(bar: Bar, { rounds, engine }: Result): string {
	const value = valueOf(bar, rounds);
	const shownValue = bar.unit ? shown(value, bar.unit) : `${value.toFixed(2)} ×`;
	const name = bar.of.replace('ours / ', '');
	// The bars are for n8n's default engine.
	if (engine !== 'vm' || (bar.atMost === undefined && bar.atLeast === undefined))
		return `${name}: ${shownValue}`;
	const reached = value <= (bar.atMost ?? Infinity) && value >= (bar.atLeast ?? 0);
	const wanted = bar.atMost === undefined ? `at least ${bar.atLeast}` : `at most ${bar.atMost}`;
	// What n8n itself does not reach, no node can.
	const bare =
		!reached && rounds['bare node'] && valueOf({ of: bar.of.replace('ours', 'bare node') }, rounds);
	return `${reached ? '✓' : '✗'} ${name}: ${shownValue} (${wanted}${bare ? `; the bare node: ${bare.toFixed(2)} ×` : ''})`;
}

function shown(value: number, unit: string): string {
	if (unit === 'ms')
		return value < 100 ? `${value.toFixed(1)} ms` : `${(value / 1000).toFixed(2)} s`;
	if (unit === 'MB' || unit === 'KB') return `${value.toFixed(unit === 'KB' ? 1 : 0)} ${unit}`;
	return unit === '/s' ? `${value.toFixed(1)}/s` : `${Math.round(value)} ${unit}`;
}

/** Puts the newest numbers into the page; what is written around them stays. */
export async function updatePage(results: Result[]): Promise<void> {
	const page = await readFile(PAGE, 'utf8');
	const tables = Object.entries(ENGINES).flatMap(([engine, { title }]) => {
		const rows = results.filter((result) => result.engine === engine);
		if (!rows.length) return [];
		const body = rows.map(
			(result) =>
				`| ${line(result).join(' | ')} | ${Math.max(...Object.values(result.rounds).map(({ length }) => length))}, ${result.date} |`,
		);
		return [
			`### ${title}`,
			'',
			'| what | medians | ours against … (median of the rounds) | rounds, date |',
			'|---|---|---|---|',
			...body,
		].join('\n');
	});
	const [before, rest] = page.split(BEGIN);
	const after = rest!.split(END)[1]!;
	const machines = [...new Set(results.map((result) => result.machine))].map(
		(one) => `Measured on ${one}.`,
	);
	await writeFile(
		PAGE,
		[before, BEGIN, '\n', machines.join('\n'), '\n\n', tables.join('\n\n'), '\n', END, after].join(
			'',
		),
	);
}
