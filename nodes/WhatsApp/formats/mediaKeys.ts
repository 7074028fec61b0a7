import { hkdfSync } from 'crypto';

import { MediaError } from '../errors';

/** What a file can be encrypted as. Stickers go as images, voice notes as audio, video notes as videos. */
export const ENCRYPTED_AS = ['image', 'video', 'audio', 'document'] as const;
export type EncryptedAs = (typeof ENCRYPTED_AS)[number];

/** What opens one file: AES-256-CBC under `cipherKey`, then HMAC-SHA256 under `macKey`. */
export interface MediaKeys {
	/** Absent where the keys do not depend on it. */
	encryptedAs?: EncryptedAs;
	/** 16 bytes. */
	iv: Buffer;
	/** 32 bytes. */
	cipherKey: Buffer;
	/** 32 bytes. */
	macKey: Buffer;
}

/** What a message gives out to open its file. Of any length; empty where the value could not be read. */
export interface MediaKey {
	mediaKey: Buffer;
	/** Absent where the message does not say. */
	encryptedAs?: EncryptedAs;
}

/** A message's key, from which the keys are derived, or a form's keys as they are. */
export type MediaSecret = MediaKey | MediaKeys;

/** The names that clients derive keys under: Baileys `MEDIA_HKDF_KEY_MAPPING`, whatsmeow `MediaType`. */
const HKDF_INFO: Record<EncryptedAs, string> = {
	image: 'WhatsApp Image Keys',
	video: 'WhatsApp Video Keys',
	audio: 'WhatsApp Audio Keys',
	document: 'WhatsApp Document Keys',
};

/** IV, cipher key, MAC key, and a reference key that is of no use here. */
const EXPANDED_BYTES = 112;

/**
 * The keys that may open the file, the most likely first: several where the message does not say what the file was sent
 * as. The MIME type is a hint only, since a photo can be sent as a document.
 * @throws MediaError where a key cannot be one
 */
export function mediaKeysOf(secret: MediaSecret, mimeType = ''): MediaKeys[] {
	if ('cipherKey' in secret) {
		const { iv, cipherKey, macKey } = secret;
		requireLength('encryption_key of the file', cipherKey, 32);
		requireLength('hmac_key of the file', macKey, 32);
		requireLength('iv of the file', iv, 16);
		return [{ iv, cipherKey, macKey }];
	}
	const { mediaKey, encryptedAs } = secret;
	requireLength('media key', mediaKey, 32);
	if (encryptedAs) return [derive(mediaKey, encryptedAs)];
	const likely = ENCRYPTED_AS.find((type) => mimeType.startsWith(type)) ?? 'document';
	const others = ENCRYPTED_AS.filter((type) => type !== likely);
	return [likely, ...others].map((type) => derive(mediaKey, type));
}

function derive(mediaKey: Buffer, encryptedAs: EncryptedAs): MediaKeys {
	const expanded = Buffer.from(
		hkdfSync('sha256', mediaKey, Buffer.alloc(0), HKDF_INFO[encryptedAs], EXPANDED_BYTES),
	);
	return {
		encryptedAs,
		iv: expanded.subarray(0, 16),
		cipherKey: expanded.subarray(16, 48),
		macKey: expanded.subarray(48, 80),
	};
}

function requireLength(name: string, key: Buffer, length: number) {
	if (key.length === length) return;
	const size = key.length === 1 ? '1 byte' : `${key.length} bytes`;
	throw new MediaError(
		'permanent',
		key.length ? `The ${name} has ${size} instead of ${length}` : `The ${name} cannot be read`,
		`It must be ${length} bytes, usually written as ${4 * Math.ceil(length / 3)} characters of base64. Take it unchanged from the message that brought the link.`,
	);
}
