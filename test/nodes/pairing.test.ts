import type { IExecuteFunctions, INodeExecutionData, INodeType } from 'n8n-workflow';

import { fixture } from '../support/files';
import { startHarness, type Harness } from '../support/harness';

/**
 * The sender, at the end of a chain: what a node in between has dropped is read from the trigger with n8n's own expression,
 * which goes back from item to item by `pairedItem`.
 */

const description = (name: string, properties: INodeType['description']['properties']) => ({
	displayName: name,
	name,
	group: ['transform' as const],
	version: 1,
	description: name,
	defaults: { name },
	inputs: ['main' as const],
	outputs: ['main' as const],
	properties,
});

/** A node of another's that hands on nothing but its own result. */
class Transcribe implements INodeType {
	description = description('transcribe', []);

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const transcribed = (_: unknown, item: number) => ({
			json: { text: `words ${item}` },
			pairedItem: { item },
		});
		return [this.getInputData().map(transcribed)];
	}
}

/** Whom an answer would go to. */
class Reply implements INodeType {
	description = description('reply', [
		{ displayName: 'To', name: 'to', type: 'string', default: '' },
	]);

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const to = (_: unknown, item: number) => ({
			json: { to: this.getNodeParameter('to', item) as string },
			pairedItem: { item },
		});
		return [this.getInputData().map(to)];
	}
}

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness({ moreNodes: [Transcribe, Reply] });
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());

const NODES = [
	'whatsAppDownloadMedia',
	'whatsAppGetMediaUrl',
	'whatsAppUploadMedia',
	'whatsAppDeleteMedia',
];

/** Every third is a text, every third a file that did not arrive, the others files; all from somebody else. */
function mixedItems(): INodeExecutionData[] {
	const photo = () =>
		harness.emulator.meta.store.add({
			bytes: fixture('rgb.jpg'),
			mimeType: 'image/jpeg',
			inbound: true,
		});
	const kinds = [
		() => ({ type: 'image', mediaId: photo() }),
		() => ({ type: 'text', text: 'hi' }),
		() => ({ type: 'image', unavailable: true, reason: 'tooLarge' }),
	];
	return Array.from({ length: 12 }, (_, n) => ({
		json: { ...kinds[n % 3]!(), from: `1650555000${n}` },
	}));
}

async function repliesAfter(before: object[], items: INodeExecutionData[]) {
	const { output, error } = await harness.run('', items, {
		node: 'reply',
		startName: 'WhatsApp Media Trigger',
		before: before as never,
		parameters: { to: "={{ $('WhatsApp Media Trigger').item.json.from }}" },
	});
	expect(error).toBeUndefined();
	return output[0]!.map(({ json }) => json.to);
}

test.each(NODES.map((node) => [node]))('%s: each answer goes to its sender', async (node) => {
	const items = mixedItems();
	const bytes = fixture('rgb.jpg');
	if (node === 'whatsAppUploadMedia')
		for (const item of items)
			if (item.json.mediaId)
				item.binary = { data: await harness.engine.file(bytes, { mimeType: 'image/jpeg' }) };
	expect(await repliesAfter([{ node }, { node: 'transcribe' }], items)).toEqual(
		items.map(({ json }) => json.from),
	);
});

test('all of them in one chain, a node that drops every field at its end', async () => {
	const items = mixedItems();
	const chain = ['whatsAppGetMediaUrl', 'whatsAppDownloadMedia', 'whatsAppUploadMedia'];
	const nodes = [...chain, 'whatsAppDeleteMedia', 'transcribe'].map((node) => ({ node }));
	expect(await repliesAfter(nodes, items)).toEqual(items.map(({ json }) => json.from));
});

test('with items that fail among them, and go on', async () => {
	const items = mixedItems();
	for (const at of [0, 6]) items[at]!.json.mediaId = `99999${at}`;
	const onError = 'continueRegularOutput';
	const before = [{ node: 'whatsAppDownloadMedia', onError }, { node: 'transcribe' }];
	expect(await repliesAfter(before, items)).toEqual(items.map(({ json }) => json.from));
});

test('with items that fail on an output of their own: the others still know their senders', async () => {
	const items = mixedItems();
	for (const at of [0, 6]) items[at]!.json.mediaId = `99999${at}`;
	const onError = 'continueErrorOutput';
	const before = [{ node: 'whatsAppDownloadMedia', onError }, { node: 'transcribe' }];
	expect(await repliesAfter(before, items)).toEqual(
		items.filter((_, at) => at !== 0 && at !== 6).map(({ json }) => json.from),
	);
});
