import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { firstPicture } from './editor/firstPicture';
import { startSession, type Session } from './editor/session';
import { photo, walkWithTheBuiltInNodes, walkWithTheTriggerAlone, walkWithThisPackage } from './editor/walks';
import type { Emulator } from './emulator';
import { items, type Credential } from './n8n/rest';
import { manualTrigger, mediaNode, workflow, type Json, type Wire } from './n8n/workflow';
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

const trigger = async () => mediaNode('whatsAppMediaTrigger', 'Trigger', {}, { credentials: { whatsAppMediaApi: await credential() } });

/** A trigger without a credential, and its form. */
async function openTrigger(): Promise<void> {
	const { id } = await n8n.api.createWorkflow(workflow({ nodes: [mediaNode('whatsAppMediaTrigger', 'Trigger')] }));
	await editor.openWorkflow(id);
	await editor.openNode('Trigger');
}

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
	const { id } = await n8n.api.createWorkflow(workflow({ nodes: [await trigger()] }));
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
	/** All on one canvas, each a node of its own. */
	beforeAll(async () => {
		await empty();
		const gone = received();
		emulator.clock.advance(8 * DAY);
		const elsewhere = { url: 'https://other.example/hook', verifyToken: 'theirs' };
		emulator.meta.subscriptions.phoneNumbers.set(emulator.meta.credentials.phoneNumberId, elsewhere);
		const start = manualTrigger();
		const { id: credentialId, name } = await credential();
		const credentials = { whatsAppMediaApi: { id: credentialId, name } };
		const nodes = [
			mediaNode('whatsAppGetMediaUrl', 'No media ID', {}, { credentials }),
			mediaNode('whatsAppDownloadMedia', 'Neither ID nor URL', {}, { credentials }),
			mediaNode('whatsAppDownloadMedia', 'Media ID is old', { mediaId: gone }, { credentials }),
			mediaNode('whatsAppDownloadMedia', 'Token ran out', { mediaId: received() }, { credentials }),
			mediaNode('whatsAppUploadMedia', 'Other field', {}, { credentials }),
			mediaNode('whatsAppUploadMedia', 'Other type', { binaryPropertyName: 'archive' }, { credentials }),
			mediaNode('whatsAppUploadMedia', 'No upload', { binaryPropertyName: 'photo' }, { credentials: { whatsAppMediaApi: await credential('pipes') } }),
		];
		const triggers = [
			mediaNode('whatsAppMediaTrigger', 'No secret', {}, { credentials: { whatsAppMediaApi: await credential('meta', { webhookSecret: '' }) } }),
			mediaNode('whatsAppMediaTrigger', 'Number is taken', {}, { credentials }),
		];
		const wires = nodes.map((each): Wire => [start.name, each.name]);
		const placed = [...nodes, ...triggers].map((each, index) => ({ ...each, position: [400 + 260 * (index % 3), 200 * Math.floor(index / 3)] as [number, number] }));
		const pinData = { Start: [{ json: {}, binary: { photo: file('photo.jpg', 'image/jpeg'), archive: file('archive.zip', 'application/zip') } }] };
		const { id } = await n8n.api.createWorkflow(workflow({ nodes: [{ ...start, position: [0, 200] }, ...placed], wires, pinData }));
		await editor.openWorkflow(id);
	});
	afterEach(() => editor.closeNode());

	test.each([
		['no media ID', 'No media ID', 'Media ID is empty', 'Put WhatsApp Media Trigger before this node'],
		['neither a media ID nor a URL', 'Neither ID nor URL', 'There is neither a media ID nor a URL', 'or fill in Media ID'],
		['a media ID that is no more', 'Media ID is old', 'could not be looked up', 'received files are kept 7 days'],
		['a token that ran out', 'Token ran out', 'could not be looked up', 'Put a permanent System User token into the credential'],
		['a binary field of another name', 'Other field', 'The item has no binary field "data"', 'Its binary fields: photo, archive'],
		['a file of a type that WhatsApp does not take', 'Other type', 'archive.zip', /\w/],
		['an upload where the provider has none', 'No upload', 'Pipes.bot has no public way to upload a file', 'Send the file together with its message instead'],
	])('%s', async (_, node, message, advice) => {
		if (node === 'Token ran out') emulator.meta.fault({ on: 'getUrl', error: '190/463' });
		await editor.openNode(node);
		await editor.execute();
		await editor.readError(message, advice);
		await picture(`error-${node.toLowerCase().replaceAll(' ', '-')}`);
	});

	test.each([
		['a trigger without the app secret', 'No secret', 'needs App Secret in the credential. Open the credential; each field says where its value is found.'],
		['a number whose deliveries go elsewhere', 'Number is taken', 'https://other.example/hook. It was left as it is. Test with another phone number'],
	])('%s', async (_, node, sentence) => {
		await editor.openNode(node);
		await editor.execute();
		await editor.readNotification(sentence);
		await picture(`error-${node.toLowerCase().replaceAll(' ', '-')}`);
	});
});

test('what the screen says to an n8n without https, when the workflow is published', async () => {
	await editor.page.goto('about:blank');
	await session.moveTo('localhost');
	await editor.signIn();
	const { id } = await n8n.api.createWorkflow(workflow({ nodes: [await trigger()] }));
	await editor.openWorkflow(id);
	await editor.publish();
	await editor.readNotification('Meta delivers to https addresses only');
	await picture('error-no-https');
});

const DAY = 24 * 60 * 60 * 1000;

const file = (fileName: string, mimeType: string) => ({ data: photo.toString('base64'), mimeType, fileName, fileExtension: fileName.split('.')[1]! });
