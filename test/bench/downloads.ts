import { pattern } from '../emulator';
import type { Json } from '../support/n8n/workflow';
import { chain, type Testbed } from './testbed';
import { bareDownload, builtInDownload, CONCURRENCY, download } from './peers';
import type { Peers, Row } from './row';

const KB = 1000;
const MB = 1000 * KB;

type Kind = 'image' | 'voice' | 'document';

/** Files that customers sent. Hashed ahead, since Meta has done that long before anybody asks. */
export function files(testbed: Testbed, count: number, size: number, type: Kind = 'image') {
	const { meta } = testbed.emulator;
	const bytes = pattern(size);
	const sent = Array.from({ length: count }, () =>
		meta.prepare({ type, bytes, media: { sha256: undefined } }),
	);
	const { sha256 } = meta.store.get(sent[0]!.mediaId)!;
	for (const { mediaId } of sent)
		Object.defineProperty(meta.store.get(mediaId)!, 'sha256', { value: sha256 });
	const mimeType = {
		image: 'image/jpeg',
		voice: 'audio/ogg; codecs=opus',
		document: 'application/pdf',
	}[type];
	return {
		byId: sent.map(({ mediaId }) => ({ mediaId })),
		/** As the trigger would have just given them. */
		fresh: (): Json[] =>
			sent.map(({ mediaId }) => {
				const url = meta.fileUrl(mediaId, 'webhook');
				return {
					provider: 'meta',
					type,
					mediaId,
					url,
					mimeType,
					sha256: sha256.toString('hex'),
					timestamp: new Date().toISOString(),
				};
			}),
	};
}

interface Load {
	count: number;
	size: number;
	delay: number;
	type?: Kind;
	fromTrigger?: boolean;
}

export async function downloadPeers(testbed: Testbed, load: Load, name: string): Promise<Peers> {
	const { byId, fresh } = files(testbed, load.count, load.size, load.type);
	testbed.delay(load.delay);
	const n8nPeer = async (peer: string, nodes: Parameters<typeof chain>[2], items: () => Json[]) => {
		const { run } = await chain(testbed, `${name}-${peer}`, nodes);
		return async () => {
			const outcome = await run(items());
			const whole = outcome.items.filter(
				({ binary }) =>
					binary?.data?.bytes === load.size || Number(binary?.data?.bytes) === load.size,
			).length;
			if (whole !== load.count)
				throw new Error(`${name}, ${peer}: ${whole} of ${load.count} files are whole`);
			return { value: outcome.ms, memory: outcome.memory / MB };
		};
	};
	return {
		'built-in': await n8nPeer('built-in', builtInDownload(testbed), () => byId),
		ours: await n8nPeer('ours', download(testbed), load.fromTrigger ? fresh : () => byId),
		'bare node': await n8nPeer(
			'bare node',
			bareDownload(testbed),
			load.fromTrigger ? fresh : () => byId,
		),
		floor: async () => ({
			value: await testbed.plain(
				load.fromTrigger ? (fresh() as Array<{ mediaId: string }>) : byId,
				CONCURRENCY,
			),
		}),
	};
}

/** How much of our time is not n8n's own. There is no bar for it. */
const OVER_N8N = { of: 'ours / bare node' };

const row = (
	name: string,
	what: string,
	load: Load,
	bars: Row['bars'],
	more: Partial<Row> = {},
): Row => ({
	name,
	what,
	unit: 'ms',
	bars,
	prepare: async (testbed) => await downloadPeers(testbed, load, name),
	...more,
});

export const downloads: Row[] = [
	row(
		'photos',
		'200 files of 200 KB, 80 ms a call, by media ID',
		{ count: 200, size: 200 * KB, delay: 80 },
		[{ of: 'ours / built-in', atMost: 0.45 }, { of: 'ours / floor', atMost: 1.3 }, OVER_N8N],
	),
	row(
		'photos-trigger',
		"the same from the trigger's items, URL still alive",
		{ count: 200, size: 200 * KB, delay: 80, fromTrigger: true },
		[{ of: 'ours / built-in', atMost: 0.3 }, OVER_N8N],
	),
	row(
		'photos-far',
		'200 files of 200 KB, 300 ms a call, by media ID',
		{ count: 200, size: 200 * KB, delay: 300 },
		[{ of: 'ours / built-in', atMost: 0.5 }, { of: 'ours / floor', atMost: 1.3 }, OVER_N8N],
	),
	row(
		'voice',
		'1,000 voice notes of 20 KB, 80 ms a call',
		{ count: 1000, size: 20 * KB, delay: 80, type: 'voice' },
		[{ of: 'ours / built-in', atMost: 0.4 }, { of: 'ours / floor', atMost: 1.5 }, OVER_N8N],
		{ warmUps: 1, memory: { bars: [] } },
	),
	row(
		'large',
		'10 files of 100 MB',
		{ count: 10, size: 100 * MB, delay: 80, type: 'document' },
		[{ of: 'ours / floor', atMost: 1.3 }, OVER_N8N],
		{
			warmUps: 1,
			memory: { bars: [{ of: 'ours', atMost: 40, unit: 'MB' }] },
		},
	),
];
