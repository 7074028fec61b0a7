import { readBytes, readCount, readString } from './serializedValues';
import type { EncryptedAs, MediaSecret } from './mediaKeys';

/** Where clients look for a file of which they know only the path (Baileys `DEF_MEDIA_HOST`). */
const MEDIA_ORIGIN = 'https://mmg.whatsapp.net';

/** Hosts that have only the files of chats and forms; recorded: mmg, mmg-fna. */
const MEDIA_HOST = /^mmg[a-z0-9-]*\.whatsapp\.net$/;

const TYPES = ['image', 'video', 'audio', 'voice', 'document', 'sticker'] as const;
export type FoundType = (typeof TYPES)[number];

/** A file that a message or an answered form names. */
export interface FoundMedia {
	/** Where in the item: `body.data.message.imageMessage`. */
	path: string;
	/** Where the file is, not checked; the address that usually lives longest is the first. At least one. */
	urls: string[];
	/** What decrypts it. `none`: it is not encrypted. `missing`: it seems encrypted, and the item has no key. */
	secret: MediaSecret | 'none' | 'missing';
	type?: FoundType;
	/** As the sender says it, parameters included. */
	mimeType?: string;
	/** As the sender says it; may hold anything. */
	fileName?: string;
	/** Bytes, as the sender says it; some say terabytes. */
	size?: number;
	/** Lower-case hex. */
	sha256?: string;
	/** Of the file as it is served; lower-case hex. */
	encryptedSha256?: string;
}

/** An object's fields by their names, however those are spelled: `mediaKey`, `MediaKey`, `media_key`. */
export class Fields {
	private readonly fields = new Map<string, unknown>();

	constructor(value: object = {}) {
		for (const [key, field] of Object.entries(value)) {
			const name = normalize(key);
			const isEmpty = field === null || field === undefined || field === '';
			if (!isEmpty && !this.fields.has(name)) this.fields.set(name, field);
		}
	}

	/** Nothing for an empty field. */
	get(name: string): unknown {
		return this.fields.get(normalize(name));
	}
}

/** An object in the item. */
export interface Place {
	path: string;
	/** The field it stands in. */
	name: string;
	fields: Fields;
	/** Of the object around it. */
	around: Fields;
}

/** The item of a form's media picker: Meta, "Media Upload Components". */
export function readFormFile({ path, fields }: Place): FoundMedia | undefined {
	const urls = webAddresses([fields.get('cdnUrl')]);
	const metadata = fields.get('encryptionMetadata');
	if (!urls.length || typeof metadata !== 'object' || metadata === null) return undefined;
	const given = new Fields(metadata);
	const key = (name: string, length: number) =>
		readBytes(given.get(name), length) ?? Buffer.alloc(0);
	return {
		path,
		urls,
		secret: { cipherKey: key('encryptionKey', 32), macKey: key('hmacKey', 32), iv: key('iv', 16) },
		fileName: readString(fields.get('fileName')),
		sha256: hash(given.get('plaintextHash')),
		encryptedSha256: hash(given.get('encryptedHash')),
	};
}

/** A media message as Baileys, whatsmeow or WhatsApp Web write it, or what a gateway left of it. */
export function readMediaMessage(place: Place): FoundMedia | undefined {
	const { path, name, fields } = place;
	const urls = messageAddresses(fields);
	const isAtWhatsApp = urls.some(isMessageFileUrl);
	if (!urls.length || !(fields.get('mediaKey') || isAtWhatsApp)) return undefined;
	const type = typeOf(place);
	const sha256 = hash(fields.get('fileSha256') ?? fields.get('fileHash'));
	const encryptedSha256 = hash(fields.get('fileEncSha256') ?? fields.get('encFileHash'));
	return {
		path,
		urls,
		secret: secretOf(fields, encryptedAsNamed(name), Boolean(sha256 && !encryptedSha256)),
		type,
		mimeType: readString(fields.get('mimeType')),
		fileName:
			readString(fields.get('fileName')) ??
			(type === 'document' ? readString(fields.get('title')) : undefined),
		size: readCount(fields.get('fileLength') ?? fields.get('size')),
		sha256,
		encryptedSha256,
	};
}

/** @param hasPlainHash it announces what the file is, and nothing of an encrypted one: so do messages of channels */
function secretOf(
	fields: Fields,
	encryptedAs: EncryptedAs | undefined,
	hasPlainHash: boolean,
): FoundMedia['secret'] {
	if (!fields.get('mediaKey')) return hasPlainHash ? 'none' : 'missing';
	const mediaKey = readBytes(fields.get('mediaKey'), 32) ?? Buffer.alloc(0);
	return { mediaKey, encryptedAs };
}

/** What a file is encrypted as, by any name of what it was sent as; nothing for a word that is none. */
export function encryptedAsNamed(word: unknown): EncryptedAs | undefined {
	const type = typeNamed(word);
	return type && encryptedAsOf(type);
}

function encryptedAsOf(type: FoundType): EncryptedAs {
	if (type === 'sticker') return 'image';
	return type === 'voice' ? 'audio' : type;
}

/** The address with the path lives longer: a forwarded file keeps its old one in `url` (recorded). */
function messageAddresses(fields: Fields): string[] {
	const whole = webAddresses([
		fields.get('url'),
		fields.get('deprecatedMms3Url'),
		fields.get('clientUrl'),
	]);
	const directPath = readString(fields.get('directPath'));
	if (!directPath?.startsWith('/')) return whole;
	const origin = whole.map((url) => new URL(url)).find(({ hostname }) => MEDIA_HOST.test(hostname));
	return [
		...webAddresses([`https://${origin?.host ?? new URL(MEDIA_ORIGIN).host}${directPath}`]),
		...whole,
	];
}

function webAddresses(values: unknown[]): string[] {
	return values.filter(
		(value): value is string =>
			typeof value === 'string' && /^https?:\/\//i.test(value) && URL.canParse(value),
	);
}

/** What the message was sent as, by the field it stands in, else by what it or the object around it says. */
function typeOf({ name, fields, around }: Place): FoundType | undefined {
	const said = [
		fields.get('type'),
		fields.get('mediaType'),
		around.get('mediaType'),
		around.get('messageType'),
	];
	const type = [name, ...said].map(typeNamed).find(Boolean);
	return type === 'audio' &&
		(fields.get('ptt') === true || said.some((word) => typeNamed(word) === 'voice'))
		? 'voice'
		: type;
}

const OTHER_NAMES: Record<string, FoundType> = { ptt: 'voice', ptv: 'video' };

/** `imageMessage`, `ImageMessage`, `image`, `ptt`. */
function typeNamed(name: unknown): FoundType | undefined {
	if (typeof name !== 'string' || name.length > 40) return undefined;
	const word = normalize(name).replace(/message$/, '');
	return (
		TYPES.find((type) => type === word) ??
		(Object.hasOwn(OTHER_NAMES, word) ? OTHER_NAMES[word] : undefined)
	);
}

function hash(value: unknown): string | undefined {
	const bytes = readBytes(value, 32);
	return bytes?.length === 32 ? bytes.toString('hex') : undefined;
}

export function normalize(name: string): string {
	return name.toLowerCase().replaceAll('_', '');
}

/** Whether a file at this URL is one of a chat or a form, which no API serves and no token opens. */
export function isMessageFileUrl(url: string): boolean {
	return URL.canParse(url) && MEDIA_HOST.test(new URL(url).hostname);
}

/** Whether a link that came in a message leads to WhatsApp: anything may stand in one. */
export function isWhatsAppUrl(url: string): boolean {
	const { protocol, hostname } = new URL(url);
	return protocol === 'https:' && hostname.endsWith('.whatsapp.net');
}

/** When an address of WhatsApp's stops working, in ISO 8601, UTC: `oe` has hexadecimal Unix seconds. */
export function urlExpiresAt(url: string): string | undefined {
	if (!URL.canParse(url)) return undefined;
	const seconds = parseInt(new URL(url).searchParams.get('oe') ?? '', 16);
	// Above this bound it is no date that JavaScript knows.
	return seconds > 0 && seconds < 8.64e12 ? new Date(seconds * 1000).toISOString() : undefined;
}
