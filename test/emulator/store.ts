import { createHash, randomInt } from 'node:crypto';

/** The emulator's own time: the machine's, moved forward at will, so that expiry needs no sleeping. */
export class Clock {
	private offset = 0;

	/** Milliseconds since the epoch. */
	now(): number {
		return Date.now() + this.offset;
	}

	/** Returns the new time. */
	advance(ms: number): number {
		this.offset += ms;
		return this.now();
	}

	reset(): void {
		this.offset = 0;
	}
}

/** Bytes, perhaps too many to hold: read in pieces, the same at every reading. */
export interface Content {
	readonly size: number;
	/** The bytes from `start` up to, not including, `end`. */
	read(start?: number, end?: number): Iterable<Buffer>;
}

/** What the emulator takes wherever it takes a file. */
export type Bytes = Uint8Array | string | Content;

const PIECE = 64 * 1024;

export function toContent(bytes: Bytes): Content {
	if (typeof bytes === 'string') return toContent(Buffer.from(bytes));
	if (!(bytes instanceof Uint8Array)) return bytes;
	const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	return {
		size: buffer.length,
		*read(start = 0, end = buffer.length) {
			for (let at = start; at < end; at += PIECE)
				yield buffer.subarray(at, Math.min(at + PIECE, end));
		},
	};
}

/** `size` deterministic bytes that are never all in memory; another `seed`, other bytes. */
export function pattern(size: number, seed = 1): Content {
	const piece = Buffer.alloc(PIECE);
	for (let at = 0, x = seed; at < PIECE; at += 4)
		piece.writeUInt32LE((x = (Math.imul(x, 1664525) + 1013904223) >>> 0), at);
	return {
		size,
		*read(start = 0, end = size) {
			for (let number = Math.floor(start / PIECE); number * PIECE < end; number++) {
				const from = number * PIECE;
				const bytes = Buffer.from(piece);
				bytes.writeUInt32LE(number, 0);
				yield bytes.subarray(Math.max(start - from, 0), Math.min(end - from, PIECE));
			}
		},
	};
}

export interface StoredMedia {
	readonly id: string;
	readonly bytes: Content;
	readonly mimeType: string;
	readonly fileName?: string;
	/** `inbound`: a customer sent it; `uploaded`: the business did, through the API. */
	readonly kind: 'inbound' | 'uploaded';
	/** The number or account that the media belongs to, in the vendor's own terms. */
	readonly owner: string;
	/** Milliseconds since the epoch, as is `expiresAt`. */
	readonly createdAt: number;
	readonly expiresAt: number;
	/** Of the true bytes; computed at first use. */
	readonly sha256: Buffer;
	deleted: boolean;
}

export interface NewMedia {
	bytes: Bytes;
	mimeType: string;
	fileName?: string;
	/** Default false: uploaded by the business. */
	inbound?: boolean;
	owner?: string;
	/** Milliseconds; default: the vendor's lifetime of its kind. */
	lifetime?: number;
}

/** What a vendor decides about its media. */
export interface StoreRules {
	clock: Clock;
	newId: (media: NewMedia) => string;
	/** Milliseconds. */
	lifetime: (kind: StoredMedia['kind']) => number;
	defaultOwner: string;
}

/** The media of one vendor. */
export class MediaStore {
	private readonly media = new Map<string, StoredMedia>();

	constructor(private readonly rules: StoreRules) {}

	/** Keeps the file and returns its media ID. */
	add(media: NewMedia): string {
		let id = this.rules.newId(media);
		while (this.media.has(id)) id = this.rules.newId(media);
		const bytes = toContent(media.bytes);
		const kind = media.inbound ? 'inbound' : 'uploaded';
		const createdAt = this.rules.clock.now();
		let sha256: Buffer | undefined;
		this.media.set(id, {
			id,
			bytes,
			mimeType: media.mimeType,
			fileName: media.fileName,
			kind,
			owner: media.owner ?? this.rules.defaultOwner,
			createdAt,
			expiresAt: createdAt + (media.lifetime ?? this.rules.lifetime(kind)),
			get sha256() {
				return (sha256 ??= hash(bytes));
			},
			deleted: false,
		});
		return id;
	}

	/** The media if it is available: neither deleted nor expired. */
	live(id: string): StoredMedia | undefined {
		const media = this.media.get(id);
		return media && !media.deleted && this.rules.clock.now() < media.expiresAt ? media : undefined;
	}

	/** The media in whatever state, for tests to look at. */
	get(id: string): StoredMedia | undefined {
		return this.media.get(id);
	}

	list(): StoredMedia[] {
		return [...this.media.values()];
	}

	clear(): void {
		this.media.clear();
	}
}

function hash(bytes: Content): Buffer {
	const sha256 = createHash('sha256');
	for (const piece of bytes.read()) sha256.update(piece);
	return sha256.digest();
}

/** Random digits, the first of them not 0. */
export function digits(count: number): string {
	return Array.from({ length: count }, (_, at) => randomInt(at ? 0 : 1, 10)).join('');
}
