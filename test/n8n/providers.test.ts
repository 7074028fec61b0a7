import { readFile } from 'node:fs/promises';

import { startEmulator, type Emulator } from '../emulator';
import { startN8n, type N8n } from '../support/n8n/instance';
import { packPackage } from '../support/n8n/pack';
import { items } from '../support/n8n/rest';
import { mediaNode, workflow, type Json } from '../support/n8n/workflow';
import { credentialFor, sha256, VENDORS, type Vendor } from '../support/harness';
import { demoFile } from '../support/paths';

/** The same on every vendor: the packed tarball in a real n8n, which reaches the emulator under the vendors' own names. */

jest.setTimeout(240_000);

const ORIGINS = {
	meta: { apiOrigin: 'https://graph.facebook.com', filesOrigin: 'https://lookaside.fbsbx.com' },
	whapi: { apiOrigin: 'https://gate.whapi.cloud', filesOrigin: 'https://s3.eu-central-1.wasabisys.com' },
	pipes: { apiOrigin: 'https://api.pipes.bot', filesOrigin: 'https://media.account.r2.cloudflarestorage.com' },
};
const hostsOf = (vendor: Vendor) => Object.values(ORIGINS[vendor]).map((origin) => new URL(origin).host);

let emulator: Emulator;
let n8n: N8n;
beforeAll(async () => {
	emulator = await startEmulator(ORIGINS);
	const port = Number(new URL(emulator.localUrl).port);
	const vendors = Object.fromEntries(VENDORS.flatMap((vendor) => hostsOf(vendor).map((host) => [host, port])));
	n8n = await startN8n({ packages: [await packPackage()], vendors });
}, 900_000);
afterAll(async () => {
	await n8n?.stop();
	await emulator?.close();
});
beforeEach(() => emulator.reset());

/** As a user fills in the form: no addresses. */
const account = (vendor: Vendor, changes: Json = {}): Json => ({ ...credentialFor(emulator, vendor), baseUrl: '', mediaHosts: '', ...changes });

describe('the credential’s Test button', () => {
	const press = async (vendor: Vendor, changes?: Json) => await n8n.api.testCredential({ type: 'whatsAppMediaApi', data: account(vendor, changes) });

	test.each(VENDORS)('%s: a good one, a wrong one, an outage, a page', async (vendor) => {
		expect(await press(vendor)).toEqual({ status: 'OK', message: 'Connection successful!' });
		expect(await press(vendor, { accessToken: 'wrong' })).toEqual({ status: 'Error', message: expect.stringMatching(/^The (access token|token|API key) (is not valid|belongs to no channel)/) });
		const on = { meta: 'phoneNumber', whapi: 'health', pipes: 'download' }[vendor];
		emulator[vendor].fault({ on, status: 503 } as never);
		// n8n 1 tells no status of an answer without a body.
		const outage = process.env.N8N_VERSION?.startsWith('1.') ? 'is not one of the provider’s API' : 'The provider is not available right now. Try again in a few minutes.';
		expect((await press(vendor)).message).toContain(outage);
		emulator[vendor].fault({ on, status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>Log in' } as never);
		expect((await press(vendor)).message).toContain('is not one of the provider’s API');
		for (const { host, headers } of emulator.requests) expect([host, headers.authorization !== undefined]).toEqual([hostsOf(vendor)[0], true]);
	});

	test('a channel that is not logged in, and none that is started by the test', async () => {
		emulator.whapi.authorized = false;
		expect((await press('whapi')).message).toContain('scan the QR code');
		expect(emulator.whapi.woken).toBe(0);
	});
});

describe.each(VENDORS)('%s', (vendor) => {
	const TYPES = ['image', 'video', 'audio', 'voice', 'document', 'sticker'];
	const types = vendor === 'whapi' ? [...TYPES, 'gif', 'short'] : TYPES;

	test('every type that it has: Trigger, Download, the same bytes; the token where it belongs', async () => {
		const { id, name } = await n8n.api.createCredential(vendor, 'whatsAppMediaApi', account(vendor));
		const ours = (type: string, called: string, parameters: Json = {}) => mediaNode(type, called, parameters, { credentials: { whatsAppMediaApi: { id, name } } });
		const trigger = ours('whatsAppMediaTrigger', 'Trigger', { registration: vendor === 'whapi' ? 'phoneNumber' : 'manual' });
		const created = await n8n.api.createWorkflow(workflow({ nodes: [trigger, ours('whatsAppDownloadMedia', 'Download')] }));
		await n8n.api.activate(created.id);
		if (vendor !== 'whapi') emulator[vendor].callback = `${n8n.url}/webhook/${trigger.webhookId}/webhook`;

		const sent: Record<string, Buffer> = {};
		for (const type of types) {
			const bytes = await readFile(demoFile(type === 'voice' ? 'voice-note.ogg' : type === 'document' ? 'invoice.pdf' : 'photo.jpg'));
			const { mediaId, answer } = await emulator[vendor].receive({ type, bytes, url: type !== 'video' } as never);
			expect(answer).toMatchObject({ status: 200 });
			sent[mediaId] = bytes;
		}
		const executions = await n8n.api.waitForExecutions(created.id, types.length);
		expect(executions).toHaveLength(types.length);
		for (const execution of executions) {
			const [item] = items(execution, 'Download');
			const original = sent[String(item!.json.mediaId)]!;
			expect(item!.json).toMatchObject({ provider: vendor, verified: true, sha256: sha256(original), size: original.length });
			expect(await n8n.api.bytes(item!.binary!.data!)).toEqual(original);
		}
		await n8n.api.deactivate(created.id);
		if (vendor === 'whapi') {
			await until(() => emulator.whapi.settings.webhooks.length === 0);
		}
		const saw = new Set(emulator.requests.filter(({ headers }) => headers.authorization).map(({ host }) => host));
		const allowed = vendor === 'meta' ? hostsOf(vendor) : hostsOf(vendor).slice(0, 1);
		expect([...saw].filter((host) => !allowed.includes(host))).toEqual([]);
		expect(n8n.refused).toEqual([]);
	});
});

async function until(done: () => boolean): Promise<void> {
	for (const start = Date.now(); !done(); ) {
		if (Date.now() - start > 20_000) throw new Error('Waited 20 s in vain');
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}
