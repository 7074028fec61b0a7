import fc from 'fast-check';
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { Readable } from 'node:stream';

import {
	decryptMedia,
	EncryptedAsOther,
	NotTheAnnouncedFile,
	type EncryptedFile,
} from '../../nodes/WhatsApp/formats/decryptMedia';
import { MediaError } from '../../nodes/WhatsApp/errors';
import { findMedia } from '../../nodes/WhatsApp/formats/findMedia';
import type { FoundMedia } from '../../nodes/WhatsApp/formats/readMedia';
import { mediaKeysOf } from '../../nodes/WhatsApp/formats/mediaKeys';
import { transformStream } from '../../nodes/WhatsApp/streams';
import recorded from '../fixtures/recorded/encrypted-media.json';
import { ENCODERS, encryptWith, type Encrypted, type SentAs } from '../support/encoders';

const SIZES = [0, 1, 15, 16, 17, 31, 32, 33, 65_535, 65_536, 65_537];
const MESSAGES: Array<[SentAs, string]> = [
	['image', 'imageMessage'],
	['video', 'videoMessage'],
	['video', 'ptvMessage'],
	['audio', 'audioMessage'],
	['ptt', 'audioMessage'],
	['document', 'documentMessage'],
	['sticker', 'stickerMessage'],
];

/** Bytes 0 to 250, over and over. */
const pattern = (size: number) =>
	Buffer.alloc(
		size,
		Uint8Array.from({ length: 251 }, (_, byte) => byte),
	);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const URL_OF_FILE = 'https://mmg.whatsapp.net/v/t62/file.enc?oe=6B2513C0';

/** What a message says of a file. */
function messageOf({ mediaKey, fileSha256, fileEncSha256 }: Encrypted, name: string) {
	return { message: { [name]: { url: URL_OF_FILE, mediaKey, fileSha256, fileEncSha256 } } };
}

function only(item: unknown): FoundMedia {
	const found = findMedia(item);
	expect(found).toHaveLength(1);
	return found[0]!;
}

/** What decrypts the only file of an item. */
function encryptedFile(item: unknown): EncryptedFile {
	const { secret, mimeType, sha256: hash, encryptedSha256 } = only(item);
	if (typeof secret === 'string') throw new Error(secret);
	return { what: 'The file', keys: mediaKeysOf(secret, mimeType), sha256: hash, encryptedSha256 };
}

function* cut(bytes: Buffer, size: number): Generator<Buffer> {
	for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function decrypt(file: EncryptedFile, bytes: Buffer, pieces = 4096): Promise<Buffer> {
	const source = (async function* () {
		yield* cut(bytes, pieces);
	})();
	const chunks: Buffer[] = [];
	for await (const chunk of decryptMedia(file)(source)) chunks.push(chunk);
	return Buffer.concat(chunks);
}

describe.each(ENCODERS)('a file that %s encrypts', (encoder) => {
	let files: Array<Encrypted & { name: string }>;

	beforeAll(async () => {
		const all = MESSAGES.flatMap(([type, name]) =>
			SIZES.map((size) => ({ type, name, plaintext: pattern(size) })),
		);
		files = (await encryptWith(encoder, all)).map((file, index) => ({
			...file,
			name: all[index]!.name,
		}));
	});

	const short = () => files.find(({ plaintext }) => plaintext.length === 33)!;

	test('comes out as it went in, of every type and size', async () => {
		for (const { name, ...file } of files) {
			const announced = encryptedFile(messageOf(file, name));
			expect(announced).toMatchObject({
				sha256: sha256(file.plaintext),
				encryptedSha256: sha256(file.file),
			});
			expect((await decrypt(announced, file.file)).equals(file.plaintext)).toBe(true);
		}
	});

	test('in whatever pieces it comes', async () => {
		for (const { name, ...file } of files.filter(({ plaintext }) => plaintext.length < 100))
			for (const pieces of [1, 2, 15, 16, 17, 25, 26, 27])
				expect(
					(await decrypt(encryptedFile(messageOf(file, name)), file.file, pieces)).equals(
						file.plaintext,
					),
				).toBe(true);
		const large = files.at(-1)!;
		const announced = encryptedFile(messageOf(large, large.name));
		const anySize = fc.asyncProperty(fc.integer({ min: 1, max: 70_000 }), async (pieces) =>
			(await decrypt(announced, large.file, pieces)).equals(large.plaintext),
		);
		await fc.assert(anySize, { numRuns: 50 });
	});

	test('is recognised as what it was encrypted as where the message does not say', async () => {
		for (const { mediaKey, file, plaintext } of files.filter(
			({ plaintext: { length } }) => length < 10 || length > 60_000,
		)) {
			const keys = mediaKeysOf({ mediaKey: Buffer.from(mediaKey, 'base64') });
			const attempt = await decrypt({ what: 'The file', keys }, file).catch(
				(cause: unknown) => cause as EncryptedAsOther,
			);
			// No type has this content: the first guess is the likeliest, and the MAC names the right one.
			const asOther = attempt instanceof EncryptedAsOther ? attempt.keys : keys;
			expect(asOther).not.toHaveLength(0);
			expect((await decrypt({ what: 'The file', keys: asOther }, file)).equals(plaintext)).toBe(
				true,
			);
		}
	});

	test('opens with the keys that a form prints', async () => {
		for (const { keys, fileSha256, fileEncSha256, file, plaintext } of files) {
			const metadata = {
				encrypted_hash: fileEncSha256,
				iv: keys.iv,
				encryption_key: keys.cipherKey,
				hmac_key: keys.macKey,
				plaintext_hash: fileSha256,
			};
			const item = {
				body: {
					data: {
						photos: [
							{
								file_name: 'a.png',
								media_id: '1-2',
								cdn_url: URL_OF_FILE,
								encryption_metadata: metadata,
							},
						],
					},
				},
			};
			expect((await decrypt(encryptedFile(item), file)).equals(plaintext)).toBe(true);
		}
	});

	test('is refused with any one byte changed: by its hash, and without one by its MAC', async () => {
		const { name, ...file } = short();
		const announced = encryptedFile(messageOf(file, name));
		for (const hashes of [
			announced,
			{ ...announced, encryptedSha256: undefined, sha256: undefined },
		]) {
			for (let at = 0; at < file.file.length; at++) {
				for (const bits of [1, 0x80, 0xff]) {
					const changed = Buffer.from(file.file);
					changed[at]! ^= bits;
					await expect(decrypt(hashes, changed)).rejects.toBeInstanceOf(NotTheAnnouncedFile);
				}
			}
		}
	});

	test('is refused cut anywhere, and with anything behind it', async () => {
		const { name, ...file } = short();
		const announced = {
			...encryptedFile(messageOf(file, name)),
			encryptedSha256: undefined,
			sha256: undefined,
		};
		const cuts = Array.from(file.file.keys(), (size) => file.file.subarray(0, size));
		const longer = Array.from({ length: 60 }, (_, more) =>
			Buffer.concat([file.file, Buffer.alloc(more + 1)]),
		);
		for (const bytes of [...cuts, ...longer])
			await expect(decrypt(announced, bytes)).rejects.toBeInstanceOf(NotTheAnnouncedFile);
	});

	test('is refused with the key of another file, of another type, and of another length', async () => {
		const { name, ...file } = short();
		const other = files.find(({ mediaKey }) => mediaKey !== file.mediaKey)!;
		const { mediaKey } = other;
		await expect(
			decrypt(encryptedFile(messageOf({ ...file, mediaKey }, name)), file.file),
		).rejects.toThrow('The file cannot be decrypted with this media key');
		const types = MESSAGES.map(([, message]) => message).filter(
			(message) => !['imageMessage', 'stickerMessage'].includes(message),
		);
		expect(name).toBe('imageMessage');
		for (const type of types)
			await expect(decrypt(encryptedFile(messageOf(file, type)), file.file)).rejects.toThrow(
				'The file cannot be decrypted with this media key',
			);
		for (const size of [1, 16, 31, 33, 64]) {
			const ofSize = Buffer.alloc(size, 7).toString('base64');
			expect(() => encryptedFile(messageOf({ ...file, mediaKey: ofSize }, name))).toThrow(
				`The media key has ${size} byte${size > 1 ? 's' : ''} instead of 32`,
			);
		}
		expect(() => encryptedFile(messageOf({ ...file, mediaKey: '[object Object]' }, name))).toThrow(
			'The media key cannot be read',
		);
	});
});

describe('recorded files', () => {
	const bytes = (base64: string) => Buffer.from(base64, 'base64');
	const files = [...recorded.gateway, ...recorded.flows];
	const fileNamed = (name: string) => files.find((file) => file.name === name)!;

	test.each(files.map((file) => [file.name, file] as const))('%s', async (_, file) => {
		const announced = encryptedFile('item' in file ? file.item : file.message);
		if ('derived' in file) {
			const { iv, cipherKey, macKey } = file.derived;
			expect(
				announced.keys.map((keys) =>
					[keys.iv, keys.cipherKey, keys.macKey].map((key) => key.toString('hex')),
				),
			).toEqual([[iv, cipherKey, macKey]]);
		}
		const plaintext = await decrypt(announced, bytes(file.file));
		expect(plaintext.toString('base64')).toBe(file.expected.base64);
		// Without the kind, its first bytes tell it, or the MAC.
		const { secret } = only('item' in file ? file.item : file.message);
		if (typeof secret === 'string' || !('mediaKey' in secret)) return;
		const keys = mediaKeysOf({ mediaKey: secret.mediaKey });
		expect((await decrypt({ ...announced, keys }, bytes(file.file))).equals(plaintext)).toBe(true);
	});

	test.each(recorded.otherSpellings.map((file) => [file.name, file] as const))(
		'%s',
		async (_, { of, message }) => {
			const { file, expected } = fileNamed(of);
			expect((await decrypt(encryptedFile(message), bytes(file))).toString('base64')).toBe(
				expected.base64,
			);
		},
	);

	test.each(recorded.notEncrypted.map((file) => [file.name, file] as const))(
		'%s',
		(_, { message, expected }) => {
			expect(only(message)).toMatchObject({
				secret: 'none',
				sha256: expected.sha256,
				type: 'image',
			});
		},
	);

	const REASONS: Record<string, RegExp> = {
		key: /^The (media key|encryption_key|iv)( of the file)? (has \d+ bytes instead of|cannot be read)/,
		length: /^The file is not a complete encrypted file: \d+ bytes arrived$/,
		encryptedHash: /^The file is not the encrypted file that the message announced/,
		mac: /^The file cannot be decrypted with this media key$/,
		padding: /^The file was not encrypted the way WhatsApp does it$/,
		plaintextHash: /^The file is not the file that the message announced: after decryption/,
		accepted: /^accepted$/,
	};

	test.each(
		[...recorded.refused, ...recorded.refusedFlows].map((file) => [file.name, file] as const),
	)('refused: %s', async (_, refused) => {
		const item = 'item' in refused ? refused.item : refused.message;
		const outcome = async () => await decrypt(encryptedFile(item), bytes(refused.file));
		const { message, description = '' } = await outcome().then(
			() => ({ message: 'accepted' }) as MediaError,
			(cause: MediaError) => cause,
		);
		const said = Object.keys(REASONS).filter((reason) => REASONS[reason]!.test(message));
		expect(said).toHaveLength(1);
		expect(refused.refusedFor).toContain(said[0]);
		// Errors are saved, and whoever has the key has the file.
		for (const secret of JSON.stringify(item).match(/[\w+/]{40,}=*/g)!)
			expect(message + description).not.toContain(secret);
	});

	test('a file encrypted as something else than the message says names what it was', async () => {
		const { file, message } = fileNamed(
			'document that is a PNG',
		) as (typeof recorded.gateway)[number];
		const { secret } = only(message);
		const keys = mediaKeysOf({ mediaKey: (secret as { mediaKey: Buffer }).mediaKey }, 'image/png');
		expect(keys[0]!.encryptedAs).toBe('image');
		expect(await decrypt({ what: 'The file', keys }, bytes(file))).toHaveLength(265);
	});
});

test('a large file comes out in constant memory, and another encoder makes the recorded bytes of it', async () => {
	const { message, encryptedLength, expected } = recorded.large;
	const mediaKey = Buffer.from(message.videoMessage.mediaKey, 'base64');
	const [{ file }] = (await encryptWith('zapo', [
		{ type: 'video', mediaKey, plaintext: pattern(expected.size) },
	])) as [Encrypted];
	expect([file.length, sha256(file)]).toEqual([
		encryptedLength,
		Buffer.from(message.videoMessage.fileEncSha256, 'base64').toString('hex'),
	]);
	const announced = encryptedFile({
		...message,
		videoMessage: { ...message.videoMessage, url: URL_OF_FILE },
	});

	const hash = createHash('sha256');
	let size = 0;
	let most = 0;
	const source = (async function* () {
		yield* cut(file, 65_536);
	})();
	for await (const chunk of decryptMedia(announced)(source)) {
		hash.update(chunk);
		size += chunk.length;
		most = Math.max(most, chunk.length);
	}
	expect([size, hash.digest('hex')]).toEqual([expected.size, expected.sha256]);
	expect(most).toBeLessThanOrEqual(65_536 + 32);
});

describe('a file whose first bytes look right under the wrong key', () => {
	const mediaKey = Buffer.alloc(32, 9);
	const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
	const plaintext = likePngAsImage(mediaKey, png);
	let file: Buffer;
	let encryptedSha256: string;
	beforeAll(async () => {
		const [encrypted] = await encryptWith('zapo', [{ type: 'audio', mediaKey, plaintext }]);
		file = encrypted!.file;
		encryptedSha256 = Buffer.from(encrypted!.fileEncSha256, 'base64').toString('hex');
	});
	const keys = mediaKeysOf({ mediaKey });
	const attempt = async (rest: Partial<EncryptedFile>) =>
		await decrypt({ what: 'The file', keys, ...rest }, file).catch((cause: unknown) => cause);

	test('with its hash: that key is out', async () => {
		let given = keys;
		let last: unknown;
		for (let tries = 0; tries < 3; tries++) {
			last = await attempt({ keys: given, encryptedSha256 });
			if (!(last instanceof EncryptedAsOther)) break;
			expect(last.keys).not.toContain(keys.find(({ encryptedAs }) => encryptedAs === 'image'));
			given = last.keys;
		}
		expect(plaintext.equals(last as Buffer)).toBe(true);
	});

	test('without: nobody knows whether key or bytes are wrong, until all keys are put to the proof', async () => {
		const first = await attempt({});
		expect(first).toBeInstanceOf(NotTheAnnouncedFile);
		const second = (await attempt({ proveAll: true })) as EncryptedAsOther;
		expect(second.keys.map(({ encryptedAs }) => encryptedAs)).toEqual(['audio']);
		const third = await attempt({ proveAll: true, keys: second.keys });
		expect(plaintext.equals(third as Buffer)).toBe(true);
	});

	test('and the same damage has the same fingerprint, however many keys are put to the proof', async () => {
		file = Buffer.from(file);
		file[500]! ^= 1;
		const [first, second] = [await attempt({}), await attempt({ proveAll: true })];
		expect(second).toBeInstanceOf(NotTheAnnouncedFile);
		const { fingerprint } = first as NotTheAnnouncedFile;
		expect((second as NotTheAnnouncedFile).fingerprint).toBe(fingerprint);
	});
});

/** A file sent as audio that begins as the keys for images make this start of it. */
function likePngAsImage(mediaKey: Buffer, png: Buffer): Buffer {
	const [right, wrong] = (['audio', 'image'] as const).map(
		(encryptedAs) => mediaKeysOf({ mediaKey, encryptedAs })[0]!,
	);
	const start = ecb('decrypt', right!, ecb('encrypt', wrong!, xor(png, wrong!.iv)));
	return Buffer.concat([xor(start, right!.iv), pattern(1000).fill(0xee)]);
}

function xor(one: Buffer, other: Buffer): Buffer {
	return Buffer.from(one.map((byte, index) => byte ^ other[index]!));
}

function ecb(way: 'encrypt' | 'decrypt', { cipherKey }: { cipherKey: Buffer }, block: Buffer) {
	const make = way === 'encrypt' ? createCipheriv : createDecipheriv;
	return make('aes-256-ecb', cipherKey, null).setAutoPadding(false).update(block);
}

test('a stream of it ends only when it is proven', async () => {
	const { file, message } = recorded.gateway[0]!;
	const damaged = Buffer.from(file, 'base64');
	damaged[0]! ^= 1;
	const seen: string[] = [];
	const stream = transformStream(
		Readable.from(cut(damaged, 100)),
		decryptMedia({ ...encryptedFile(message), encryptedSha256: undefined }),
	);
	stream
		.on('data', () => seen.push('data'))
		.on('end', () => seen.push('end'))
		.on('error', ({ message: said }: Error) => seen.push(said));
	await new Promise((closed) => stream.once('close', closed));
	expect(seen.at(-1)).toBe('The file cannot be decrypted with this media key');
	expect(seen).not.toContain('end');
	expect(seen).toContain('data');
});
