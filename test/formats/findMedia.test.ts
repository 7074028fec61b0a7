import fc from 'fast-check';

import { findMedia } from '../../nodes/WhatsApp/formats/findMedia';
import { urlExpiresAt, type FoundMedia } from '../../nodes/WhatsApp/formats/readMedia';
import { readBytes, readCount } from '../../nodes/WhatsApp/formats/serializedValues';
import { mediaKeysOf } from '../../nodes/WhatsApp/formats/mediaKeys';
import recorded from '../fixtures/recorded/encrypted-media.json';
import gateways from '../fixtures/recorded/gateways.json';

interface Body {
	name: string;
	payload: object;
	expected: Array<{
		type: string;
		mimeType?: string;
		sha256?: string;
		size?: number;
		fileName?: string;
	}>;
	/** Only where the message has a media key. */
	encrypted?: {
		type: string;
		info: string;
		size?: number;
		sha256?: string;
		expires?: string;
		urlExpires?: string;
	};
}

const bodies = gateways as unknown as Body[];
const INFO: Record<string, string> = {
	image: 'Image',
	video: 'Video',
	audio: 'Audio',
	document: 'Document',
};
const KEY = Buffer.from(Array.from({ length: 32 }, (_, byte) => byte));
const LINK = 'https://mmg.whatsapp.net/v/t62/file.enc?oe=6B2513C0';
const image = { url: LINK, mediaKey: KEY.toString('base64'), mimetype: 'image/jpeg' };

/** As the Webhook node hands it over. */
const asItem = (body: unknown) => ({
	headers: { host: 'n8n.example' },
	params: {},
	query: {},
	body,
	webhookUrl: 'https://n8n.example/webhook/1',
});

function at(item: unknown, path: string): unknown {
	return (
		path
			.match(/[^.[\]]+/g)
			?.reduce((value, step) => (value as Record<string, unknown>)[step], item) ?? item
	);
}

describe('recorded bodies', () => {
	const encrypted = bodies.filter((body) => body.encrypted);

	test.each(encrypted.map((body) => [body.name, body] as const))(
		'%s',
		(_, { payload, encrypted: announced, expected }) => {
			const item = asItem(payload);
			const [media, ...others] = findMedia(item);
			expect(others).toEqual([]);
			const { path, urls, secret, ...said } = media!;
			expect(at(item, path)).toHaveProperty('mediaKey');
			const { type, mimeType, size, sha256, fileName } =
				expected[0] ?? (announced as Body['expected'][number]);
			// Some name only what the file is in their own fields.
			expect(said).toMatchObject(
				JSON.parse(
					JSON.stringify({ type, mimeType, size, sha256: said.sha256 && sha256, fileName }),
				),
			);
			const keys = mediaKeysOf(secret as Exclude<FoundMedia['secret'], string>, mimeType);
			expect(`WhatsApp ${INFO[keys[0]!.encryptedAs!]} Keys`).toBe(announced!.info);
			if (announced!.expires) expect(urlExpiresAt(urls[0]!)).toBe(announced!.expires);
			if (announced!.urlExpires) expect(urlExpiresAt(urls.at(-1)!)).toBe(announced!.urlExpires);
		},
	);

	const others = bodies.filter(
		(body) => !body.encrypted && body.name !== 'gowa image, not downloaded',
	);

	test.each(others.map((body) => [body.name, body] as const))(
		'nothing in: %s',
		(_, { payload }) => {
			expect(findMedia(asItem(payload))).toEqual([]);
		},
	);

	test('a link to an encrypted file without a key', () => {
		const { payload } = bodies.find(({ name }) => name === 'gowa image, not downloaded')!;
		expect(findMedia(asItem(payload))).toMatchObject([
			{
				path: 'body.payload.image',
				secret: 'missing',
				type: 'image',
				urls: ['https://mmg.whatsapp.net/...'],
			},
		]);
	});

	test('a whole list of a form is as many files', () => {
		const photos = recorded.flows.map(({ item }) => item);
		expect(findMedia({ data: { photos } }).map(({ path, fileName }) => [path, fileName])).toEqual(
			photos.map(({ file_name }, index) => [`data.photos[${index}]`, file_name]),
		);
	});
});

describe('which file it is', () => {
	test.each([
		[
			'quoted',
			{
				extendedTextMessage: {
					text: 'yes',
					contextInfo: { quotedMessage: { imageMessage: image } },
				},
			},
		],
		[
			'quoted by WEBJS',
			{ type: 'chat', quotedMsg: { type: 'image', ...image, directPath: '/v/a' } },
		],
		['quoted as WAHA says it', { replyTo: { _data: { imageMessage: image } } }],
		[
			'the preview of a link',
			{
				extendedTextMessage: {
					text: 'https://a.example',
					mediaKey: image.mediaKey,
					thumbnailDirectPath: '/v/a',
					thumbnailSha256: image.mediaKey,
				},
			},
		],
		[
			'a preview only',
			{ documentMessage: { mediaKey: image.mediaKey, thumbnailDirectPath: '/v/a' } },
		],
		[
			'a pack of stickers',
			{ stickerPackMessage: { mediaKey: image.mediaKey, directPath: '/v/a' } },
		],
		[
			'a history',
			{
				protocolMessage: {
					historySyncNotification: { mediaKey: image.mediaKey, directPath: '/v/a' },
				},
			},
		],
		[
			'a path that is none',
			{ imageMessage: { mediaKey: image.mediaKey, directPath: 'a.example/v' } },
		],
		[
			'a picture of a profile',
			{
				profilePicUrl: 'https://pps.whatsapp.net/v/t61/a.jpg?oe=6B2513C0',
				url: 'https://pps.whatsapp.net/v/t61/a.jpg',
			},
		],
		['a key without a link', { imageMessage: { mediaKey: image.mediaKey } }],
	])('not %s', (_, message) => {
		expect(findMedia({ data: { message } })).toEqual([]);
	});

	test('the answer to a picture, with a file of its own', () => {
		const contextInfo = {
			quotedMessage: {
				imageMessage: { ...image, mediaKey: Buffer.alloc(32, 9).toString('base64') },
			},
		};
		expect(findMedia({ message: { videoMessage: { ...image, contextInfo } } })).toMatchObject([
			{ type: 'video' },
		]);
	});

	test.each([
		'editedMessage',
		'associatedChildMessage',
		'lottieStickerMessage',
		'groupStatusMessageV2',
		'viewOnceMessage',
	])('inside %s', (name) => {
		expect(findMedia({ message: { [name]: { message: { imageMessage: image } } } })).toMatchObject([
			{ path: `message.${name}.message.imageMessage`, type: 'image' },
		]);
	});

	test('one file in two places is one', () => {
		const templateMessage = {
			hydratedTemplate: { imageMessage: image },
			hydratedFourRowTemplate: { imageMessage: { ...image } },
		};
		expect(findMedia({ templateMessage })).toHaveLength(1);
	});

	test('the path first, at the host of the other address; that host only where it is WhatsApp’s', () => {
		const directPath = '/v/t62/other.enc?oe=6B2513C1';
		const urls = (url?: string) =>
			findMedia({ imageMessage: { ...image, url, directPath } })[0]!.urls;
		expect(urls()).toEqual([`https://mmg.whatsapp.net${directPath}`]);
		expect(urls('https://mmg-fna.whatsapp.net/v/a?oe=1')).toEqual([
			`https://mmg-fna.whatsapp.net${directPath}`,
			'https://mmg-fna.whatsapp.net/v/a?oe=1',
		]);
		expect(urls('https://whatsapp.net.evil.example/v')).toEqual([
			`https://mmg.whatsapp.net${directPath}`,
			'https://whatsapp.net.evil.example/v',
		]);
		for (const path of [
			'//evil.example/v',
			'/\\evil.example',
			'/@evil.example',
			'/v/../..//evil.example',
		])
			expect(
				new URL(
					findMedia({ imageMessage: { ...image, url: undefined, directPath: path } })[0]!.urls[0]!,
				).host,
			).toBe('mmg.whatsapp.net');
	});

	test.each([
		[
			'wacli',
			{
				Media: {
					Type: 'image',
					Filename: 'a.jpg',
					MimeType: 'image/jpeg',
					DirectPath: '/v/a',
					MediaKey: image.mediaKey,
					FileSHA256: KEY.toString('base64'),
				},
			},
			{ type: 'image', fileName: 'a.jpg', sha256: KEY.toString('hex') },
		],
		[
			'WAHA WEBJS',
			{
				_data: {
					type: 'ptt',
					mediaKey: image.mediaKey,
					directPath: '/v/a',
					filehash: KEY.toString('base64'),
					size: 12,
				},
			},
			{ type: 'voice', sha256: KEY.toString('hex'), size: 12 },
		],
		[
			'an item made flat',
			{ ...image, messageType: 'imageMessage' },
			{ path: '', mimeType: 'image/jpeg' },
		],
	])('%s', (_, item, expected) => {
		expect(findMedia(item)).toMatchObject([expected]);
	});
});

describe('bytes and numbers', () => {
	const spellings: Array<[string, (bytes: Buffer) => unknown]> = [
		['base64', (bytes) => bytes.toString('base64')],
		['base64 without padding', (bytes) => bytes.toString('base64').replace(/=+$/, '')],
		['base64url', (bytes) => bytes.toString('base64url')],
		['base64 in lines', (bytes) => bytes.toString('base64').replace(/.{20}/g, '$&\n')],
		['a data URL', (bytes) => `data:application/octet-stream;base64,${bytes.toString('base64')}`],
		['hex', (bytes) => bytes.toString('hex')],
		['a list', (bytes) => [...bytes]],
		['an object of indexes', (bytes) => ({ ...[...bytes] })],
		['a Buffer as JSON', (bytes) => JSON.parse(JSON.stringify(bytes)) as unknown],
		[
			'a Buffer as older serializers print it',
			(bytes) => ({ type: 'Buffer', data: bytes.toString('base64') }),
		],
		[
			'a Uint8Array as JSON',
			(bytes) => JSON.parse(JSON.stringify(Uint8Array.from(bytes))) as unknown,
		],
		['a Uint8Array itself', (bytes) => Uint8Array.from(bytes)],
	];

	test.each(spellings)('%s', (_, spell) => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
				expect(readBytes(spell(Buffer.from(bytes)), 32)).toEqual(Buffer.from(bytes));
			}),
		);
	});

	test('what is none', () => {
		const none = [
			'',
			' ',
			'[object Object]',
			'a b!',
			7,
			true,
			null,
			undefined,
			{},
			[],
			[256],
			[-1],
			[1.5],
			['1'],
			{ 1: 1 },
			{ 0: 1, 2: 1 },
			{ type: 'Buffer' },
			Array(10_000).fill(0),
			'A'.repeat(5000),
			new Uint8Array(5000),
			Object.create(null),
		];
		for (const value of none) expect(readBytes(value, 32)).toBeUndefined();
	});

	test('numbers as number, text and Long', () => {
		expect(
			[226806, '226806', { low: 226806, high: 0, unsigned: true }, { low: -1, high: 1 }].map(
				readCount,
			),
		).toEqual([226806, 226806, 226806, 2 ** 33 - 1]);
		expect(
			[
				'109951162777600',
				'',
				'-1',
				'1e3',
				' 7',
				1.5,
				-1,
				NaN,
				null,
				{},
				[],
				{ low: 'a', high: 0 },
				{ low: 0, high: 2 ** 40 },
			].map(readCount),
		).toEqual([109951162777600, ...Array(12).fill(undefined)]);
	});

	test('a date beyond all calendars is none', () => {
		expect(
			[
				LINK,
				'https://a.example/?oe=zz',
				'https://a.example/?oe=FFFFFFFFFFFFFFFF',
				'https://a.example/',
				'https://a.example/?oe=-1',
			].map(urlExpiresAt),
		).toEqual([
			new Date(0x6b2513c0 * 1000).toISOString(),
			undefined,
			undefined,
			undefined,
			undefined,
		]);
	});
});

describe('any item', () => {
	/** Names that matter to us, and those that hurt the careless. */
	const name = fc.oneof(
		fc.string(),
		fc.constantFrom(
			'url',
			'URL',
			'mediaKey',
			'directPath',
			'imageMessage',
			'message',
			'type',
			'mediaType',
			'ptt',
			'fileLength',
			'fileSha256',
			'cdn_url',
			'encryption_metadata',
			'encryption_key',
			'iv',
			'__proto__',
			'constructor',
			'toString',
			'hasOwnProperty',
			'length',
			'quotedMessage',
		),
	);
	const leaf = fc.oneof(
		fc.string(),
		fc.integer(),
		fc.double(),
		fc.boolean(),
		fc.constant(null),
		fc.constantFrom(
			LINK,
			image.mediaKey,
			'/v/a',
			'ptt',
			'Buffer',
			'https://',
			'https://[',
			'http://a@b:c',
		),
		fc.uint8Array(),
	);
	const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
		tree: fc.oneof(
			{ maxDepth: 8 },
			leaf,
			fc.array(tie('tree'), { maxLength: 4 }),
			fc
				.array(fc.tuple(name, tie('tree')), { maxLength: 6 })
				.map(
					(entries) =>
						JSON.parse(
							`{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value) ?? 'null'}`).join()}}`,
						) as unknown,
				),
		),
	}));

	test('does no harm', () => {
		fc.assert(
			fc.property(tree, (item) => {
				const before = JSON.stringify(item);
				for (const { urls, secret, path, type = 'image' } of findMedia(item)) {
					expect(['image', 'video', 'audio', 'voice', 'document', 'sticker']).toContain(type);
					expect(urls.length).toBeGreaterThan(0);
					urls.forEach((url) => urlExpiresAt(url));
					expect(typeof path).toBe('string');
					if (typeof secret === 'object')
						expect('mediaKey' in secret ? secret.mediaKey : secret.iv).toBeInstanceOf(Buffer);
				}
				expect(JSON.stringify(item)).toBe(before);
			}),
			{ numRuns: 3000 },
		);
		expect(({} as Record<string, unknown>).mediaKey).toBeUndefined();
	});

	test('can hold a message anywhere, and it is found there', () => {
		const step = fc.oneof(
			fc.constantFrom('body', 'data', 'payload', '_data', 'Message', 'messages', 'anything'),
			fc
				.string({ minLength: 1 })
				.filter(
					(key) =>
						/^\w+$/.test(key) &&
						!['url', 'quoted', 'replyto', 'annotations'].includes(key.toLowerCase()),
				),
		);
		fc.assert(
			fc.property(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 12 }), (steps) => {
				const path = [
					...steps.map(([key, isList]) => (isList ? `${key}[0]` : key)),
					'imageMessage',
				].join('.');
				const item = steps.reduceRight<object>(
					(inner, [key, isList]) =>
						JSON.parse(
							`{"other":{"id":1},${JSON.stringify(key)}:${JSON.stringify(isList ? [inner] : inner)}}`,
						) as object,
					{ imageMessage: image },
				);
				expect(findMedia(item).map((media) => media.path)).toEqual([path]);
			}),
		);
	});

	test('is looked through to a depth that no message has', () => {
		const nested = (depth: number): object =>
			depth ? { a: nested(depth - 1) } : { imageMessage: image };
		expect([30, 31, 32].map((depth) => findMedia(nested(depth)).length)).toEqual([1, 1, 0]);
	});

	test('may be deep, wide, large or a circle', () => {
		let deep: unknown = { imageMessage: image };
		for (let depth = 0; depth < 100_000; depth++) deep = depth % 2 ? [deep] : { a: deep };
		const circle: Record<string, unknown> = { a: {} };
		circle.b = [circle, circle.a];
		const wide = Array.from({ length: 200_000 }, (_, id) => ({ id }));
		const numbers = {
			bytes: Array(2_000_000).fill(7),
			fields: Object.fromEntries(Array.from({ length: 300_000 }, (_, id) => [id, id])),
		};
		const started = Date.now();
		for (const item of [deep, circle, wide, numbers, null, undefined, 7, 'text', [], () => {}])
			expect(findMedia(item)).toEqual([]);
		// Seconds, where a square of the size would take hours.
		expect(Date.now() - started).toBeLessThan(10_000);
		expect(findMedia({ ...circle, imageMessage: image })).toHaveLength(1);
	});
});
