import { createHash } from 'crypto';

import { transformStream, type ByteStream } from '../streams';
import { watchForIdleness } from './idleTimer';

/** What the bytes that went through a stream add up to. */
export interface Digest {
	/** Bytes. */
	size: number;
	/** Lower-case hex. */
	sha256: string;
}

/** Each is called along the way; an error that it returns ends the stream. */
export interface StreamHooks {
	/** Sees the first bytes before they are passed on. */
	onFirstChunk?: (start: Buffer) => Error | undefined;
	/** Sees the number of bytes so far. */
	onProgress?: (size: number) => Error | undefined;
	/** Sees the digest before the reader learns that there are no more bytes, so that it can still undo the whole. */
	onEnd?: (digest: Digest) => Error | undefined;
	/** The error for a source that breaks off after so many bytes. */
	onSourceError?: (size: number) => Error;
	/** The error for bytes that stop coming for so many milliseconds, and how to end them where destroying the source does not. */
	idleTimeout?: { after: number; error: (size: number) => Error; abort?: () => void };
}

export interface HashingStream {
	bytes: ByteStream;
	/** Resolves once `onFirstChunk` has been called, or there is nothing to call it with. */
	started: Promise<void>;
	/** Of what went through until now. A server may answer when it has the bytes it was promised, before we see that there are no more. */
	digest: () => Digest;
	/** Why it ended early. The reader may wrap this, or fail for a reason of its own. */
	error?: Error;
}

/** Passes bytes on as they come while it counts, hashes and checks them. */
export function hashingStream(
	source: ByteStream,
	{ onFirstChunk, onProgress, onEnd, onSourceError, idleTimeout }: StreamHooks,
): HashingStream {
	const hash = createHash('sha256');
	const stream = {} as HashingStream;
	stream.digest = () => ({ size: transfer.size, sha256: hash.copy().digest('hex') });
	const stopFor = (reason?: Error) => {
		if (!reason) return;
		stream.error ??= reason;
		throw reason;
	};
	const transfer = {
		size: 0,
		onIdle() {
			stream.error ??= idleTimeout?.error(transfer.size);
			if (idleTimeout?.abort) idleTimeout.abort();
			else source.destroy(stream.error);
		},
	};
	let setStarted = () => {};
	stream.started = new Promise<void>((resolve) => (setStarted = resolve));
	stream.bytes = transformStream(source, async function* (chunks) {
		try {
			for await (const chunk of chunks) {
				const isFirst = !transfer.size;
				transfer.size += chunk.length;
				if (isFirst) stopFor(onFirstChunk?.(chunk));
				stopFor(onProgress?.(transfer.size));
				if (isFirst) setStarted();
				hash.update(chunk);
				yield chunk;
			}
		} catch (cause) {
			throw (stream.error ??= onSourceError?.(transfer.size) ?? (cause as Error));
		}
		stopFor(onEnd?.(stream.digest()));
	});
	const endWatch = idleTimeout ? watchForIdleness(transfer, idleTimeout.after) : () => {};
	stream.bytes.once('close', () => {
		endWatch();
		setStarted();
	});
	// Begins to read; an empty file ends with it.
	stream.bytes.once('end', setStarted).read(0);
	return stream;
}
