import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { CONCURRENCY } from '../../nodes/WhatsApp/execution/mapConcurrent';
import type { Testbed } from './testbed';
import { downloadPeers } from './downloads';
import { median } from './row';
import { plot, type Line } from './plot';

/** How time grows, and what the number of files in flight does to it: lines for docs/img. */

const IMAGES = join(__dirname, '../../docs/img');
const DATA = join(__dirname, 'series.json');
const KB = 1000;
const MB = 1000 * KB;

interface Series {
	title: string;
	x: string;
	y: string;
	log?: boolean;
	/** Where several are drawn together. */
	image?: string;
	lines(testbed: Testbed, say: (text: string) => void): Promise<Line[]>;
}

async function timed(
	testbed: Testbed,
	name: string,
	load: Parameters<typeof downloadPeers>[1],
	peers: string[],
	rounds: number,
): Promise<number[]> {
	const all = await downloadPeers(testbed, load, name);
	const taken = peers.map((): number[] => []);
	for (let round = 0; round < rounds; round++)
		for (const [at, peer] of peers.entries()) {
			taken[at]!.push((await all[peer]!()).value / 1000);
			await testbed.clean();
		}
	return taken.map(median);
}

/** So many files make up for the luck of a single round. */
const MANY = 500;

/** One line for each peer, over loads. */
async function grown(
	testbed: Testbed,
	say: (text: string) => void,
	name: string,
	loads: Array<[number, Parameters<typeof downloadPeers>[1]]>,
): Promise<Line[]> {
	const peers = ['built-in', 'ours', 'floor'];
	const lines: Line[] = peers.map((peer) => ({ name: peer, points: [] }));
	for (const [x, load] of loads) {
		const seconds = await timed(testbed, `${name}-${x}`, load, peers, load.count < MANY ? 3 : 1);
		seconds.forEach((value, at) => lines[at]!.points.push([x, value]));
		say(
			`${name} ${x}: ${seconds.map((value, at) => `${peers[at]} ${value.toFixed(2)} s`).join(', ')}`,
		);
	}
	return lines;
}

export const series: Record<string, Series> = {
	files: {
		title: 'Time by number of files (20 KB, 80 ms a call)',
		x: 'files',
		y: 'seconds',
		lines: async (testbed, say) =>
			await grown(
				testbed,
				say,
				'files',
				[50, 100, 200, 500, 1000, 2000].map((count) => [
					count,
					{ count, size: 20 * KB, delay: 80 },
				]),
			),
	},
	sizes: {
		title: 'Time by size (10 files, 80 ms a call)',
		x: 'MB',
		y: 'seconds',
		lines: async (testbed, say) =>
			await grown(
				testbed,
				say,
				'sizes',
				[0.001, 0.01, 0.1, 1, 10, 25, 50, 75, 100].map((size) => [
					size,
					{ count: 10, size: size * MB, delay: 80, type: 'document' as const },
				]),
			),
	},
	'in-flight-20': inFlight(20),
	'in-flight-80': inFlight(80),
	'in-flight-300': inFlight(300),
};

/** Few in flight take long: fewer files then, times as many. Time goes with the number of files. */
const FEW = 5;

function inFlight(delay: number): Series {
	return {
		title: '200 files of 200 KB, by the number in flight',
		x: 'files in flight',
		y: 'seconds',
		log: true,
		image: 'in-flight',
		async lines(testbed, say) {
			const choose = await choosable(testbed);
			const points: Line['points'] = [];
			for (const chosen of [1, 5, 10, 20, 30, 40, 50, 60, 80, 100]) {
				await choose(chosen);
				const part = chosen <= FEW ? 5 : 1;
				const load = { count: 200 / part, size: 200 * KB, delay };
				const [seconds] = await timed(
					testbed,
					`flight-${delay}-${chosen}`,
					load,
					['ours'],
					part > 1 ? 1 : 3,
				);
				points.push([chosen, seconds! * part]);
				say(`${delay} ms, ${chosen} in flight: ${(seconds! * part).toFixed(2)} s`);
			}
			return [{ name: `${delay} ms a call`, points }];
		},
	};
}

/** Nobody needs this number to be a setting, so the installed package is given one that can be changed. */
async function choosable(testbed: Testbed): Promise<(inFlight: number) => Promise<void>> {
	const file = join(
		testbed.n8n.userFolder,
		'.n8n/nodes/node_modules/n8n-nodes-whatsapp-media/dist/nodes/WhatsApp/execution/mapConcurrent.js',
	);
	const chosen = join(testbed.n8n.userFolder, 'in-flight');
	const code = await readFile(file, 'utf8');
	const changed = code.replace(
		/exports\.CONCURRENCY = \d+;/,
		`Object.defineProperty(exports, 'CONCURRENCY', { get: () => Number(require('fs').readFileSync('${chosen}', 'utf8')) });`,
	);
	if (changed === code && !code.includes(chosen)) throw new Error('pool.js is not what it was');
	await writeFile(file, changed);
	await writeFile(chosen, String(CONCURRENCY));
	await testbed.n8n.restart();
	return async (inFlight) => await writeFile(chosen, String(inFlight));
}

export async function runSeries(
	testbed: Testbed,
	name: string,
	say: (text: string) => void,
): Promise<void> {
	const all: Record<string, Line[]> = JSON.parse(await readFile(DATA, 'utf8').catch(() => '{}'));
	all[name] = await series[name]!.lines(testbed, say);
	await writeFile(DATA, `${JSON.stringify(all, undefined, '\t')}\n`);
	await draw(name, all);
}

async function draw(name: string, all: Record<string, Line[]>): Promise<void> {
	const { title, x, y, log, image = name } = series[name]!;
	const drawn = Object.keys(series).filter((each) => (series[each]!.image ?? each) === image);
	await mkdir(IMAGES, { recursive: true });
	await writeFile(
		join(IMAGES, `bench-${image}.svg`),
		plot({ title, x, y, log, lines: drawn.flatMap((each) => all[each] ?? []) }),
	);
}
