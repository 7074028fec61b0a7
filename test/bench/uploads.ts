import { fetchFile } from '../support/n8n/workflow';
import { chain, type Testbed } from './testbed';
import { builtInUpload, upload } from './peers';
import type { Row } from './row';

const MB = 1_000_000;

/** A PDF by its first bytes, which is all that Upload Media looks at in one. */
function pdf(size: number): Buffer {
	const bytes = Buffer.alloc(size, 'a PDF');
	bytes.write('%PDF-1.7\n');
	return bytes;
}

/** The file comes from an address, since the webhook that starts the workflow takes no 100 MB. */
function row(name: string, what: string, count: number, memory: number): Row {
	const prepare = async (testbed: Testbed) => {
		const url = testbed.emulator.thirdParty.put(pdf(100 * MB), 'application/pdf');
		const items = Array.from({ length: count }, () => ({ url }));
		const peer = async (of: string, nodes: Parameters<typeof chain>[2]) => {
			const { run } = await chain(testbed, `${name}-${of}`, nodes, [
				fetchFile('File', '={{ $json.url }}'),
			]);
			return async () => {
				const outcome = await run(items);
				if (outcome.items.length !== count)
					throw new Error(`${name}, ${of}: ${outcome.items.length} of ${count} uploads`);
				testbed.emulator.meta.store.clear();
				return { value: outcome.ms, memory: outcome.memory / MB };
			};
		};
		return {
			'built-in': await peer('built-in', builtInUpload(testbed)),
			ours: await peer('ours', upload(testbed)),
		};
	};
	return {
		name,
		what,
		unit: 'ms',
		warmUps: 1,
		bars: [{ of: 'ours / built-in', atMost: 1 }],
		memory: { bars: [{ of: 'ours', atMost: memory, unit: 'MB' }] },
		prepare,
	};
}

export const uploads: Row[] = [
	row('upload', '100 MB upload', 1, 40),
	row('upload5', '100 MB uploads, five at once', 5, 80),
];
