import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';

import { canBeProven, isAsAnnounced, neededSize } from './announcedSizeAndHash';
import { encodedError, encodingOf } from './contentEncoding';
import { fileNameOf } from '../formats/contentDisposition';
import {
	decryptMedia,
	NotTheAnnouncedFile,
	otherContent,
	TAIL_BYTES,
} from '../formats/decryptMedia';
import { FIRST_BYTES } from '../formats/detectMimeType';
import { nameAndType, type NameAndType } from '../formats/nameAndType';
import type { FileReply } from '../transport/client';
import { MB } from '../units';
import {
	emptyFileError,
	incompleteError,
	longerThanAnnounced,
	notAsAnnounced,
	stalledError,
	WebPageInstead,
} from './downloadErrors';
import {
	declaredTypeViolation,
	sizeViolation,
	typeViolation,
	type DownloadRules,
} from './downloadRules';
import type { LocatedFile } from './fileSource';
import { hashingStream, type Digest, type StreamHooks } from './hashingStream';
import type { Share } from './memoryBudget';
import { looksLikePageInsteadOfFile } from './pageInsteadOfFile';

/** n8n's binary store. */
export type BinaryStore = Pick<IExecuteFunctions['helpers'], 'prepareBinaryData'>;

export interface DownloadedFile extends Digest {
	binary: IBinaryData;
	mimeType: string;
	fileName: string;
	/** Whether it is what was announced. Absent when nothing was announced. */
	verified?: boolean;
}

/** What a reply must be. */
export interface Expected {
	/** Names the file in sentences. */
	subject: string;
	/** What was announced. */
	file: LocatedFile;
	rules: DownloadRules;
	/** Milliseconds without bytes after which the reply has failed. */
	idleTimeoutMs: number;
	/** The memory that it may take. */
	share: Share;
	/** An earlier download that was not what was announced. */
	earlier?: Mismatch;
}

/** Bytes that are not what was announced. */
export interface Mismatch {
	/** The same for the same bytes. */
	fingerprint: string;
}

/** A stored file; or, where the bytes are not what was announced, what tells them from others: then nothing is stored. */
export type StoredReply =
	| {
			file: DownloadedFile;
			/** The declared type, where the bytes cannot be of it. */
			correctedFrom?: string;
			mismatch?: undefined;
	  }
	| { mismatch: Mismatch };

/**
 * Streams a reply into n8n's binary store, and checks it on the way. The store keeps either the whole file or nothing.
 * @throws MediaError
 */
export async function storeReply(
	reply: FileReply,
	expected: Expected,
	store: BinaryStore,
): Promise<StoredReply> {
	const checks = new ReplyChecks(reply, expected);
	// Not before: what is refused by its headers has no need to wait for room.
	if (reply.length) await expected.share.setSize(reply.length);
	const stream = hashingStream(reply.body, checks.hooks());
	// n8n wants name and type before the bytes.
	await stream.started;
	const { mimeType, fileName, declaredType, isContradicted } = checks.nameAndType;
	const stored = await store.prepareBinaryData(stream.bytes, fileName, mimeType).then(
		(binary) => ({ binary }),
		(cause: unknown) => {
			// A store that fails before it reads leaves the stream as it is.
			stream.bytes.destroy();
			return { cause };
		},
	);
	const fingerprint = checks.isMismatch ? stream.digest().sha256 : fingerprintIn(stream.error);
	if (fingerprint && fingerprint !== expected.earlier?.fingerprint)
		return { mismatch: { fingerprint } };
	if ('cause' in stored) throw stream.error ?? stored.cause;
	const { binary } = stored;
	// n8n splits names into folder and file; there is no folder here.
	delete binary.directory;
	const { verified } = checks;
	const corrected = isContradicted ? { correctedFrom: declaredType } : {};
	return { file: { binary, mimeType, fileName, ...stream.digest(), verified }, ...corrected };
}

const fingerprintIn = (error?: Error) =>
	error instanceof NotTheAnnouncedFile ? error.fingerprint : undefined;

/** Checks a reply's bytes as they come. */
class ReplyChecks {
	/** Whether the bytes are what was announced; unknown before the end. */
	verified?: boolean;
	/** Ended because the bytes are not what was announced, and no earlier ones were the same. */
	isMismatch = false;
	/** Looks like a page in place of the file. */
	private isOtherPage = false;
	/** Of the reply, where it is not decoded: then only bytes that are as announced are the file. */
	private readonly encoding?: string;
	/** As declared; once the first bytes have come, as they show it. */
	nameAndType: NameAndType;

	/** @throws MediaError for what the headers show already */
	constructor(
		private readonly reply: FileReply,
		private readonly expected: Expected,
	) {
		const { subject, file, rules } = expected;
		this.encoding = encodingOf(reply);
		this.nameAndType = this.describe(Buffer.alloc(0));
		const declared = { ...file, mimeType: this.nameAndType.declaredType };
		const size = reply.length && reply.length - (file.encryption ? TAIL_BYTES : 0);
		const error =
			declaredTypeViolation(subject, declared, rules) ?? sizeViolation(subject, size, rules);
		if (error) throw error;
		if (canBeProven(file)) return;
		if (this.looksLikePageInsteadOfFile(Buffer.alloc(0))) throw this.webPage();
		// What is encrypted proves itself.
		if (this.encoding && !file.encryption) throw encodedError(subject, reply, this.encoding);
	}

	hooks(): StreamHooks {
		const { reply } = this;
		const { subject, file, idleTimeoutMs, share, earlier } = this.expected;
		const { keys, sha256: encryptedSha256 } = file.encryption ?? {};
		return {
			transform:
				keys && decryptMedia({ what: subject, keys, proveAll: !!earlier, encryptedSha256 }),
			firstBytes: { count: FIRST_BYTES, check: (start) => this.checkStart(start) },
			onProgress: (received) => this.checkProgress(received),
			waitForRoom: (received) => share.grow(received),
			onEnd: (digest) => this.checkWhole(digest),
			onSourceError: (received, cause) =>
				incompleteError(subject, { received, expected: reply.length }, cause),
			idleTimeout: {
				after: idleTimeoutMs,
				error: (received) => stalledError(subject, received, reply),
				abort: reply.abort,
				exceptReader: true,
			},
		};
	}

	private checkStart(start: Buffer): Error | undefined {
		const { subject, file, rules } = this.expected;
		this.nameAndType = this.describe(start);
		const { mimeType, declaredType, isContradicted } = this.nameAndType;
		const types = isContradicted || !declaredType ? [mimeType] : [mimeType, declaredType];
		const violation = typeViolation(subject, types, rules);
		// What was decrypted comes from the sender, not from a host that answers in the file's place.
		this.isOtherPage = !file.encryption && this.looksLikePageInsteadOfFile(start);
		const isRefused = this.isOtherPage && (violation || !canBeProven(file));
		return isRefused ? this.webPage() : violation;
	}

	private looksLikePageInsteadOfFile(start: Buffer): boolean {
		const { file, rules } = this.expected;
		return looksLikePageInsteadOfFile(start, this.reply.headers['content-type'], file, rules);
	}

	private webPage(): WebPageInstead {
		const { subject, file } = this.expected;
		return new WebPageInstead(subject, this.reply, Boolean(file.mediaId));
	}

	private describe(firstBytes: Buffer): NameAndType {
		const { file, rules } = this.expected;
		// What a host says of an encrypted file is not about what is in it.
		const headers = file.encryption ? {} : this.reply.headers;
		return nameAndType({
			declared: [file.mimeType, headers['content-type']],
			fileName: rules.fileName || file.fileName || fileNameOf(headers['content-disposition']),
			fallbackName: (mimeType) => defaultName(file, mimeType),
			firstBytes,
		});
	}

	/** Nothing else ends an answer without length that goes on for ever, or a few bytes that are unzipped to very many. */
	private checkProgress(received: number): Error | undefined {
		const { subject, file, rules } = this.expected;
		const isMoreThanSaid = received > (this.reply.length ?? 0);
		const isTooLong = isMoreThanSaid && file.size && received > 2 * file.size + MB;
		return isTooLong
			? longerThanAnnounced(subject, received, file.size!)
			: sizeViolation(subject, received, rules);
	}

	private checkWhole(digest: Digest): Error | undefined {
		const { subject, file, rules, earlier } = this.expected;
		if (file.encryption) return this.checkDecrypted(digest);
		this.verified = isAsAnnounced(digest, file);
		if (this.isOtherPage && !this.verified) return this.webPage();
		if (this.encoding && !this.verified) return encodedError(subject, this.reply, this.encoding);
		const needed = neededSize(digest, file, this.reply.length) ?? 0;
		if (digest.size < needed)
			return incompleteError(subject, { received: digest.size, expected: needed });
		if (!digest.size) return emptyFileError(subject);
		if (this.verified !== false) return undefined;
		this.isMismatch = digest.sha256 !== earlier?.fingerprint;
		// Any error has the store drop what it has; this one is not passed on.
		if (this.isMismatch) return new Error('mismatch');
		return rules.requireHashMatch && file.sha256
			? notAsAnnounced(subject, file.sha256, digest)
			: undefined;
	}

	/** Decrypted bytes are what was encrypted, or they would not have come to an end. Any other hash is the sender's own. */
	private checkDecrypted({ size, sha256 }: Digest): Error | undefined {
		const { subject, file } = this.expected;
		if (file.sha256 && file.sha256 !== sha256) return otherContent(subject);
		this.verified = true;
		return size ? undefined : emptyFileError(subject);
	}
}

function defaultName({ type, mediaId }: LocatedFile, mimeType: string): string {
	const kind = type ?? mimeType.split('/')[0]!.replace('application', 'file');
	return mediaId ? `${kind}-${mediaId}` : kind;
}
