import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

/** The part of a package's package.json that matters here. */
export type Manifest = { name: string; version: string };

/**
 * An npm registry that knows just these tarballs, so that n8n installs them the way a user's n8n does
 * (Settings > Community nodes > Install). n8n only takes another registry with an enterprise licence: serve this one
 * under the name `registry.npmjs.org` (tls.ts).
 */
export async function startRegistry(tarballs: string[]) {
	const packages = new Map<string, { manifest: Manifest; bytes: Buffer }>();
	for (const tarball of tarballs) {
		const manifest = await readManifest(tarball);
		packages.set(manifest.name, { manifest, bytes: await readFile(tarball) });
	}

	const server = createServer((req, res) => {
		const [name = '', ...rest] = decodeURIComponent((req.url ?? '').slice(1)).split('/');
		const found = packages.get(name);
		if (!found)
			return void res
				.writeHead(404, { 'content-type': 'application/json' })
				.end('{"error":"Not found"}');

		const { manifest, bytes } = found;
		if (rest[0] === '-') return void res.end(bytes);

		const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
		const tarball = `https://registry.npmjs.org/${name}/-/${name}-${manifest.version}.tgz`;
		const version = { ...manifest, dist: { integrity, tarball } };
		const answer = rest[0]
			? version
			: {
					name,
					'dist-tags': { latest: manifest.version },
					versions: { [manifest.version]: version },
				};
		res.setHeader('content-type', 'application/json');
		res.end(JSON.stringify(answer));
	});
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));

	return {
		port: (server.address() as AddressInfo).port,
		packages: [...packages.values()].map(({ manifest }) => manifest),
		close: async () => {
			server.closeAllConnections();
			await new Promise((done) => server.close(done));
		},
	};
}

async function readManifest(tarball: string): Promise<Manifest> {
	const { stdout } = await promisify(execFile)('tar', ['-xzOf', tarball, 'package/package.json']);
	return JSON.parse(stdout);
}
