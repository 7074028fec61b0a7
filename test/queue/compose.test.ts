import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

import { settings } from './cluster';
import { ROOT } from '../support/paths';

/** docs/queue-mode/compose.yaml against what the queue suite runs with, and against what docs/queue-mode.md says of it. */

interface Service {
	image: string;
	command?: string | string[];
	environment?: Record<string, string>;
	healthcheck?: { test: string[] };
}

const read = async (path: string) => await readFile(join(ROOT, path), 'utf8');
const n8nServices = ['n8n', 'webhook', 'worker-1', 'worker-2'];

let services: Record<string, Service>;
let doc: string;
beforeAll(async () => {
	({ services } = parse(await read('docs/queue-mode/compose.yaml'), { merge: true }));
	doc = await read('docs/queue-mode.md');
});

test('one main, one webhook processor and two workers, of the n8n that the tests run', async () => {
	const { dependencies } = JSON.parse(await read('test/support/n8n/runtime/package.json'));
	const ofN8n = Object.entries(services).filter(([, { image }]) => image.includes('n8n'));
	expect(ofN8n.map(([name]) => name)).toEqual(n8nServices);
	expect(ofN8n.map(([, { image }]) => image)).toEqual(
		n8nServices.map(() => `docker.n8n.io/n8nio/n8n:${dependencies.n8n}`),
	);
	expect(ofN8n.map(([, { command }]) => command)).toEqual([
		undefined,
		'webhook',
		'worker --concurrency=10',
		'worker --concurrency=10',
	]);
});

test('every process has the settings that the queue suite runs with', () => {
	for (const name of n8nServices) expect(services[name]!.environment).toMatchObject(settings);
});

test('what the table in the docs says is set is set', () => {
	const { environment, command } = services['worker-1']!;
	const rows = [...doc.matchAll(/^\| `([^`]+)` \| `([^`]+)`/gm)].map(
		([, name, value]) => [name!, value!] as const,
	);
	const said = new Map(
		rows.filter(([name]) => name === 'worker --concurrency' || name in environment!),
	);
	const set = (name: string) =>
		name === 'worker --concurrency'
			? /--concurrency=(\d+)/.exec(String(command))![1]
			: environment![name];
	expect(said.size).toBeGreaterThanOrEqual(5);
	expect(Object.fromEntries(said)).toEqual(
		Object.fromEntries([...said.keys()].map((name) => [name, set(name)])),
	);
	// Its other names are settings that a user may add.
	expect((services.redis!.command as string[]).join(' ')).toContain(
		'--appendonly yes --appendfsync always',
	);
});

test('images are pinned, and everything that stays has a health check or is the proxy in front', () => {
	for (const { image } of Object.values(services)) expect(image).toMatch(/:\d+\.\d+/);
	expect(Object.keys(services).filter((name) => !services[name]!.healthcheck)).toEqual([
		'caddy',
		'files',
	]);
});

test('.env.example names every variable without a default', async () => {
	const wanted = [...(await read('docs/queue-mode/compose.yaml')).matchAll(/\$\{(\w+):\?\}/g)].map(
		([, name]) => name!,
	);
	const named = [...(await read('docs/queue-mode/.env.example')).matchAll(/^#? ?(\w+)=/gm)].map(
		([, name]) => name!,
	);
	expect(wanted.filter((name) => !named.includes(name))).toEqual([]);
});
