import { executionCanceledError } from '../errors';
import { MB, MINUTE } from '../units';

/** In bytes. Files up to this size never wait and are not counted: most are, and a hundred of them are no burden. */
const SMALL = MB;

/** How many bytes more a file of unknown size asks for at a time: what most of WhatsApp's files stay below. */
const STEP = 16 * MB;

/** How often those who hold memory are looked at while others wait, as a part of *Timeout*. */
const LOOKS = 10;

/** The memory of one file under way. */
export interface Share {
	/** Says how large the file is, once that is known for sure. Resolves when there is room for it. */
	setSize: (bytes: number) => Promise<void>;
	/** Says how many bytes have come. A promise where the next ones have to wait for room. */
	grow: (received: number) => Promise<void> | undefined;
}

export interface BudgetOptions {
	/** How long a file may hold up others, in milliseconds. */
	timeoutMs: number;
	/** Ends the waiting. */
	signal?: AbortSignal;
}

interface Holder extends BudgetOptions {
	/** Bytes that count as used: what is announced, or what has come where that is more. */
	counted: number;
	/** Bytes that have come. */
	received: number;
	/** When it got its memory. */
	since: number;
	/** `late`: only what has come counts, and it waits no more. `stuck`: nothing of it counts. */
	state: 'fresh' | 'late' | 'stuck';
}

interface Waiting {
	holder: Holder;
	bytes: number;
	enter: () => void;
	leave: (reason: Error) => void;
}

/**
 * Limits how many bytes of files are in memory at once. Files get room in the order they ask for it, and first of all those that
 * have some already, since what they hold is free once they end.
 *
 * No file holds up others for longer than its *Timeout*, or than theirs: after that, while others wait, only those of its bytes
 * count that have really come; and if nobody could be let in for as long, none of them.
 */
export class MemoryBudget {
	private used = 0;
	private readonly queue: Waiting[] = [];
	private readonly holders = new Set<Holder>();
	/** The one file that may grow over the limit, so that files that grow never all wait for one another. */
	private overLimit?: Holder;
	private lastEntry = 0;
	private isWatching = false;

	/** @param limit in bytes; a larger file waits until no other is under way */
	constructor(private readonly limit: number) {}

	/**
	 * Runs `work` as soon as there is room for a file of so many bytes, and frees the room afterwards. If the size is not
	 * known yet, `work` starts at once, and asks for room as the bytes come.
	 * @throws MediaError when the signal is aborted while waiting for room
	 */
	async run<T>(
		bytes: number | undefined,
		work: (share: Share) => Promise<T>,
		options: BudgetOptions,
	): Promise<T> {
		const holder: Holder = { ...options, counted: 0, received: 0, since: 0, state: 'fresh' };
		const share: Share = {
			setSize: async (size) => {
				if (size < holder.counted) this.count(holder, size > SMALL ? size : 0);
				else await this.reserve(holder, size);
			},
			grow: (received) => this.grow(holder, received),
		};
		try {
			if (bytes) await this.reserve(holder, bytes);
			return await work(share);
		} finally {
			this.release(holder);
		}
	}

	private grow(holder: Holder, received: number): Promise<void> | undefined {
		holder.received = received;
		if (received <= holder.counted || received <= SMALL || holder.state === 'stuck')
			return undefined;
		if (holder.state === 'fresh') return this.reserve(holder, received + STEP);
		this.count(holder, received);
		return undefined;
	}

	/** Resolves once so many bytes count as used. */
	private async reserve(holder: Holder, bytes: number): Promise<void> {
		const { signal } = holder;
		if (signal?.aborted) throw executionCanceledError();
		const more = Math.min(bytes, Math.max(this.limit, holder.received)) - holder.counted;
		if (bytes <= SMALL || more <= 0) return;
		await new Promise<void>((resolve, reject) => {
			const leave = (reason: Error) => {
				signal?.removeEventListener('abort', cancel);
				this.queue.splice(this.queue.indexOf(waiting), 1);
				reject(reason);
				// Those behind may need less.
				this.admit();
			};
			const cancel = () => leave(executionCanceledError());
			const enter = () => {
				signal?.removeEventListener('abort', cancel);
				resolve();
			};
			const waiting: Waiting = { holder, bytes: more, enter, leave };
			signal?.addEventListener('abort', cancel, { once: true });
			this.queue.splice(this.placeOf(holder), 0, waiting);
			this.admit();
			if (this.queue.includes(waiting)) this.watch();
		});
	}

	private placeOf(holder: Holder): number {
		if (holder === this.overLimit) return 0;
		const place = holder.counted ? this.queue.findIndex((other) => !other.holder.counted) : -1;
		return place < 0 ? this.queue.length : place;
	}

	private admit(): void {
		for (let [first] = this.queue; first; [first] = this.queue) {
			const { holder, bytes } = first;
			const hasRoom = this.used + bytes <= this.limit;
			const mayGoOver = holder.counted > 0 && (this.overLimit ?? holder) === holder;
			if (!hasRoom && !mayGoOver) return;
			if (!hasRoom) this.overLimit = holder;
			this.enterFirst();
		}
	}

	private enterFirst(): void {
		const { holder, bytes, enter } = this.queue.shift()!;
		this.lastEntry = Date.now();
		holder.since ||= this.lastEntry;
		this.holders.add(holder);
		this.used += bytes;
		holder.counted += bytes;
		enter();
	}

	private count(holder: Holder, bytes: number): void {
		this.used += bytes - holder.counted;
		holder.counted = bytes;
		this.admit();
	}

	private release(holder: Holder): void {
		this.holders.delete(holder);
		if (this.overLimit === holder) this.overLimit = undefined;
		this.queue.find((waiting) => waiting.holder === holder)?.leave(executionCanceledError());
		this.count(holder, 0);
	}

	/** Looks at those who hold memory as long as others wait for it. */
	private watch(): void {
		if (this.isWatching) return;
		this.isWatching = true;
		const queuedAt = Date.now();
		const look = () => {
			const [first] = this.queue;
			if (!first) return void (this.isWatching = false);
			const now = Date.now();
			this.relieve(now, 'late');
			const { timeoutMs } = first.holder;
			const isOverdue = now - Math.max(this.lastEntry, queuedAt) >= timeoutMs;
			// Nobody has come in for as long, so that all others have held their memory for longer than this one may wait.
			for (const state of ['late', 'stuck'] as const)
				if (isOverdue && this.queue[0] === first) this.relieve(now, state, timeoutMs);
			lookLater();
		};
		// Unlike sleep(), it keeps no process alive.
		const lookLater = () => {
			const concerned = [...this.holders, ...this.queue.map(({ holder }) => holder)];
			const shortest = Math.min(MINUTE, ...concerned.map(({ timeoutMs }) => timeoutMs));
			const timer = AbortSignal.timeout(Math.ceil(shortest / LOOKS));
			timer.addEventListener('abort', look, { once: true });
		};
		lookLater();
	}

	/** Counts less of the files that have held their memory for longer than their *Timeout*, or than somebody waits. */
	private relieve(now: number, state: 'late' | 'stuck', patienceMs = Infinity): void {
		for (const holder of this.holders) {
			const isDone = holder.state === state || holder.state === 'stuck';
			if (isDone || now - holder.since < Math.min(holder.timeoutMs, patienceMs)) continue;
			holder.state = state;
			if (this.overLimit === holder) this.overLimit = undefined;
			const waiting = this.queue.find((one) => one.holder === holder);
			if (waiting) this.queue.splice(this.queue.indexOf(waiting), 1)[0]!.enter();
			this.count(holder, state === 'late' ? Math.min(holder.counted, holder.received) : 0);
		}
	}
}

/** One for the whole process: n8n's database and S3 modes hold each file under way as a whole. */
export const memoryBudget = new MemoryBudget(256 * MB);
