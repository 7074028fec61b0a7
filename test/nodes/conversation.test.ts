import type { INodeExecutionData } from 'n8n-workflow';

import { providers } from '../../nodes/WhatsApp/providers';
import { axiosClient } from '../support/axiosClient';
import { serveTrigger, type TriggerServer } from '../support/core/webhook';
import type { VendorEmulator } from '../emulator';
import { fixture, PHOTO } from '../support/files';
import { startHarness, VENDORS, type Harness, type Vendor } from '../support/harness';
import { credentialsFor } from '../support/run';
import { VENDOR_FACTS } from '../support/vendors';

/** What starts a workflow besides files: texts, files that did not arrive, sends that failed. */

let harness: Harness;
let trigger: TriggerServer;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());
afterEach(async () => await trigger.close());

async function serve(
	vendor: Vendor,
	options: object = {},
	{ typeVersion = 1.2, ...parameters }: Record<string, unknown> & { typeVersion?: number } = {},
) {
	trigger = await serveTrigger(harness.engine, {
		node: 'whatsAppMediaTrigger',
		typeVersion,
		parameters: { registration: 'manual', options, ...parameters } as never,
		credentials: credentialsFor(harness, vendor),
	});
	const { registration } = providers[vendor]!;
	if (VENDOR_FACTS[vendor].localRegistration === 'manual' || !registration)
		harness.emulator[vendor].callback = trigger.url;
	else
		await registration.register(axiosClient(harness.emulator, vendor), 'phoneNumber', trigger.url);
	harness.emulator.requests.length = 0;
}
const items = () => trigger.executions.flat().map(({ json }: INodeExecutionData) => json);

describe.each(VENDORS)('texts on %s', (vendor) => {
	const write = async (text: string, from = '16505551234') =>
		await (harness.emulator[vendor] as VendorEmulator).receiveText(text, { from });

	test('start nothing unless asked for', async () => {
		await serve(vendor);
		await write('hi');
		expect(trigger.executions).toEqual([]);
	});

	test('start the workflow where Also Start On has them, with all that is known of the sender', async () => {
		await serve(vendor, { alsoStartOn: ['text'] });
		await write('hi\nthere 👋');
		expect(items()).toEqual([
			expect.objectContaining({
				provider: vendor,
				type: 'text',
				text: 'hi\nthere 👋',
				messageId: expect.any(String),
				chatId: expect.any(String),
				from: '16505551234',
				fromName: 'Sheena Nelson',
				timestamp: expect.any(String),
			}),
		]);
		for (const name of ['mediaId', 'caption', 'unavailable', 'raw', 'mimeType'])
			expect(items()[0]).not.toHaveProperty(name);
	});

	test('Media Types lets them pass, Senders does not', async () => {
		await serve(vendor, { alsoStartOn: ['text'], from: '+1 650 555 1234' }, { mediaTypes: [] });
		await write('mine');
		await write('theirs', '4915255501');
		expect(items()).toMatchObject([{ text: 'mine' }]);
	});

	test('one beside a file: both come, and Download takes them in one chain', async () => {
		await serve(vendor, { alsoStartOn: ['text'], downloadFiles: true });
		await write('hi');
		await (harness.emulator[vendor] as VendorEmulator).receive({ type: 'image', bytes: PHOTO });
		const both = trigger.executions.flat();
		expect(both.map(({ json, binary }) => [json.type, json.error, binary?.data?.bytes])).toEqual([
			['text', undefined, undefined],
			['image', undefined, PHOTO.length],
		]);
		const { output, error } = await harness.run('DownloadMedia', both, {
			credentials: credentialsFor(harness, vendor),
		});
		expect(error).toBeUndefined();
		expect(output[0]!.map(({ json, pairedItem }) => [json.type, pairedItem])).toEqual([
			['text', { item: 0 }],
			['image', { item: 1 }],
		]);
	});
});

describe('what somebody chose rather than wrote', () => {
	test('Meta: the button of a template, of a message, a row of a list; no reaction', async () => {
		const { meta } = harness.emulator;
		await serve('meta', { alsoStartOn: ['text'] });
		const reply = (type: string, id: string, title: string) =>
			meta.message('interactive', { type, [type]: { id, title } });
		await meta.deliver([
			meta.message('button', { payload: 'STOP', text: 'Stop promotions' }),
			reply('button_reply', 'yes', 'Yes'),
			reply('list_reply', 'row-1', 'Express'),
			meta.message('reaction', { message_id: 'wamid.A', emoji: '👍' }),
		]);
		expect(items().map(({ text, replyId }) => [text, replyId])).toEqual([
			['Stop promotions', 'STOP'],
			['Yes', 'yes'],
			['Express', 'row-1'],
		]);
	});

	test('Whapi.Cloud: a button, a row of a list; no reaction', async () => {
		const { whapi } = harness.emulator;
		await serve('whapi', { alsoStartOn: ['text'] });
		const reply = (type: string, id: string, title: string) =>
			whapi.message('reply', { type, [type]: { id, title } });
		await whapi.deliver([
			reply('buttons_reply', 'ButtonsV3:yes', 'Yes'),
			reply('list_reply', 'row-1', 'Express'),
			whapi.message('action', { target: 'x', type: 'reaction', emoji: '👍' }),
		]);
		expect(items().map(({ text, replyId }) => [text, replyId])).toEqual([
			['Yes', 'ButtonsV3:yes'],
			['Express', 'row-1'],
		]);
	});

	test('Pipes.bot: over the live connection, too; no reaction', () => {
		const { pipes } = harness.emulator;
		const { live } = providers.pipes!;
		const said = pipes.text('hi');
		expect(live!.parse(JSON.stringify(said.event))).toMatchObject([
			{ type: 'text', text: 'hi', messageId: said.id, from: '16505551234' },
		]);
		const reaction = pipes.message('reaction', { message_id: 'x', emoji: '👍' });
		expect(live!.parse(JSON.stringify(reaction.event))).toEqual([]);
		expect(providers.pipes!.parse(reaction.body)).toEqual([]);
	});
});

test('a text that is delivered again starts nothing again', async () => {
	const { meta } = harness.emulator;
	await serve('meta', { alsoStartOn: ['text'] });
	const text = meta.text('hi');
	await meta.deliver([text]);
	await meta.deliver([text]);
	expect(items()).toHaveLength(1);
});

describe('files that did not arrive', () => {
	const tooLarge =
		'Media file size too big. Max file size we currently support: 100MB. Please communicate with your customer to send a media file that is smaller than 100MB';
	const deliverTooLarge = async () => {
		const { meta } = harness.emulator;
		await meta.deliver([meta.unsupported('video', 131052, tooLarge)]);
	};
	const deliverOnPipes = async () =>
		await harness.emulator.pipes.receive({ type: 'image', bytes: PHOTO, unavailable: true });

	test('start a new node, with the reason and the provider’s own sentence', async () => {
		await serve('meta');
		await deliverTooLarge();
		expect(items()).toMatchObject([
			{
				type: 'video',
				unavailable: true,
				reason: 'tooLarge',
				reasonText: tooLarge,
				errorCode: 131052,
				from: '16505551234',
			},
		]);
	});

	test.each([
		['image', 131060, 'This message is currently unavailable', 'image', 'unknown'],
		['gif', 131051, 'Message type is currently not supported.', 'video', 'unsupported'],
		[undefined, 131051, 'Message type unknown', undefined, 'unsupported'],
		['media_placeholder', 131052, 'The media has expired', undefined, 'expired'],
		['view_once', 131051, 'Message type unknown', undefined, 'viewOnce'],
	])('%s, %s "%s": %s, %s', async (kind, code, title, type, reason) => {
		const { meta } = harness.emulator;
		await serve('meta');
		await meta.deliver([meta.unsupported(kind, code, title)]);
		expect(items()).toMatchObject([{ unavailable: true, reason, reasonText: title }]);
		expect(items()[0]!.type).toBe(type);
	});

	test('what is no file is none that did not arrive: polls, pins, reactions', async () => {
		const { meta } = harness.emulator;
		await serve('meta', { alsoStartOn: ['unavailable', 'text'] });
		for (const kind of ['poll_creation', 'poll_update', 'pin', 'reaction', 'edit', 'location'])
			await meta.deliver([meta.unsupported(kind, 131051, 'Message type unknown')]);
		expect(trigger.executions).toEqual([]);
	});

	test('Whapi.Cloud: a message whose file has neither ID nor link', async () => {
		const { whapi } = harness.emulator;
		await serve('whapi');
		const media = { id: undefined, link: undefined };
		await whapi.receive({ type: 'image', bytes: PHOTO, media: { ...media, view_once: true } });
		await whapi.receive({ type: 'video', bytes: PHOTO, media });
		expect(items().map((item) => [item.type, item.unavailable, item.reason])).toEqual([
			['image', true, 'viewOnce'],
			['video', true, 'unknown'],
		]);
	});

	test('Pipes.bot: with a reason, over the live connection too; what WhatsApp does not hand out as well', async () => {
		const { pipes } = harness.emulator;
		await serve('pipes');
		await deliverOnPipes();
		await pipes.deliver(pipes.message('unsupported', {}));
		expect(items()).toMatchObject([
			{ type: 'image', unavailable: true, reason: 'unknown' },
			{ unavailable: true, reason: 'unknown' },
		]);
		const { message } = pipes.prepare({ type: 'image', bytes: PHOTO, unavailable: true });
		expect(providers.pipes!.live!.parse(JSON.stringify(message.event))).toMatchObject([
			{ type: 'image', unavailable: true, reason: 'unknown' },
		]);
	});

	test.each([1, 1.1])('a published node of version %s stays as it was', async (typeVersion) => {
		await serve('meta', {}, { typeVersion });
		await deliverTooLarge();
		expect(trigger.executions).toEqual([]);
		await trigger.close();
		await serve('pipes', { alsoStartOn: ['flow'] }, { typeVersion });
		await deliverOnPipes();
		expect(items()).toMatchObject([{ unavailable: true }]);
	});

	test.each(['meta', 'pipes'] as const)('%s: start nothing where unchosen', async (vendor) => {
		await serve(vendor, { alsoStartOn: ['flow'] });
		await (vendor === 'meta' ? deliverTooLarge() : deliverOnPipes());
		expect(trigger.executions).toEqual([]);
	});

	test('Media Types filters them where it is known what they were', async () => {
		const { meta } = harness.emulator;
		await serve('meta', {}, { mediaTypes: ['image'] });
		await deliverTooLarge();
		await meta.deliver([meta.unsupported(undefined, 131052, tooLarge)]);
		expect(items().map((item) => [item.unavailable, item.type])).toEqual([[true, undefined]]);
	});
});

describe('sends that failed', () => {
	const failed = (code: number, title: string, details = title) => ({
		errors: [{ code, title, message: title, error_data: { details } }],
	});
	const deliverFailed = async (rest: object = {}) => {
		const { meta } = harness.emulator;
		const error = failed(131053, 'Media upload error', 'Unsupported mime type text/html');
		const status = meta.status('failed', { ...error, ...rest });
		await meta.deliver([status]);
		return status;
	};

	test('start nothing unless asked for', async () => {
		await serve('meta');
		await deliverFailed();
		expect(trigger.executions).toEqual([]);
	});

	test('become an item with the reason and what to do; redelivered, none', async () => {
		await serve('meta', { alsoStartOn: ['failed'] }, { mediaTypes: ['voice'] });
		const { id } = await deliverFailed();
		await deliverFailed({ id });
		expect(items()).toEqual([
			{
				provider: 'meta',
				origin: 'failed',
				messageId: id,
				chatId: '16505551234',
				timestamp: expect.any(String),
				phoneNumberId: harness.credential.phoneNumberId,
				accountId: harness.credential.businessAccountId,
				errorCode: 131053,
				reasonText: 'Media upload error — Unsupported mime type text/html',
				whatToDo: expect.stringContaining('WhatsApp Upload Media'),
			},
		]);
	});

	test('sent, delivered, read and played start nothing, whatever is chosen', async () => {
		const { meta } = harness.emulator;
		const all = ['call', 'edit', 'flow', 'history', 'echo', 'failed', 'unavailable', 'text'];
		await serve('meta', { alsoStartOn: all });
		for (const state of ['sent', 'delivered', 'read', 'played'] as const)
			expect((await meta.deliver([meta.status(state)])).status).toBe(200);
		expect(trigger.executions).toEqual([]);
	});

	test('Senders counts for whom they were sent to', async () => {
		await serve('meta', { alsoStartOn: ['failed'], from: '16505551234' });
		await deliverFailed();
		await deliverFailed({ recipient_id: '4915255501' });
		expect(items().map(({ chatId }) => chatId)).toEqual(['16505551234']);
	});

	test('a message that came as an echo before is not seen as its redelivery', async () => {
		const { meta } = harness.emulator;
		await serve('meta', { alsoStartOn: ['failed', 'echo', 'text'] });
		const { id } = await deliverFailed();
		const echo = meta.text('hi', { message: { id } });
		const value = meta.value([], { message_echoes: [echo] });
		await meta.deliver(meta.envelope([[{ field: 'smb_message_echoes', value }]]));
		expect(items().map(({ origin }) => origin)).toEqual(['failed', 'echo']);
	});
});

describe('items without a file, in the other nodes', () => {
	const withoutFile = [
		{ type: 'text', text: 'hi', from: '16505551234' },
		{ type: 'image', unavailable: true, reason: 'tooLarge', from: '4915255501' },
		{ origin: 'failed', messageId: 'wamid.A', chatId: '16505551234' },
	];
	beforeEach(async () => await serve('meta'));

	test.each(['DownloadMedia', 'GetMediaUrl', 'UploadMedia', 'DeleteMedia'])(
		'%s passes them as they are, and asks the provider nothing',
		async (node) => {
			const { output, error } = await harness.run(node, withoutFile);
			expect(error).toBeUndefined();
			expect(output[0]).toEqual(withoutFile.map((json, item) => ({ json, pairedItem: { item } })));
			expect(harness.emulator.requests).toEqual([]);
		},
	);

	test('a text that was answered with a file has one from then on', async () => {
		const binary = {
			data: await harness.engine.file(await fixture('rgb.jpg'), { mimeType: 'image/jpeg' }),
		};
		const { output } = await harness.run('UploadMedia', [{ json: withoutFile[0]!, binary }]);
		const [uploaded] = output[0]!;
		expect(uploaded!.json).toMatchObject({ type: 'text', mediaId: expect.any(String) });
		const url = await harness.run('GetMediaUrl', [uploaded!]);
		expect(url.output[0]![0]!.json.url).toEqual(expect.any(String));
		const deleted = await harness.run('DeleteMedia', [uploaded!]);
		expect(deleted.output[0]![0]!.json.deleted).toBe(true);
	});

	test.each(['GetMediaUrl', 'DeleteMedia'])(
		'%s still says what is missing in an item of another node',
		async (node) => {
			const { error } = await harness.run(node, [{ name: 'a row of a table', type: 'text' }]);
			expect(error!.message).toContain('Media ID is empty');
		},
	);
});
