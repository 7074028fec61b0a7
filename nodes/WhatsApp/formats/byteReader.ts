import type { ByteStream } from '../streams';

/**
 * Reads a file forward, holding a chunk of it at a time. n8n's stores hand out streams from the start and no ranges, so that
 * what stands at a file's end costs reading through the file; what is passed over is let go at once.
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
		/** The error for a store that breaks off. */
		private readonly broken?: () => Error,
	) {
		this.chunks = Buffer.isBuffer(content) ? [content].values() : (content[Symbol.asyncIterator]() as AsyncIterator<Buffer>);
	}

	/** The next bytes without passing them; fewer where the file ends. */
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
		this.pass(bytes.length);
		return bytes;
	}

	/** Goes on behind the next bytes, or to the end of the file. */
	async skip(count: number): Promise<void> {
		for (let left = count; left > 0; ) {
			if (!(await this.peek(1)).length) return;
			left -= this.pass(Math.min(left, this.ahead.length));
		}
	}

	private async next(): Promise<IteratorResult<Buffer>> {
		try {
			return await this.chunks.next();
		} catch (cause) {
			throw this.broken?.() ?? cause;
		}
	}

	/** Stops reading from the store. */
	close(): void {
		if (!Buffer.isBuffer(this.content)) this.content.destroy();
	}

	private pass(count: number): number {
		this.ahead = this.ahead.subarray(count);
		this.position += count;
		return count;
	}
}
