import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import type { Json } from '../support/n8n/workflow';

/** A local S3 with one bucket. */
export async function startS3(bucket: string) {
	const directory = await mkdtemp(join(tmpdir(), 's3-'));
	const server = new S3rver({
		address: '127.0.0.1',
		port: 0,
		silent: true,
		directory,
		vhostBuckets: false,
		configureBuckets: [{ name: bucket, configs: [] }],
	});
	const { port } = (await server.run()) as AddressInfo;
	const url = `http://127.0.0.1:${port}/${bucket}`;
	return {
		/** What a user types into n8n's S3 credential. */
		credential: {
			endpoint: `http://127.0.0.1:${port}`,
			region: 'us-east-1',
			accessKeyId: 'S3RVER',
			secretAccessKey: 'S3RVER',
			forcePathStyle: true,
		} as Json,
		/** The names of all objects. */
		async keys(): Promise<string[]> {
			const xml = await (await fetch(url)).text();
			return [...xml.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key!);
		},
		async object(key: string) {
			const response = await fetch(`${url}/${key.split('/').map(encodeURIComponent).join('/')}`);
			return {
				mimeType: response.headers.get('content-type'),
				bytes: Buffer.from(await response.arrayBuffer()),
			};
		},
		async close() {
			await server.close();
			await rm(directory, { recursive: true, force: true });
		},
	};
}
