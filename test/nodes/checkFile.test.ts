import { Readable } from 'node:stream';

import type { Client } from '../../nodes/WhatsApp/transport/client';
import type { BinaryInput } from '../../nodes/WhatsApp/transfer/binaryInput';
import { UploadCache } from '../../nodes/WhatsApp/transfer/uploadCache';
import { checkFile } from '../../nodes/WhatsApp/transfer/checkFile';
import { providers } from '../../nodes/WhatsApp/providers';
import type { ByteStream } from '../../nodes/WhatsApp/streams';
import { upload } from '../../nodes/WhatsApp/transfer/upload';
import { sizeInWords } from '../../nodes/WhatsApp/units';
import { ACCEPTED_MIME_TYPES } from '../emulator/meta/errors';
import { inPieces } from '../support/binarySource';
import { fixture } from '../support/files';
import { calls, sha256, startHarness, type Harness } from '../support/harness';
import { uploadFiles, type UploadSetup } from '../support/run';

const MB = 1024 * 1024;

describe('how much is read', () => {
	const check = async (bytes: Buffer, mimeType: string) => {
		const { source, counted } = inPieces(bytes, 65_536);
		const streams: ByteStream[] = [];
		const open = async () => {
			const content = (await source.open()) as ByteStream;
			streams.push(content);
			return content;
		};
		await checkFile(
			providers.meta!,
			{ ...source, open },
			{ fileName: 'x', mimeType, size: source.size },
			() => {},
		).catch((cause) => expect(cause).toMatchObject({ name: 'MediaError' }));
		expect(streams.every((stream) => stream.destroyed)).toBe(true);
		return counted;
	};
	const padded = (name: string, size: number) =>
		Buffer.concat([fixture(name), Buffer.alloc(size - fixture(name).length)]);

	test.each([
		[
			'a document of 50 MB',
			Buffer.concat([Buffer.from('%PDF-1.7'), Buffer.alloc(50 * MB)]),
			'application/pdf',
		],
		[
			'a film of 10 MB with its index first',
			Buffer.concat([fixture('good.mp4'), Buffer.alloc(10 * MB)]),
			'video/mp4',
		],
		['a film over the limit', padded('index-last.mp4', 17 * MB), 'video/mp4'],
		['a picture of 4 MB', padded('rgb.jpg', 4 * MB), 'image/jpeg'],
		['a wrong one of 50 MB', padded('sound.wav', 50 * MB), 'application/pdf'],
	])('%s: a few hundred kilobytes at most', async (_what, bytes, mimeType) => {
		const { read, opened } = await check(bytes, mimeType);
		expect(opened).toBe(1);
		expect(read).toBeLessThanOrEqual(3 * 65_536);
	});
});

test('a store that breaks off is said to, without its own words', async () => {
	async function* breaking() {
		yield fixture('index-last.mp4').subarray(0, 3000);
		throw new Error('EIO: /home/node/.n8n/storage');
	}
	const source: BinaryInput = {
		size: 7815,
		open: async () => Readable.from(breaking()) as unknown as ByteStream,
	};
	const client = { provider: providers.meta!, credentials: { phoneNumberId: '1' } } as Client;
	for (const tried of [
		upload({ client }, source, { fileName: 'a.mp4', mimeType: 'video/mp4' }),
		upload({ client, cache: new UploadCache(() => ({})) }, source, {
			fileName: 'a.mp4',
			checkFile: false,
		}),
	])
		await expect(tried).rejects.toMatchObject({
			name: 'MediaError',
			message: '"a.mp4" is incomplete in n8n’s storage',
		});
});

describe('meta: the list', () => {
	test('is the one that Graph names in its refusals', () => {
		const ours = providers.meta!.accepts!.flatMap(({ mimeTypes }) => mimeTypes);
		// audio/opus goes as audio/ogg.
		expect([...ours].sort()).toEqual(
			ACCEPTED_MIME_TYPES.filter((type) => type !== 'audio/opus').sort(),
		);
	});

	test('says its limits in words, too', () => {
		for (const { maxSize, maxAnimatedSize, supported } of providers.meta!.accepts!)
			for (const size of [maxSize, maxAnimatedSize ?? maxSize])
				expect(supported).toContain(size < MB ? `${size / 1024} KB` : `${size / MB} MB`);
	});

	test.each([
		['image/jpeg', 'rgb.jpg', 5 * MB],
		['image/png', 'rgb.png', 5 * MB],
		['audio/ogg', 'mono.ogg', 16 * MB],
		['audio/mpeg', 'plain.mp3', 16 * MB],
		['video/mp4', 'good.mp4', 16 * MB],
		['application/pdf', undefined, 100 * MB],
	])('%s: the limit itself is taken, one byte more is not', async (mimeType, name, limit) => {
		const source = (size: number): BinaryInput => ({
			size,
			open: async () => (name ? fixture(name) : Buffer.from('%PDF-1.7')),
		});
		const asked = async (size: number) =>
			await checkFile(providers.meta!, source(size), { fileName: 'x', mimeType, size }, () => {});
		expect(await asked(limit)).toBe(mimeType);
		await expect(asked(limit + 1)).rejects.toMatchObject({
			code: 'permanent',
			message: `"x" (${((limit + 1) / 1e6).toFixed(1)} MB) was not uploaded: it is too large`,
		});
	});

	test.each([
		['sticker.webp', 100 * 1024],
		['moving.webp', 500 * 1024],
	])('%s: up to %d bytes', async (name, limit) => {
		const asked = async (size: number) => {
			const bytes = Buffer.concat([fixture(name), Buffer.alloc(size - fixture(name).length)]);
			return await checkFile(
				providers.meta!,
				{ size, open: async () => bytes },
				{ fileName: 'x', mimeType: 'image/webp', size },
				() => {},
			);
		};
		expect(await asked(limit)).toBe('image/webp');
		await expect(asked(limit + 1)).rejects.toMatchObject({
			message: `"x" (${Math.round((limit + 1) / 1e3)} KB) was not uploaded: it is too large`,
		});
	});
});

describe('Upload Media', () => {
	let harness: Harness;
	beforeAll(async () => {
		harness = await startHarness();
	});
	afterAll(async () => await harness.close());
	beforeEach(() => harness.emulator.reset());

	const run = async (bytes: Buffer | Buffer[], setup: UploadSetup, more = {}) =>
		await uploadFiles(harness, bytes, setup, more);

	/** What Meta takes as it is. */
	test.each([
		['rgb.jpg', 'image/jpeg'],
		['progressive.jpg', 'image/jpeg'],
		['rgb.png', 'image/png'],
		['rgba.png', 'image/png'],
		['palette.png', 'image/png'],
		['sticker.webp', 'image/webp'],
		['moving.webp', 'image/webp'],
		['mono.ogg', 'audio/ogg'],
		['tagged.mp3', 'audio/mpeg'],
		['plain.mp3', 'audio/mpeg'],
		['adts.aac', 'audio/aac'],
		['sound.amr', 'audio/amr'],
		['sound.m4a', 'audio/mp4'],
		['good.mp4', 'video/mp4'],
		['silent.mp4', 'video/mp4'],
		['good.3gp', 'video/3gpp'],
		['invoice.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
		['sheet.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
		['sheet.xls', 'application/vnd.ms-excel'],
		['slides.pptx', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
		['note.txt', 'text/plain'],
	])('%s goes as %s', async (fileName, mimeType) => {
		const { json, message } = await run(fixture(fileName), { mimeType, fileName });
		expect(message).toBeUndefined();
		expect(json).toMatchObject({ mimeType, fileName, mediaId: expect.any(String) });
		expect(harness.emulator.meta.store.get(String(json!.mediaId))!.sha256.toString('hex')).toBe(
			sha256(fixture(fileName)),
		);
	});

	/** What Meta refuses at once, or lets in and fails to send. */
	test.each([
		[
			'cmyk.jpg',
			'image/jpeg',
			'its colours are CMYK instead of RGB',
			/^Supported images: JPEG or PNG, up to 5 MB\. To convert it, put Edit Image before this node: .* Format with PNG\.$/,
		],
		['grey.jpg', 'image/jpeg', 'its colours are greyscale instead of RGB', /choose Border/],
		['rgb16.png', 'image/png', 'it has 16 bits per channel instead of 8', /Format with JPEG\.$/],
		[
			'heic.heic',
			'image/heic',
			'HEIC images are not supported',
			/^Supported images: JPEG or PNG, up to 5 MB\. To convert it, put Edit Image before this node: .* Format with JPEG\.$/,
		],
		['moving.gif', 'image/gif', 'GIF images are not supported', /Edit Image/],
		[
			'small.webp',
			'image/webp',
			'it has 300 × 200 pixels',
			/^Supported stickers: WebP of 512 × 512 pixels, up to 100 KB \(animated: 500 KB\)\. .* Edit Image .* 512 × 512/,
		],
		[
			'stereo.ogg',
			'audio/ogg',
			'it is stereo instead of mono',
			/^Supported audio: MP3, .* Opus in mono, up to 16 MB\. If a node makes this audio, choose MP3 there\./,
		],
		['vorbis.ogg', 'audio/ogg', 'its audio is Vorbis', /MP3/],
		['flac.ogg', 'audio/ogg', 'its audio is FLAC', /MP3/],
		['speex.ogg', 'audio/ogg', 'its audio is Speex', /MP3/],
		['theora.ogv', 'audio/ogg', 'it has a video track', /MP3/],
		['sound.wav', 'audio/wav', 'WAV audio is not supported', /choose MP3 there/],
		['sound.flac', 'audio/flac', 'FLAC audio is not supported', /choose MP3 there/],
		['recorded.webm', 'audio/webm', 'WEBM audio is not supported', /choose MP3 there/],
		[
			'hevc.mp4',
			'video/mp4',
			'its video is H.265 (HEVC)',
			/^Supported videos: MP4 or 3GP with H\.264 video .*, up to 16 MB\. Store the video with a node such as/,
		],
		['mp3-inside.mp4', 'video/mp4', 'its audio is MP3', /AAC/],
		['opus-inside.mp4', 'video/mp4', 'its audio is Opus', /AAC/],
		['two-languages.mp4', 'video/mp4', 'it has 2 audio tracks', /one AAC audio track/],
		['mpeg4.mp4', 'video/mp4', 'its video is MPEG-4 Visual', /H\.264/],
		['h263.3gp', 'video/3gpp', 'its video is H.263', /H\.264/],
		['film.mov', 'video/quicktime', 'MOV videos are not supported', /H\.264/],
		['film.webm', 'video/webm', 'WEBM videos are not supported', /H\.264/],
		[
			'sound-only.mp4',
			'video/mp4',
			'it has no video track',
			/To send it as audio, enter audio\/mp4 in MIME Type/,
		],
		['good.mp4', 'audio/mp4', 'it has a video track', /enter video\/mp4 in MIME Type/],
		[
			'archive.zip',
			'application/zip',
			'ZIP files are not supported',
			/^Supported documents: PDF, Word, .*, up to 100 MB\. Store the file with a node such as Google Drive/,
		],
		['note.txt', 'text/csv', 'CSV files are not supported', /enter text\/plain in MIME Type/],
		// What is said of it is not true.
		[
			'mono.ogg',
			'application/pdf',
			'it is declared as application/pdf, but its content is audio/ogg',
			/enter audio\/ogg in MIME Type/,
		],
		[
			'recorded.webm',
			'audio/ogg',
			'it is declared as audio/ogg, but its content is audio/webm',
			/MP3/,
		],
		[
			'heic.heic',
			'image/jpeg',
			'it is declared as image/jpeg, but its content is image/heic',
			/Edit Image/,
		],
		[
			'note.txt',
			'image/jpeg',
			'it is declared as image/jpeg, but its content is text/plain',
			/To send it all the same, enter text\/plain in MIME Type/,
		],
	])('%s as %s: %s', async (fileName, mimeType, what, description) => {
		const result = await run(fixture(fileName), { mimeType, fileName });
		const size = sizeInWords(fixture(fileName).length);
		expect(result.message).toBe(`"${fileName}" (${size}) was not uploaded: ${what}`);
		expect(result.description).toMatch(description);
		// Nobody who builds workflows by hand can run a command; and of other kinds of file nobody asked.
		expect(result.description).not.toMatch(/ffmpeg|convert INPUT/);
		expect(result.description!.match(/Supported /g) ?? []).toHaveLength(
			/^Supported /.test(result.description!) ? 1 : 0,
		);
		expect(result.description!.length).toBeLessThan(300);
		expect(calls(harness.emulator)).toEqual([]);
	});

	test.each([
		[
			'a page in its place',
			Buffer.from('<!doctype html><title>Log in</title>'),
			'application/pdf',
			'it is declared as application/pdf, but its content is text/html',
			/log-in or error page/,
		],
		[
			'noise',
			Buffer.alloc(999, 7),
			'image/png',
			'it is declared as image/png, but its content is something else',
			/JPEG or PNG/,
		],
		[
			'half a film',
			fixture('good.mp4').subarray(0, 5000),
			'video/mp4',
			'it is cut short',
			/Run the node that makes the file again/,
		],
		[
			'a film whose index never came',
			fixture('index-last.mp4').subarray(0, 5000),
			'video/mp4',
			'it is cut short: its index (moov) is missing or incomplete',
			/MP4/,
		],
		[
			'several at once',
			fixture('vorbis.ogg').fill(2, 39, 40),
			'audio/ogg',
			'its audio is Vorbis, and it is stereo instead of mono',
			/Opus/,
		],
		[
			'Ogg with a codec that nobody plays',
			Buffer.from(fixture('mono.ogg').toString('latin1').replace('OpusHead', 'CELT    '), 'latin1'),
			'audio/ogg',
			'it has no audio in a known codec',
			/Opus/,
		],
		[
			'6 MB',
			Buffer.concat([fixture('rgb.jpg'), Buffer.alloc(6 * MB)]),
			'image/jpeg',
			'it is too large',
			/up to 5 MB.*Edit Image/,
		],
	])('%s', async (_what, bytes, mimeType, what, description) => {
		const result = await run(bytes, { mimeType, fileName: 'it' });
		expect(result.message).toMatch(/^"it\.\w+" \(\d+(\.\d)? (bytes|KB|MB)\) was not uploaded: /);
		expect(result.message!.split(' was not uploaded: ')[1]).toBe(what);
		expect(result.description).toMatch(description);
		expect(calls(harness.emulator)).toEqual([]);
	});

	test('a wrong type within a kind is corrected, and said', async () => {
		const { json, hints } = await run(fixture('rgb.jpg'), {
			mimeType: 'image/png',
			fileName: 'photo.png',
		});
		expect(json).toMatchObject({ mimeType: 'image/jpeg', fileName: 'photo.jpg' });
		expect(harness.emulator.meta.store.get(String(json!.mediaId))).toMatchObject({
			mimeType: 'image/jpeg',
			fileName: 'photo.jpg',
		});
		expect(hints).toEqual([
			'1 of 1 files declared as image/png are image/jpeg, and were uploaded as that.',
		]);
	});

	test.each([
		['application/octet-stream', undefined, 'rgb.png', 'image/png', 'file.png'],
		['text/plain', undefined, 'mono.ogg', 'audio/ogg', 'file.ogg'],
		['application/octet-stream', 'voice', 'mono.ogg', 'audio/ogg', 'voice.ogg'],
		['application/octet-stream', 'notes', 'note.txt', 'text/plain', 'notes.txt'],
	])('%s named %s takes the type of its bytes', async (mimeType, fileName, name, found, called) => {
		expect((await run(fixture(name), { mimeType, fileName })).json).toMatchObject({
			mimeType: found,
			fileName: called,
		});
	});

	test('an index at the end is a hint, and no more', async () => {
		const { json, hints } = await run(fixture('index-last.mp4'), {
			mimeType: 'video/mp4',
			fileName: 'a.mp4',
		});
		expect(json).toMatchObject({ mimeType: 'video/mp4' });
		expect(hints).toEqual([
			expect.stringMatching(
				/^1 of 1 videos start late on phones, because their index \(moov\) is at the end/,
			),
		]);
		expect(
			(await run(fixture('good.mp4'), { mimeType: 'video/mp4', fileName: 'a.mp4' })).hints,
		).toEqual([]);
		expect(
			(await run(fixture('sound.m4a'), { mimeType: 'audio/mp4', fileName: 'a.m4a' })).hints,
		).toEqual([]);
	});

	test('switched off, everything is left to Meta', async () => {
		const options = { checkFile: false };
		expect(
			(await run(fixture('hevc.mp4'), { mimeType: 'video/mp4', fileName: 'a.mp4', options })).json,
		).toMatchObject({ mimeType: 'video/mp4' });
		expect(
			(await run(fixture('sound.wav'), { mimeType: 'audio/wav', fileName: 'a.wav', options }))
				.message,
		).toContain('Meta says "(#100) Param file must be');
		expect(calls(harness.emulator)).toHaveLength(2);
	});

	test('one of three refused: the others go on', async () => {
		const { output } = await run(
			[fixture('rgb.jpg'), fixture('cmyk.jpg'), fixture('grey.png')],
			{ mimeType: 'image/jpeg', fileName: 'a.jpg' },
			{ onError: 'continueRegularOutput' },
		);
		const [first, second, third] = output[0]!.map(({ json }) => json);
		expect(first).toMatchObject({ n: 0, mediaId: expect.any(String) });
		expect(second).toMatchObject({
			n: 1,
			error: expect.stringMatching(
				/^"a\.jpg" \(\d+ (bytes|KB)\) was not uploaded: its colours are CMYK/,
			),
			details: expect.stringContaining('Edit Image'),
		});
		expect(third).toMatchObject({ n: 2, error: expect.stringContaining('greyscale') });
		expect(calls(harness.emulator)).toHaveLength(1);
	});

	test('a name is never part of a command that somebody may paste', async () => {
		const fileName = '$(rm -rf ~); `id`.jpg';
		const { message, description } = await run(fixture('cmyk.jpg'), {
			mimeType: 'image/jpeg',
			fileName,
		});
		expect(message).toContain('rm -rf');
		expect(description).not.toContain('rm -rf');
	});

	test('Whapi names no limits and encodes anew: only what is no such file at all is refused', async () => {
		const vendor = 'whapi';
		for (const [fileName, mimeType] of [
			['stereo.ogg', 'audio/ogg'],
			['cmyk.jpg', 'image/jpeg'],
			['hevc.mp4', 'video/mp4'],
			['small.webp', 'image/webp'],
			['archive.zip', 'application/zip'],
		] as const)
			expect((await run(fixture(fileName), { vendor, mimeType, fileName })).json).toMatchObject({
				mimeType,
			});
		const corrected = await run(fixture('rgb.png'), {
			vendor,
			mimeType: 'image/jpeg',
			fileName: 'a.jpg',
		});
		expect(corrected.message).toBeUndefined();
		expect(corrected.json).toMatchObject({ mimeType: 'image/png', fileName: 'a.png' });
		const before = calls(harness.emulator).length;
		const { message, description } = await run(fixture('mono.ogg'), {
			vendor,
			mimeType: 'application/pdf',
			fileName: 'a.pdf',
		});
		expect(message).toBe(
			'"a.pdf" (1 KB) was not uploaded: it is declared as application/pdf, but its content is audio/ogg',
		);
		expect(description).toMatch(
			/To send it all the same, enter audio\/ogg in MIME Type under Options\./,
		);
		expect(calls(harness.emulator)).toHaveLength(before);
	});

	test('Pipes has no upload, whatever the file', async () => {
		const { message } = await run(fixture('cmyk.jpg'), {
			vendor: 'pipes',
			mimeType: 'application/pdf',
			fileName: 'a.pdf',
		});
		expect(message).toBe('"a.pdf": Pipes.bot has no public way to upload a file');
	});

	test.each(['filesystem', 'default', 'database'] as const)(
		'from n8n’s %s store',
		async (binaryMode) => {
			const other = await startHarness({ binaryMode });
			const run = async (name: string, mimeType: string) => {
				const data = await other.engine.file(fixture(name), { mimeType, fileName: name });
				return await other.run('UploadMedia', [{ json: {}, binary: { data } }]);
			};
			const { hints } = await run('index-last.mp4', 'video/mp4');
			expect(hints.map(({ type }) => type)).toEqual(['warning', 'info']);
			expect(calls(other.emulator)).toHaveLength(1);
			expect((await run('hevc.mp4', 'video/mp4')).error!.message).toBe(
				'"hevc.mp4" (9 KB) was not uploaded: its video is H.265 (HEVC)',
			);
			expect(calls(other.emulator)).toHaveLength(1);
			await other.close();
		},
	);
});
