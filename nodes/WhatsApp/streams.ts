import type { IExecuteFunctions } from 'n8n-workflow';

/** A readable stream as n8n's helpers make and take it (community nodes may not import `stream`). */
export type ByteStream = Awaited<ReturnType<IExecuteFunctions['helpers']['getBinaryStream']>>;

/**
 * A stream of what `transform` makes of another one. An error of either reaches the reader; a reader that stops ends both.
 *
 * Community nodes may not import `stream`, but the class of every readable stream has `Readable.from`. `compose` would do the
 * same with a pipeline inside; on Node 20, a source that breaks off early makes that pipeline fail where nothing can catch
 * it, which ends the process.
 */
export function transformStream(
	source: ByteStream,
	transform: (chunks: AsyncIterable<Buffer>) => AsyncIterable<Buffer>,
): ByteStream {
	const { from } = source.constructor as unknown as {
		from: (chunks: AsyncIterable<Buffer>, options: { objectMode: boolean }) => ByteStream;
	};
	// The reader of the result gets the error. Here it may come before the first read, and from some sources twice.
	source.on('error', () => {});
	const stream = from(transform(source as AsyncIterable<Buffer>), { objectMode: false });
	stream.on('error', () => {});
	// A generator that was never started does not end its source.
	stream.once('close', () => source.destroy());
	return stream;
}
