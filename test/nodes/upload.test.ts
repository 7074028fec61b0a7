import { setImmediate } from 'node:timers/promises';

import { pattern } from '../emulator';
import { fixture } from '../support/files';
import { calls, sha256, startHarness, type Harness } from '../support/harness';
import { credentialsFor, outcomeOf } from '../support/run';

const PDF = Buffer.from('%PDF-1.7\nan invoice');

describe.each(['filesystem', 'default', 'database'] as const)(
	'with files in n8n’s %s store',
	(binaryMode) => {
		let harness: Harness;
		beforeAll(async () => {
			harness = await startHarness({ binaryMode });
		});
		afterAll(async () => await harness.close());
		beforeEach(() => harness.emulator.reset());

		const upload = async (
			bytes: Buffer,
			about: { mimeType: string; fileName?: string },
			parameters = {},
			json = {},
		) => {
			const data = await harness.engine.file(bytes, about);
			return outcomeOf(
				await harness.run('UploadMedia', [{ json, binary: { data } }], { parameters }),
			);
		};
		const stored = (mediaId: unknown) => harness.emulator.meta.store.get(String(mediaId))!;

		test('where the media ID is, says an upload that was done, and no other', async () => {
			const run = async (files: Buffer[], node = {}) => {
				const items = files.map(async (bytes) => ({
					json: {},
					binary: { data: await harness.engine.file(bytes, { mimeType: 'application/pdf' }) },
				}));
				const { hints } = await harness.run('UploadMedia', await Promise.all(items), node);
				return hints.map(({ type, message }) => `${type}: ${message}`);
			};
			const where =
				'info: The media ID is in the field mediaId, on the tabs Schema, Table and JSON';
			const empty = Buffer.alloc(0);
			expect(await run([PDF, PDF])).toEqual([where]);
			expect(await run([empty])).toEqual([]);
			const goesOn = { onError: 'continueRegularOutput' };
			expect(await run([empty], goesOn)).toEqual([]);
			expect(await run([empty, PDF], goesOn)).toEqual([where]);
			const text = await harness.run('UploadMedia', [{ type: 'text', text: 'Hello' }]);
			expect(text.hints).toEqual([]);
		});

		test('the bytes arrive, and come back by their media ID', async () => {
			const { json } = await upload(
				PDF,
				{ mimeType: 'application/pdf', fileName: 'Invoice 1.pdf' },
				{},
				{ order: 7 },
			);
			expect(json).toEqual({
				order: 7,
				mediaId: expect.stringMatching(/^\d+$/),
				expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
				mimeType: 'application/pdf',
				fileName: 'Invoice 1.pdf',
				size: PDF.length,
				sha256: sha256(PDF),
			});
			expect(Date.parse(String(json!.expiresAt)) - Date.now()).toBeGreaterThan(29.9 * 86_400_000);
			const kept = stored(json!.mediaId);
			expect(Buffer.concat([...kept.bytes.read()])).toEqual(PDF);
			expect(kept).toMatchObject({
				mimeType: 'application/pdf',
				fileName: 'Invoice 1.pdf',
				owner: harness.credential.phoneNumberId,
			});
			const { output, binary } = await harness.run('DownloadMedia', [{ mediaId: json!.mediaId }]);
			expect(await binary(output[0]![0])).toEqual(PDF);
		});

		test('with the exact Content-Length, never in chunks', async () => {
			const bytes = Buffer.concat([PDF, ...pattern(3_000_000).read()]);
			await upload(bytes, { mimeType: 'application/pdf', fileName: 'scan.pdf' });
			const [request] = harness.emulator.requests;
			expect(Number(request!.headers['content-length'])).toBe(request!.bodySize);
			expect(request!.headers['transfer-encoding']).toBeUndefined();
		});

		test.each([
			['audio/ogg; codecs=opus', 'voice.ogg', 'audio/ogg', 'mono.ogg'],
			['audio/opus', 'voice.opus', 'audio/ogg', 'mono.ogg'],
			['audio/x-m4a', 'a.m4a', 'audio/mp4', 'sound.m4a'],
			['audio/mp3', 'a.mp3', 'audio/mpeg', 'tagged.mp3'],
			['image/jpg', 'a.jpg', 'image/jpeg', 'rgb.jpg'],
			[
				'application/octet-stream',
				'report.docx',
				'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
				'invoice.docx',
			],
		])('%s named %s is declared as %s', async (mimeType, fileName, declared, bytes) => {
			const { json } = await upload(fixture(bytes), { mimeType, fileName });
			expect(stored(json!.mediaId).mimeType).toBe(declared);
			expect(json!.mimeType).toBe(declared);
		});

		test('a file without name gets one that fits its type', async () => {
			expect((await upload(PDF, { mimeType: 'application/pdf' })).json).toMatchObject({
				fileName: 'file.pdf',
			});
		});

		test('names with quotes, line breaks and foreign letters arrive', async () => {
			const { json } = await upload(PDF, {
				mimeType: 'application/pdf',
				fileName: 'Été "2026"\r\nX: y.pdf',
			});
			expect(stored(json!.mediaId).fileName).toBe(json!.fileName);
			expect(json!.fileName).toBe('Été _2026_X_ y.pdf');
		});

		test('name, type and number of the user’s choice', async () => {
			const options = {
				fileName: 'Mine.pdf',
				mimeType: 'application/pdf',
				phoneNumberId: { __rl: true, mode: 'id', value: harness.emulator.meta.phoneNumbers[1]!.id },
			};
			const { json } = await upload(
				PDF,
				{ mimeType: 'text/plain', fileName: 'x.txt' },
				{ options },
			);
			expect(stored(json!.mediaId)).toMatchObject({
				fileName: 'Mine.pdf',
				mimeType: 'application/pdf',
				owner: harness.emulator.meta.phoneNumbers[1]!.id,
			});
		});

		test('an empty file', async () => {
			expect(
				(await upload(Buffer.alloc(0), { mimeType: 'application/pdf', fileName: 'a.pdf' })).message,
			).toBe('"a.pdf" is empty (0 bytes)');
			expect(calls(harness.emulator)).toEqual([]);
		});

		test('a type that Meta does not take', async () => {
			const { message } = await upload(
				PDF,
				{ mimeType: 'audio/wav', fileName: 'a.wav' },
				{ options: { checkFile: false } },
			);
			expect(message).toMatch(
				/^"a\.wav" \(audio\/wav, [\d.]+ (bytes|KB|MB)\) was not accepted: Meta says "\(#100\) Param file must be a file with one of the following types/,
			);
		});

		test.each(['error', 'html413'] as const)('a file over the limit (%s)', async (tooLarge) => {
			Object.assign(harness.emulator.meta.variants, {
				tooLarge,
				uploadLimits: { ...harness.emulator.meta.variants.uploadLimits, document: 5 },
			});
			expect(
				(await upload(PDF, { mimeType: 'application/pdf', fileName: 'a.pdf' })).message,
			).toContain('"a.pdf"');
		});

		test('no such binary field, an empty one, and no file at all', async () => {
			const named = await upload(
				PDF,
				{ mimeType: 'application/pdf' },
				{ binaryPropertyName: 'photo' },
			);
			expect(named.message).toBe('The item has no binary field "photo"');
			expect(named.description).toBe(
				'Its binary fields: data. Enter one of them in Input Binary Field.',
			);
			const none = outcomeOf(await harness.run('UploadMedia', [{ json: {} }]));
			expect(none.description).toContain('It has no file at all');
			expect(
				(await upload(PDF, { mimeType: 'application/pdf' }, { binaryPropertyName: '={{ "" }}' }))
					.message,
			).toBe('Input Binary Field is empty');
		});

		test('no phone number', async () => {
			const credentials = credentialsFor(harness, 'meta', { phoneNumberId: '' });
			const data = await harness.engine.file(PDF, {
				mimeType: 'application/pdf',
				fileName: 'a.pdf',
			});
			const { error } = await harness.run('UploadMedia', [{ json: {}, binary: { data } }], {
				credentials,
			});
			expect(error!.message).toBe('"a.pdf" was not uploaded: no phone number to upload it for');
		});

		if (binaryMode !== 'default')
			test('a name, a path and a binary object, in combined binary mode', async () => {
				const data = await harness.engine.file(PDF, {
					mimeType: 'application/pdf',
					fileName: 'a.pdf',
				});
				for (const binaryPropertyName of ['data', '_files.data', '={{ $json._files.data }}']) {
					const { output, error } = await harness.run(
						'UploadMedia',
						[{ json: { _files: { data } as never } }],
						{ parameters: { binaryPropertyName }, binaryMode: 'combined' },
					);
					expect(error).toBeUndefined();
					expect(output[0]![0]!.json).toMatchObject({ size: PDF.length });
				}
			});

		test('in the other mode, JSON is not taken for the file of another', async () => {
			const data = await harness.engine.file(PDF, {
				mimeType: 'application/pdf',
				fileName: 'a.pdf',
			});
			for (const binaryPropertyName of ['data', '_files.data']) {
				const { error } = await harness.run(
					'UploadMedia',
					[{ json: { _files: { data } as never } }],
					{
						parameters: { binaryPropertyName },
					},
				);
				expect(error!.message).toContain('no binary field');
			}
		});

		test('stopping the execution ends the upload', async () => {
			harness.emulator.meta.fault({ on: 'upload', delay: Infinity });
			const stop = new AbortController();
			const data = await harness.engine.file(PDF, {
				mimeType: 'application/pdf',
				fileName: 'a.pdf',
			});
			const running = harness.run('UploadMedia', [{ json: {}, binary: { data } }], {
				abortSignal: stop.signal,
			});
			while (!harness.emulator.requests.length) await setImmediate();
			stop.abort();
			expect((await running).status).toBe('canceled');
		});

		if (binaryMode === 'filesystem')
			test('of large files a few at once', async () => {
				const data = await harness.engine.file(Buffer.concat([PDF, Buffer.alloc(95_000_000)]), {
					mimeType: 'application/pdf',
					fileName: 'a.pdf',
				});
				const running = harness.run(
					'UploadMedia',
					Array.from({ length: 3 }, () => ({ json: {}, binary: { data } })),
				);
				const sent = () => harness.emulator.requests;
				while (sent().length < 3) await setImmediate();
				expect(sent().filter(({ status }) => status === 200)).not.toHaveLength(0);
				expect((await running).output[0]).toHaveLength(3);
			});
	},
);
