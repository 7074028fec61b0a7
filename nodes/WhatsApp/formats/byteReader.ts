import type { ByteStream } from '../streams';

/**
 * Reads a file forward and holds one chunk of it at a time. n8n's stores hand out streams from the start and no ranges, so
 * that whoever needs the end of a file has to skip all that comes before it.
 */
export class ByteReader {
	/** Offset of the next byte. */
	position = 0;
	private ahead: Buffer = Buffer.alloc(0);
	private readonly chunks: AsyncIterator<Buffer> | Iterator<Buffer>;

	constructor(
		private readonly content: Buffer | ByteStream,
		/** Bytes in the whole file. */
		readonly size: number,
		/** Makes the error for a stream that breaks off. */
		private readonly streamError?: () => Error,
	) {
		this.chunks = Buffer.isBuffer(content)
			? [content].values()
			: (content[Symbol.asyncIterator]() as AsyncIterator<Buffer>);
	}

	/** The next bytes, which stay to be read; fewer where the file ends. */
	async peek(count: number): Promise<Buffer> {
		while (this.ahead.length < count) {
			const { value, done } = await this.next();
			if (done) break;
			this.ahead = this.ahead.length ? Buffer.concat([this.ahead, value]) : value;
		}
		return this.ahead.subarray(0, count);
	}

	/** The next bytes; fewer where the file ends. */
	async read(count: number): Promise<Buffer> {
		const bytes = await this.peek(count);
		this.advance(bytes.length);
		return bytes;
	}

	/** Leaves out the next bytes, or all to the end of the file. */
	async skip(count: number): Promise<void> {
		for (let left = count; left > 0;) {
			if (!(await this.peek(1)).length) return;
			left -= this.advance(Math.min(left, this.ahead.length));
		}
	}

	private async next(): Promise<IteratorResult<Buffer>> {
		try {
			return await this.chunks.next();
		} catch (cause) {
			throw this.streamError?.() ?? cause;
		}
	}

	/** Ends the stream. */
	close(): void {
		if (!Buffer.isBuffer(this.content)) this.content.destroy();
	}

	private advance(count: number): number {
		this.ahead = this.ahead.subarray(count);
		this.position += count;
		return count;
	}
}
