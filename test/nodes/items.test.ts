import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import { triggerOptions } from '../../nodes/WhatsApp/trigger/fields';
import { matchesFilter } from '../../nodes/WhatsApp/trigger/messageFilter';
import { toItems } from '../../nodes/WhatsApp/trigger/messageItems';
import type { MediaMessage } from '../../nodes/WhatsApp/providers/mediaMessage';
import { PHOTO } from '../support/files';
import { customerSent } from '../support/download';
import { calls, sha256, startHarness, type Harness } from '../support/harness';
import { credentialsFor, outcomeOf } from '../support/run';

/** Items as tables, forms and other people's nodes make them. */

const PDF = Buffer.from('%PDF-1.7 an invoice');

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());

const run = async (node: string, item: object, parameters = {}) =>
	outcomeOf(
		await harness.run(node, [item as INodeExecutionData], { parameters: { ...parameters } }),
	);
const pdfField = async (about: object = {}) =>
	await harness.engine.file(PDF, {
		mimeType: 'application/pdf',
		fileName: 'invoice.pdf',
		...about,
	});

describe('an item from a table', () => {
	const base64 = Buffer.from(sha256(PHOTO), 'hex').toString('base64');

	const VERIFIED = { verified: true };

	test.each<[string, object, object?]>([
		['empty cells', { mimeType: null, fileName: null, sha256: null, size: null, type: null }],
		['cells with nothing in them', { mimeType: '', fileName: ' ', sha256: '', size: ' ' }],
		['a name that is a number', { fileName: 2024 }, { fileName: '2024.jpg' }],
		['a hash in capitals', { sha256: sha256(PHOTO).toUpperCase() }, VERIFIED],
		['a hash in base64', { sha256: base64 }, VERIFIED],
		['a hash with spaces', { sha256: ` ${sha256(PHOTO)}\n` }, VERIFIED],
		['a hash that is none', { sha256: 'n/a' }],
		['a size as text', { size: `${PHOTO.length}` }, VERIFIED],
		['a size with separators', { size: '3,004' }],
		['a size of zero', { size: 0 }],
		['a size that is an object', { size: { bytes: 5 } }],
		['a type with parameters', { mimeType: 'image/jpeg; name="a.jpg"' }],
		['a type that is a number', { mimeType: 7 }],
		['a type that is none', { mimeType: 'photo' }],
		['a type and a kind that are objects', { mimeType: {}, type: {}, fileName: [] }],
		['times that are none', { timestamp: 'yesterday', urlExpiresAt: {} }],
		['times that are numbers', { timestamp: 1735689600, urlExpiresAt: 4102444800000 }],
		['times that are far', { timestamp: 1e300, urlExpiresAt: '9'.repeat(40) }],
		['an expiry with spaces', { urlExpiresAt: ' 2100-01-01T00:00:00Z ' }],
		['names of every object', { mimeType: 'constructor', type: 'toString', fileName: '__proto__' }],
	])('%s: downloaded, once', async (_what, cells, expected = {}) => {
		const mediaId = customerSent(harness);
		const { url } = (await run('GetMediaUrl', { mediaId })).json!;
		const { message, json } = await run('DownloadMedia', { mediaId, url, ...cells });
		expect(message).toBeUndefined();
		expect(json).toMatchObject({
			mediaId,
			mimeType: 'image/jpeg',
			size: PHOTO.length,
			sha256: sha256(PHOTO),
			...expected,
		});
		expect(json!.fileName).toMatch(/^\S+\.jpg$/);
		expect(json!.verified).toBe((expected as { verified?: boolean }).verified);
		expect(calls(harness.emulator)).toHaveLength(2);
	});

	test('a media ID as a number, or with spaces, is that ID', async () => {
		const mediaId = customerSent(harness);
		for (const written of [Number(mediaId), ` ${mediaId} `])
			expect(
				(await run('DownloadMedia', { mediaId: written, fileName: 'a.jpg' })).json,
			).toMatchObject({ mediaId, fileName: 'a.jpg' });
	});

	test.each(['DownloadMedia', 'GetMediaUrl', 'DeleteMedia'])(
		'%s: a media ID that a program has rounded is not asked for',
		async (node) => {
			const { message, description } = await run(node, { mediaId: 27286093617715235 });
			expect(message).toContain('whose last digits are lost');
			expect(description).toContain('ID as text');
			expect(calls(harness.emulator)).toEqual([]);
		},
	);

	test.each<unknown>([{}, [], true, null, { toString: null }])(
		'%p is no media ID',
		async (value) => {
			const mediaId = value as never;
			for (const node of ['GetMediaUrl', 'DeleteMedia'])
				expect((await run(node, { mediaId })).message).toBe('Media ID is empty');
			expect((await run('DownloadMedia', { mediaId, url: mediaId })).message).toBe(
				'There is neither a media ID nor a URL',
			);
		},
	);
});

describe('facts about one file never stay beside another file’s ID', () => {
	/** What the trigger and Download say of a customer's photo. */
	const photo = () => ({
		mediaId: customerSent(harness),
		type: 'image',
		url: `${harness.emulator.meta.filesUrl}/old`,
		urlExpiresAt: new Date(Date.now() + 200_000).toISOString(),
		tokenRequired: true,
		mimeType: 'image/jpeg',
		sha256: sha256(PHOTO),
		size: PHOTO.length,
		fileName: 'photo.jpg',
		verified: true,
		voice: true,
		animated: false,
		unavailable: false,
		deleted: true,
		caption: 'Look',
		messageId: 'wamid.1',
		order: 7,
	});
	/** What is about the message, or the user's own. */
	const KEPT = { caption: 'Look', messageId: 'wamid.1', order: 7 };
	const fromElsewhere = () =>
		customerSent(harness, { bytes: PDF, mimeType: 'application/pdf', fileName: undefined });

	test('Get Media URL with an ID from elsewhere: only what is known of that file', async () => {
		const mediaId = fromElsewhere();
		const { json } = await run('GetMediaUrl', photo(), { mediaId });
		expect(json).toEqual({
			...KEPT,
			mediaId,
			url: expect.stringContaining(`mid=${mediaId}`),
			urlExpiresAt: expect.any(String),
			tokenRequired: true,
			mimeType: 'application/pdf',
			sha256: sha256(PDF),
			size: PDF.length,
		});
	});

	test('… and what says no more than a URL leaves nothing of the first file', async () => {
		const { pipes } = harness.emulator;
		const mediaId = pipes.store.add({ bytes: PDF, mimeType: 'application/pdf', inbound: true });
		const credentials = credentialsFor(harness, 'pipes');
		const located = await harness.run('GetMediaUrl', [photo()], {
			credentials,
			parameters: { mediaId },
		});
		const item = located.output[0]![0]!;
		expect(Object.keys(item.json).sort()).toEqual(
			['caption', 'mediaId', 'messageId', 'order', 'tokenRequired', 'url', 'urlExpiresAt'].sort(),
		);
		const { json, message } = outcomeOf(
			await harness.run('DownloadMedia', [item], { credentials }),
		);
		expect(message).toBeUndefined();
		expect(json).toMatchObject({ size: PDF.length, mimeType: 'application/pdf' });
	});

	test('Get Media URL with the item’s own ID keeps what is known of it', async () => {
		const item = photo();
		const { json } = await run('GetMediaUrl', item);
		expect(json).toMatchObject({ ...KEPT, fileName: 'photo.jpg', voice: true, type: 'image' });
	});

	test('Download with an ID from elsewhere', async () => {
		const mediaId = fromElsewhere();
		const { json } = await run('DownloadMedia', photo(), { mediaId });
		expect(json).toEqual({
			...KEPT,
			mediaId,
			mimeType: 'application/pdf',
			fileName: `file-${mediaId}.pdf`,
			sha256: sha256(PDF),
			size: PDF.length,
			verified: true,
		});
	});

	test('Upload: the new ID stands beside nothing of the received file', async () => {
		const item = { json: photo(), binary: { data: await pdfField() } };
		const { json } = await run('UploadMedia', item);
		expect(json).toEqual({
			...KEPT,
			type: 'image',
			mediaId: expect.any(String),
			expiresAt: expect.any(String),
			mimeType: 'application/pdf',
			fileName: 'invoice.pdf',
			sha256: sha256(PDF),
			size: PDF.length,
		});
		expect(json!.mediaId).not.toBe(item.json.mediaId);
	});

	test('Delete: of the own ID everything stays, of another nothing', async () => {
		const item = photo();
		expect((await run('DeleteMedia', item)).json).toEqual(item);
		const mediaId = fromElsewhere();
		expect((await run('DeleteMedia', item, { mediaId })).json).toEqual({
			...KEPT,
			mediaId,
			deleted: true,
		});
	});
});

describe('Download keeps the item’s other files', () => {
	const item = async () => ({
		json: { mediaId: customerSent(harness), order: 7 },
		binary: { invoice: await pdfField(), data: await pdfField() },
	});

	test('with Keep Input Fields, as it is from the start', async () => {
		const result = await run('DownloadMedia', await item());
		expect(Object.keys(result.item!.binary!).sort()).toEqual(['data', 'invoice']);
		expect(await result.binary(result.item, 'data')).toEqual(PHOTO);
		expect(await result.binary(result.item, 'invoice')).toEqual(PDF);
	});

	test.each([false, 'false', ' FALSE '])('and not without (%p)', async (keepInputFields) => {
		const result = await run('DownloadMedia', await item(), { options: { keepInputFields } });
		expect(Object.keys(result.item!.binary!)).toEqual(['data']);
		expect(result.json).not.toHaveProperty('order');
	});

	test('in n8n’s combined binary mode, too', async () => {
		const { json, binary } = await item();
		const { output } = await harness.run(
			'DownloadMedia',
			[{ json: { ...json, _files: binary as unknown as IDataObject } }],
			{ binaryMode: 'combined' },
		);
		expect(Object.keys(output[0]![0]!.json._files as object).sort()).toEqual(['data', 'invoice']);
	});
});

describe('odd names of binary fields', () => {
	test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
		'%s is a field that is not there, or that is',
		async (name) => {
			const data = await pdfField();
			const parameters = { binaryPropertyName: name };
			const missing = await run('UploadMedia', { json: {}, binary: { data } }, parameters);
			expect(missing.message).toBe(`The item has no binary field "${name}"`);
			expect(missing.description).toContain('Its binary fields: data.');
			// n8n itself drops these two on the way to the node.
			if (name === '__proto__' || name === 'constructor') return;
			const there = await run('UploadMedia', { json: {}, binary: { [name]: data } }, parameters);
			expect(there.message).toBeUndefined();
			expect(there.json).toMatchObject({ fileName: 'invoice.pdf', size: PDF.length });
		},
	);

	test('an empty name for the output', async () => {
		const json = { mediaId: customerSent(harness) };
		for (const binaryPropertyName of ['={{ "" }}', '={{ null }}', '={{ {} }}'])
			expect((await run('DownloadMedia', json, { binaryPropertyName })).message).toBe(
				'Put Output File in Field is empty',
			);
		expect(calls(harness.emulator)).toEqual([]);
	});
});

test('the triggers: what the form shows as default holds where the option was not added', async () => {
	const defaults = Object.fromEntries(triggerOptions.map((field) => [field.name, field.default]));
	const mediaTypes = ['document'];
	for (const origin of [undefined, 'flow', 'echo', 'history', 'edit', 'call'] as const) {
		const large = { type: 'document', size: 3e9, origin } as MediaMessage;
		expect(matchesFilter(large, { mediaTypes, options: defaults })).toBe(
			matchesFilter(large, { mediaTypes, options: {} }),
		);
	}
	const message = { mediaId: '1', type: 'image', raw: { id: 1 } } as unknown as MediaMessage;
	expect(await toItems([message], defaults, {} as never)).toEqual(
		await toItems([message], {}, {} as never),
	);
});

describe('options that an expression gives', () => {
	test('text for a switch', async () => {
		const json = { mediaId: customerSent(harness) };
		await run('DeleteMedia', json);
		const { message } = await run('DeleteMedia', json, { options: { missingIsDeleted: 'false' } });
		expect(message).toContain('could not be deleted');
		const wav = Buffer.from('RIFF\0\0\0\0WAVEfmt ');
		const binary = {
			data: await harness.engine.file(wav, { mimeType: 'audio/wav', fileName: 'a.wav' }),
		};
		const unchecked = { options: { checkFile: 'false' } };
		expect((await run('UploadMedia', { json: {}, binary }, unchecked)).message).toContain(
			'was not accepted: Meta says',
		);
	});

	test('numbers, lists and nothing for texts', async () => {
		const mediaId = customerSent(harness);
		const downloaded = await run(
			'DownloadMedia',
			{ mediaId },
			{
				options: {
					fileName: '={{ 2024 }}',
					allowedMimeTypes: '={{ ["image/*", "application/pdf"] }}',
					phoneNumberId: '={{ null }}',
				},
			},
		);
		expect(downloaded.message).toBeUndefined();
		expect(downloaded.json).toMatchObject({ fileName: '2024.jpg' });
		const uploaded = await run(
			'UploadMedia',
			{ json: {}, binary: { data: await pdfField() } },
			{ options: { fileName: '={{ 2024 }}', mimeType: '={{ null }}' } },
		);
		expect(uploaded.message).toBeUndefined();
		expect(uploaded.json).toMatchObject({ fileName: '2024.pdf', mimeType: 'application/pdf' });
	});
});
