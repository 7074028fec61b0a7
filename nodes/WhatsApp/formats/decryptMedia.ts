import {
	createDecipheriv,
	createHash,
	createHmac,
	timingSafeEqual,
	type Decipheriv,
	type Hmac,
} from 'crypto';

import { MediaError } from '../errors';
import { detectMimeType, looksLikeText } from './detectMimeType';
import type { MediaKeys } from './mediaKeys';

/** An encrypted file is ciphertext in whole blocks, then the first bytes of a MAC over IV and ciphertext. */
const BLOCK_BYTES = 16;
const MAC_BYTES = 10;

/**
 * Held back until the source ends: only then is it known which block has the padding. An encrypted file is never longer
 * than the file itself by more than this.
 */
export const TAIL_BYTES = BLOCK_BYTES + MAC_BYTES;

/** Enough to tell a file's type. */
const HEAD_BYTES = 64;

export interface EncryptedFile {
	/** Begins the sentences of errors: `Media ID 123`. */
	what: string;
	/** Those that may open it, the likeliest first. The first bytes decide between them, and the MAC at the end proves it. */
	keys: MediaKeys[];
	/** Put all of them to the proof: the one that the first bytes speak for has failed before. */
	proveAll?: boolean;
	/** SHA-256 of the file as it is served; lower-case hex. */
	encryptedSha256?: string;
	/** SHA-256 of what comes out; lower-case hex. Absent also where the reader computes and checks it. */
	sha256?: string;
}

/** The bytes are not the file that the message announced; they may have been damaged on the way. */
export class NotTheAnnouncedFile extends MediaError {
	constructor(
		message: string,
		description: string,
		/** The same for the same bytes. */
		readonly fingerprint: string,
	) {
		super('permanent', message, description);
	}
}

/** The file was encrypted as something else than its first bytes look like. */
export class EncryptedAsOther extends MediaError {
	constructor(
		what: string,
		/** Those that may open it now. */
		readonly keys: MediaKeys[],
	) {
		const types = keys.map(({ encryptedAs }) => encryptedAs).join(' or ');
		super(
			'permanent',
			`${what} was encrypted as ${types}`,
			'Choose that in Encrypted Media Type under Options.',
		);
	}
}

/**
 * Decrypts a file as it comes, and holds no more of it than a chunk. What it hands on is unproven until it ends; it ends
 * only where length, hashes, MAC and padding are right, and throws otherwise.
 * @throws MediaError
 */
export function decryptMedia(
	file: EncryptedFile,
): (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer> {
	return async function* (source) {
		const decryption = new Decryption(file);
		for await (const chunk of source) {
			const plaintext = decryption.update(chunk);
			if (plaintext.length) yield plaintext;
		}
		const rest = decryption.finish();
		if (rest.length) yield rest;
	};
}

class Decryption {
	private size = 0;
	private held = Buffer.alloc(0);
	private joined = Buffer.alloc(0);
	/** Of what was handed on. */
	private keys?: MediaKeys;
	private decipher?: Decipheriv;
	/** Of each that may still prove to be right. */
	private macs: Array<{ keys: MediaKeys; mac: Hmac }> = [];
	private readonly encryptedHash;
	private readonly hash;

	constructor(private readonly file: EncryptedFile) {
		this.encryptedHash = file.encryptedSha256 ? createHash('sha256') : undefined;
		this.hash = file.sha256 ? createHash('sha256') : undefined;
	}

	/** The plaintext of what cannot be the end of the file. */
	update(chunk: Buffer): Buffer {
		this.size += chunk.length;
		this.encryptedHash?.update(chunk);
		const bytes = this.behindHeld(chunk);
		const blocks = Math.max(0, Math.floor((bytes.length - TAIL_BYTES) / BLOCK_BYTES));
		const ciphertext = bytes.subarray(0, blocks * BLOCK_BYTES);
		this.held = Buffer.from(bytes.subarray(ciphertext.length));
		if (!blocks) return Buffer.alloc(0);
		if (!this.keys) this.choose(ciphertext);
		for (const { mac } of this.macs) mac.update(ciphertext);
		const plaintext = this.decrypt(this.keys!, ciphertext);
		this.hash?.update(plaintext);
		return plaintext;
	}

	/** What was held back and the chunk, in one; good until the next call. A new buffer each time would cost a third of decrypting. */
	private behindHeld(chunk: Buffer): Buffer {
		const { held } = this;
		const size = held.length + chunk.length;
		if (this.joined.length < size) this.joined = Buffer.allocUnsafe(size);
		held.copy(this.joined);
		chunk.copy(this.joined, held.length);
		return this.joined.subarray(0, size);
	}

	/** The last of the plaintext. @throws MediaError unless this was the whole file, and the announced one */
	finish(): Buffer {
		const { what, encryptedSha256, sha256 } = this.file;
		if (!this.keys) this.startMacs(this.file.keys);
		const lastBlock = this.held.subarray(0, BLOCK_BYTES);
		const sums = this.macs.map(({ keys, mac }) => ({ keys, sum: mac.update(lastBlock).digest() }));
		// The same, whether one key is put to the proof or all.
		const chosen = sums.find(({ keys }) => keys === this.keys) ?? sums[0];
		const fingerprint = `${chosen?.sum.toString('hex')} ${this.held.toString('hex')}`;
		if (this.held.length !== TAIL_BYTES) throw notWhole(what, this.size, fingerprint);
		if (encryptedSha256 && this.encryptedHash?.digest('hex') !== encryptedSha256)
			throw otherFile(what, fingerprint);

		const announced = this.held.subarray(BLOCK_BYTES);
		const proven = sums.find(({ sum }) => timingSafeEqual(sum.subarray(0, MAC_BYTES), announced));
		if (!proven) throw this.noneFits(fingerprint);
		if (this.keys && this.keys !== proven.keys) throw new EncryptedAsOther(what, [proven.keys]);

		// Only after the MAC: what a stranger made must not be judged by its padding.
		const plaintext = withoutPadding(what, this.decrypt(proven.keys, lastBlock));
		if (sha256 && this.hash?.update(plaintext).digest('hex') !== sha256) throw otherContent(what);
		return plaintext;
	}

	/**
	 * Each block is decrypted with the one before it, so that the first ones can be tried at once. Where one key makes a known type
	 * of them, only that key is put to the proof: each MAC takes as long as a hash of the whole file. Should it fail, a hash tells
	 * whether the bytes are wrong or the key; without one, the next download puts all keys to the proof.
	 */
	private choose(ciphertext: Buffer): void {
		const { keys: candidates, proveAll } = this.file;
		const likeliest = candidates.find((keys) => looksRight(keys, ciphertext));
		this.keys = likeliest ?? candidates[0]!;
		this.startMacs(likeliest && (this.encryptedHash || !proveAll) ? [likeliest] : candidates);
	}

	private startMacs(candidates: MediaKeys[]): void {
		this.macs = candidates.map((keys) => ({
			keys,
			mac: createHmac('sha256', keys.macKey).update(keys.iv),
		}));
	}

	private noneFits(fingerprint: string): MediaError {
		const { what, keys, encryptedSha256 } = this.file;
		if (!encryptedSha256) return otherKeyOrFile(what, fingerprint);
		const untried = keys.filter((one) => !this.macs.some((tried) => tried.keys === one));
		return untried.length ? new EncryptedAsOther(what, untried) : otherKey(what);
	}

	private decrypt({ cipherKey, iv }: MediaKeys, ciphertext: Buffer): Buffer {
		// OpenSSL's own removal of the padding would hold back a block, and complain in its own words.
		this.decipher ??= createDecipheriv('aes-256-cbc', cipherKey, iv).setAutoPadding(false);
		return this.decipher.update(ciphertext);
	}
}

function looksRight({ cipherKey, iv }: MediaKeys, ciphertext: Buffer): boolean {
	const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv).setAutoPadding(false);
	const head = decipher.update(ciphertext.subarray(0, HEAD_BYTES));
	return detectMimeType(head) !== undefined || looksLikeText(head);
}

/** PKCS#7: the last byte says how many bytes of padding there are, and each of them says the same. */
function withoutPadding(what: string, block: Buffer): Buffer {
	const padding = block.at(-1)!;
	const end = BLOCK_BYTES - padding;
	const isPadded = padding > 0 && end >= 0 && block.subarray(end).every((byte) => byte === padding);
	if (isPadded) return block.subarray(0, end);
	throw new MediaError(
		'permanent',
		`${what} was not encrypted the way WhatsApp does it`,
		'Ask the sender to send the file again.',
	);
}

const TAKE_TOGETHER = 'Take the link, the media key and the hashes from the same message.';
const ASK_AGAIN =
	'Run it again. If this keeps happening, ask the gateway for the file, or ask the sender to send it again.';

function notWhole(what: string, size: number, fingerprint: string): MediaError {
	return new NotTheAnnouncedFile(
		`${what} is not a complete encrypted file: ${size} bytes arrived`,
		ASK_AGAIN,
		fingerprint,
	);
}

function otherFile(what: string, fingerprint: string): MediaError {
	return new NotTheAnnouncedFile(
		`${what} is not the encrypted file that the message announced: its SHA-256 is different`,
		`${ASK_AGAIN} ${TAKE_TOGETHER}`,
		fingerprint,
	);
}

function otherKeyOrFile(what: string, fingerprint: string): MediaError {
	return new NotTheAnnouncedFile(
		`${what} cannot be decrypted with this media key`,
		`The key belongs to another file, the file was encrypted as another type, or it was damaged on the way. ${TAKE_TOGETHER}`,
		fingerprint,
	);
}

function otherKey(what: string): MediaError {
	return new MediaError(
		'permanent',
		`${what} cannot be decrypted with this media key`,
		`The file is the one that the message announced, so the key belongs to another file, or the file was encrypted as another type. ${TAKE_TOGETHER}`,
	);
}

/** @param what begins the sentence */
export function otherContent(what: string): MediaError {
	return new MediaError(
		'permanent',
		`${what} is not the file that the message announced: after decryption, its SHA-256 is different`,
		`The sender’s message and the uploaded file do not match. Ask for the file again.`,
	);
}
