import { readFile } from 'node:fs/promises';

import { stringify } from 'flatted';

import { startEmulator, type Emulator, type VendorEmulator } from '../emulator';
import { startN8n, type N8n } from '../support/n8n/instance';
import { packPackage } from '../support/n8n/pack';
import { items } from '../support/n8n/rest';
import { manualTrigger, mediaNode, node, workflow, type Json } from '../support/n8n/workflow';
import { sha256, VENDORS, type Vendor } from '../support/harness';
import { demoFile } from '../support/paths';
import {
	hostPorts,
	hostsOf,
	publicCredentialFor,
	publicOrigins,
	typesOf,
	VENDOR_FACTS,
} from '../support/vendors';

/** The same on every vendor: the packed tarball in a real n8n, which reaches the emulator under the vendors' own names. */

jest.setTimeout(240_000);

let emulator: Emulator;
let n8n: N8n;
beforeAll(async () => {
	emulator = await startEmulator(publicOrigins());
	n8n = await startN8n({ packages: [await packPackage()], vendors: hostPorts(emulator) });
}, 900_000);
afterAll(async () => {
	await n8n?.stop();
	await emulator?.close();
});
beforeEach(() => emulator.reset());

/** As a user fills in the form: no addresses. */
const account = (vendor: Vendor, changes: Json = {}): Json => ({
	...publicCredentialFor(emulator, vendor),
	...changes,
});

const tokenHeaderOf = (vendor: Vendor) => VENDOR_FACTS[vendor].tokenHeader ?? 'authorization';

describe('the credential’s Test button', () => {
	const press = async (vendor: Vendor, changes?: Json) =>
		await n8n.api.testCredential({ type: 'whatsAppMediaApi', data: account(vendor, changes) });

	test.each(VENDORS)('%s: a good one, a wrong one, an outage, a page', async (vendor) => {
		expect(await press(vendor)).toEqual({ status: 'OK', message: 'Connection successful!' });
		expect(await press(vendor, { accessToken: 'wrong' })).toEqual({
			status: 'Error',
			message: expect.stringMatching(
				/^The (access token|token|API key) (is not valid|belongs to no channel)/,
			),
		});
		const played: VendorEmulator = emulator[vendor];
		const on = VENDOR_FACTS[vendor].operations.credentialTest;
		played.fault({ on, status: 503 });
		// n8n 1 tells no status of an answer without a body.
		const outage = process.env.N8N_VERSION?.startsWith('1.')
			? 'did not come from the provider’s API'
			: 'The provider is not available right now. Try again in a few minutes.';
		expect((await press(vendor)).message).toContain(outage);
		played.fault({
			on,
			status: 200,
			headers: { 'Content-Type': 'text/html' },
			body: '<html>Log in',
		});
		expect((await press(vendor)).message).toContain('did not come from the provider’s API');
		for (const { host, headers } of emulator.requests)
			expect([host, headers[tokenHeaderOf(vendor)] !== undefined]).toEqual([
				hostsOf(vendor)[0],
				true,
			]);
	});

	test('an App Secret that is not the token’s, none, and an app that takes signed requests only', async () => {
		expect((await press('meta', { webhookSecret: 'of another app' })).message).toBe(
			'The App Secret does not belong to the app of this access token. Copy it again: developers.facebook.com → My Apps → the app that the token was generated for → App settings → Basic → Show.',
		);
		const wrongWithoutNumber = { webhookSecret: 'of another app', phoneNumberId: '' };
		expect((await press('meta', wrongWithoutNumber)).message).toContain('The App Secret does not');
		expect((await press('meta', { webhookSecret: '', phoneNumberId: '' })).status).toBe('OK');
		expect((await press('meta', { webhookSecret: '' })).status).toBe('OK');
		emulator.meta.variants.requireAppSecret = true;
		expect((await press('meta', { webhookSecret: '' })).message).toContain('Require App Secret');
	});

	test('a password in Base URL, which would be saved with every execution', async () => {
		expect(await press('waha', { baseUrl: 'http://me:s3cret@waha.example' })).toEqual({
			status: 'Error',
			message:
				'Take the user name and password out of Base URL in the credential: they would be saved with every execution',
		});
	});

	test('a channel that is not logged in, and none that is started by the test', async () => {
		emulator.whapi.authorized = false;
		expect((await press('whapi')).message).toContain('scan the QR code');
		expect(emulator.whapi.woken).toBe(0);
	});
});

describe.each(VENDORS)('%s', (vendor) => {
	const types = Object.keys(typesOf(vendor));
	const { localRegistration, connect, tokenSites } = VENDOR_FACTS[vendor];

	test('every type that it has: Trigger, Download, the same bytes; the token where it belongs', async () => {
		const { id, name } = await n8n.api.createCredential(
			vendor,
			'whatsAppMediaApi',
			account(vendor),
		);
		const ours = (type: string, called: string, parameters: Json = {}) =>
			mediaNode(type, called, parameters, { credentials: { whatsAppMediaApi: { id, name } } });
		const trigger = ours('whatsAppMediaTrigger', 'Trigger', { registration: localRegistration });
		const created = await n8n.api.createWorkflow(
			workflow({ nodes: [trigger, ours('whatsAppDownloadMedia', 'Download')] }),
		);
		await n8n.api.activate(created.id);
		const played: VendorEmulator = emulator[vendor];
		const webhookUrl = `${n8n.url}/webhook/${trigger.webhookId}/webhook`;
		expect(await connect(emulator, webhookUrl)).toBeUndefined();

		const sent: Record<string, Buffer> = {};
		for (const type of types) {
			const bytes = await readFile(
				demoFile(
					type === 'voice' ? 'voice-note.ogg' : type === 'document' ? 'invoice.pdf' : 'photo.jpg',
				),
			);
			const { mediaId, answer } = await played.receive({ type, bytes, url: type !== 'video' });
			expect(answer).toMatchObject({ status: 200 });
			sent[mediaId] = bytes;
		}
		const executions = await n8n.api.waitForExecutions(created.id, types.length);
		expect(executions).toHaveLength(types.length);
		for (const execution of executions) {
			const [item] = items(execution, 'Download');
			const original = sent[String(item!.json.mediaId)]!;
			expect(item!.json).toMatchObject({
				provider: vendor,
				verified: true,
				sha256: sha256(original),
				size: original.length,
			});
			expect(await n8n.api.bytes(item!.binary!.data!)).toEqual(original);
		}
		await n8n.api.deactivate(created.id);
		if (localRegistration !== 'manual')
			await until(async () => (await connect(emulator, webhookUrl)) !== undefined);
		const saw = new Set(
			emulator.requests
				.filter(({ headers }) => headers[tokenHeaderOf(vendor)])
				.map(({ host }) => host),
		);
		const [api, files] = hostsOf(vendor);
		const allowed = tokenSites.map((site) => ({ api, files })[site]);
		expect([...saw].filter((host) => !allowed.includes(host))).toEqual([]);
		expect(n8n.refused).toEqual([]);
	});

	// Before 4.4, the node sends the credential along with a redirect.
	test.each([4.1, 4.4])('n8n’s HTTP Request %d with the same credential', async (typeVersion) => {
		const credential = await n8n.api.createCredential(vendor, 'whatsAppMediaApi', account(vendor));
		const { method, path, body, operation } = VENDOR_FACTS[vendor].apiRequest(emulator);
		const [api, files] = hostsOf(vendor);
		const token = account(vendor).accessToken as string;
		const request = (name: string, host: string) =>
			node(
				'n8n-nodes-base.httpRequest',
				name,
				{
					method,
					url: `https://${host}${path}`,
					authentication: 'predefinedCredentialType',
					nodeCredentialType: 'whatsAppMediaApi',
					...(body && { sendBody: true, specifyBody: 'json', jsonBody: JSON.stringify(body) }),
					options: {},
				},
				{
					typeVersion,
					credentials: { whatsAppMediaApi: credential },
					onError: 'continueRegularOutput',
				},
			);
		const run = async (host: string) => {
			const { id } = await n8n.api.createWorkflow(
				workflow({ nodes: [manualTrigger(), request('Request', host)] }),
			);
			const execution = await n8n.api.run(id);
			expect(stringify(execution)).not.toContain(token);
			return items(execution, 'Request')[0]!.json;
		};
		const asked = () =>
			emulator.requests.map(({ host, headers }) => [
				host,
				headers[tokenHeaderOf(vendor)]?.includes(token) ?? false,
			]);

		const answer = await run(api);
		expect(asked()).toEqual([[api, true]]);
		// One that answers by a redirect is an error of the node's.
		if (emulator.requests[0]!.status < 300) expect(answer).not.toHaveProperty('error');
		if (body) expect(emulator.meta.sent).toEqual([expect.objectContaining(body)]);

		emulator[vendor].fault({ on: operation, redirect: `https://${files}/` } as never);
		await run(api);
		expect(asked().slice(1)).toEqual([[api, true]]);

		await run(VENDORS.map((other) => hostsOf(other)[0]).find((host) => host !== api)!);
		expect(asked()[2]).toEqual([expect.not.stringContaining(api), false]);
	});
});

describe.each(['waha', 'whapi'] as const)(
	'%s, where each webhook has its place in a list',
	(vendor) => {
		const urls = () =>
			(vendor === 'whapi' ? emulator.whapi.settings.webhooks : emulator.waha.config.webhooks!).map(
				({ url }) => url,
			);

		test('Execute step takes what it shows, beside production and beside what one that was unpublished left', async () => {
			const { id, name } = await n8n.api.createCredential(
				vendor,
				'whatsAppMediaApi',
				account(vendor),
			);
			const trigger = mediaNode(
				'whatsAppMediaTrigger',
				'Trigger',
				{ registration: 'phoneNumber' },
				{ credentials: { whatsAppMediaApi: { id, name } } },
			);
			const created = await n8n.api.createWorkflow(workflow({ nodes: [trigger] }));
			const modes: string[] = [];
			const expectStarts = async (mode: string) => {
				modes.push(mode);
				const bytes = `${vendor} ${modes.length}`;
				const { answers } = await emulator[vendor].receive({ type: 'image', bytes });
				expect(answers.map(({ status }) => status)).toContain(200);
				const executions = await n8n.api.waitForExecutions(created.id, modes.length);
				expect(executions.map((execution) => execution.mode).sort()).toEqual([...modes].sort());
			};
			const place = () => urls().find((url) => url.includes(`/webhook/${trigger.webhookId}/`))!;

			await n8n.api.activate(created.id);
			const plain = place();
			await n8n.api.listen(created.id);
			expect(place()).toBe(
				`${plain}?test=${encodeURIComponent(`/webhook-test/${trigger.webhookId}/webhook`)}`,
			);
			await expectStarts('manual');
			await until(async () => place() === plain);
			await expectStarts('webhook');
			const left = {
				whapi: structuredClone(emulator.whapi.settings.webhooks),
				waha: structuredClone(emulator.waha.config.webhooks),
			};
			await n8n.api.deactivate(created.id);
			await until(async () => urls().length === 0);
			emulator.whapi.settings.webhooks = left.whapi;
			emulator.waha.config.webhooks = left.waha;
			await n8n.api.listen(created.id);
			await expectStarts('manual');
		});
	},
);

async function until(done: () => Promise<boolean>): Promise<void> {
	for (const start = Date.now(); !(await done());) {
		if (Date.now() - start > 20_000) throw new Error('Waited 20 s in vain');
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}
