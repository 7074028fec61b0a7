import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';

import { firstPicture } from './firstPicture';
import { PUBLIC, startSession, type Session } from './session';
import {
	photo,
	walkWithTheBuiltInNodes,
	walkWithTheTriggerAlone,
	walkWithThisPackage,
} from './walks';
import type { Emulator } from '../emulator';
import { items, type Credential } from '../support/n8n/rest';
import {
	manualTrigger,
	mediaNode,
	node,
	workflow,
	type Item,
	type Json,
	type WorkflowNode,
} from '../support/n8n/workflow';
import type { Vendor } from '../support/harness';
import { ROOT } from '../support/paths';
import { publicCredentialFor, VENDOR_FACTS } from '../support/vendors';

/** The packed package in n8n's own editor, in a real browser, by the words on the screen. */

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
beforeEach(empty);

/** As on the first day: a new window, nothing in n8n, and Meta without a webhook. */
async function empty(): Promise<void> {
	await editor.open();
	await session.moveTo(PUBLIC);
	for (const { id } of await n8n.api.call<Array<{ id: string }>>('GET', '/rest/workflows'))
		await n8n.api.deleteWorkflow(id);
	for (const { id } of await n8n.api.call<Credential[]>('GET', '/rest/credentials'))
		await n8n.api.call('DELETE', `/rest/credentials/${id}`);
	emulator.reset();
	emulator.meta.variants.webhookTimeout = 60_000;
	// Which n8n's own nodes cannot do for their user.
	emulator.meta.subscriptions.subscribed = true;
}

// -- Workflows that are there when the user comes

const account = (vendor: Vendor, changes: Json = {}): Json => ({
	...publicCredentialFor(emulator, vendor),
	...changes,
});

async function credential(vendor: Vendor = 'meta', changes: Json = {}) {
	const { id, name } = await n8n.api.createCredential(
		'WhatsApp Media account',
		'whatsAppMediaApi',
		account(vendor, changes),
	);
	return { id, name };
}

const ours = async (type: string, name: string, vendor?: Vendor, changes?: Json) =>
	mediaNode(
		type,
		name,
		{},
		{ credentials: { whatsAppMediaApi: await credential(vendor, changes) } },
	);

/** A workflow with the form of its last node open. */
async function opened(nodes: WorkflowNode[], start: Item[] = [{ json: {} }]): Promise<void> {
	const pinData = nodes[0]!.name === 'Start' ? { Start: start } : undefined;
	const { id } = await n8n.api.createWorkflow(workflow({ nodes, pinData }));
	await editor.openWorkflow(id);
	await editor.openNode(nodes.at(-1)!.name);
}

/** A trigger without a credential, and its form. */
const openTrigger = async () => await opened([mediaNode('whatsAppMediaTrigger', 'Trigger')]);

const received = () =>
	emulator.meta.store.add({ bytes: photo, mimeType: 'image/jpeg', inbound: true });

// -- 1. From nothing to a picture

test('from an empty n8n to the first picture, with fewer than half the clicks and typed fields of n8n’s own nodes', async () => {
	const two = await walkWithThisPackage(editor, emulator, picture);
	await picture('first-picture');
	await empty();
	const one = await walkWithTheTriggerAlone(editor, emulator);
	await empty();
	const builtIn = await walkWithTheBuiltInNodes(editor, emulator);
	const page = firstPicture({ one, two, builtIn });
	console.log(page);

	expect(one.steps.length).toBeLessThan(builtIn.steps.length / 2);
	expect(two.steps.length).toBeLessThan(builtIn.steps.length * 0.6);
	const path = join(ROOT, 'docs/first-picture.md');
	if (process.env.PICTURES) await writeFile(path, page);
	// What the page tells is what was counted; the seconds are those of the machine that wrote it.
	const withoutSeconds = (text: string) => text.replace(/\d+ s\b/g, '');
	expect(withoutSeconds(await readFile(path, 'utf8'))).toBe(withoutSeconds(page));
});

// -- 2. Finding the nodes, and reading their forms

test('searching for "whatsapp", "voice note" and "download media" finds the nodes', async () => {
	const expected = {
		whatsapp: [
			'WhatsApp Media Trigger',
			'WhatsApp Media Stream Trigger',
			'WhatsApp Download Media',
			'WhatsApp Upload Media',
			'WhatsApp Delete Media',
			'WhatsApp Get Media URL',
		],
		'voice note': ['WhatsApp Download Media', 'WhatsApp Media Trigger'],
		'download media': ['WhatsApp Download Media'],
	};
	for (const [words, names] of Object.entries(expected)) {
		// Anew each time, so that the list of the search before is gone.
		await editor.page.goto(`${n8n.url}/workflow/new`);
		await editor.openNodeList();
		await editor.find(words);
		for (const name of names) await editor.names().getByText(name, { exact: true }).waitFor();
		await picture(`search-${words.replace(' ', '-')}`);
	}
});

test('every form asks for little, and nothing in it is cut off', async () => {
	const forms: Record<string, string[]> = {
		'WhatsApp Media Trigger': ['Receive Files For', 'Media Types'],
		'WhatsApp Media Stream Trigger': ['Media Types'],
		'Download Media': ['Media ID', 'URL', 'Put Output File in Field'],
		'Upload Media': ['Input Binary Field'],
		'Get Media URL': ['Media ID'],
		'Delete Media': ['Media ID'],
	};
	const credentials = { whatsAppMediaApi: await credential() };
	const types = [
		'MediaTrigger',
		'MediaStreamTrigger',
		'DownloadMedia',
		'UploadMedia',
		'GetMediaUrl',
		'DeleteMedia',
	];
	const nodes = Object.keys(forms).map((name, index) =>
		mediaNode(`whatsApp${types[index]}`, name, {}, { credentials, position: [index * 220, 220] }),
	);
	const { id } = await n8n.api.createWorkflow(workflow({ nodes, wires: [] }));
	await editor.openWorkflow(id);
	for (const [name, labels] of Object.entries(forms)) {
		await editor.openNode(name);
		await editor.labels().last().waitFor();
		expect([name, await editor.labels().allInnerTexts()]).toEqual([name, [...labels, 'Options']]);
		expect(await cutOff(editor.labels())).toEqual([]);
		await editor.openOptions();
		expect(await cutOff(editor.listed())).toEqual([]);
		await picture(`form-${name.toLowerCase().replaceAll(' ', '-')}`);
		await editor.page.keyboard.press('Escape');
		await editor.closeNode();
	}
});

/** The texts that have not the room that they need. */
async function cutOff(texts: Locator): Promise<string[]> {
	type Text = { innerText: string; scrollWidth: number; clientWidth: number };
	return await texts.evaluateAll((parts: unknown[]) =>
		(parts as Text[])
			.filter((part) => part.scrollWidth > part.clientWidth)
			.map((part) => part.innerText),
	);
}

// -- 3. The credential

describe('the credential', () => {
	const openForm = async () => {
		await openTrigger();
		await editor.click('Connect', editor.connect());
		await editor.form().getByText('Base URL').waitFor();
	};
	const closesByItself = async () => await editor.form().waitFor({ state: 'detached' });

	test.each([
		[
			'meta',
			'Meta Cloud API',
			'Access Token',
			'EAAwrong',
			'The access token is not valid. Copy and paste the complete token',
		],
		[
			'whapi',
			'Whapi.Cloud',
			'Token',
			'wrong',
			'The token belongs to no channel. Copy and paste the complete token',
		],
		[
			'pipes',
			'Pipes.bot',
			'API Key',
			'wrong',
			'The API key is not valid. Copy and paste the complete key',
		],
	] as const)(
		'of %s says what is wrong, and closes once it is right',
		async (vendor, provider, field, wrong, sentence) => {
			await openForm();
			if (vendor !== 'meta') await editor.pick('Provider', editor.parameter('provider'), provider);
			await picture(`credential-${vendor}`);
			if (vendor === 'meta') {
				await editor.form().getByText('Media Hosts').scrollIntoViewIfNeeded();
				await picture('credential-meta-rest');
			}
			await editor.fillIn({ ...VENDOR_FACTS[vendor].form(emulator), [field]: wrong });
			await editor.saveCredential();
			await editor.readRefusal(sentence);
			await picture(`credential-${vendor}-refused`);
			await editor.fillIn({ [field]: VENDOR_FACTS[vendor].form(emulator)[field]! });
			await editor.saveCredential();
			await closesByItself();
		},
	);

	test.each([
		[
			'the account’s ID as phone number ID',
			() => ({ 'Phone Number ID': emulator.meta.credentials.businessAccountId }),
			'This is not a phone number ID. It looks like the WhatsApp Business Account ID',
			'credential-ids-mixed-up',
		],
		[
			'a phone number ID that is not one',
			() => ({ 'Phone Number ID': '106540352242999' }),
			'The phone number ID is unknown, or the token has no access to it',
			'credential-unknown-number',
		],
		[
			'the App Secret of another app',
			() => ({ 'App Secret': 'f'.repeat(32) }),
			'The App Secret does not belong to the app of this access token',
			'credential-wrong-app-secret',
		],
	])('with %s', async (_, slip, sentence, name) => {
		await openForm();
		await editor.fillIn({ ...VENDOR_FACTS.meta.form(emulator), ...slip() });
		await editor.saveCredential();
		await editor.readRefusal(sentence);
		await picture(name);
	});

	test('with a token that ran out, and with Meta down: tested again with Retry', async () => {
		await openForm();
		await editor.fillIn(VENDOR_FACTS.meta.form(emulator));
		emulator.meta.fault({ on: 'phoneNumber', error: '190/463' });
		await editor.saveCredential();
		await editor.readRefusal(
			'The access token has expired. Tokens from the dashboard last 24 hours',
		);
		await picture('credential-token-expired');
		emulator.meta.fault({ on: 'phoneNumber', status: 503 });
		await editor.retryTest();
		await editor.readRefusal('The provider is not available right now');
		await editor.retryTest();
		await editor.form().getByText('Connection tested successfully').waitFor();
	});

	test('of a provider that n8n cannot register with: the trigger has the steps to do it by hand', async () => {
		await openTrigger();
		await editor.page.getByText('With Pipes.bot, choose Manual').waitFor();
		await editor.pick('Receive Files For', editor.parameter('registration'), 'Manual');
		await editor.page
			.getByText('Pipes.bot: paste the URL as Webhook URL where you activate the number')
			.waitFor();
		await picture('trigger-manual');
	});
});

// -- 4. Testing while the workflow is active

test('a test gets the file while the workflow is active, and production receives again afterwards', async () => {
	const { id } = await n8n.api.createWorkflow(
		workflow({ nodes: [await ours('whatsAppMediaTrigger', 'Trigger')] }),
	);
	await editor.openWorkflow(id);
	await editor.publish();
	await editor.click('Got it', editor.page.getByRole('button', { name: 'Got it' }));
	await editor.openNode('Trigger');
	await editor.part('ndv').getByText('When will this node trigger my flow?').click();
	await editor.part('ndv').getByText('This workflow receives files').waitFor();
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
});

test('Also Start On: a text, and a file that did not arrive, start the workflow; receipts and reactions never do', async () => {
	const { meta } = emulator;
	const trigger = await ours('whatsAppMediaTrigger', 'Trigger');
	const { id } = await n8n.api.createWorkflow(
		workflow({ nodes: [{ ...trigger, typeVersion: 1.2 }] }),
	);
	await editor.openWorkflow(id);
	await editor.openNode('Trigger');
	await editor.addOption('Also Start On');
	const list = editor.parameter('alsoStartOn');
	// What starts it without the option is chosen when the option is added.
	for (const chosen of ['Files in WhatsApp Flows', 'Files That Could Not Be Delivered'])
		await list.getByText(chosen).waitFor();
	await editor.click('the list', list);
	await editor.click('Text Messages', editor.listed('Text Messages'));
	await list.getByText('Text Messages').waitFor();
	await picture('trigger-also-start-on');
	await editor.page.keyboard.press('Escape');

	await editor.execute();
	await editor.listens();
	const sender = { from: '4915255501010', name: 'Anna Blum' };
	const reaction = meta.message('reaction', { message_id: 'wamid.1', emoji: '👍' }, sender);
	for (const nothing of [meta.status('delivered'), meta.status('read'), reaction])
		expect((await meta.deliver([nothing])).status).toBe(200);
	await editor.listens();
	await meta.receiveText('Are you open on Tuesday?', sender);
	await editor.listensNoMore();
	const schema = editor.output().getByText('Schema', { exact: true });
	await editor.click('Schema', schema);
	await editor.output().getByText('Are you open on Tuesday?').waitFor();
	await picture('trigger-output-text');

	await editor.execute();
	await editor.listens();
	await meta.deliver([meta.unsupported('video', 131052, 'Media file size too big', sender)]);
	await editor.listensNoMore();
	await editor.output().getByText('tooLarge').waitFor();
	await editor.output().getByText('Media file size too big').waitFor();
	await picture('trigger-output-unavailable');
	expect(await n8n.api.executions({ workflowId: id })).toHaveLength(2);
});

// -- 5. Common mistakes

describe('what the screen says to', () => {
	const download = async (start: Item[], options: { vendor?: Vendor } = {}) =>
		await opened(
			[manualTrigger(), await ours('whatsAppDownloadMedia', 'Download Media', options.vendor)],
			start,
		);
	const upload = async (binary: Item['binary'], options: { vendor?: Vendor } = {}) =>
		await opened(
			[manualTrigger(), await ours('whatsAppUploadMedia', 'Upload Media', options.vendor)],
			[{ json: {}, binary }],
		);

	test('neither a media ID nor a URL', async () => {
		await download([{ json: { text: 'hello' } }]);
		await editor.execute();
		await editor.readError(
			'There is neither a media ID nor a URL',
			'Clear Media ID, then drag mediaId into it from the node that has it',
		);
		await picture('error-no-media-id');
	});

	test('a media ID that is no more', async () => {
		const mediaId = received();
		emulator.clock.advance(8 * DAY);
		await download([{ json: { mediaId } }]);
		await editor.execute();
		await editor.readError(
			`Media ID ${mediaId} could not be looked up`,
			'Meta keeps received files for 7 days',
		);
		await picture('error-media-gone');
	});

	test('a token that ran out', async () => {
		emulator.meta.fault({ on: 'getUrl', error: '190/463' });
		await download([{ json: { mediaId: received() } }]);
		await editor.execute();
		await editor.readError(
			'the access token in the credential has expired',
			'create a permanent one for a System User',
		);
		await picture('error-token-expired');
	});

	test('a binary field of another name', async () => {
		await upload({ photo: file() });
		await editor.execute();
		await editor.readError('The item has no binary field "data"', 'Its binary fields: photo');
		await picture('error-binary-field');
	});

	test('no file at all', async () => {
		await upload(undefined);
		await editor.execute();
		await editor.readError('The item has no binary field "data"', /./);
		await picture('error-no-file');
	});

	test('a file of a type that WhatsApp does not take', async () => {
		const zip = Buffer.from('PK\x03\x04\x14\0\0\0\b\0 and so on', 'latin1');
		await upload({
			data: {
				data: zip.toString('base64'),
				mimeType: 'application/zip',
				fileName: 'invoices.zip',
				fileExtension: 'zip',
			},
		});
		await editor.execute();
		await editor.readError(
			'was not uploaded: ZIP files are not supported',
			'Supported documents: PDF, Word, Excel, PowerPoint and plain text, up to 100 MB.',
		);
		expect(await editor.output().getByText('The media ID is in the field').count()).toBe(0);
		await picture('error-file-type');
	});

	test('a file that was uploaded: where its media ID is', async () => {
		await upload({ data: file() });
		await editor.execute();
		await editor
			.output()
			.getByText('The media ID is in the field mediaId, on the tabs Schema, Table and JSON')
			.waitFor();
		await picture('upload-output');
	});

	test('an upload where the provider has none', async () => {
		await upload({ data: file() }, { vendor: 'pipes' });
		await editor.execute();
		await editor.readError(
			'Pipes.bot has no public way to upload a file',
			'Send the file together with its message instead',
		);
		await picture('error-no-upload');
	});

	const openFilledTrigger = async (changes?: Json) =>
		await opened([await ours('whatsAppMediaTrigger', 'Trigger', 'meta', changes)]);

	test.each([
		[
			'without the app secret',
			{ webhookSecret: '' },
			'needs App Secret in the credential. Open the credential',
			'error-no-app-secret',
		],
		[
			'with a phone number ID that is not one',
			{ phoneNumberId: '106540352242999' },
			'Check Phone Number ID in the credential',
			'error-unknown-number',
		],
	])('a trigger %s', async (_, changes, sentence, name) => {
		await openFilledTrigger(changes);
		await editor.execute();
		await editor.readNotification(sentence);
		await picture(name, { notification: true });
	});

	const ELSEWHERE = 'https://other.example/hook';
	const takeNumber = () => {
		const { subscriptions, credentials } = emulator.meta;
		subscriptions.phoneNumbers.set(credentials.phoneNumberId, {
			url: ELSEWHERE,
			verifyToken: 'theirs',
		});
	};

	test('testing where another webhook has the number', async () => {
		takeNumber();
		await openFilledTrigger();
		await editor.execute();
		await editor.readNotification(
			`Deliveries go to another webhook, and a test would take them away from it: ${ELSEWHERE}`,
		);
		await picture('error-taken-test', { notification: true });
	});

	test('publishing where another webhook has the number', async () => {
		takeNumber();
		await openFilledTrigger();
		await editor.closeNode();
		await editor.publish();
		await editor.readNotification(
			`Deliveries already go to another webhook: ${ELSEWHERE}. It was left unchanged. Unpublish`,
		);
		await picture('error-taken', { notification: true });
	});

	test('publishing where nothing can be delivered', async () => {
		await opened([await ours('whatsAppMediaTrigger', 'Trigger', 'pipes')]);
		await editor.closeNode();
		await editor.publish();
		await editor.readNotification(
			'n8n cannot tell Pipes.bot where to deliver, so nothing would arrive. In Receive Files For, choose Manual',
		);
		await picture('error-choose-manual', { notification: true });
	});

	test('publishing where n8n’s address is not https', async () => {
		await session.moveTo('http://n8n.example');
		await openFilledTrigger();
		await editor.closeNode();
		await editor.publish();
		await editor.readNotification(
			'Meta delivers to https addresses only, and this n8n’s address is http://n8n.example. Set',
		);
		await picture('error-not-https', { notification: true });
	});
});

// -- 6. A reply

test('a reply: n8n’s HTTP Request, with the credential that is there', async () => {
	await credential();
	const to = '16505551234';
	const reply = { messaging_product: 'whatsapp', to, type: 'text', text: { body: 'Thank you!' } };
	await opened([
		manualTrigger(),
		node(
			'n8n-nodes-base.httpRequest',
			'Reply',
			{
				method: 'POST',
				url: `https://graph.facebook.com/v25.0/${emulator.meta.credentials.phoneNumberId}/messages`,
				sendBody: true,
				specifyBody: 'json',
				jsonBody: JSON.stringify(reply),
			},
			{ typeVersion: 4.4 },
		),
	]);
	await editor.pick(
		'Authentication',
		editor.parameter('authentication'),
		'Predefined Credential Type',
	);
	await editor.pick(
		'Credential Type',
		editor.parameter('nodeCredentialType'),
		'WhatsApp Media API',
	);
	await picture('reply-credential');
	await editor.execute();
	await editor.showsOutput();
	expect(emulator.meta.sent).toEqual([expect.objectContaining(reply)]);
});

const DAY = 24 * 60 * 60 * 1000;

const file = (fileName = 'photo.jpg') => ({
	data: photo.toString('base64'),
	mimeType: 'image/jpeg',
	fileName,
	fileExtension: fileName.split('.')[1]!,
});
