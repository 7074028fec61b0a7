import { readFileSync } from 'node:fs';
import type { Emulator } from '../emulator';
import type { Editor, Step } from './editor';
import { demoFile } from '../support/paths';

/** What customers send in this suite. */
export const photo = readFileSync(demoFile('photo.jpg'));

export type Walk = { steps: Step[]; seconds: number };

/** The same start for both: signed in to an n8n that holds nothing. */
async function walk(editor: Editor, way: () => Promise<void>): Promise<Walk> {
	await editor.page.goto(`${editor.url}/home/workflows`);
	const start = editor.page.getByText('Build a workflow');
	await start.waitFor();
	editor.steps.length = 0;
	const started = Date.now();
	await editor.click('Build a workflow', start);
	await way();
	await editor.showsPicture();
	return { steps: [...editor.steps], seconds: Math.round((Date.now() - started) / 1000) };
}

/** The customer's turn: as soon as the trigger waits for it. */
async function customerSends(editor: Editor, { meta }: Emulator): Promise<void> {
	await editor.listens();
	await meta.receive({ type: 'image', bytes: photo, caption: 'The new window is in, thank you!' });
	await editor.listensNoMore();
}

/** With this package: Trigger, Download. */
export async function walkWithThisPackage(
	editor: Editor,
	emulator: Emulator,
	seen: (what: string) => Promise<void>,
): Promise<Walk> {
	return await walk(editor, async () => {
		await dropTrigger(editor, emulator);
		await seen('trigger');
		await editor.execute();
		await customerSends(editor, emulator);
		await seen('trigger-output');
		await editor.closeNode();
		await editor.addCommunityNode('download media', 'WhatsApp Download Media');
		await seen('download');
		await editor.execute();
		await editor.viewFile();
	});
}

/** With this package's trigger alone, which can fetch the file, too. */
export async function walkWithTheTriggerAlone(editor: Editor, emulator: Emulator): Promise<Walk> {
	return await walk(editor, async () => {
		await dropTrigger(editor, emulator);
		await editor.addOption('Download Files');
		await editor.execute();
		await customerSends(editor, emulator);
		await editor.viewFile();
	});
}

async function dropTrigger(editor: Editor, { meta }: Emulator): Promise<void> {
	const { accessToken, appSecret, phoneNumberId } = meta.credentials;
	await editor.addCommunityNode('whatsapp', 'WhatsApp Media Trigger');
	await editor.click('Connect to WhatsApp Media', editor.connect());
	await editor.fillIn({
		'Access Token': accessToken,
		'App Secret': appSecret,
		'Phone Number ID': phoneNumberId,
	});
	await editor.saveCredential();
	await editor.form().waitFor({ state: 'detached' });
}

/** With n8n's own nodes: WhatsApp Trigger, WhatsApp Business Cloud, HTTP Request. Each time the shorter way where there are two. */
export async function walkWithTheBuiltInNodes(editor: Editor, emulator: Emulator): Promise<Walk> {
	const { accessToken, appId, appSecret, businessAccountId } = emulator.meta.credentials;
	return await walk(editor, async () => {
		await editor.addBuiltInNode('whatsapp', 'WhatsApp Business Cloud', 'On messages');
		await editor.click('Connect to WhatsApp', editor.connect());
		await editor.fillIn({ 'Client ID': appId, 'Client Secret': appSecret });
		await editor.saveCredential();
		await editor.form().waitFor({ state: 'detached' });
		await editor.execute();
		await customerSends(editor, emulator);
		await editor.closeNode();
		await editor.addBuiltInNode('whatsapp', 'WhatsApp Business Cloud', 'Download media');
		await editor.click('Connect to WhatsApp', editor.connect());
		await editor.fillIn({ 'Access Token': accessToken, 'Business Account ID': businessAccountId });
		await editor.saveCredential();
		await editor.form().waitFor({ state: 'detached' });
		await editor.type(
			'Media ID: {{ $json.messages[0].image.id }}',
			editor.parameter('mediaGetId').locator('input'),
			'{{ $json.messages[0].image.id }}',
		);
		await editor.execute();
		await editor.showsOutput();
		await editor.closeNode();
		await editor.addBuiltInNode('http request', 'HTTP Request');
		await editor.pick(
			'Authentication',
			editor.parameter('authentication'),
			'Predefined Credential Type',
		);
		await editor.pick('Credential Type', editor.part('credential-select'), 'WhatsApp API');
		await editor.type(
			'URL: {{ $json.url }}',
			editor.parameter('url').locator('input'),
			'{{ $json.url }}',
		);
		await editor.execute();
		await editor.viewFile();
	});
}
