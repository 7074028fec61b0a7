import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { packPackage } from '../support/n8n/pack';
import { scanPackage } from './scan';

/** What `npm publish` would send, and what n8n's verification scan says of it. */

const run = promisify(execFile);

let tarball: string;
let root: string;
let files: string[];
let manifest: Record<string, unknown> & {
	homepage: string;
	n8n: { nodes: string[]; credentials: string[] };
};
beforeAll(async () => {
	tarball = await packPackage();
	await run('tar', ['-xzf', tarball, '-C', dirname(tarball)]);
	root = join(dirname(tarball), 'package');
	files = (await readdir(root, { recursive: true, withFileTypes: true }))
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
	manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
});

test('it holds dist, README and licence, and nothing else, in under 150 KB', async () => {
	const others = files.filter(
		(file) => !/^dist\/(nodes|credentials)\/.*\.(js|json|svg)$/.test(file),
	);
	expect(others.sort()).toEqual(['LICENSE.md', 'README.md', 'package.json']);
	expect((await stat(tarball)).size).toBeLessThan(150_000);
});

test('every node and credential it names is there, with its codex file and icons', () => {
	for (const path of [...manifest.n8n.nodes, ...manifest.n8n.credentials])
		expect(files).toContain(path);
	for (const path of manifest.n8n.nodes) expect(files).toContain(path.replace(/\.js$/, '.json'));
	expect(files).toEqual(
		expect.arrayContaining([
			'dist/nodes/WhatsApp/icons/whatsAppMedia.svg',
			'dist/nodes/WhatsApp/icons/whatsAppMedia.dark.svg',
		]),
	);
});

test('it depends on nothing', () => {
	expect(manifest).not.toHaveProperty('dependencies');
	expect(manifest.peerDependencies).toEqual({ 'n8n-workflow': '*' });
});

test('every page that the editor links to is there', async () => {
	const codices = manifest.n8n.nodes.map((path) => path.replace(/\.js$/, '.json'));
	const texts = await Promise.all(
		[...codices, ...manifest.n8n.credentials].map(
			async (path) => await readFile(join(root, path), 'utf8'),
		),
	);
	const links = [
		...new Set(
			texts.flatMap((text) =>
				[...text.matchAll(/https:\/\/github\.com\/[^"']+/g)].map(([url]) => url),
			),
		),
	];
	const headings = (await readFile(join(root, 'README.md'), 'utf8')).matchAll(/^#+ (.+)$/gm);
	const anchors = [
		'readme',
		...[...headings].map(([, heading]) =>
			heading!
				.toLowerCase()
				.replace(/[^\w -]/g, '')
				.replaceAll(' ', '-'),
		),
	];
	expect(links.length).toBeGreaterThan(1);
	for (const link of links)
		expect([manifest.homepage.split('#')[0], anchors]).toEqual([
			link.split('#')[0],
			expect.arrayContaining([link.split('#')[1]]),
		]);
});

test('n8n’s scan of the tarball finds nothing', async () => {
	expect(await scanPackage(root)).toEqual([]);
});
