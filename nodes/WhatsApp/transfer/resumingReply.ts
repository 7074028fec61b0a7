import type { MediaError } from '../errors';
import { retryAfterMs } from '../providers/read';
import { transformStream } from '../streams';
import type { FileReply } from '../transport/client';
import { MB } from '../units';
import { backoff, wait } from '../waiting';

/** A line that brings less than this between two breaks is not counted as one that works. */
const MIN_PROGRESS = MB;

/** The longest wait after the first break. */
const FIRST_WAIT_MS = 500;

/** How a transfer that breaks off goes on. */
export interface Resumption {
	/** Opens the file again, as the headers ask for it. */
	open: (headers: Record<string, string>) => Promise<FileReply>;
	/** How often in a row it is tried without progress. */
	maxRetries: number;
	signal?: AbortSignal;
	/** Called when it has gone on. */
	onResumed?: () => void;
}

/**
 * The reply with a body that goes on where it breaks off, as one stream: where the host serves ranges, and proves by its Etag
 * that the file is still the same. Where it does not, the body ends with an error, and so does one that breaks too often:
 * nothing is put together from two files.
 */
export function resumingReply(reply: FileReply, resumption: Resumption): FileReply {
	const { headers } = reply;
	const etag = headers.etag ?? '';
	const size = Number(headers['content-length']);
	const servesRanges = /^bytes$/i.test(headers['accept-ranges'] ?? '');
	// A weak Etag stands for files that are only alike: RFC 9110, section 13.1.5.
	const isResumable =
		servesRanges && etag && !/^W\//i.test(etag) && size > 0 && !headers['content-encoding'];
	if (!isResumable || reply.status !== 200 || resumption.maxRetries < 1) return reply;
	const transfer = new Transfer(reply, { etag, size }, resumption);
	const body = transformStream(reply.body, (chunks) => transfer.read(chunks));
	return { ...reply, body, abort: () => transfer.abort() };
}

/** The bytes of one file, over as many connections as it takes. */
class Transfer {
	private received = 0;
	/** Where the present connection began. */
	private start = 0;
	/** In a row, without progress. */
	private retries = 0;
	private isAborted = false;

	constructor(
		private current: FileReply,
		private readonly file: { etag: string; size: number },
		private readonly resumption: Resumption,
	) {}

	abort(): void {
		this.isAborted = true;
		this.current.abort();
	}

	async *read(firstChunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
		let chunks = firstChunks[Symbol.asyncIterator]();
		try {
			for (;;) {
				const next = await chunks.next().catch((cause: unknown) => ({ cause }));
				if ('cause' in next) chunks = await this.goOn(next.cause);
				else if (next.done) return;
				else {
					this.received += next.value.length;
					yield next.value;
				}
			}
		} finally {
			// Also where the reader has stopped.
			if (this.received < this.file.size) this.abort();
		}
	}

	/** The chunks that follow those received. @throws what says that there are none */
	private async goOn(cause: unknown): Promise<AsyncIterator<Buffer>> {
		const { maxRetries, signal, onResumed } = this.resumption;
		const isOver = () => this.isAborted || signal?.aborted;
		if (this.received - this.start >= MIN_PROGRESS) this.retries = 0;
		while (!isOver() && this.received < this.file.size) {
			if (this.received - this.start < MIN_PROGRESS && ++this.retries > maxRetries) break;
			if (this.retries) await wait(Math.random() * backoff(this.retries, FIRST_WAIT_MS), signal);
			if (isOver()) break;
			this.start = this.received;
			const reply = await this.openRest();
			if (!reply) continue;
			this.current = reply;
			if (isOver()) break;
			onResumed?.();
			return (reply.body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
		}
		throw isOver() ? cause : new BrokenOff(Math.min(this.retries, maxRetries));
	}

	/** Nothing where another try may help. @throws MediaError where the rest of the same file is not to be had */
	private async openRest(): Promise<FileReply | undefined> {
		const headers = { Range: `bytes=${this.received}-`, 'If-Range': this.file.etag };
		const reply = await this.resumption.open(headers).catch((cause: MediaError) => {
			if (cause.code === 'unreachable') return undefined;
			throw cause;
		});
		if (!reply) return undefined;
		reply.body.on('error', () => {});
		if (this.isRest(reply)) return reply;
		reply.abort();
		const requested = retryAfterMs(reply.headers['retry-after']);
		if (reply.status >= 500 && requested === undefined) return undefined;
		// To have asked does not count as a try: the file has yet to be asked for as a whole.
		throw new BrokenOff(Math.max(0, this.retries - 1), requested);
	}

	private isRest({ status, headers }: FileReply): boolean {
		const { etag, size } = this.file;
		const range = `bytes ${this.received}-${size - 1}/${size}`;
		return status === 206 && headers.etag === etag && headers['content-range'] === range;
	}
}

/** A transfer that does not go on. Whoever reads the body says so in words that name the file. */
export class BrokenOff extends Error {
	constructor(
		/** How often in a row it was tried without progress. */
		readonly retries: number,
		/** How long the host wants us to wait, in milliseconds. */
		readonly retryAfterMs?: number,
	) {
		super('The transfer broke off');
	}
}
