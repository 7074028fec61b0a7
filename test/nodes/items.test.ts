import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import { triggerOptions } from '../../nodes/WhatsApp/trigger/fields';
import { matchesFilter } from '../../nodes/WhatsApp/trigger/messageFilter';
import { ConcurrencyLimit } from '../../nodes/WhatsApp/execution/concurrencyLimit';
import { toItems } from '../../nodes/WhatsApp/trigger/messageItems';
import type { MediaMessage } from '../../nodes/WhatsApp/providers/mediaMessage';
import { PHOTO } from '../support/files';
import { customerSent } from '../support/download';
import { calls, sha256, startHarness, type Harness } from '../support/harness';
import { credentialsFor, outcomeOf } from '../support/run';

/** Items as tables, forms and other people's nodes make them. */

const PDF = Buffer.from('%PDF-1.7\nan invoice');

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
			const { message, description } = await run(node, { mediaId: Number('27286093617715235') });
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

	test('what a table says under the same names is the user’s own', async () => {
		const row = { type: 'invoice', voice: 'alloy', deleted: 'no', reason: 'refund', order: 7 };
		const uploaded = await run('UploadMedia', { json: row, binary: { data: await pdfField() } });
		expect(uploaded.json).toMatchObject(row);
		const mediaId = fromElsewhere();
		expect((await run('GetMediaUrl', row, { mediaId })).json).toMatchObject({ ...row, mediaId });
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
	const shown = Object.fromEntries(triggerOptions.map((field) => [field.name, field.default]));
	// But for the one that is a wish: whoever adds Download Files wants it, and it arrives switched on.
	const defaults: typeof shown = { ...shown, downloadFiles: false };
	const mediaTypes = ['document'];
	for (const origin of [undefined, 'flow', 'echo', 'history', 'edit', 'call'] as const) {
		const large = { type: 'document', size: 3e9, origin } as MediaMessage;
		expect(matchesFilter(large, { mediaTypes, options: defaults })).toBe(
			matchesFilter(large, { mediaTypes, options: {} }),
		);
	}
	const message = { mediaId: '1', type: 'image', raw: { id: 1 } } as unknown as MediaMessage;
	const context = { client: { provider: {}, credentials: {} } } as never;
	const limit = new ConcurrencyLimit(1, 1000);
	expect(await toItems([message], defaults, context, limit)).toEqual(
		await toItems([message], {}, context, limit),
	);
});

test('a file that did not arrive starts no workflow without media types, unless that is switched on', () => {
	const message = { unavailable: true } as MediaMessage;
	const starts = (mediaTypes: string[], options = {}) =>
		matchesFilter(message, { mediaTypes, options, nodeVersion: 1.2 });
	expect(starts(['image'])).toBe(true);
	expect(starts([])).toBe(false);
	expect(starts([], { alsoStartOn: ['unavailable'] })).toBe(true);
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

describe('files that are not what n8n says', () => {
	const upload = async (data: object, parameters = {}) =>
		await run('UploadMedia', { json: {}, binary: { data } }, parameters);

	test('one that has vanished from the store: said by its name, without n8n’s own paths', async () => {
		for (const options of [{}, { checkFile: false }, { reuseEarlier: true, checkFile: false }]) {
			const data = await pdfField();
			const [, id] = String(data.id).split(':');
			const vanished = {
				...data,
				id: `filesystem-v2:${id!.replace(/.$/, (last) => (last === '0' ? '1' : '0'))}`,
			};
			const { message, description } = await upload(vanished, { options });
			expect(message).toBe('"invoice.pdf" is incomplete in n8n’s storage');
			expect(description).toBe('Run the node that makes the file again.');
		}
		expect(calls(harness.emulator)).toEqual([]);
	});

	test('one without a size, or with one as text', async () => {
		for (const bytes of [undefined, null, String(PDF.length), 'many', -1, Number.NaN]) {
			const { message, json } = await upload({ ...(await pdfField()), bytes });
			expect(message).toBeUndefined();
			expect(json).toMatchObject({ size: PDF.length });
		}
	});

	test('one whose size is not that of its bytes', async () => {
		for (const bytes of [PDF.length - 1, PDF.length + 1])
			expect((await upload({ ...(await pdfField()), bytes })).message).toBe(
				'"invoice.pdf" is incomplete in n8n’s storage',
			);
	});

	test('a name and a type that are no texts', async () => {
		const about = { fileName: 2024, mimeType: null };
		expect((await upload({ ...(await pdfField()), ...about })).json).toMatchObject({
			fileName: '2024.pdf',
			mimeType: 'application/pdf',
		});
		const nothing = { fileName: {}, mimeType: 7 };
		expect((await upload({ ...(await pdfField()), ...nothing })).json).toMatchObject({
			fileName: 'file.pdf',
		});
	});

	test('no file at all in the field', async () => {
		for (const data of [
			{ mimeType: 'application/pdf' },
			{ mimeType: 'application/pdf', data: 5 },
			{},
		])
			expect((await upload(data)).message).toMatch(/"?\w*"? (is empty \(0 bytes\)|holds no file)/);
	});

	test('an empty one, by any count', async () => {
		const data = await harness.engine.file(Buffer.alloc(0), {
			mimeType: 'application/pdf',
			fileName: 'a.pdf',
		});
		expect((await upload(data)).message).toBe('"a.pdf" is empty (0 bytes)');
		expect((await upload({ ...data, bytes: undefined })).message).toBe(
			'"a.pdf" is empty (0 bytes)',
		);
	});

	test('a field’s name with spaces around it', async () => {
		const parameters = { binaryPropertyName: ' data ' };
		expect((await upload(await pdfField(), parameters)).json).toMatchObject({ size: PDF.length });
	});
});

test.each(['UploadMedia', 'DownloadMedia', 'GetMediaUrl', 'DeleteMedia'])(
	'%s: an item without fields',
	async (node) => {
		const binary = { data: await pdfField() };
		const { output, error } = await harness.run(node, [{ binary } as never], {
			onError: 'continueRegularOutput',
		});
		expect(error).toBeUndefined();
		if (node === 'UploadMedia') expect(output[0]![0]!.json.mediaId).toEqual(expect.any(String));
		else expect(output[0]![0]!.json.error).toMatch(/^Media ID is empty|^There is neither/);
	},
);

describe('many items, some of them bad', () => {
	test('500 uploads: each fails or goes by itself, in order', async () => {
		const good = await pdfField();
		const page = await harness.engine.file(Buffer.from('<html>'), {
			mimeType: 'application/pdf',
			fileName: 'a.pdf',
		});
		const empty = await harness.engine.file(Buffer.alloc(0), {
			mimeType: 'application/pdf',
			fileName: 'a.pdf',
		});
		const odd: Array<INodeExecutionData['binary']> = [
			undefined,
			{},
			{ other: good },
			{ data: empty },
			{ data: page },
			{ data: { mimeType: 'application/pdf' } as never },
			{ data: { ...good, id: 'filesystem-v2:workflows/none/executions/1/binary_data/none' } },
		];
		const items = Array.from({ length: 500 }, (_, n) => ({
			json: { n },
			binary: n % 10 < odd.length ? odd[n % 10] : { data: good },
		}));
		const { output, error } = await harness.run('UploadMedia', items as INodeExecutionData[], {
			onError: 'continueRegularOutput',
		});
		expect(error).toBeUndefined();
		expect(output[0]!.map(({ json }) => json.n)).toEqual(items.map(({ json }) => json.n));
		for (const [n, { json, pairedItem }] of output[0]!.entries()) {
			expect(pairedItem).toEqual({ item: n });
			if (n % 10 < odd.length) {
				expect(json.mediaId).toBeUndefined();
				expect(json.error).toMatch(
					/^(The item has no binary field|The binary field "data" holds no|")/,
				);
				expect(json.error).not.toMatch(/undefined|ENOENT|\/binary_data|reading '/);
			} else expect(json).toMatchObject({ mediaId: expect.any(String), sha256: sha256(PDF) });
		}
		expect(calls(harness.emulator)).toHaveLength(150);
	});

	test('what the first item’s options lack is the first item’s own matter', async () => {
		const mediaId = customerSent(harness);
		const items = [{ mediaId }, { mediaId, seconds: 5 }, { mediaId, seconds: 5 }];
		for (const timeoutSeconds of ['={{ $json.seconds }}', '={{ $json.seconds.toFixed() }}']) {
			const { output } = await harness.run('GetMediaUrl', items, {
				onError: 'continueRegularOutput',
				parameters: { options: { timeoutSeconds } },
			});
			expect(output[0]!.map(({ json }) => typeof json.url)).toEqual([
				'undefined',
				'string',
				'string',
			]);
			expect(output[0]![0]!.json.error).toEqual(expect.any(String));
		}
	});

	test('two executions at once with Reuse Earlier Upload: IDs that exist, and one is remembered', async () => {
		const staticData: IDataObject = {};
		const binary = { data: await pdfField() };
		const start = async () =>
			await harness.run(
				'UploadMedia',
				Array.from({ length: 20 }, () => ({ json: {}, binary })),
				{
					parameters: { options: { reuseEarlier: true } },
					staticData,
				},
			);
		const runs = await Promise.all([start(), start(), start()]);
		const ids = runs.map(({ output }) => [...new Set(output[0]!.map(({ json }) => json.mediaId))]);
		for (const one of ids) {
			expect(one).toHaveLength(1);
			expect(harness.emulator.meta.store.live(String(one[0]))).toBeDefined();
		}
		const next = await start();
		expect(ids.flat()).toContain(next.output[0]![0]!.json.mediaId);
		expect(
			calls(harness.emulator).filter((call) => call.startsWith('POST')).length,
		).toBeLessThanOrEqual(3);
	});
});
