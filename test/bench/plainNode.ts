import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { EnvHttpProxyAgent, request } from 'undici';

/**
 * The floor: what a program of one's own takes for the same files. The same two calls, connections kept alive, as many
 * in flight, straight to disk. A process of its own, on n8n's Node.
 */
export type Order = {
	files: Array<{ mediaId: string; url?: string }>;
	inFlight: number;
	token: string;
	folder: string;
};

async function fetchAll({ files, inFlight, token, folder }: Order): Promise<number> {
	await mkdir(folder, { recursive: true });
	const started = performance.now();
	const dispatcher = new EnvHttpProxyAgent({ connections: inFlight, pipelining: 1 });
	// Made anew for each call: undici writes the Host into them.
	const get = async (url: string) =>
		await request(url, {
			dispatcher,
			headers: { authorization: `Bearer ${token}`, 'user-agent': 'plain-node/1.0' },
		});
	const fetchOne = async ({ mediaId, url }: Order['files'][number]) => {
		const place =
			url ??
			(
				(await (await get(`https://graph.facebook.com/v25.0/${mediaId}`)).body.json()) as {
					url: string;
				}
			).url;
		const { statusCode, body } = await get(place);
		if (statusCode !== 200) throw new Error(`${place} answered ${statusCode}`);
		await pipeline(body, createWriteStream(join(folder, mediaId)));
	};
	let next = 0;
	const worker = async () => {
		while (next < files.length) await fetchOne(files[next++]!);
	};
	await Promise.all(Array.from({ length: Math.min(inFlight, files.length) }, worker));
	const took = performance.now() - started;
	await dispatcher.close();
	await rm(folder, { recursive: true });
	return took;
}

process.on('message', (order: Order) => {
	fetchAll(order).then(
		(ms) => process.send!({ ms }),
		(error: Error) => process.send!({ error: error.stack }),
	);
});
