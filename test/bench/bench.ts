import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { toStderr } from '../support/n8n/install';
import { startTestbed, type Testbed } from './testbed';
import { deliveries } from './deliveries';
import { downloads } from './downloads';
import { startProfiler } from './profile';
import { packageRows } from './package';
import { ENGINES, line, machine, updatePage } from './report';
import { measure, warmUpsOf, type Result, type Row } from './row';
import { runSeries } from './series';
import { uploads } from './uploads';

const INSPECTOR = 9339;
const RESULTS = join(__dirname, 'results.json');
const rows = [...downloads, ...uploads, ...deliveries, ...packageRows];

async function main() {
	const { values } = parseArgs({
		options: {
			only: { type: 'string' },
			rounds: { type: 'string', default: '5' },
			engine: { type: 'string', default: 'vm' },
			profile: { type: 'string' },
			series: { type: 'string' },
			append: { type: 'boolean' },
		},
	});
	const only = values.only?.split(',');
	const chosen = rows.filter(({ name }) => (only ? only.includes(name) : !values.series));
	const inspect = values.profile && { NODE_OPTIONS: `--inspect=127.0.0.1:${INSPECTOR}` };
	const testbed = await startTestbed({
		env: { ...ENGINES[values.engine]!.env, ...inspect },
		log: toStderr,
	});
	const results: Result[] = JSON.parse(await readFile(RESULTS, 'utf8').catch(() => '[]'));
	try {
		if (values.profile) return await profile(testbed, chosen, values.profile.split(','));
		const date = new Date().toISOString().slice(0, 10);
		for (const row of chosen) {
			const at = (of: string) =>
				results.findIndex(({ name, engine }) => name === of && engine === values.engine);
			const before = values.append ? [...results] : [];
			await measure(row, testbed, Number(values.rounds), toStderr, async (lines) => {
				for (const measured of lines) {
					const earlier = before.find(
						({ name, engine }) => name === measured.name && engine === values.engine,
					)?.rounds;
					const rounds = Object.entries(measured.rounds).map(([peer, all]) => [
						peer,
						[...(earlier?.[peer] ?? []), ...all],
					]);
					const result: Result = {
						...measured,
						rounds: Object.fromEntries(rounds),
						engine: values.engine,
						date,
						machine: machine(testbed.version),
					};
					if (at(result.name) < 0) results.push(result);
					else results[at(result.name)] = result;
				}
				await writeFile(RESULTS, `${JSON.stringify(results, undefined, '\t')}\n`);
				await updatePage(results);
			});
			console.log(line(results[at(row.name)]!).join(' | '));
		}
		// Last, since they change the installed package.
		for (const name of values.series?.split(',') ?? []) await runSeries(testbed, name, toStderr);
	} finally {
		await testbed.close();
	}
}

/** The first run of each peer that would count, for each row. */
async function profile(testbed: Testbed, chosen: Row[], peers: string[]) {
	const profiler = await startProfiler(INSPECTOR);
	for (const row of chosen) {
		const runs = await row.prepare(testbed);
		for (const peer of peers) {
			for (let round = 0; round < warmUpsOf(row); round++) {
				await runs[peer]!();
				await testbed.clean();
			}
			await profiler.start();
			await runs[peer]!();
			const file = `/tmp/bench-${row.name}-${peer.replace(/\W+/g, '-')}.cpuprofile`;
			console.log(`\n${row.name}, ${peer} (${file})\n${await profiler.stop(file)}`);
		}
	}
}

main().then(
	() => process.exit(0),
	(error) => {
		console.error(error);
		process.exit(1);
	},
);
