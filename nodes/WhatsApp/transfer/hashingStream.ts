import { createHash } from 'crypto';

import { MediaError } from '../errors';
import { transformStream, type ByteStream } from '../streams';
import { watchForIdleness, type Watched } from '../transport/idleTimer';

/** What the bytes that went through a stream add up to. */
export interface Digest {
	/** Bytes. */
	size: number;
	/** Lower-case hex. */
	sha256: string;
}

/** Each is called along the way; an error that it returns ends the stream. */
export interface StreamHooks {
	/** What becomes of the source's bytes first: all others see what comes of it. */
	transform?: (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;
	/** Sees the first `count` bytes, or all of a shorter source, however they are cut up, before any is passed on. */
	firstBytes?: { count: number; check: (start: Buffer) => Error | undefined };
	/** Sees the number of bytes so far. */
	onProgress?: (size: number) => Error | undefined;
	/** Holds the stream up until its promise settles. That does not count as idle. */
	waitForRoom?: (size: number) => Promise<void> | undefined;
	/** Sees the digest before the reader learns that there are no more bytes, so that an error can still discard the file. */
	onEnd?: (digest: Digest) => Error | undefined;
	/** The error for a source that breaks off after so many bytes, with an error of its own. */
	onSourceError?: (size: number, cause: unknown) => Error;
	/** The error for bytes that stop coming for so many milliseconds, and how to end them where destroying the source does not. */
	idleTimeout?: {
		after: number;
		error: (size: number) => Error;
		abort?: () => void;
		/** Set where only the source can be idle, and not a reader that takes its time. */
		exceptReader?: true;
	};
}

export interface HashingStream {
	bytes: ByteStream;
	/** Resolves once the first bytes have been checked, or there are none to check. */
	started: Promise<void>;
	/** Of what went through until now. May be read before the stream ends: a server can answer as soon as it has Content-Length bytes. */
	digest: () => Digest;
	/** Why it ended early. The reader may wrap this, or fail for a reason of its own. */
	error?: Error;
}

/** Passes bytes on as they come while it counts, hashes and checks them. */
export function hashingStream(source: ByteStream, hooks: StreamHooks): HashingStream {
	const { idleTimeout } = hooks;
	let setStarted = () => {};
	const started = new Promise<void>((resolve) => (setStarted = resolve));
	const passage = new Passage(hooks, setStarted);
	const bytes = transformStream(source, (chunks) => passage.pass(chunks));
	const stream: HashingStream = {
		bytes,
		started,
		digest: () => passage.digest(),
		get error() {
			return passage.error;
		},
	};
	passage.onIdle = () => {
		passage.error ??= idleTimeout?.error(passage.size);
		if (idleTimeout?.abort) idleTimeout.abort();
		else source.destroy(passage.error);
	};
	const endWatch = idleTimeout ? watchForIdleness(passage, idleTimeout.after) : () => {};
	bytes.once('close', () => {
		endWatch();
		setStarted();
	});
	// Begins to read; an empty file ends at once, without a first chunk.
	bytes.once('end', setStarted).read(0);
	return stream;
}

/** The way of a source's bytes through the hooks. */
class Passage implements Watched {
	size = 0;
	isPaused = false;
	onIdle = () => {};
	error?: Error;
	private readonly hash = createHash('sha256');
	/** The first bytes, until they have been checked. */
	private start: Buffer[] | undefined = [];

	constructor(
		private readonly hooks: StreamHooks,
		private readonly setStarted: () => void,
	) {}

	async *pass(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
		const { transform, firstBytes, onProgress, waitForRoom, onEnd, onSourceError } = this.hooks;
		const mayPause = this.hooks.idleTimeout?.exceptReader === true;
		try {
			for await (const chunk of transform?.(chunks) ?? chunks) {
				this.size += chunk.length;
				this.stopFor(onProgress?.(this.size));
				const room = waitForRoom?.(this.size);
				// Not awaited where there is nothing to wait for: that costs a turn for each chunk.
				if (room) await this.pauseFor(room);
				this.hash.update(chunk);
				this.start?.push(chunk);
				// Until the reader asks for more.
				this.isPaused = mayPause;
				if (!this.start) yield chunk;
				else if (this.size >= (firstBytes?.count ?? 0)) yield* this.checkStart();
				this.isPaused = false;
			}
			// The source is over: the reader has what is left of its time.
			this.isPaused = mayPause;
			yield* this.checkStart();
		} catch (cause) {
			// A transformation says itself what is wrong with the source.
			const known = cause instanceof MediaError ? cause : onSourceError?.(this.size, cause);
			throw (this.error ??= known ?? (cause as Error));
		}
		this.stopFor(onEnd?.(this.digest()));
	}

	digest(): Digest {
		return { size: this.size, sha256: this.hash.copy().digest('hex') };
	}

	/** The bytes that were kept for the check. */
	private checkStart(): Buffer[] {
		const { start = [] } = this;
		if (!start.length) return [];
		this.start = undefined;
		this.stopFor(this.hooks.firstBytes?.check(Buffer.concat(start)));
		this.setStarted();
		return start;
	}

	private async pauseFor(room: Promise<void>): Promise<void> {
		this.isPaused = true;
		await room.catch((cause: Error) => this.stopFor(cause));
		this.isPaused = false;
	}

	private stopFor(reason?: Error): void {
		if (!reason) return;
		this.error ??= reason;
		throw reason;
	}
}
