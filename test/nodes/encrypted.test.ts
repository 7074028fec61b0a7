import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { IDataObject } from 'n8n-workflow';

import { pattern } from '../emulator';
import gateways from '../fixtures/recorded/gateways.json';
import { encryptWith, ENCODERS, type Encrypted, type SentAs } from '../support/encoders';
import { fixture } from '../support/files';
import { sha256, startHarness, type Harness } from '../support/harness';
import { demoFile } from '../support/paths';
import { outcomeOf } from '../support/run';
import { useVendorNames } from '../support/vendorNames';

/** Files of messages and forms, at WhatsApp's own file host, by its real name. */

const ORIGIN = 'https://mmg.whatsapp.net';
const HASH = /^[0-9a-f]{64}$/;

let harness: Harness;
let names: Awaited<ReturnType<typeof useVendorNames>>;
let files: Record<SentAs, Encrypted>;
let keptBefore: string[];

beforeAll(async () => {
	harness = await startHarness({ emulatorOptions: { messageFiles: { origin: ORIGIN } } });
	const port = Number(new URL(harness.emulator.localUrl).port);
	names = await useVendorNames({ 'mmg.whatsapp.net': port, 'elsewhere.example': port });
	files = await encrypted('baileys');
});
afterAll(async () => {
	await names.close();
	await harness.close();
});
beforeEach(async () => {
	harness.emulator.reset();
	keptBefore = await harness.engine.binaryFiles();
});
afterEach(() => expect(names.refused).toEqual([]));

const CONTENT: Record<SentAs, Buffer> = {
	image: readFileSync(demoFile('photo.jpg')),
	video: fixture('good.mp4'),
	audio: fixture('plain.mp3'),
	ptt: readFileSync(demoFile('voice-note.ogg')),
	document: readFileSync(demoFile('invoice.pdf')),
	sticker: fixture('sticker.webp'),
};
const TYPES = Object.keys(CONTENT) as SentAs[];

async function encrypted(encoder: (typeof ENCODERS)[number]) {
	const all = await encryptWith(
		encoder,
		TYPES.map((type) => ({ type, plaintext: CONTENT[type] })),
	);
	return Object.fromEntries(all.map((file, index) => [TYPES[index], file])) as typeof files;
}

/** What a message says of a file that the file host has. */
function announced(
	file: Encrypted,
	{ url, directPath } = harness.emulator.messageFiles.put(file.file),
) {
	const { mediaKey, fileSha256, fileEncSha256 } = file;
	return { url, directPath, mediaKey, fileSha256, fileEncSha256 };
}

/** The item of a Webhook node that a gateway called, with this in the message. */
function evolution(message: object): IDataObject {
	return {
		body: { event: 'messages.upsert', data: { key: { id: '3A35903C2393D681D816' }, message } },
	} as never;
}

const imageItem = (changes: object = {}) =>
	evolution({ imageMessage: { mimetype: 'image/jpeg', ...announced(files.image), ...changes } });

/** Without a credential, unless told otherwise; one try. */
async function download(
	item: IDataObject,
	parameters: Record<string, unknown> = {},
	credentials: object = {},
) {
	const { options = {}, ...others } = parameters;
	const once = { ...others, options: { maxTries: 1, ...(options as object) } };
	const result = await harness.run('DownloadMedia', [item], {
		credentials: credentials as never,
		parameters: once as never,
	});
	return outcomeOf(result);
}

const requests = () => harness.emulator.requests;
const nothingKept = async () => expect(await harness.engine.binaryFiles()).toEqual(keptBefore);

describe.each(ENCODERS)('without a credential, encrypted by %s', (encoder) => {
	beforeAll(async () => {
		files = await encrypted(encoder);
	});

	test.each([
		['image', 'imageMessage', 'image/jpeg', 'image.jpg'],
		['video', 'videoMessage', 'video/mp4', 'video.mp4'],
		['video', 'ptvMessage', 'video/mp4', 'video.mp4'],
		['audio', 'audioMessage', 'audio/mpeg', 'audio.mp3'],
		['ptt', 'audioMessage', 'audio/ogg', 'voice.ogg'],
		['document', 'documentMessage', 'application/pdf', 'Rechnung.pdf'],
		['sticker', 'stickerMessage', 'image/webp', 'sticker.webp'],
	] as const)('%s in %s', async (type, name, mimeType, fileName) => {
		const facts = {
			ptt: type === 'ptt',
			mimetype: mimeType,
			...(type === 'document' && { fileName }),
		};
		const item = evolution({ [name]: { ...announced(files[type]), ...facts } });
		const { json, item: output, binary, message } = await download(item);
		expect(message).toBeUndefined();
		expect(await binary(output)).toEqual(CONTENT[type]);
		expect(json).toEqual({
			...item,
			mimeType,
			fileName,
			size: CONTENT[type].length,
			sha256: sha256(CONTENT[type]),
			verified: true,
		});
		expect(requests()).toHaveLength(1);
		const { headers } = requests()[0]!;
		expect(Object.keys(headers).sort()).toEqual([
			'accept',
			'accept-encoding',
			'connection',
			'host',
			'user-agent',
		]);
	});
});

/** The recorded body, its media as it really is now. */
function withFile(body: object, file: Encrypted): IDataObject {
	const given = announced(file);
	const bytes = (base64: string, like: unknown) =>
		typeof like === 'object' ? { ...Buffer.from(base64, 'base64') } : base64;
	const replace = (name: string, value: unknown) => {
		const known = {
			url: given.url,
			directPath: given.directPath,
			mediaKey: given.mediaKey,
			filesha256: given.fileSha256,
			fileencsha256: given.fileEncSha256,
		};
		const found = Object.entries(known).find(
			([key]) => key.toLowerCase() === name.toLowerCase(),
		)?.[1];
		if (found === undefined) return value;
		return /^https:|^\//.test(found) ? found : bytes(found, value);
	};
	return JSON.parse(JSON.stringify({ body }), (name, value: unknown) =>
		replace(name, value),
	) as IDataObject;
}

const RECORDED = (
	gateways as unknown as Array<{ name: string; payload: object; encrypted?: { type: string } }>
).filter(({ encrypted: has }) => has);

test.each(RECORDED.map((body) => [body.name, body] as const))(
	'as recorded: %s',
	async (_, { payload, encrypted: has }) => {
		const type = ({ voice: 'ptt' }[has!.type] ?? has!.type) as SentAs;
		const { json, item, binary, message } = await download(withFile(payload, files[type]));
		expect(message).toBeUndefined();
		expect(json).toMatchObject({ verified: true, sha256: sha256(CONTENT[type]) });
		expect(await binary(item)).toEqual(CONTENT[type]);
	},
);

describe('a form’s files', () => {
	const picked = (file: Encrypted, file_name: string) => {
		const { iv, cipherKey, macKey } = file.keys;
		return {
			file_name,
			media_id: '790aba14-5f4a-4dbd-aa9e-0d75401da14b',
			cdn_url: harness.emulator.messageFiles.put(file.file).url,
			encryption_metadata: {
				encrypted_hash: file.fileEncSha256,
				iv,
				encryption_key: cipherKey,
				hmac_key: macKey,
				plaintext_hash: file.fileSha256,
			},
		};
	};

	test('one, wherever it stands, named as the phone named it', async () => {
		for (const item of [
			picked(files.image, 'IMG_5237.JPG'),
			{ data: { photos: [picked(files.image, 'IMG_5237.JPG')] } },
		]) {
			const { json, item: output, binary } = await download(item as never);
			expect(json).toMatchObject({
				fileName: 'IMG_5237.JPG',
				mimeType: 'image/jpeg',
				verified: true,
			});
			expect(await binary(output)).toEqual(CONTENT.image);
		}
	});

	test('one whose name says nothing: its type is that of its bytes', async () => {
		expect((await download(picked(files.document, 'scan') as never)).json).toMatchObject({
			fileName: 'scan.pdf',
			mimeType: 'application/pdf',
		});
	});

	test('several are to be split, and nothing is fetched', async () => {
		const photos = [picked(files.image, 'a.jpg'), picked(files.sticker, 'b.webp')];
		const { message, description } = await download({ body: { data: { photos } } } as never);
		expect(message).toBe(
			'The item has 2 encrypted files, and Download Media takes one for each item',
		);
		expect(description).toBe(
			'They are in body.data.photos[0], body.data.photos[1]. Put Split Out before this node, with body.data.photos in Fields To Split Out.',
		);
		expect(requests()).toEqual([]);
	});

	test('one that is gone has to be asked for again', async () => {
		const item = picked(files.image, 'a.jpg');
		harness.emulator.clock.advance(31 * 24 * 3600_000);
		const { message, description } = await download(item as never);
		expect(message).toMatch(/^The file at mmg\.whatsapp\.net is no longer there: .*\(HTTP 403\)$/);
		expect(description).toContain('their links cannot be renewed');
	});
});

describe('links', () => {
	test.each([403, 404, 410])(
		'HTTP %i: what it is, and who can get the file again',
		async (status) => {
			harness.emulator.messageFiles.fault({ status, times: 2 });
			const { message, description } = await download(imageItem());
			expect(message).toBe(
				`The file at mmg.whatsapp.net is no longer there: its link has expired, or WhatsApp has deleted it (HTTP ${status})`,
			);
			expect(description).toContain('Only the gateway can get this one again');
			expect(description).toContain('getBase64FromMediaMessage');
			expect(description).not.toMatch(/credential|token/);
			await nothingKept();
		},
	);

	test('one that says itself when it expired', async () => {
		const { url } = harness.emulator.messageFiles.put(files.image.file, -3 * 24 * 3600_000);
		const day = new Date(Date.now() - 3 * 24 * 3600_000).toISOString().slice(0, 10);
		expect((await download(imageItem({ url, directPath: undefined }))).message).toBe(
			`The file at mmg.whatsapp.net is no longer there: its link expired on ${day} (HTTP 403)`,
		);
	});

	test('of two, the one that still works', async () => {
		const expired = harness.emulator.messageFiles.put(files.image.file, -1000);
		const forwarded = await download(imageItem({ url: expired.url }));
		expect(forwarded.json).toMatchObject({ verified: true });
		expect(requests()).toHaveLength(1);
		const deleted = await download(imageItem({ directPath: '/v/t62/gone.enc?oe=7FFFFFFF' }));
		expect(deleted.json).toMatchObject({ verified: true });
		expect(deleted.hints.map(({ message }) => message)).toEqual([
			'1 of 1 links had expired. Another link in the same message still worked.',
		]);
	});

	test('an overload is tried again', async () => {
		harness.emulator.messageFiles.fault({ status: 503, headers: { 'Retry-After': '0' } });
		expect((await download(imageItem(), { options: { maxTries: 2 } })).json).toMatchObject({
			verified: true,
		});
	});

	test('a link of a message that does not lead to WhatsApp is not followed', async () => {
		for (const url of [
			'https://elsewhere.example/a.enc',
			'http://mmg.whatsapp.net/a.enc',
			'https://whatsapp.net.elsewhere.example/a',
			'http://127.0.0.1/a',
		]) {
			const { message, description } = await download(imageItem({ url, directPath: undefined }));
			expect(message).toBe(
				`The file of body.data.message.imageMessage is at ${new URL(url).host}, which is not WhatsApp’s`,
			);
			expect(description).toContain('Media Key under Options');
			// The key alone does not vouch for the host: an expression may take both from the same message.
			const options = { mediaKey: files.image.mediaKey };
			const withKey = await download(imageItem({ url, directPath: undefined }), { options });
			expect(withKey.message).toBe(message);
		}
		expect(requests()).toEqual([]);
	});

	test('nor does a redirect lead away from WhatsApp', async () => {
		const redirect = 'https://elsewhere.example/a.enc';
		for (const parameters of [{}, { options: { mediaKey: files.image.mediaKey } }]) {
			harness.emulator.reset();
			harness.emulator.messageFiles.fault({ redirect });
			expect((await download(imageItem(), parameters)).message).toBe(
				`The file of body.data.message.imageMessage is at elsewhere.example, which is not WhatsApp’s`,
			);
			expect(requests()).toHaveLength(1);
		}
	});

	test.each([
		[
			'in a message of GOWA',
			{
				body: {
					payload: { image: { url: `${ORIGIN}/v/t62/a_n.enc?oe=1`, caption: 'Check this out!' } },
				},
			},
			{},
		],
		['in the field URL', {}, { url: `${ORIGIN}/o1/v/t24/f2/m231/AQ?oe=1` }],
		['at any host', {}, { url: 'https://elsewhere.example/files/a.enc?x=1' }],
		[
			'with an empty key',
			{
				body: {
					imageMessage: {
						url: `${ORIGIN}/v/t62/a_n.enc?oe=1`,
						mediaKey: '',
						fileEncSha256: Buffer.alloc(32).toString('base64'),
					},
				},
			},
			{},
		],
	])('without a media key: %s', async (_, item, parameters) => {
		for (const credentials of [{}, { whatsAppMediaApi: harness.credential }]) {
			const { message, description } = await download(item as never, parameters, credentials);
			expect(message).toBe('This link leads to an encrypted file, and the item has no media key');
			expect(description).toContain('Media Key under Options');
		}
		expect(requests()).toEqual([]);
	});

	test('to a file of a channel, which is not encrypted', async () => {
		const { url } = harness.emulator.messageFiles.put(CONTENT.image);
		const image = { url, mimetype: 'image/jpeg', fileSha256: files.image.fileSha256 };
		const { json, item, binary } = await download(evolution({ imageMessage: image }));
		expect(json).toMatchObject({ verified: true });
		expect(await binary(item)).toEqual(CONTENT.image);
	});
});

describe('a credential', () => {
	test('in the node: WhatsApp’s file host is shown no token, not even Meta’s', async () => {
		const credentials = {
			whatsAppMediaApi: { ...harness.credential, mediaHosts: '.whatsapp.net' },
		};
		expect((await download(imageItem(), {}, credentials)).json).toMatchObject({ verified: true });
		const { url } = harness.emulator.messageFiles.put(CONTENT.image);
		const mediaId = '123';
		await download({ mediaId, url }, {}, credentials);
		const heard = requests().filter(({ vendor }) => vendor === 'messageFiles');
		expect(heard).toHaveLength(2);
		for (const { headers } of heard) expect(headers).not.toHaveProperty('authorization');
	});

	test.each([
		['a media ID', { mediaId: '123' }],
		['an ordinary URL', { url: 'https://elsewhere.example/a.jpg' }],
	])('missing, for %s: said plainly', async (_, item) => {
		const { message, description } = await download(item);
		expect(message).toBe('The node has no credential');
		expect(description).toContain('Choose one in the node');
		expect(requests()).toEqual([]);
	});

	test('missing for some items only: those fail, the others go on', async () => {
		const { output } = await harness.run('DownloadMedia', [{ mediaId: '123' }, imageItem()], {
			credentials: {},
			onError: 'continueRegularOutput',
		});
		expect(output[0]!.map(({ json }) => json.error ?? json.verified)).toEqual([
			'The node has no credential',
			true,
		]);
	});

	test('missing, and nothing to download: that is what is said', async () => {
		const { message, description } = await download({ body: { text: 'hello' } });
		expect(message).toBe('There is neither a media ID nor a URL');
		expect(description).toContain('its media key');
	});

	test('missing in other nodes: said as plainly', async () => {
		for (const node of ['GetMediaUrl', 'DeleteMedia']) {
			const { error } = await harness.run(node, [{ mediaId: '123' }], { credentials: {} });
			expect(error!.message).toBe('The node has no credential');
		}
	});
});

describe('Media Key and Encrypted Media Type', () => {
	/** An item that knows a link only. */
	const linked = (type: SentAs) => {
		const { url, mediaKey } = announced(files[type]);
		return {
			item: {
				link: url,
				secret: mediaKey,
				bytes: { ...Buffer.from(mediaKey, 'base64') },
			} as IDataObject,
			parameters: { url: '={{ $json.link }}' },
		};
	};

	test.each(TYPES)('%s: what it was sent as is found out', async (type) => {
		const { item, parameters } = linked(type);
		const {
			json,
			item: output,
			binary,
		} = await download(item, { ...parameters, options: { mediaKey: '={{ $json.secret }}' } });
		expect(await binary(output)).toEqual(CONTENT[type]);
		expect(json).toMatchObject({ verified: true, sha256: expect.stringMatching(HASH) as string });
		expect(requests()).toHaveLength(1);
	});

	test('a file of no known type is found out, too, by a second look', async () => {
		const plaintext = Buffer.from([...Array(500).keys()].map((byte) => (byte * 7) % 256));
		const [file] = (await encryptWith('zapo', [{ type: 'video', plaintext }])) as [Encrypted];
		const { url, mediaKey } = announced(file);
		const { item, binary } = await download({}, { url, options: { mediaKey } });
		expect(await binary(item)).toEqual(plaintext);
		expect(requests()).toHaveLength(2);
	});

	test('damaged once, and nothing else is known of it: fetched again, good', async () => {
		const { item, parameters } = linked('image');
		harness.emulator.messageFiles.fault({ wrongBytes: true });
		const options = { mediaKey: '={{ $json.secret }}' };
		const { json } = await download(item, { ...parameters, options });
		expect(json).toMatchObject({ verified: true, sha256: sha256(CONTENT.image) });
		expect(requests()).toHaveLength(2);
	});

	test.each([
		['image', 'image'],
		['sticker', 'image'],
		['ptt', 'audio'],
		['document', 'document'],
		['video', 'video'],
	] as const)('%s, said to be %s; and as an object of bytes', async (type, encryptedMediaType) => {
		const { item, parameters } = linked(type);
		const { json } = await download(item, {
			...parameters,
			options: { mediaKey: '={{ $json.bytes }}', encryptedMediaType },
		});
		expect(json).toMatchObject({ verified: true });
	});

	test('said to be what it is not: refused', async () => {
		const { item, parameters } = linked('image');
		const { message, description } = await download(item, {
			...parameters,
			options: { mediaKey: '={{ $json.secret }}', encryptedMediaType: 'video' },
		});
		expect(message).toBe('The file at mmg.whatsapp.net cannot be decrypted with this media key');
		expect(description).toContain('encrypted as another type');
		await nothingKept();
	});

	test('of another length', async () => {
		const { item, parameters } = linked('image');
		expect((await download(item, { ...parameters, options: { mediaKey: 'AAAA' } })).message).toBe(
			'The media key has 3 bytes instead of 32',
		);
	});

	test('an expression that finds no key falls back on the item', async () => {
		expect(
			(await download(imageItem(), { options: { mediaKey: '={{ $json.nothing }}' } })).json,
		).toMatchObject({ verified: true });
	});

	test('with a link to a host of one’s own', async () => {
		const url = harness.emulator.thirdParty.put(files.image.file, 'application/octet-stream');
		const credentials = {
			whatsAppMediaApi: { ...harness.credential, mediaHosts: harness.emulator.thirdParty.url },
		};
		const { json } = await download(
			{},
			{ url, options: { mediaKey: files.image.mediaKey } },
			credentials,
		);
		expect(json).toMatchObject({ verified: true, mimeType: 'image/jpeg' });
		expect(requests()[0]!.headers).not.toHaveProperty('authorization');
	});
});

describe('what is not the file goes no further', () => {
	afterEach(nothingKept);
	const refusedAs = async (item: IDataObject, options: object = {}) =>
		(await download(item, { options })).message;

	test('damaged on its way, the same way twice', async () => {
		harness.emulator.messageFiles.fault({ wrongBytes: true, times: 2 });
		expect(await refusedAs(imageItem())).toBe(
			'The file at mmg.whatsapp.net is not the encrypted file that the message announced: its SHA-256 is different',
		);
		expect(requests()).toHaveLength(2);
	});

	test('damaged differently each time', async () => {
		harness.emulator.messageFiles.fault({ wrongBytes: 'changing', times: 2 });
		expect(await refusedAs(imageItem())).toContain('was damaged');
	});

	test('without hashes in the message: the MAC refuses it', async () => {
		harness.emulator.messageFiles.fault({ wrongBytes: true, times: 2 });
		expect(await refusedAs(imageItem({ fileSha256: undefined, fileEncSha256: undefined }))).toBe(
			'The file at mmg.whatsapp.net cannot be decrypted with this media key',
		);
	});

	test('ended early as if it were whole', async () => {
		harness.emulator.messageFiles.fault({ truncateAt: 0.6, times: 2 });
		expect(await refusedAs(imageItem())).toMatch(
			/^The file at mmg\.whatsapp\.net is not (a complete encrypted file: \d+ bytes arrived|the encrypted file that the message announced: .*)$/,
		);
	});

	test('a connection that dies', async () => {
		harness.emulator.messageFiles.fault({ cutAt: 0.6 });
		expect(await refusedAs(imageItem())).toMatch(
			/^The file at mmg\.whatsapp\.net was incomplete: \d+ of \d+ bytes$/,
		);
	});

	test('a host that falls silent', async () => {
		harness.emulator.messageFiles.fault({ stallAt: 0.6 });
		expect(await refusedAs(imageItem(), { timeoutSeconds: 1 })).toMatch(
			/^The file at mmg\.whatsapp\.net stopped after \d+ bytes: mmg\.whatsapp\.net sent no more data/,
		);
	});

	test('a page', async () => {
		const page = {
			status: 200,
			headers: { 'Content-Type': 'text/html' },
			body: '<!DOCTYPE html><p>Log in',
		};
		harness.emulator.messageFiles.fault({ ...page, times: 4 });
		expect(await refusedAs(imageItem())).toBe(
			'The file at mmg.whatsapp.net could not be downloaded: mmg.whatsapp.net sent a web page instead of the file',
		);
	});

	test('under the key of another file', async () => {
		expect(await refusedAs(imageItem({ mediaKey: files.video.mediaKey }))).toBe(
			'The file at mmg.whatsapp.net cannot be decrypted with this media key',
		);
		expect(requests()).toHaveLength(1);
	});

	test('announced with the hash of another file', async () => {
		expect(await refusedAs(imageItem({ fileSha256: files.video.fileSha256 }))).toContain(
			'is not the file that the message announced: after decryption, its SHA-256 is different',
		);
	});

	test('larger than allowed: by its length, before it comes', async () => {
		const [large] = (await encryptWith('zapo', [
			{ type: 'video', plaintext: Buffer.alloc(2_000_000, 7) },
		])) as [Encrypted];
		const item = evolution({ videoMessage: { ...announced(large), mimetype: 'video/mp4' } });
		expect(await refusedAs(item, { maxSizeMb: 1.5 })).toBe(
			'The file at mmg.whatsapp.net is larger than the 1.5 MB allowed here',
		);
		harness.emulator.messageFiles.fault({ headers: { 'Content-Encoding': 'identity' } });
		expect(await refusedAs(item, { maxSizeMb: 1.5 })).toContain('is larger than the 1.5 MB');
	});

	test('of a type that is not allowed: by what it turns out to be', async () => {
		expect(await refusedAs(imageItem(), { allowedMimeTypes: 'video/*' })).toBe(
			'The file at mmg.whatsapp.net is of type image/jpeg, which is not allowed here',
		);
		expect(requests()).toEqual([]);
		const lie = evolution({ imageMessage: { mimetype: 'video/mp4', ...announced(files.image) } });
		expect(await refusedAs(lie, { allowedMimeTypes: 'video/*' })).toContain(
			'is of type image/jpeg',
		);
	});

	test('0 bytes', async () => {
		const [empty] = (await encryptWith('zapo', [
			{ type: 'document', plaintext: Buffer.alloc(0) },
		])) as [Encrypted];
		expect(await refusedAs(evolution({ documentMessage: announced(empty) }))).toBe(
			'The file at mmg.whatsapp.net is empty (0 bytes)',
		);
	});
});

describe('a line that breaks', () => {
	test.each([
		[true, 'broke off, and continued where they stopped', 1.1],
		[false, 'items needed more than one try', 2],
	])('(Etags: %s): %s', async (hasEtags, hint, mostSent) => {
		harness.emulator.messageFiles.hasEtags = hasEtags;
		const [film] = await encryptWith('zapo', [
			{ type: 'video', plaintext: Buffer.alloc(3_000_001, 'film') },
		]);
		const item = evolution({ videoMessage: announced(film!) });
		harness.emulator.messageFiles.fault({ cutAt: 0.6 });
		const { json, hints } = await download(item, { options: { maxTries: 3 } });
		expect(json).toMatchObject({ verified: true, size: 3_000_001 });
		expect(hints.map(({ message }) => message).join()).toContain(hint);
		const sent = requests().reduce((sum, { bytesSent }) => sum + bytesSent, 0);
		expect(sent).toBeLessThan(mostSent * 3_000_001);
	});
});

test('damaged once: fetched again, good', async () => {
	harness.emulator.messageFiles.fault({ wrongBytes: true });
	const { json, hints } = await download(imageItem());
	expect(json).toMatchObject({ verified: true });
	expect(hints).toEqual([]);
});

test('what the sender says of its size neither refuses a file nor reserves memory for it', async () => {
	const { json } = await download(imageItem({ fileLength: '109951162777600' }), {
		options: { maxSizeMb: 1 },
	});
	expect(json).toMatchObject({ verified: true, size: CONTENT.image.length });
});

test('a media ID in the item is the provider’s, whatever else the item holds', async () => {
	const mediaId = harness.emulator.meta.store.add({
		bytes: pattern(100),
		mimeType: 'text/plain',
		inbound: true,
	});
	const item = { mediaId, raw: imageItem() } as IDataObject;
	expect((await download(item, {}, { whatsAppMediaApi: harness.credential })).json).toMatchObject({
		mediaId,
		size: 100,
	});
});

test('of 100 MB, less than 40 MB are held at any time', async () => {
	const MB = 1_000_000;
	const plaintext = Buffer.alloc(100 * MB, 'film');
	const [film] = (await encryptWith('zapo', [{ type: 'video', plaintext }])) as [Encrypted];
	const item = evolution({ videoMessage: announced(film) });
	// What is held, not what the process takes: that hardly grows, where earlier downloads have left room.
	setFlagsFromString('--expose-gc');
	const collectGarbage = runInNewContext('gc') as () => void;
	const held = () => {
		collectGarbage();
		const { heapUsed, arrayBuffers } = process.memoryUsage();
		return heapUsed + arrayBuffers;
	};
	const before = held();
	const samples: number[] = [];
	let isOver = false;
	const running = download(item).finally(() => (isOver = true));
	while (!isOver) {
		await setTimeout(200);
		samples.push(held() - before);
	}
	expect((await running).json).toMatchObject({ verified: true, size: 100 * MB });
	expect(samples.length).toBeGreaterThan(5);
	expect(Math.max(...samples)).toBeLessThan(40 * MB);
}, 120_000);

test('no error repeats the key', async () => {
	for (const changes of [
		{ fileSha256: files.video.fileSha256 },
		{ fileEncSha256: files.video.fileSha256 },
		{ url: 'https://elsewhere.example/a', directPath: undefined },
	]) {
		const { error } = await download(imageItem(changes));
		expect(error).toBeDefined();
		expect(JSON.stringify(error)).not.toContain(files.image.mediaKey);
	}
});
