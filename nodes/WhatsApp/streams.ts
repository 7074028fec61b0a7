import type { IExecuteFunctions } from 'n8n-workflow';

/** A readable stream as n8n's helpers make and take it (importing `stream` is closed to community nodes). */
export type ByteStream = Awaited<ReturnType<IExecuteFunctions['helpers']['getBinaryStream']>>;

type Chunks = (source: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;

/**
 * A stream of what `change` makes of another one. An error of either reaches the reader; a reader that gives up ends both.
 *
 * Importing `stream` is closed to community nodes, but every readable stream's class has `Readable.from`. `compose` would do
 * the same with a pipeline inside, of which a part fails unheard when the source breaks off early: on Node 20 that ends the
 * process.
 */
export function transformStream(source: ByteStream, change: Chunks): ByteStream {
	const { from } = source.constructor as unknown as { from: (chunks: AsyncIterable<Buffer>, options: { objectMode: boolean }) => ByteStream };
	// Whoever reads the result hears of a failure there. It may come before the first read, and some sources fail twice.
	source.on('error', () => {});
	const stream = from(change(source as AsyncIterable<Buffer>), { objectMode: false });
	stream.on('error', () => {});
	// A generator that was never begun ends nothing when it is ended.
	stream.once('close', () => source.destroy());
	return stream;
}
