import { execFile } from 'node:child_process';
import {
	cp,
	mkdir,
	mkdtemp,
	readdir,
	readFile,
	rename,
	rm,
	symlink,
	writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { providers } from '../nodes/WhatsApp/providers';
import type { CredentialField } from '../nodes/WhatsApp/providers/credentialForm';
import type { Provider } from '../nodes/WhatsApp/providers/provider';

/**
 * `npm run pack:for -- meta`: a package of its own name with one vendor alone, from the same source. n8n verifies packages for
 * one service only, and n8n Cloud installs only verified ones. What the registry of providers lists is what the package has.
 */

const ROOT = resolve(__dirname, '..');
const NODES = 'nodes/WhatsApp';
const run = promisify(execFile);

interface Manifest {
	[field: string]: unknown;
	name: string;
	n8n: { nodes: string[]; credentials: string[] };
}

/** Packs the package of one vendor into a folder. Returns the tarball's path. */
export async function packFor(name: string, destination: string): Promise<string> {
	const provider = providers[name];
	if (!provider)
		throw new Error(`No provider "${name}". There are: ${Object.keys(providers).join(', ')}`);
	const folder = await mkdtemp(join(tmpdir(), `pack-for-${name}-`));
	try {
		await copySource(folder, name);
		const manifest = await writeManifest(folder, name, provider);
		await compile(folder, manifest);
		await writeFile(join(folder, 'README.md'), readme(manifest, provider));
		await checkWords(folder, name);
		await mkdir(destination, { recursive: true });
		const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', destination], {
			cwd: folder,
		});
		return join(destination, stdout.trim().split('\n').pop()!);
	} finally {
		await rm(folder, { recursive: true });
	}
}

/** `whatsAppMediaApi` → `whatsAppMediaMetaApi`: two packages with one credential type would take it from one another. */
const ownCredential = (text: string, name: string) =>
	text.replaceAll(
		/([wW])hatsAppMediaApi/g,
		`$1hatsAppMedia${name[0]!.toUpperCase()}${name.slice(1)}Api`,
	);

async function copySource(folder: string, name: string): Promise<void> {
	for (const part of ['nodes', 'credentials', 'LICENSE.md', 'tsconfig.json'])
		await cp(join(ROOT, part), join(folder, part), { recursive: true });
	await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
	for (const other of Object.keys(providers))
		if (other !== name) await rm(join(folder, NODES, 'providers', other), { recursive: true });
	await writeFile(
		join(folder, NODES, 'providers/index.ts'),
		`import type { Provider } from './provider';\nimport { ${name} } from './${name}';\n\nexport const providers: Record<string, Provider> = { ${name} };\n`,
	);
	for (const file of [
		'credentials/WhatsAppMediaApi.credentials.ts',
		`${NODES}/transport/credentials.ts`,
	]) {
		const text = await readFile(join(folder, file), 'utf8');
		const own = text.replace(
			"'WhatsApp Media API'",
			`'WhatsApp Media API (${providers[name]!.displayName})'`,
		);
		await writeFile(join(folder, file), ownCredential(own, name));
	}
	const credential = join(folder, 'credentials/WhatsAppMediaApi.credentials.ts');
	await rename(credential, ownCredential(credential, name));
}

/** Nodes that the vendor has something for. */
function hasNode(path: string, { accepts, live }: Provider): boolean {
	if (path.includes('StreamTrigger')) return live !== undefined;
	return accepts !== undefined || !/(Upload|Delete)Media\.node/.test(path);
}

async function writeManifest(folder: string, name: string, provider: Provider): Promise<Manifest> {
	const whole = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;
	const manifest: Manifest = {
		...whole,
		devDependencies: undefined,
		scripts: undefined,
		name: `${whole.name}-${name.toLowerCase()}`,
		description: `WhatsApp files in and out of n8n on ${provider.displayName}: receive and download them as checked binary data`,
		keywords: [
			'n8n-community-node-package',
			'n8n',
			'whatsapp',
			name.toLowerCase(),
			'media',
			'voice-note',
		],
		n8n: {
			...whole.n8n,
			credentials: whole.n8n.credentials.map((path) => ownCredential(path, name)),
			nodes: whole.n8n.nodes.filter((path) => hasNode(path, provider)),
		},
	};
	await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
	return manifest;
}

/** Only what the package's nodes and credential reach; beside it their icons, and what n8n's search knows of them. */
async function compile(folder: string, { name, n8n }: Manifest): Promise<void> {
	const files = [...n8n.nodes, ...n8n.credentials].map((path) =>
		path.replace(/^dist\//, '').replace(/\.js$/, '.ts'),
	);
	const config = {
		extends: './tsconfig.json',
		compilerOptions: { types: ['node'], rootDir: '.', removeComments: true },
		include: [],
		files,
	};
	await writeFile(join(folder, 'tsconfig.build.json'), JSON.stringify(config));
	await run(
		process.execPath,
		[join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
		{ cwd: folder },
	);
	await cp(join(folder, NODES, 'icons'), join(folder, 'dist', NODES, 'icons'), { recursive: true });
	for (const path of n8n.nodes) {
		const codex = path.replace(/\.js$/, '.json');
		const text = await readFile(join(folder, codex.replace(/^dist\//, '')), 'utf8');
		const { alias, ...rest } = JSON.parse(text) as { node: string; alias: string[] };
		const node = rest.node.replace(/^[^.]+/, name);
		await writeFile(
			join(folder, codex),
			JSON.stringify({ ...rest, node, alias: alias.filter((word) => !mentionsAny(word)) }, null, 2),
		);
	}
}

function readme({ name, n8n }: Manifest, provider: Provider): string {
	const { displayName, credentialForm, retention } = provider;
	const fields = credentialForm.fields.filter(
		(field): field is CredentialField => 'displayName' in field,
	);
	const nodes = n8n.nodes.map((path) =>
		/WhatsApp(\w+)\.node/.exec(path)![1]!.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' '),
	);
	return `# ${name}

n8n nodes that move WhatsApp files on **${displayName}**: a file that a customer sends becomes n8n binary data, whole and checked, before its URL expires.

## Installation

In n8n: Settings → Community nodes → Install → \`${name}\`.

## Nodes

${nodes.map((node) => `- **WhatsApp ${node}**`).join('\n')}

Drop the trigger, drop Download Media behind it, done: there is no field to fill in between. ${retention}

## Credential

| Field | What it is | Where it is found |
| --- | --- | --- |
${fields.map(({ displayName: field, required, description, hint }) => `| ${field}${required ? ' (required)' : ''} | ${description} | ${hint ?? ''} |`).join('\n')}

By hand: ${provider.manualSetup}

## License

[MIT](LICENSE.md)
`;
}

// -- No word of another vendor

/** What a vendor is called, in words that mean nothing else. */
const WORDS: Record<string, RegExp> = {
	meta: /\bMeta\b|graph\.facebook/,
	pipes: /pipes\.bot|\bPipes\b/,
	dialog360: /360 ?dialog|dialog360/i,
};

function wordsOf(name: string): RegExp {
	return WORDS[name] ?? new RegExp(name, 'i');
}

function mentionsAny(word: string): boolean {
	return Object.keys(providers).some((name) => wordsOf(name).test(word));
}

/** Vendors that pass Meta's own API on have to name it. */
const BUILT_ON_META = ['dialog360', 'pipes'];

async function checkWords(folder: string, name: string): Promise<void> {
	const others = Object.keys(providers).filter(
		(other) => other !== name && !(other === 'meta' && BUILT_ON_META.includes(name)),
	);
	const packed = (await readdir(join(folder, 'dist'), { recursive: true }))
		.filter((path) => /\.(js|json|svg)$/.test(path))
		.map((path) => join('dist', path));
	for (const file of [...packed, 'README.md', 'package.json']) {
		const text = await readFile(join(folder, file), 'utf8');
		const mentioned = others.filter((other) => wordsOf(other).test(text));
		if (mentioned.length) throw new Error(`${file} mentions ${mentioned.join(', ')}`);
	}
}

if (require.main === module) {
	packFor(process.argv[2] ?? '', process.cwd()).then(
		(tarball) => console.log(tarball),
		(cause: Error) => {
			console.error(cause.message);
			process.exitCode = 1;
		},
	);
}
