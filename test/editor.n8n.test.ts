import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { firstPicture } from './editor/firstPicture';
import { startSession, type Session } from './editor/session';
import { photo, walkWithTheBuiltInNodes, walkWithTheTriggerAlone, walkWithThisPackage } from './editor/walks';
import type { Emulator } from './emulator';
import { items, type Credential } from './n8n/rest';
import { manualTrigger, mediaNode, workflow, type Item, type Json, type WorkflowNode } from './n8n/workflow';
import { credentialFor, type Vendor } from './world';

/** Ring 5: the packed package in n8n's own editor, in a real browser, by the words on the screen. */

jest.setTimeout(240_000);

let session: Session;
let n8n: Session['n8n'];
let editor: Session['editor'];
let emulator: Emulator;
let picture: Session['picture'];
beforeAll(async () => {
	session = await startSession();
	({ n8n, editor, emulator, picture } = session);
}, 900_000);
afterAll(async () => await session?.close());

/** As on the first day: nothing in n8n, and Meta without a webhook. */
async function empty(): Promise<void> {
	await editor.page.goto('about:blank');
	for (const { id } of await n8n.api.call<Array<{ id: string }>>('GET', '/rest/workflows')) await n8n.api.deleteWorkflow(id);
	for (const { id } of await n8n.api.call<Credential[]>('GET', '/rest/credentials')) await n8n.api.call('DELETE', `/rest/credentials/${id}`);
	emulator.reset();
	emulator.meta.variants.webhookTimeout = 60_000;
	// Which n8n's own nodes cannot do for their user.
	emulator.meta.subscriptions.subscribed = true;
}

// -- Workflows that are there when the user comes

const account = (vendor: Vendor, changes: Json = {}): Json => ({ ...credentialFor(emulator, vendor), baseUrl: '', mediaHosts: '', ...changes });

async function credential(vendor: Vendor = 'meta', changes: Json = {}) {
	const { id, name } = await n8n.api.createCredential('WhatsApp Media account', 'whatsAppMediaApi', account(vendor, changes));
	return { id, name };
}

const ours = async (type: string, name: string, vendor?: Vendor, changes?: Json) =>
	mediaNode(type, name, {}, { credentials: { whatsAppMediaApi: await credential(vendor, changes) } });

/** A workflow with the form of its last node open. */
async function opened(nodes: WorkflowNode[], start: Item[] = [{ json: {} }]): Promise<void> {
	const pinData = nodes[0]!.name === 'Start' ? { Start: start } : undefined;
	const { id } = await n8n.api.createWorkflow(workflow({ nodes, pinData }));
	await editor.openWorkflow(id);
	await editor.openNode(nodes.at(-1)!.name);
}

/** A trigger without a credential, and its form. */
const openTrigger = async () => await opened([mediaNode('whatsAppMediaTrigger', 'Trigger')]);

const received = () => emulator.meta.store.add({ bytes: photo, mimeType: 'image/jpeg', inbound: true });

// -- 1. From nothing to a picture

describe('from an empty n8n to the first picture', () => {
	beforeEach(empty);

	test('with fewer than half the clicks and typed fields of n8n’s own nodes', async () => {
		const two = await walkWithThisPackage(editor, emulator, picture);
		await picture('first-picture');
		await empty();
		const one = await walkWithTheTriggerAlone(editor, emulator);
		await empty();
		const builtIn = await walkWithTheBuiltInNodes(editor, emulator);
		const walks = { one, two, builtIn };
		console.log(firstPicture(walks));

		expect(one.steps.length).toBeLessThan(builtIn.steps.length / 2);
		expect(two.steps.length).toBeLessThan(builtIn.steps.length * 0.6);
		const page = join(__dirname, '..', 'docs', 'first-picture.md');
		if (process.env.PICTURES) await writeFile(page, firstPicture(walks));
		// What the page tells is what was counted; the seconds are those of the machine that wrote it.
		const withoutSeconds = (text: string) => text.replace(/\d+ s\b/g, '');
		if (existsSync(page)) expect(withoutSeconds(await readFile(page, 'utf8'))).toBe(withoutSeconds(firstPicture(walks)));
	});
});

// -- 2. Finding the nodes

test('searching for "whatsapp", "voice note" and "download media" finds the nodes', async () => {
	await editor.page.goto(`${n8n.url}/workflow/new`);
	await editor.openNodeList();
	const expected = {
		whatsapp: ['WhatsApp Media Trigger', 'WhatsApp Media Stream Trigger', 'WhatsApp Download Media', 'WhatsApp Upload Media', 'WhatsApp Delete Media', 'WhatsApp Get Media URL'],
		'voice note': ['WhatsApp Download Media', 'WhatsApp Media Trigger'],
		'download media': ['WhatsApp Download Media'],
	};
	for (const [words, names] of Object.entries(expected)) {
		await editor.find(words);
		// The list of the search before is gone.
		if (words !== 'whatsapp') await editor.names().getByText('WhatsApp Upload Media').waitFor({ state: 'detached' });
		await editor.names().getByText(names[0]!, { exact: true }).waitFor();
		for (const name of names) await editor.names().getByText(name, { exact: true }).waitFor();
		await picture(`search-${words.replace(' ', '-')}`);
	}
});

// -- 3. The credential

const GOOD: Record<Vendor, () => Record<string, string>> = {
	meta: () => {
		const { accessToken, appSecret, phoneNumberId, businessAccountId } = emulator.meta.credentials;
		return { 'Access Token': accessToken, 'App Secret': appSecret, 'Phone Number ID': phoneNumberId, 'WhatsApp Business Account ID': businessAccountId };
	},
	whapi: () => ({ Token: emulator.whapi.credentials.accessToken }),
	pipes: () => ({ 'API Key': emulator.pipes.credentials.accessToken, 'Webhook Secret': emulator.pipes.credentials.webhookSecret }),
};

describe('the credential', () => {
	beforeEach(empty);

	test.each([
		['meta', 'Meta Cloud API', 'Access Token', 'EAAwrong', 'The access token is not valid. Paste it again, whole'],
		['whapi', 'Whapi.Cloud', 'Token', 'wrong', 'The token belongs to no channel. Copy it again, whole'],
		['pipes', 'Pipes.bot', 'API Key', 'wrong', 'The API key is not valid. Copy it again, whole'],
	] as const)('of %s says what is wrong, and closes once it is right', async (vendor, provider, field, wrong, sentence) => {
		await openTrigger();
		await editor.click('Connect', editor.connect());
		if (vendor !== 'meta') await editor.pick('Provider', editor.parameter('provider'), provider);
		await picture(`credential-${vendor}`);
		await editor.fillIn({ ...GOOD[vendor](), [field]: wrong });
		await editor.saveCredential();
		await editor.readRefusal(sentence);
		await picture(`credential-${vendor}-refused`);
		await editor.fillIn({ [field]: GOOD[vendor]()[field]! });
		await editor.saveCredential();
		await editor.form().waitFor({ state: 'detached' });
	});

	test('of a provider that n8n cannot register with: the trigger has the steps to do it by hand', async () => {
		await openTrigger();
		await editor.page.getByText('With Pipes.bot, choose Manual: it has the steps').waitFor();
		await editor.pick('Registration', editor.parameter('registration'), 'Manual');
		await editor.page.getByText('Pipes.bot: paste it as Webhook URL where you activate the number').waitFor();
		await picture('trigger-manual');
	});

	test('with the account’s ID as phone number ID', async () => {
		await openTrigger();
		await editor.click('Connect', editor.connect());
		await editor.fillIn({ ...GOOD.meta(), 'Phone Number ID': emulator.meta.credentials.businessAccountId });
		await editor.saveCredential();
		await editor.readRefusal('This is not a phone number ID; it looks like the WhatsApp Business Account ID.');
		await picture('credential-ids-exchanged');
	});
});

// -- 4. Testing while the workflow is active

test('a test gets the file while the workflow is active, and production receives again afterwards', async () => {
	await empty();
	const { id } = await n8n.api.createWorkflow(workflow({ nodes: [await ours('whatsAppMediaTrigger', 'Trigger')] }));
	await n8n.api.activate(id);
	await editor.openWorkflow(id);
	await editor.openNode('Trigger');
	await picture('trigger-active');
	await editor.execute();
	await editor.listens();
	await picture('trigger-listening');
	await emulator.meta.receive({ type: 'image', bytes: photo, caption: 'for the test' });
	await editor.listensNoMore();
	await editor.output().getByText('for the test').waitFor();
	expect(await n8n.api.executions({ workflowId: id })).toMatchObject([{ mode: 'manual' }]);

	await emulator.meta.receive({ type: 'image', bytes: photo, caption: 'for production' });
	const [newest] = await n8n.api.waitForExecutions(id, 2);
	expect(newest).toMatchObject({ mode: 'webhook', status: 'success' });
	expect(items(newest!, 'Trigger')[0]!.json).toMatchObject({ caption: 'for production' });
	await n8n.api.deactivate(id);
});

// -- 5. Common mistakes

describe('what the screen says to', () => {
	beforeEach(empty);

	const download = async (start: Item[], options: { vendor?: Vendor } = {}) =>
		await opened([manualTrigger(), await ours('whatsAppDownloadMedia', 'Download Media', options.vendor)], start);
	const upload = async (binary: Item['binary'], options: { vendor?: Vendor } = {}) =>
		await opened([manualTrigger(), await ours('whatsAppUploadMedia', 'Upload Media', options.vendor)], [{ json: {}, binary }]);

	test('neither a media ID nor a URL', async () => {
		await download([{ json: { text: 'hello' } }]);
		await editor.execute();
		await editor.readError('There is neither a media ID nor a URL', 'Put WhatsApp Media Trigger before this node');
		await picture('error-no-media-id');
	});

	test('a media ID that is no more', async () => {
		const mediaId = received();
		emulator.clock.advance(8 * DAY);
		await download([{ json: { mediaId } }]);
		await editor.execute();
		await editor.readError(`Media ID ${mediaId} could not be looked up`, 'received files are kept 7 days');
		await picture('error-media-gone');
	});

	test('a token that ran out', async () => {
		emulator.meta.fault({ on: 'getUrl', error: '190/463' });
		await download([{ json: { mediaId: received() } }]);
		await editor.execute();
		await editor.readError('could not be looked up', 'Put a permanent System User token into the credential');
		await picture('error-token-expired');
	});

	test('a binary field of another name', async () => {
		await upload({ photo: file() });
		await editor.execute();
		await editor.readError('The item has no binary field "data"', 'Its binary fields: photo');
		await picture('error-binary-field');
	});

	test('a file of a type that WhatsApp does not take', async () => {
		await upload({ data: { ...file('archive.zip'), mimeType: 'application/zip' } });
		await editor.execute();
		await editor.readError('archive.zip', /\w/);
		await picture('error-file-type');
	});

	test('an upload where the provider has none', async () => {
		await upload({ data: file() }, { vendor: 'pipes' });
		await editor.execute();
		await editor.readError('Pipes.bot has no public way to upload a file', 'Send the file together with its message instead');
		await picture('error-no-upload');
	});

	test('a trigger without the app secret', async () => {
		await opened([await ours('whatsAppMediaTrigger', 'Trigger', 'meta', { webhookSecret: '' })]);
		await editor.execute();
		await editor.readNotification('needs App Secret in the credential');
		await picture('error-no-app-secret');
	});

	test('a number whose deliveries go elsewhere', async () => {
		emulator.meta.subscriptions.phoneNumbers.set(emulator.meta.credentials.phoneNumberId, { url: 'https://other.example/hook', verifyToken: 'theirs' });
		await opened([await ours('whatsAppMediaTrigger', 'Trigger')]);
		await editor.execute();
		await editor.readNotification('Deliveries go to another webhook, which a test would have to take them from: https://other.example/hook');
		await picture('error-taken');
	});
});

const DAY = 24 * 60 * 60 * 1000;

const file = (fileName = 'photo.jpg') => ({ data: photo.toString('base64'), mimeType: 'image/jpeg', fileName, fileExtension: fileName.split('.')[1]! });
