import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ROOT } from '../../support/paths';
import { BROKEN_LINE_HEADING, brokenLineSection, type BrokenLine } from './brokenLine';
import type { NamedFault } from './catalog';
import { CLASSES_HEADING, classesSection } from './classes';
import { POINTS, type Point } from './points';

/** What became of one fault. */
export interface Cell {
	outcome: 'recovered' | 'said' | 'wrong';
	/** What the user reads, or what is wrong. */
	words: string;
	requests: number;
}

export type FaultTable = Map<Point, Map<NamedFault, { once: Cell; always: Cell }>>;

interface Limits {
	maxTries: number;
	timeoutSeconds: number;
}

const FILE = join(ROOT, 'docs/faults.md');

/** Writes docs/faults.md: the sections that were run are made anew, the others stay as they are. */
export async function writeReport(
	table: FaultTable,
	brokenLines: Map<Point, BrokenLine[]>,
	limits: Limits,
): Promise<void> {
	const sections = await writtenSections();
	sections.set(CLASSES_HEADING, classesSection());
	if (brokenLines.size) sections.set(BROKEN_LINE_HEADING, brokenLineSection(brokenLines));
	for (const [point, rows] of table) sections.set(headingOf(point), faultSection(rows));
	const headings = [CLASSES_HEADING, BROKEN_LINE_HEADING, ...POINTS.map(headingOf)];
	const written = headings.filter((heading) => sections.has(heading));
	const lines = written.flatMap((heading) => ['', `## ${heading}`, '', ...sections.get(heading)!]);
	const rows = POINTS.flatMap((point) => sections.get(headingOf(point)) ?? []);
	await writeFile(FILE, [...preamble(rows, limits), ...lines].join('\n') + '\n');
}

/** By their headings, without the empty lines around them. */
async function writtenSections(): Promise<Map<string, string[]>> {
	const [, ...sections] = (await readFile(FILE, 'utf8')).trimEnd().split('\n\n## ');
	return new Map(
		sections.map((section) => {
			const [heading, , ...lines] = section.split('\n');
			return [heading!, lines];
		}),
	);
}

function headingOf({ vendor, node, on, link }: Point): string {
	return `${vendor}: ${node}, the answer to \`${on}\`${link ? ' (public link)' : ''}`;
}

const TABLE_HEAD = ['| fault | once | requests | each time | requests |', '|---|---|---|---|---|'];

function faultSection(rows: Map<NamedFault, { once: Cell; always: Cell }>): string[] {
	const cell = ({ outcome, words, requests }: Cell) => {
		const said = outcome === 'wrong' ? `WRONG: ${words}` : words;
		const text = outcome === 'recovered' ? ['recovered', words].filter(Boolean).join(': ') : said;
		return `${text.replaceAll('|', '\\|')} | ${requests}`;
	};
	const line = ([{ name }, { once, always }]: [NamedFault, { once: Cell; always: Cell }]) =>
		`| ${name} | ${cell(once)} | ${cell(always)} |`;
	return [...TABLE_HEAD, ...[...rows].map(line)];
}

/** Counts what the tables show. */
function preamble(lines: string[], { maxTries, timeoutSeconds }: Limits): string[] {
	const rows = lines
		.filter((line) => line.startsWith('| ') && !TABLE_HEAD.includes(line))
		.map((line) => line.slice(2, -2).split(/(?<!\\) \| /));
	const faults = new Set(rows.map(([name]) => name)).size;
	const outcomes = rows.flatMap(([, once, , always]) => [once!, always!]);
	const count = (word: string) => outcomes.filter((outcome) => outcome.startsWith(word)).length;
	const [recovered, wrong] = [count('recovered'), count('WRONG')];
	return [
		'# What goes wrong, and what comes of it',
		'',
		`Made by \`npm run faults\` on ${new Date().toISOString().slice(0, 10)}: ${faults} faults that the emulator plays, at each answer that a node waits for, of each provider, once and each time.`,
		`${outcomes.length} runs on n8n’s own engine: ${recovered} recovered, ${outcomes.length - recovered - wrong} ended with a sentence, ${wrong} wrong, none hung, no secret was saved, no half file stayed behind.`,
		`*Recovered*: the right bytes, checked, or the change made. Limits of these runs: ${maxTries} tries, ${timeoutSeconds} s of silence, 1 MB. A download that failed leaves 0 files.`,
		'Pipes.bot has no upload and no deletion; both nodes say so without a request.',
	];
}
