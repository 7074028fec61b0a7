import fc from 'fast-check';

import { ByteReader } from '../../nodes/WhatsApp/formats/byteReader';
import { detectMimeType, looksLikeText } from '../../nodes/WhatsApp/formats/detectMimeType';
import { probe } from '../../nodes/WhatsApp/formats/probe';
import { fixture } from '../support/files';
import { inPieces } from '../support/binarySource';
import { MEDIA_INFO, MIME_TYPES } from './realFiles';

test.each(Object.entries(MEDIA_INFO))(
	'%s says what it is, however it is cut into pieces',
	async (name, info) => {
		const bytes = fixture(name);
		for (const piece of [1, 7, 1000, bytes.length]) {
			const { source } = inPieces(bytes, piece);
			expect(
				await probe(new ByteReader(await source.open(), bytes.length), MIME_TYPES[name]!),
			).toEqual(info);
		}
		expect(await probe(new ByteReader(bytes, bytes.length), MIME_TYPES[name]!)).toEqual(info);
	},
);

test('a JPEG of nothing but filling is given up early, however long it is', async () => {
	const endOf = async (size: number, start: number[]) => {
		const bytes = Buffer.alloc(size, 0xff);
		bytes.set(start, 2);
		bytes.writeUInt8(0xd8, 1);
		const reader = new ByteReader(bytes, bytes.length);
		expect(await probe(reader, 'image/jpeg')).toEqual({});
		return reader.position;
	};
	for (const start of [[], [0xff, 0xe0, 0, 4, 0, 0]]) {
		expect(await endOf(5_000_000, start)).toBe(await endOf(50_000, start));
		expect(await endOf(5_000_000, start)).toBeLessThan(10_000);
	}
});

test('a track whose handler (hdlr) stands behind its description (minf)', async () => {
	for (const name of ['good.mp4', 'sound.m4a', 'two-languages.mp4']) {
		const bytes = Buffer.from(fixture(name));
		for (let at = bytes.indexOf('hdlr'); at > 0; at = bytes.indexOf('hdlr', at + 1)) {
			const [start, minf] = [at - 4, at - 4 + bytes.readUInt32BE(at - 4)];
			if (bytes.toString('latin1', minf + 4, minf + 8) !== 'minf') continue;
			const end = minf + bytes.readUInt32BE(minf);
			const swapped = [bytes.subarray(minf, end), bytes.subarray(start, minf)];
			Buffer.concat(swapped).copy(bytes, start);
			at = end;
		}
		expect(bytes.equals(fixture(name))).toBe(false);
		const reader = new ByteReader(bytes, bytes.length);
		expect(await probe(reader, MIME_TYPES[name]!)).toEqual(MEDIA_INFO[name]);
	}
});

test('Ogg with nothing in it that we know', async () => {
	const bytes = Buffer.from(fixture('mono.ogg'));
	bytes.write('CELT    ', bytes.indexOf('OpusHead'), 'latin1');
	expect(await probe(new ByteReader(bytes, bytes.length), 'audio/ogg')).toEqual({
		broken: 'has no audio in a known codec',
	});
});

test.each(['constructor', 'toString', '__proto__', 'text/plain', ''])(
	'a type that nobody reads: %p',
	async (mimeType) => {
		const bytes = fixture('good.mp4');
		expect(await probe(new ByteReader(bytes, bytes.length), mimeType)).toEqual({});
	},
);

const names = Object.keys(MIME_TYPES);
const hostile = fc.oneof(
	fc.uint8Array({ maxLength: 300 }),
	// A real beginning, then anything.
	fc
		.tuple(fc.constantFrom(...names), fc.nat(200), fc.uint8Array({ maxLength: 300 }))
		.map(([name, at, rest]) => Buffer.concat([fixture(name).subarray(0, at), rest])),
	// A real file with some bytes changed, and perhaps cut.
	fc
		.tuple(
			fc.constantFrom(...names),
			fc.array(fc.tuple(fc.nat(9000), fc.nat(255)), { maxLength: 20 }),
			fc.nat(12_000),
		)
		.map(([name, changes, length]) => {
			const bytes = Buffer.from(fixture(name)).subarray(0, length);
			for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
			return bytes;
		}),
);

test('whatever the bytes: no exception, no more reading than the file has, and the same from pieces as in whole', async () => {
	await fc.assert(
		fc.asyncProperty(
			hostile,
			fc.constantFrom(...new Set(Object.values(MIME_TYPES)), 'image/jpeg', 'video/mp4'),
			fc.integer({ min: 1, max: 5000 }),
			async (given, type, piece) => {
				const bytes = Buffer.from(given);
				expect(detectMimeType(bytes) ?? 'un/known').toMatch(/^[a-z]+\/[a-z0-9.+-]+$/);
				expect(typeof looksLikeText(bytes)).toBe('boolean');
				for (const as of [detectMimeType(bytes), type]) {
					const { source, counted } = inPieces(bytes, piece);
					const reader = new ByteReader(await source.open(), bytes.length);
					const info = await probe(reader, as ?? '');
					reader.close();
					expect(counted.read).toBeLessThanOrEqual(bytes.length);
					expect(reader.position).toBeLessThanOrEqual(bytes.length);
					expect(await probe(new ByteReader(bytes, bytes.length), as ?? '')).toEqual(info);
					for (const text of [info.broken, ...(info.video ?? []), ...(info.audio ?? [])])
						expect(text ?? '').toMatch(/^[\x20-\x7e]*$/);
				}
			},
		),
		{ numRuns: 2000 },
	);
});

test.each(['good.mp4', 'index-last.mp4', 'silent.mp4', 'sticker.webp', 'rgb.png', 'rgb.jpg'])(
	'%s, cut anywhere',
	async (name) => {
		const bytes = fixture(name);
		for (let length = 20; length < bytes.length - 1; length += 97) {
			const cut = bytes.subarray(0, length);
			const { broken } = await probe(new ByteReader(cut, length), MIME_TYPES[name]!);
			// A picture's header stands at its start; whether the rest is there is the provider's to see.
			if (!/jpg|png/.test(name) || length < 26) expect(broken).toMatch(/cut short|no image/);
		}
	},
);

test('a film whose data are announced with a long length, and a picture with its tables first', async () => {
	const film = Buffer.from(fixture('index-last.mp4'));
	const at = film.indexOf('mdat') - 4;
	// The encoder leaves an empty box before the data for just this.
	film.writeBigUInt64BE(BigInt(film.readUInt32BE(at) + 8), at);
	film.writeUInt32BE(1, at - 8);
	film.write('mdat', at - 4);
	expect(await probe(new ByteReader(film, film.length), 'video/mp4')).toEqual(
		MEDIA_INFO['index-last.mp4'],
	);
	const picture = Buffer.concat([
		Buffer.from('ffd8ffffffc4000800010203ff01', 'hex'),
		fixture('rgb.jpg').subarray(2),
	]);
	expect(await probe(new ByteReader(picture, picture.length), 'image/jpeg')).toEqual(
		MEDIA_INFO['rgb.jpg'],
	);
});

test('what decoders get over is left to them', async () => {
	const stray = Buffer.concat([
		fixture('rgb.jpg').subarray(0, 20),
		Buffer.from([1, 2, 3]),
		fixture('rgb.jpg').subarray(20),
	]);
	expect(await probe(new ByteReader(stray, stray.length), 'image/jpeg')).toEqual({});
	const unpadded = fixture('sticker.webp').subarray(0, -1);
	expect(await probe(new ByteReader(unpadded, unpadded.length), 'image/webp')).toEqual(
		MEDIA_INFO['sticker.webp'],
	);
});

test('boxes without end', async () => {
	const box = (size: number, type: string, more = Buffer.alloc(0)) => {
		const head = Buffer.alloc(8);
		head.writeUInt32BE(size);
		head.write(type, 4, 'latin1');
		return Buffer.concat([head, more]);
	};
	const ftyp = box(16, 'ftyp', Buffer.from('isom\0\0\0\0'));
	const info = async (...boxes: Buffer[]) => {
		const bytes = Buffer.concat([ftyp, ...boxes]);
		return await probe(new ByteReader(bytes, bytes.length), 'video/mp4');
	};
	expect(await info(Buffer.concat(Array<Buffer>(100_000).fill(box(8, 'free'))))).toEqual({});
	expect(await info(Buffer.concat(Array<Buffer>(100_000).fill(box(8, 'moov'))))).toEqual({});
	expect(await info(box(1, 'mdat', Buffer.alloc(8, 0xff)))).toEqual({
		broken: expect.stringContaining('cut short'),
	});
	expect(await info(box(1, 'moov', Buffer.alloc(8, 0xff)))).toEqual({
		broken: expect.stringContaining('cut short'),
	});
	for (const size of [2, 7])
		expect(await info(box(size, 'moov'))).toEqual({ broken: expect.stringContaining('cut short') });
});
