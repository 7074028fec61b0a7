import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import type { Client } from '../../nodes/WhatsApp/transport/client';
import type { BinaryInput } from '../../nodes/WhatsApp/transfer/binaryInput';
import { UploadCache } from '../../nodes/WhatsApp/transfer/uploadCache';
import { contradicts, FIRST_BYTES, detectMimeType } from '../../nodes/WhatsApp/formats/detectMimeType';
import { ByteReader } from '../../nodes/WhatsApp/formats/byteReader';
import type { MediaInfo } from '../../nodes/WhatsApp/formats/mediaInfo';
import { probe } from '../../nodes/WhatsApp/formats/probe';
import { looksLikeText } from '../../nodes/WhatsApp/formats/detectMimeType';
import { checkFile } from '../../nodes/WhatsApp/transfer/checkFile';
import { providers } from '../../nodes/WhatsApp/providers';
import type { ByteStream } from '../../nodes/WhatsApp/streams';
import { upload } from '../../nodes/WhatsApp/transfer/upload';
import { ACCEPTED_MIME_TYPES } from '../emulator/meta/errors';
import { calls, credentialFor, sha256, startHarness, VENDORS, type Vendor, type Harness } from '../support/harness';
import { ROOT } from '../support/paths';
import { VENDOR_FACTS } from '../support/vendors';

const FILES = join(ROOT, 'test/fixtures/files');
const file = (name: string) => readFileSync(join(FILES, name));
const MB = 1024 * 1024;
const DAY = 86_400_000;

/** Every real file, and what it is. */
const TYPES: Record<string, string | undefined> = {
	'adts.aac': 'audio/aac',
	'archive.zip': 'application/zip',
	'bmp.bmp': 'image/bmp',
	'cmyk.jpg': 'image/jpeg',
	'film.avi': 'video/x-msvideo',
	'film.mkv': 'video/x-matroska',
	'film.mov': 'video/quicktime',
	'film.webm': 'video/webm',
	'flac.ogg': 'audio/ogg',
	'fragmented.m4a': 'video/mp4',
	'good.3gp': 'video/3gpp',
	'good.mp4': 'video/mp4',
	'grey.jpg': 'image/jpeg',
	'grey.png': 'image/png',
	'h263.3gp': 'video/3gpp',
	'heic.heic': 'image/heic',
	'hevc.mp4': 'video/mp4',
	'index-last.mp4': 'video/mp4',
	'invoice.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
	'invoice.odt': 'application/vnd.oasis.opendocument.text',
	'invoice.rtf': 'application/rtf',
	'lossless.webp': 'image/webp',
	'lossy.webp': 'image/webp',
	'mono.ogg': 'audio/ogg',
	'moving.gif': 'image/gif',
	'moving.webp': 'image/webp',
	'mp3-inside.mp4': 'video/mp4',
	'mpeg4.mp4': 'video/mp4',
	'note.txt': undefined,
	'opus-inside.mp4': 'video/mp4',
	'palette.png': 'image/png',
	'plain.mp3': 'audio/mpeg',
	'progressive.jpg': 'image/jpeg',
	'recorded.webm': 'video/webm',
	'rgb.jpg': 'image/jpeg',
	'rgb.png': 'image/png',
	'rgb16.png': 'image/png',
	'rgba.png': 'image/png',
	'sheet.xls': 'application/x-ole-storage',
	'sheet.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
	'silent.mp4': 'video/mp4',
	'slides.pptx': 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
	'small.webp': 'image/webp',
	'sound-only.mp4': 'video/mp4',
	'sound.amr': 'audio/amr',
	'sound.flac': 'audio/flac',
	'sound.m4a': 'audio/mp4',
	'sound.wav': 'audio/wav',
	'stereo.ogg': 'audio/ogg',
	'sticker.webp': 'image/webp',
	'tagged.mp3': 'audio/mpeg',
	'tiff.tiff': 'image/tiff',
	'two-languages.mp4': 'video/mp4',
	'vorbis.ogg': 'audio/ogg',
};

/** What is inside. */
const FACTS: Record<string, MediaInfo> = {
	'rgb.jpg': { width: 64, height: 48, bits: 8, colours: 'RGB' },
	'progressive.jpg': { width: 64, height: 48, bits: 8, colours: 'RGB' },
	'grey.jpg': { width: 64, height: 48, bits: 8, colours: 'greyscale' },
	'cmyk.jpg': { width: 64, height: 48, bits: 8, colours: 'CMYK' },
	'rgb.png': { width: 32, height: 24, bits: 8, colours: 'RGB' },
	'rgba.png': { width: 32, height: 24, bits: 8, colours: 'RGBA' },
	'palette.png': { width: 32, height: 24, bits: 8, colours: 'RGB' },
	'grey.png': { width: 32, height: 24, bits: 8, colours: 'greyscale' },
	'rgb16.png': { width: 32, height: 24, bits: 16, colours: 'RGB' },
	'sticker.webp': { width: 512, height: 512, animated: false },
	'lossy.webp': { width: 512, height: 512, animated: false },
	'lossless.webp': { width: 512, height: 512, animated: false },
	'small.webp': { width: 300, height: 200, animated: false },
	'moving.webp': { width: 512, height: 512, animated: true },
	'mono.ogg': { video: [], audio: ['Opus'], channels: 1 },
	'stereo.ogg': { video: [], audio: ['Opus'], channels: 2 },
	'vorbis.ogg': { video: [], audio: ['Vorbis'], channels: 1 },
	'flac.ogg': { video: [], audio: ['FLAC'] },
	'good.mp4': { video: ['H.264'], audio: ['AAC'], indexLast: false },
	'index-last.mp4': { video: ['H.264'], audio: ['AAC'], indexLast: true },
	'silent.mp4': { video: ['H.264'], audio: [], indexLast: false },
	'two-languages.mp4': { video: ['H.264'], audio: ['AAC', 'AAC'], indexLast: false },
	'hevc.mp4': { video: ['H.265 (HEVC)'], audio: ['AAC'], indexLast: false },
	'mp3-inside.mp4': { video: ['H.264'], audio: ['MP3'], indexLast: false },
	'opus-inside.mp4': { video: ['H.264'], audio: ['Opus'], indexLast: false },
	'mpeg4.mp4': { video: ['MPEG-4 Visual'], audio: [], indexLast: false },
	'good.3gp': { video: ['H.264'], audio: ['AAC'], indexLast: true },
	'h263.3gp': { video: ['H.263'], audio: [], indexLast: true },
	'sound.m4a': { video: [], audio: ['AAC'], indexLast: true },
	'sound-only.mp4': { video: [], audio: ['AAC'], indexLast: true },
	'fragmented.m4a': { video: [], audio: ['AAC'], indexLast: false },
};

/** A file in n8n's store, in pieces of a size of our choice; counts what is taken out of it. */
function inPieces(bytes: Buffer, piece: number) {
	const counted = { read: 0, opened: 0 };
	function* pieces() {
		for (let at = 0; at < bytes.length; at += piece) {
			counted.read += Math.min(piece, bytes.length - at);
			yield bytes.subarray(at, at + piece);
		}
	}
	const source: BinaryInput = {
		size: bytes.length,
		async open() {
			counted.opened++;
			return Readable.from(pieces(), { objectMode: true, highWaterMark: 1 }) as unknown as ByteStream;
		},
	};
	return { source, counted };
}

describe('the readers', () => {
	test('the tables here are complete', () => {
		expect(Object.keys(TYPES).sort()).toEqual(readdirSync(FILES).filter((name) => name !== 'make.sh').sort());
	});

	test.each(Object.entries(TYPES))('%s is %s by its first bytes', (name, type) => {
		expect(detectMimeType(file(name).subarray(0, FIRST_BYTES))).toBe(type);
		expect(looksLikeText(file(name))).toBe(['note.txt', 'invoice.rtf'].includes(name));
	});

	test.each(Object.entries(FACTS))('%s says what it is, however it is cut into pieces', async (name, facts) => {
		const bytes = file(name);
		for (const piece of [1, 7, 1000, bytes.length]) {
			const { source } = inPieces(bytes, piece);
			expect(await probe(new ByteReader(await source.open(), bytes.length), TYPES[name]!)).toEqual(facts);
		}
		expect(await probe(new ByteReader(bytes, bytes.length), TYPES[name]!)).toEqual(facts);
	});

	test('MP3 and AAC behind a tag, and what only begins like a sound', () => {
		const tag = Buffer.from([...Buffer.from('ID3'), 3, 0, 0, 0, 0, 0, 20, ...Array<number>(20).fill(0)]);
		expect(detectMimeType(Buffer.concat([tag, file('adts.aac')]))).toBe('audio/aac');
		expect(detectMimeType(Buffer.concat([tag, file('plain.mp3')]))).toBe('audio/mpeg');
		expect(detectMimeType(Buffer.from('\ufeffUTF-16 text', 'utf16le'))).toBeUndefined();
		expect(looksLikeText(Buffer.from('\ufeffUTF-16 text', 'utf16le'))).toBe(true);
		expect(detectMimeType(Buffer.alloc(100, 0xff))).toBeUndefined();
	});

	test('pages, and PDFs behind a few lines', () => {
		expect(detectMimeType(Buffer.from('\n<!DOCTYPE html><title>Log in</title>'))).toBe('text/html');
		expect(detectMimeType(Buffer.from('<html lang="en">'))).toBe('text/html');
		expect(detectMimeType(Buffer.from('<htmlish>'))).toBeUndefined();
		expect(detectMimeType(Buffer.from('%!PS a note\n%PDF-1.4\n'))).toBe('application/pdf');
		expect(detectMimeType(Buffer.from('a letter about %PDF'))).toBeUndefined();
	});

	test.each([
		['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'application/zip', false],
		['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'application/x-ole-storage', false], // under a password
		['application/vnd.android.package-archive', 'application/zip', false],
		['application/msword', 'application/rtf', false],
		['application/vnd.ms-excel', 'text/html', false],
		['audio/mp4', 'video/mp4', false],
		['video/3gpp', 'video/mp4', false],
		['text/csv', undefined, false],
		['audio/mpeg', undefined, false],
		['application/x-unheard-of', 'image/png', false],
		['text/html', 'application/pdf', true],
		['image/png', 'image/jpeg', true],
		['image/png', undefined, true],
		['application/pdf', 'text/html', true],
		['audio/mpeg', 'video/webm', true],
		['video/mp4', 'video/quicktime', true],
	])('%s with the bytes of %s: a contradiction is %s', (declared, found, expected) => {
		expect(contradicts(declared, found)).toBe(expected);
	});

	const names = Object.keys(TYPES);
	const hostile = fc.oneof(
		fc.uint8Array({ maxLength: 300 }),
		// A real beginning, then anything.
		fc.tuple(fc.constantFrom(...names), fc.nat(200), fc.uint8Array({ maxLength: 300 })).map(([name, at, rest]) => Buffer.concat([file(name).subarray(0, at), rest])),
		// A real file with some bytes changed, and perhaps cut.
		fc.tuple(fc.constantFrom(...names), fc.array(fc.tuple(fc.nat(9000), fc.nat(255)), { maxLength: 20 }), fc.nat(12_000)).map(([name, changes, length]) => {
			const bytes = Buffer.from(file(name)).subarray(0, length);
			for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
			return bytes;
		}),
	);

	test('whatever the bytes: no exception, no more reading than the file has, and the same from pieces as in whole', async () => {
		await fc.assert(
			fc.asyncProperty(hostile, fc.constantFrom(...new Set(Object.values(TYPES)), 'image/jpeg', 'video/mp4'), fc.integer({ min: 1, max: 5000 }), async (given, type, piece) => {
				const bytes = Buffer.from(given);
				expect(detectMimeType(bytes) ?? 'un/known').toMatch(/^[a-z]+\/[a-z0-9.+-]+$/);
				expect(typeof looksLikeText(bytes)).toBe('boolean');
				for (const as of [detectMimeType(bytes), type]) {
					const { source, counted } = inPieces(bytes, piece);
					const cursor = new ByteReader(await source.open(), bytes.length);
					const facts = await probe(cursor, as ?? '');
					cursor.close();
					expect(counted.read).toBeLessThanOrEqual(bytes.length);
					expect(cursor.position).toBeLessThanOrEqual(bytes.length);
					expect(await probe(new ByteReader(bytes, bytes.length), as ?? '')).toEqual(facts);
					for (const text of [facts.broken, ...(facts.video ?? []), ...(facts.audio ?? [])]) expect(text ?? '').toMatch(/^[\x20-\x7e]*$/);
				}
			}),
			{ numRuns: 2000 },
		);
	});

	test.each(['good.mp4', 'index-last.mp4', 'silent.mp4', 'sticker.webp', 'rgb.png', 'rgb.jpg'])('%s, cut anywhere', async (name) => {
		const bytes = file(name);
		for (let length = 20; length < bytes.length - 1; length += 97) {
			const cut = bytes.subarray(0, length);
			const { broken } = await probe(new ByteReader(cut, length), TYPES[name]!);
			// A picture's header stands at its start; whether the rest is there is the provider's to see.
			if (!/jpg|png/.test(name) || length < 26) expect(broken).toMatch(/cut short|no picture/);
		}
	});

	test('a film whose data are announced with a long length, and a picture with its tables first', async () => {
		const film = Buffer.from(file('index-last.mp4'));
		const at = film.indexOf('mdat') - 4;
		// The encoder leaves an empty box before the data for just this.
		film.writeBigUInt64BE(BigInt(film.readUInt32BE(at) + 8), at);
		film.writeUInt32BE(1, at - 8);
		film.write('mdat', at - 4);
		expect(await probe(new ByteReader(film, film.length), 'video/mp4')).toEqual(FACTS['index-last.mp4']);
		const picture = Buffer.concat([Buffer.from('ffd8ffffffc4000800010203ff01', 'hex'), file('rgb.jpg').subarray(2)]);
		expect(await probe(new ByteReader(picture, picture.length), 'image/jpeg')).toEqual(FACTS['rgb.jpg']);
	});

	test('what decoders get over is left to them', async () => {
		const stray = Buffer.concat([file('rgb.jpg').subarray(0, 20), Buffer.from([1, 2, 3]), file('rgb.jpg').subarray(20)]);
		expect(await probe(new ByteReader(stray, stray.length), 'image/jpeg')).toEqual({});
		const unpadded = file('sticker.webp').subarray(0, -1);
		expect(await probe(new ByteReader(unpadded, unpadded.length), 'image/webp')).toEqual(FACTS['sticker.webp']);
	});

	test('boxes without end', async () => {
		const box = (size: number, type: string, more = Buffer.alloc(0)) => {
			const head = Buffer.alloc(8);
			head.writeUInt32BE(size);
			head.write(type, 4, 'latin1');
			return Buffer.concat([head, more]);
		};
		const ftyp = box(16, 'ftyp', Buffer.from('isom\0\0\0\0'));
		const facts = async (...boxes: Buffer[]) => {
			const bytes = Buffer.concat([ftyp, ...boxes]);
			return await probe(new ByteReader(bytes, bytes.length), 'video/mp4');
		};
		expect(await facts(Buffer.concat(Array<Buffer>(100_000).fill(box(8, 'free'))))).toEqual({});
		expect(await facts(Buffer.concat(Array<Buffer>(100_000).fill(box(8, 'moov'))))).toEqual({});
		expect(await facts(box(1, 'mdat', Buffer.alloc(8, 0xff)))).toEqual({ broken: expect.stringContaining('cut short') });
		expect(await facts(box(1, 'moov', Buffer.alloc(8, 0xff)))).toEqual({ broken: expect.stringContaining('cut short') });
		for (const size of [2, 7]) expect(await facts(box(size, 'moov'))).toEqual({ broken: expect.stringContaining('cut short') });
	});
});

describe('how much is read', () => {
	const check = async (bytes: Buffer, mimeType: string) => {
		const { source, counted } = inPieces(bytes, 65_536);
		const streams: ByteStream[] = [];
		const open = async () => {
			const content = (await source.open()) as ByteStream;
			streams.push(content);
			return content;
		};
		await checkFile(providers.meta!, { ...source, open }, { fileName: 'x', mimeType }, () => {}).catch((cause) => expect(cause).toMatchObject({ name: 'MediaError' }));
		expect(streams.every((stream) => stream.destroyed)).toBe(true);
		return counted;
	};
	const padded = (name: string, size: number) => Buffer.concat([file(name), Buffer.alloc(size - file(name).length)]);

	test.each([
		['a document of 50 MB', Buffer.concat([Buffer.from('%PDF-1.7'), Buffer.alloc(50 * MB)]), 'application/pdf'],
		['a film of 10 MB with its index first', Buffer.concat([file('good.mp4'), Buffer.alloc(10 * MB)]), 'video/mp4'],
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
		yield file('index-last.mp4').subarray(0, 3000);
		throw new Error('EIO: /home/node/.n8n/storage');
	}
	const source: BinaryInput = { size: 7815, open: async () => Readable.from(breaking()) as unknown as ByteStream };
	const client = { provider: providers.meta!, credentials: { phoneNumberId: '1' } } as Client;
	for (const tried of [
		upload({ client }, source, { fileName: 'a.mp4', mimeType: 'video/mp4' }),
		upload({ client, cache: new UploadCache(() => ({})) }, source, { fileName: 'a.mp4', checkFile: false }),
	])
		await expect(tried).rejects.toMatchObject({ name: 'MediaError', message: '"a.mp4" is not whole in n8n’s storage' });
});

describe('meta: the list', () => {
	test('is the one that Graph names in its refusals', () => {
		const ours = providers.meta!.accepts!.flatMap(({ mimeTypes }) => mimeTypes);
		// audio/opus goes as audio/ogg.
		expect([...ours].sort()).toEqual(ACCEPTED_MIME_TYPES.filter((type) => type !== 'audio/opus').sort());
	});

	test('says its limits in words, too', () => {
		for (const { maxSize, maxAnimatedSize, inWords } of providers.meta!.accepts!)
			for (const size of [maxSize, maxAnimatedSize ?? maxSize]) expect(inWords).toContain(size < MB ? `${size / 1024} KB` : `${size / MB} MB`);
	});

	test.each([
		['image/jpeg', 'rgb.jpg', 5 * MB],
		['image/png', 'rgb.png', 5 * MB],
		['audio/ogg', 'mono.ogg', 16 * MB],
		['audio/mpeg', 'plain.mp3', 16 * MB],
		['video/mp4', 'good.mp4', 16 * MB],
		['application/pdf', undefined, 100 * MB],
	])('%s: the limit itself is taken, one byte more is not', async (mimeType, name, limit) => {
		const source = (size: number): BinaryInput => ({ size, open: async () => (name ? file(name) : Buffer.from('%PDF-1.7')) });
		const asked = async (size: number) => await checkFile(providers.meta!, source(size), { fileName: 'x', mimeType }, () => {});
		expect(await asked(limit)).toBe(mimeType);
		await expect(asked(limit + 1)).rejects.toMatchObject({ code: 'permanent', message: expect.stringContaining(`it has ${limit + 1} bytes, more than the`) });
	});

	test.each([
		['sticker.webp', 100 * 1024],
		['moving.webp', 500 * 1024],
	])('%s: up to %d bytes', async (name, limit) => {
		const asked = async (size: number) => {
			const bytes = Buffer.concat([file(name), Buffer.alloc(size - file(name).length)]);
			return await checkFile(providers.meta!, { size, open: async () => bytes }, { fileName: 'x', mimeType: 'image/webp' }, () => {});
		};
		expect(await asked(limit)).toBe('image/webp');
		await expect(asked(limit + 1)).rejects.toMatchObject({ message: expect.stringContaining('more than the sticker limit') });
	});
});

describe('Upload Media', () => {
	let harness: Harness;
	beforeAll(async () => {
		harness = await startHarness();
	});
	afterAll(async () => await harness.close());
	beforeEach(() => harness.emulator.reset());

	interface About {
		vendor?: Vendor;
		mimeType: string;
		fileName?: string;
		options?: object;
		staticData?: IDataObject;
		credential?: object;
	}
	const itemsOf = async (bytes: Buffer[], { mimeType, fileName }: Pick<About, 'mimeType' | 'fileName'>) =>
		await Promise.all(bytes.map(async (one, n) => ({ json: { n }, binary: { data: await harness.engine.file(one, { mimeType, fileName }) } })));
	const run = async (bytes: Buffer | Buffer[], { vendor = 'meta', options = {}, staticData, credential, ...about }: About, more = {}) => {
		const credentials = { whatsAppMediaApi: { ...credentialFor(harness.emulator, vendor), ...credential } };
		const items = await itemsOf([bytes].flat(), about);
		const result = await harness.run('UploadMedia', items, { credentials, parameters: { options: options as never }, staticData, ...more });
		const { message, description } = (result.error ?? {}) as { message?: string; description?: string };
		return { ...result, json: result.output[0]?.[0]?.json, message, description, hints: result.hints.map((hint) => hint.message) };
	};

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
		['sound-only.mp4', 'audio/mp4'],
		['good.mp4', 'video/mp4'],
		['silent.mp4', 'video/mp4'],
		['good.3gp', 'video/3gpp'],
		['invoice.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
		['sheet.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
		['sheet.xls', 'application/vnd.ms-excel'],
		['slides.pptx', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
		['note.txt', 'text/plain'],
	])('%s goes as %s', async (fileName, mimeType) => {
		const { json, message } = await run(file(fileName), { mimeType, fileName });
		expect(message).toBeUndefined();
		expect(json).toMatchObject({ mimeType, fileName, mediaId: expect.any(String) });
		expect(harness.emulator.meta.store.get(String(json!.mediaId))!.sha256.toString('hex')).toBe(sha256(file(fileName)));
	});

	/** What Meta refuses at once, or lets in and fails to send. */
	test.each([
		['cmyk.jpg', 'image/jpeg', 'its colours are CMYK', /8 bits per channel in RGB or RGBA.*convert INPUT/],
		['grey.jpg', 'image/jpeg', 'its colours are greyscale', /RGB or RGBA/],
		['rgb16.png', 'image/png', 'it has 16 bits per channel', /8 bits per channel/],
		['heic.heic', 'image/heic', 'it is image/heic', /image JPEG and PNG.*document PDF.*convert INPUT.*OUTPUT\.jpg/],
		['moving.gif', 'image/gif', 'it is image/gif', /convert INPUT/],
		['small.webp', 'image/webp', 'it has 300×200 pixels', /512×512 pixels.*To make a sticker of it, with ImageMagick: convert.*To send it as an image/],
		['stereo.ogg', 'audio/ogg', 'it is stereo', /Opus in mono.*ffmpeg -i INPUT .*-ac 1 -c:a libopus/],
		['vorbis.ogg', 'audio/ogg', 'its audio is Vorbis', /ffmpeg/],
		['flac.ogg', 'audio/ogg', 'its audio is FLAC', /ffmpeg/],
		['sound.wav', 'audio/wav', 'it is audio/wav', /MP3, M4A, AAC and AMR.*ffmpeg/],
		['sound.flac', 'audio/flac', 'it is audio/flac', /ffmpeg/],
		['recorded.webm', 'audio/webm', 'it is audio/webm', /libopus/],
		['hevc.mp4', 'video/mp4', 'its video is H.265 (HEVC)', /MP4 and 3GP with H\.264.*ffmpeg -i INPUT .*libx264/],
		['mp3-inside.mp4', 'video/mp4', 'its audio is MP3', /AAC/],
		['opus-inside.mp4', 'video/mp4', 'its audio is Opus', /AAC/],
		['two-languages.mp4', 'video/mp4', 'it has 2 audio tracks', /at most one audio track/],
		['mpeg4.mp4', 'video/mp4', 'its video is MPEG-4 Visual', /H\.264/],
		['h263.3gp', 'video/3gpp', 'its video is H.263', /H\.264/],
		['film.mov', 'video/quicktime', 'it is video/quicktime', /libx264/],
		['film.webm', 'video/webm', 'it is video/webm', /libx264/],
		['sound-only.mp4', 'video/mp4', 'it has no video track (sound alone goes as audio/mp4: enter that in MIME Type under Options)', /MP4/],
		['good.mp4', 'audio/mp4', 'it has a video track', /-vn/],
		['archive.zip', 'application/zip', 'it is application/zip', /document PDF, Word.*printed to PDF/],
		['note.txt', 'text/csv', 'it is text/csv', /enter that in MIME Type/],
		// What is said of it is not true.
		['mono.ogg', 'application/pdf', 'it is declared as application/pdf and is audio/ogg', /enter audio\/ogg in MIME Type/],
		['recorded.webm', 'audio/ogg', 'it is declared as audio/ogg and is video/webm', /ffmpeg/],
		['rgb.jpg', 'image/webp', 'it is declared as image/webp and is image/jpeg', /enter image\/jpeg in MIME Type/],
		['note.txt', 'image/jpeg', 'it is declared as image/jpeg and is text/plain', /image JPEG and PNG/],
	])('%s as %s: %s', async (fileName, mimeType, what, description) => {
		const result = await run(file(fileName), { mimeType, fileName });
		expect(result.message).toBe(`"${fileName}" was not uploaded: ${what}`);
		expect(result.description).toMatch(description);
		expect(result.description).toContain('Meta Cloud API takes as ');
		expect(result.description).toContain('Check File Before Upload');
		expect(calls(harness.emulator)).toEqual([]);
	});

	test.each([
		['a page in its place', Buffer.from('<!doctype html><title>Log in</title>'), 'application/pdf', 'it is declared as application/pdf and is text/html', /log-in or an error page/],
		['noise', Buffer.alloc(999, 7), 'image/png', 'it is declared as image/png, and its bytes are nothing of the kind', /JPEG and PNG/],
		['half a film', file('good.mp4').subarray(0, 5000), 'video/mp4', 'it is cut short', /MP4/],
		['a film whose index never came', file('index-last.mp4').subarray(0, 5000), 'video/mp4', 'it is cut short: it has no whole index (moov)', /MP4/],
		['several at once', file('vorbis.ogg').fill(2, 39, 40), 'audio/ogg', 'its audio is Vorbis, and it is stereo', /Opus/],
		['6 MB', Buffer.concat([file('rgb.jpg'), Buffer.alloc(6 * MB)]), 'image/jpeg', `it has ${6 * MB + file('rgb.jpg').length} bytes, more than the image limit`, /up to 5 MB/],
	])('%s', async (_what, bytes, mimeType, what, description) => {
		const result = await run(bytes, { mimeType, fileName: 'it' });
		expect(result.message).toMatch(/^"it\.\w+" was not uploaded: /);
		expect(result.message!.split(' was not uploaded: ')[1]).toBe(what);
		expect(result.description).toMatch(description);
		expect(calls(harness.emulator)).toEqual([]);
	});

	test('a wrong type within a kind is corrected, and said', async () => {
		const { json, hints } = await run(file('rgb.jpg'), { mimeType: 'image/png', fileName: 'photo.png' });
		expect(json).toMatchObject({ mimeType: 'image/jpeg', fileName: 'photo.jpg' });
		expect(harness.emulator.meta.store.get(String(json!.mediaId))).toMatchObject({ mimeType: 'image/jpeg', fileName: 'photo.jpg' });
		expect(hints).toEqual(['1 of 1 files declared as image/png are image/jpeg, and were uploaded as that.']);
	});

	test.each([
		['application/octet-stream', undefined, 'rgb.png', 'image/png', 'file.png'],
		['text/plain', undefined, 'mono.ogg', 'audio/ogg', 'file.ogg'],
		['application/octet-stream', 'voice', 'mono.ogg', 'audio/ogg', 'voice.ogg'],
		['application/octet-stream', 'notes', 'note.txt', 'text/plain', 'notes.txt'],
	])('%s named %s takes the type of its bytes', async (mimeType, fileName, name, found, called) => {
		expect((await run(file(name), { mimeType, fileName })).json).toMatchObject({ mimeType: found, fileName: called });
	});

	test('an index at the end is a hint, and no more', async () => {
		const { json, hints } = await run(file('index-last.mp4'), { mimeType: 'video/mp4', fileName: 'a.mp4' });
		expect(json).toMatchObject({ mimeType: 'video/mp4' });
		expect(hints).toEqual([expect.stringMatching(/^1 of 1 videos have their index \(moov\) at the end.*ffmpeg -i INPUT -c copy -movflags \+faststart/)]);
		expect((await run(file('good.mp4'), { mimeType: 'video/mp4', fileName: 'a.mp4' })).hints).toEqual([]);
		expect((await run(file('sound.m4a'), { mimeType: 'audio/mp4', fileName: 'a.m4a' })).hints).toEqual([]);
	});

	test('switched off, everything is left to Meta', async () => {
		const options = { checkFile: false };
		expect((await run(file('hevc.mp4'), { mimeType: 'video/mp4', fileName: 'a.mp4', options })).json).toMatchObject({ mimeType: 'video/mp4' });
		expect((await run(file('sound.wav'), { mimeType: 'audio/wav', fileName: 'a.wav', options })).message).toContain('Meta says "(#100) Param file must be');
		expect(calls(harness.emulator)).toHaveLength(2);
	});

	test('one of three refused: the others go on', async () => {
		const { output } = await run([file('rgb.jpg'), file('cmyk.jpg'), file('grey.png')], { mimeType: 'image/jpeg', fileName: 'a.jpg' }, { onError: 'continueRegularOutput' });
		const [first, second, third] = output[0]!.map(({ json }) => json);
		expect(first).toMatchObject({ n: 0, mediaId: expect.any(String) });
		expect(second).toMatchObject({ n: 1, error: '"a.jpg" was not uploaded: its colours are CMYK', details: expect.stringContaining('convert INPUT') });
		expect(third).toMatchObject({ n: 2, error: expect.stringContaining('greyscale') });
		expect(calls(harness.emulator)).toHaveLength(1);
	});

	test('a name is never part of a command that somebody may paste', async () => {
		const fileName = '$(rm -rf ~); `id`.jpg';
		const { message, description } = await run(file('cmyk.jpg'), { mimeType: 'image/jpeg', fileName });
		expect(message).toContain('rm -rf');
		expect(description).not.toContain('rm');
	});

	test('Whapi names no limits and encodes anew: only what is no such file at all is refused', async () => {
		const vendor = 'whapi';
		for (const [fileName, mimeType] of [['stereo.ogg', 'audio/ogg'], ['cmyk.jpg', 'image/jpeg'], ['hevc.mp4', 'video/mp4'], ['small.webp', 'image/webp'], ['archive.zip', 'application/zip']] as const)
			expect((await run(file(fileName), { vendor, mimeType, fileName })).json).toMatchObject({ mimeType });
		const corrected = await run(file('rgb.png'), { vendor, mimeType: 'image/jpeg', fileName: 'a.jpg' });
		expect(corrected.message).toBeUndefined();
		expect(corrected.json).toMatchObject({ mimeType: 'image/png', fileName: 'a.png' });
		const before = calls(harness.emulator).length;
		const { message, description } = await run(file('mono.ogg'), { vendor, mimeType: 'application/pdf', fileName: 'a.pdf' });
		expect(message).toBe('"a.pdf" was not uploaded: it is declared as application/pdf and is audio/ogg');
		expect(description).toMatch(/^If that is what you want to send, enter audio\/ogg in MIME Type under Options\./);
		expect(calls(harness.emulator)).toHaveLength(before);
	});

	test('Pipes has no upload, whatever the file', async () => {
		const { message } = await run(file('cmyk.jpg'), { vendor: 'pipes', mimeType: 'application/pdf', fileName: 'a.pdf' });
		expect(message).toBe('"a.pdf": Pipes.bot has no public way to upload a file');
	});

	test.each(['filesystem', 'default', 'database'] as const)('from n8n’s %s store', async (binaryMode) => {
		const other = await startHarness({ binaryMode });
		const run = async (name: string, mimeType: string) => {
			const data = await other.engine.file(file(name), { mimeType, fileName: name });
			return await other.run('UploadMedia', [{ json: {}, binary: { data } }]);
		};
		expect((await run('index-last.mp4', 'video/mp4')).hints).toHaveLength(1);
		expect(calls(other.emulator)).toHaveLength(1);
		expect((await run('hevc.mp4', 'video/mp4')).error!.message).toBe('"hevc.mp4" was not uploaded: its video is H.265 (HEVC)');
		expect(calls(other.emulator)).toHaveLength(1);
		await other.close();
	});

	describe.each(VENDORS.filter((vendor) => VENDOR_FACTS[vendor].hasUpload))('%s: Reuse Earlier Upload', (vendor) => {
		const reuse = { reuseEarlier: true };
		const PDF = { vendor, mimeType: 'application/pdf', fileName: 'a.pdf', options: reuse };
		const pdf = (text = 'x') => Buffer.from(`%PDF-1.7 ${text}`);
		const uploads = () => harness.emulator.requests.filter(({ method }) => method === 'POST').length;
		const saved = (data: IDataObject) => JSON.parse(JSON.stringify(data)) as IDataObject;
		const remember = async () => {
			const staticData: IDataObject = {};
			const { json } = await run(pdf(), { ...PDF, staticData });
			return { staticData: saved(staticData), mediaId: json!.mediaId };
		};

		test('is off unless chosen', async () => {
			const staticData: IDataObject = {};
			await run([pdf(), pdf()], { ...PDF, options: {}, staticData });
			expect(uploads()).toBe(2);
			expect(JSON.stringify(staticData)).not.toContain('uploads');
		});

		test('500 items with one file: one upload', async () => {
			const { output, hints } = await run(Array<Buffer>(500).fill(pdf()), PDF);
			expect(output[0]).toHaveLength(500);
			expect(new Set(output[0]!.map(({ json }) => json.mediaId)).size).toBe(1);
			expect(output[0]!.map(({ json }) => json.n)).toEqual(Array.from({ length: 500 }, (_, n) => n));
			expect(output[0]![499]!.json).toMatchObject({ sha256: sha256(pdf()), size: pdf().length, expiresAt: expect.any(String), fileName: 'a.pdf', mimeType: 'application/pdf' });
			expect(calls(harness.emulator)).toHaveLength(1);
			expect(hints).toEqual(['499 of 500 files had been uploaded before: their media IDs were used again.']);
		});

		test('the next execution uses it again, after a look at whether it is still there', async () => {
			const { staticData, mediaId } = await remember();
			const { json } = await run([pdf(), pdf()], { ...PDF, staticData });
			expect(json).toMatchObject({ mediaId });
			expect(harness.emulator.requests.map(({ method }) => method)).toEqual(['POST', 'GET']);
		});

		test('deleted in the meantime: uploaded anew, and that is remembered', async () => {
			const { staticData, mediaId } = await remember();
			await harness.run('DeleteMedia', [{ json: { mediaId: mediaId as string } }], { credentials: { whatsAppMediaApi: credentialFor(harness.emulator, vendor) } });
			const { json } = await run(pdf(), { ...PDF, staticData });
			expect(json!.mediaId).not.toBe(mediaId);
			expect(uploads()).toBe(2);
			expect((await run(pdf(), { ...PDF, staticData: saved(staticData) })).json!.mediaId).toBe(json!.mediaId);
			expect(uploads()).toBe(2);
		});

		test('a provider that does not say yes plainly gets another upload', async () => {
			const { staticData, mediaId } = await remember();
			harness.emulator[vendor].fault({ on: VENDOR_FACTS[vendor].operations.lookUp, status: 503, body: '{}' } as never);
			expect((await run(pdf(), { ...PDF, staticData })).json!.mediaId).not.toBe(mediaId);
			expect(uploads()).toBe(2);
		});

		test('other bytes, another type, another owner: another upload', async () => {
			const { staticData } = await remember();
			await run(pdf('y'), { ...PDF, staticData });
			expect(uploads()).toBe(2);
			await run(pdf(), { ...PDF, options: { ...reuse, mimeType: 'text/plain', checkFile: false }, staticData });
			expect(uploads()).toBe(3);
			if (vendor === 'meta') await run(pdf(), { ...PDF, options: { ...reuse, phoneNumberId: { __rl: true, mode: 'id', value: harness.emulator.meta.phoneNumbers[1]!.id } }, staticData });
			else await run(pdf(), { ...PDF, fileName: 'b.pdf', staticData });
			expect(uploads()).toBe(4);
		});

		test('for the vendor’s 30 days, with one to spare', async () => {
			const { staticData, mediaId } = await remember();
			const [entry] = Object.values((staticData['node:Upload Media'] as IDataObject).uploads as Record<string, IDataObject>);
			expect(Date.parse(String(entry!.expiresAt)) - Date.now()).toBeGreaterThan(29.9 * DAY);
			entry!.expiresAt = new Date(Date.now() + 0.9 * DAY).toISOString();
			expect((await run(pdf(), { ...PDF, staticData })).json!.mediaId).not.toBe(mediaId);
			expect(uploads()).toBe(2);
		});

		test('at most 500 are kept, the newest, and nothing that could be a secret', async () => {
			const old = { mediaId: '1037543291543636', expiresAt: new Date(Date.now() + 29 * DAY).toISOString() };
			const uploads = Object.fromEntries(Array.from({ length: 505 }, (_, n) => [sha256(String(n)).slice(0, 32), old]));
			const staticData = { 'node:Upload Media': { uploads } } as IDataObject;
			const { json } = await run(pdf(), { ...PDF, staticData });
			const kept = Object.values((saved(staticData)['node:Upload Media'] as IDataObject).uploads as object);
			expect(kept).toHaveLength(500);
			expect(kept.at(-1)).toEqual({ mediaId: json!.mediaId, expiresAt: json!.expiresAt });
			const text = JSON.stringify(staticData);
			for (const secret of Object.values(credentialFor(harness.emulator, vendor)).filter((value) => value.length > 8 && !value.startsWith('http'))) expect(text).not.toContain(secret);
			expect(text.length).toBeLessThan(70_000);
		});

		test('static data of any shape are survived', async () => {
			for (const uploads of [null, 5, 'x', [], { a: null }, { a: { mediaId: 5, expiresAt: {} } }])
				expect((await run(pdf(), { ...PDF, staticData: { 'node:Upload Media': { uploads } } as never })).json).toMatchObject({ mediaId: expect.any(String) });
		});

		test('an upload that fails is not shared further: it is tried again, once for all', async () => {
			harness.emulator[vendor].fault({ on: 'upload', status: 503, body: '{}' } as never);
			const { output, message } = await run(Array<Buffer>(20).fill(pdf()), PDF);
			expect(message).toBeUndefined();
			expect(new Set(output[0]!.map(({ json }) => json.mediaId)).size).toBe(1);
			expect(uploads()).toBe(2);
		});

		test('the file of the item is checked all the same', async () => {
			const { staticData } = await remember();
			const { message } = await run(file('mono.ogg'), { ...PDF, staticData });
			expect(message).toContain('is declared as application/pdf and is audio/ogg');
			expect(uploads()).toBe(1);
		});
	});
});
