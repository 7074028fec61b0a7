import { pattern } from '../emulator';
import { mediaNode, workflow } from '../support/n8n/workflow';
import { installPackage, startCluster, type Cluster } from './cluster';
import { publish, trigger } from './flow';

/**
 * The most memory that a worker takes on top of what it held before, for one execution with so many files, in each binary
 * data mode. Printed, for docs/queue-mode.md:
 *
 *     npm run build && npx tsx test/queue/memory.ts
 */

const MB = 1_000_000;
const loads: Array<{ files: number; size: number; nodes: Array<'Download' | 'Upload'> }> = [
	{ files: 1, size: 100 * MB, nodes: ['Download'] },
	{ files: 1, size: 100 * MB, nodes: ['Download', 'Upload'] },
	{ files: 10, size: 16 * MB, nodes: ['Download'] },
	{ files: 80, size: 5 * MB, nodes: ['Download'] },
];

async function main() {
	const cluster = await startCluster({
		webhooks: 1,
		workers: 1,
		log: (line) => console.error(line),
	});
	try {
		await installPackage(cluster);
		console.log(
			'| files at a time | nodes | binary mode | worker before | at most on top | of the files |\n|---|---|---|---|---|---|',
		);
		for (const mode of ['database', 'filesystem'] as const) {
			if (mode !== 'database') await cluster.keepFilesIn(mode);
			// Nodes are loaded with the first execution.
			await measure(cluster, { files: 1, size: 1_000, nodes: ['Download', 'Upload'] });
			for (const load of loads) {
				const { before, most } = await measure(cluster, load);
				const times = (most / (load.files * load.size)).toFixed(1);
				console.log(
					`| ${load.files} × ${load.size / MB} MB | ${load.nodes.join(', ')} | ${mode} | ${mb(before)} | ${mb(most)} | ${times} × |`,
				);
			}
		}
	} finally {
		await cluster.close();
	}
}

const mb = (bytes: number) => `${(bytes / MB).toFixed(0)} MB`;

async function measure(cluster: Cluster, { files, size, nodes }: (typeof loads)[number]) {
	const { emulator, webhooks, workers } = cluster;
	const { meta } = emulator;
	const named = nodes.map((name) => mediaNode(`whatsApp${name}Media`, name));
	const flow = await publish(cluster, workflow({ nodes: [trigger(), ...named] }));
	const file = {
		type: 'document',
		mimeType: 'text/plain',
		fileName: 'Report.txt',
		bytes: pattern(size),
		phoneNumberId: flow.phoneNumberId,
	} as const;
	const messages = Array.from({ length: files }, () => meta.prepare(file).message);
	const before = await workers[0]!.resetPeakMemory();
	const status = await flow.deliver(meta.envelope([[meta.value(messages)]]), webhooks[0]!);
	const executions = await flow.ended(1);
	if (status !== 200 || executions.length !== 1 || executions[0]!.status !== 'success')
		throw new Error(
			`${status}: ${JSON.stringify(executions.map((each) => each.data.resultData.error ?? each.status))}`,
		);
	return { before, most: (await workers[0]!.peakMemory()) - before };
}

main().catch((error) => {
	console.error(error);
	process.exitCode = 1;
});
