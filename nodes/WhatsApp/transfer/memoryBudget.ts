import { executionCanceled } from '../errors';
import { MB } from '../units';

interface Waiting {
	share: number;
	enter: () => void;
}

/** Asks for room once the size of a file is known. Does nothing where there is room for it already. */
export type Reserve = (bytes: number | undefined) => Promise<void>;

/** Limits how many bytes of files are under way at once. Files get room in the order they ask for it. */
export class MemoryBudget {
	private used = 0;
	private readonly queue: Waiting[] = [];

	/** @param limit in bytes; a larger file goes alone */
	constructor(private readonly limit: number) {}

	/**
	 * Runs `work` as soon as there is room for a file of so many bytes, and frees the room afterwards. If the size is not
	 * known yet, `work` starts at once and reserves the room itself.
	 * @throws MediaError when the signal is aborted while waiting for room
	 */
	async run<T>(
		bytes: number | undefined,
		work: (reserve: Reserve) => Promise<T>,
		signal?: AbortSignal,
	): Promise<T> {
		let share = 0;
		const reserve: Reserve = async (size) => {
			if (share || !size) return;
			const wanted = Math.min(size, this.limit);
			await this.enter(wanted, signal);
			share = wanted;
		};
		try {
			await reserve(bytes);
			return await work(reserve);
		} finally {
			this.used -= share;
			this.admit();
		}
	}

	/** Resolves once the share counts as used. */
	private async enter(share: number, signal?: AbortSignal): Promise<void> {
		if (signal?.aborted) throw executionCanceled();
		await new Promise<void>((resolve, reject) => {
			const leave = () => {
				this.queue.splice(this.queue.indexOf(waiting), 1);
				reject(executionCanceled());
				// Those behind may need less.
				this.admit();
			};
			const waiting: Waiting = {
				share,
				enter() {
					signal?.removeEventListener('abort', leave);
					resolve();
				},
			};
			signal?.addEventListener('abort', leave, { once: true });
			this.queue.push(waiting);
			this.admit();
		});
	}

	private admit(): void {
		while (this.queue.length && this.used + this.queue[0]!.share <= this.limit) {
			const { share, enter } = this.queue.shift()!;
			this.used += share;
			enter();
		}
	}
}

/** One for the whole process: n8n's database and S3 modes hold each file under way as a whole. */
export const memoryBudget = new MemoryBudget(256 * MB);
