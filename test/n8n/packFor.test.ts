import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { packFor } from '../../scripts/packFor';
import { startEmulator, type Emulator } from '../emulator';
import { sha256, type Vendor } from '../support/harness';
import { startN8n, type N8n } from '../support/n8n/instance';
import { items } from '../support/n8n/rest';
import { node, workflow, type Json } from '../support/n8n/workflow';
import { demoFile } from '../support/paths';
import { scanPackage } from './scan';
import { hostPorts, publicCredentialFor, publicOrigins } from '../support/vendors';

/** Packages of one vendor each (`npm run pack:for`): what is in them, what n8n's scan says, and the main job in a real n8n. */

jest.setTimeout(240_000);

const run = promisify(execFile);

const PACKED = [
	['meta', /waha|whapi|360 ?dialog|pipes\.bot/i],
	['waha', /whapi|360 ?dialog|pipes\.bot|\bMeta\b|graph\.facebook/],
] as const;

let emulator: Emulator;
let n8n: N8n;
const tarballs: Partial<Record<Vendor, string>> = {};
beforeAll(async () => {
	const folder = await mkdtemp(join(tmpdir(), 'packed-for-'));
	for (const [vendor] of PACKED) tarballs[vendor] = await packFor(vendor, folder);
	emulator = await startEmulator(publicOrigins());
}, 900_000);
afterAll(async () => await emulator?.close());

describe.each(PACKED)('%s', (vendor, others) => {
	// An n8n for each: n8n's table of installed nodes takes each display name once.
	beforeAll(async () => {
		n8n = await startN8n({ packages: [tarballs[vendor]!], vendors: hostPorts(emulator) });
	}, 300_000);
	afterAll(async () => await n8n?.stop());

	const name = `n8n-nodes-whatsapp-media-${vendor}`;
	const credential = `whatsAppMedia${vendor[0]!.toUpperCase()}${vendor.slice(1)}Api`;

	test('it names no other vendor, and n8n’s scan finds nothing', async () => {
		const folder = await mkdtemp(join(dirname(tarballs[vendor]!), `${vendor}-`));
		await run('tar', ['-xzf', tarballs[vendor]!, '-C', folder]);
		const root = join(folder, 'package');
		const files = (await readdir(root, { recursive: true })).filter((file) =>
			/\.(js|json|svg|md)$/.test(file),
		);
		for (const file of files)
			expect([file, (await readFile(join(root, file), 'utf8')).match(others)?.[0]]).toEqual([
				file,
				undefined,
			]);
		expect(files.filter((file) => /providers\/\w+\/index\.js$/.test(file))).toEqual([
			`dist/nodes/WhatsApp/providers/${vendor}/index.js`,
		]);
		expect(await scanPackage(root)).toEqual([]);
	});

	test('Trigger, Download, the same bytes; the credential’s Test button', async () => {
		const data = publicCredentialFor(emulator, vendor);
		expect(await n8n.api.testCredential({ type: credential, data })).toEqual({
			status: 'OK',
			message: 'Connection successful!',
		});
		const { id, name: called } = await n8n.api.createCredential(vendor, credential, data);
		const ours = (type: string, title: string, parameters: Json = {}) =>
			node(`${name}.${type}`, title, parameters, {
				credentials: { [credential]: { id, name: called } },
			});
		const trigger = ours('whatsAppMediaTrigger', 'Trigger', { registration: 'manual' });
		const created = await n8n.api.createWorkflow(
			workflow({ nodes: [trigger, ours('whatsAppDownloadMedia', 'Download')] }),
		);
		await n8n.api.activate(created.id);
		const bytes = await readFile(demoFile('photo.jpg'));
		const callback = `${n8n.url}/webhook/${trigger.webhookId}/webhook`;
		const { answer } = await emulator[vendor].receive({ type: 'image', bytes }, { callback });
		expect(answer).toMatchObject({ status: 200 });
		const [execution] = await n8n.api.waitForExecutions(created.id);
		const [item] = items(execution!, 'Download');
		expect(item!.json).toMatchObject({ provider: vendor, verified: true, sha256: sha256(bytes) });
		expect(await n8n.api.bytes(item!.binary!.data!)).toEqual(bytes);
	});
});
