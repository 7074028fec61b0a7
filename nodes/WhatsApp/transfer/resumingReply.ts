import type { MediaError } from '../errors';
import { retryAfterMs } from '../providers/read';
import { transformStream } from '../streams';
import type { FileReply } from '../transport/client';
import { MB } from '../units';
import { backoff, waitAlive } from '../waiting';

/** A line that brings less than this between two breaks is not counted as one that works. */
const MIN_PROGRESS = MB;

/**
 * So many bytes that came are asked for once more, to see that the rest follows. An Etag alone does not prove it: n8n's helper
 * unzips a body that comes compressed, and hides that it did, so that we may count other bytes than the host does.
 */
const OVERLAP = 1024;

/** How often in a row the rest may bring not a byte. Some hosts cannot serve a part, though they say so, but do serve the whole. */
const MAX_EMPTY = 2;

/** The longest wait after the first break. */
const FIRST_WAIT_MS = 500;

/** How a transfer that breaks off goes on. */
export interface Resumption {
	/** Opens the file again, as the headers ask for it, until the signal is aborted. */
	open: (headers: Record<string, string>, signal: AbortSignal) => Promise<FileReply>;
	/** How often in a row it may be tried again without progress; the last time is left for the whole file. */
	maxRetries: number;
	signal?: AbortSignal;
	/** Called when it has gone on. */
	onResumed?: () => void;
}

/**
 * The reply with a body that goes on where it breaks off, as one stream: where the host serves ranges, and proves by its Etag
 * and by bytes that came before that the file is still the same. Where it does not, the body ends with an error, and so does one that breaks too often:
 * nothing is put together from two files.
 */
export function resumingReply(reply: FileReply, resumption: Resumption): FileReply {
	const { headers, length: size } = reply;
	const etag = headers.etag ?? '';
	const servesRanges = /^bytes$/i.test(headers['accept-ranges'] ?? '');
	// A weak Etag stands for files that are only alike: RFC 9110, section 13.1.5.
	const isResumable = servesRanges && etag && !/^W\//i.test(etag);
	if (!isResumable || !size || reply.status !== 200 || resumption.maxRetries < 1) return reply;
	const transfer = new Transfer(reply, { etag, size }, resumption);
	const body = transformStream(reply.body, (chunks) => transfer.read(chunks));
	return { ...reply, body, abort: transfer.abort };
}

/** The bytes of one file, over as many connections as it takes. */
class Transfer {
	private received = 0;
	/** What had come when the present connection began. */
	private start = 0;
	/** The last bytes that came. */
	private tail: Buffer = Buffer.alloc(0);
	/** What the present connection has yet to repeat. */
	private repeated: Buffer = Buffer.alloc(0);
	/** In a row, without progress. */
	private retries = 0;
	/** In a row, without a byte. */
	private empty = 0;
	/** Also ends what is being opened, and the wait before it. */
	private readonly ending = new AbortController();

	constructor(
		private current: FileReply,
		private readonly file: { etag: string; size: number },
		private readonly resumption: Resumption,
	) {}

	/** Bound, since it is a listener, too. */
	readonly abort = (): void => {
		this.ending.abort();
		this.current.abort();
	};

	async *read(firstChunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
		let chunks = firstChunks[Symbol.asyncIterator]();
		const { signal } = this.resumption;
		if (signal?.aborted) this.abort();
		signal?.addEventListener('abort', this.abort);
		try {
			for (;;) {
				const next = await chunks.next().catch((cause: unknown) => ({ cause }));
				if ('cause' in next) chunks = await this.goOn(next.cause);
				else if (next.done) return this.checkWhole();
				else {
					const fresh = this.accept(next.value);
					if (fresh.length) yield fresh;
				}
			}
		} finally {
			signal?.removeEventListener('abort', this.abort);
			// Also where the reader has stopped.
			if (this.received < this.file.size) this.abort();
		}
	}

	/** What is new of a chunk. */
	private accept(chunk: Buffer): Buffer {
		const known = chunk.subarray(0, this.repeated.length);
		if (!known.equals(this.repeated.subarray(0, known.length))) throw this.otherFile();
		this.repeated = this.repeated.subarray(known.length);
		const fresh = chunk.subarray(known.length);
		this.received += fresh.length;
		if (this.start && this.received > this.file.size) throw this.otherFile();
		const isLong = fresh.length >= OVERLAP;
		this.tail = (isLong ? fresh : Buffer.concat([this.tail, fresh])).subarray(-OVERLAP);
		return fresh;
	}

	/** What came over the first connection alone may be longer than the host said: it was unzipped. */
	private checkWhole(): void {
		if (this.start && this.received !== this.file.size) throw this.otherFile();
	}

	/** To have asked for the rest does not count as a try: the file has yet to be asked for as a whole. */
	private otherFile(retryAfter?: number): BrokenOff {
		return new BrokenOff(Math.max(0, this.retries - 1), retryAfter);
	}

	/** The chunks that follow those received. @throws what says that there are none */
	private async goOn(cause: unknown): Promise<AsyncIterator<Buffer>> {
		const { maxRetries, onResumed } = this.resumption;
		const { signal } = this.ending;
		while (!signal.aborted && this.received && this.received < this.file.size) {
			const progress = this.received - this.start;
			this.empty = progress ? 0 : this.empty + 1;
			const retries = progress < MIN_PROGRESS ? this.retries + 1 : 0;
			if (retries >= maxRetries || this.empty >= MAX_EMPTY) break;
			this.retries = retries;
			if (retries) await waitAlive(Math.random() * backoff(retries, FIRST_WAIT_MS), signal);
			if (signal.aborted) break;
			this.start = this.received;
			const reply = await this.openRest();
			if (!reply) continue;
			this.current = reply;
			this.repeated = this.tail;
			if (signal.aborted) break;
			onResumed?.();
			return (reply.body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
		}
		throw signal.aborted ? cause : new BrokenOff(this.retries);
	}

	/** Nothing where another try may help. @throws MediaError where the rest of the same file is not to be had */
	private async openRest(): Promise<FileReply | undefined> {
		const headers = { Range: `bytes=${this.restStart}-`, 'If-Range': this.file.etag };
		const { signal } = this.ending;
		const reply = await this.resumption.open(headers, signal).catch((cause: MediaError) => {
			if (cause.code === 'unreachable') return undefined;
			throw cause;
		});
		if (!reply) return undefined;
		reply.body.on('error', () => {});
		if (this.isRest(reply)) return reply;
		reply.abort();
		const requested = retryAfterMs(reply.headers['retry-after']);
		if (reply.status >= 500 && requested === undefined) return undefined;
		throw this.otherFile(requested);
	}

	private get restStart(): number {
		return this.received - this.tail.length;
	}

	private isRest({ status, headers }: FileReply): boolean {
		const { etag, size } = this.file;
		const range = `bytes ${this.restStart}-${size - 1}/${size}`;
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
