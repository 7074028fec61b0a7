import { executionCanceledError } from '../errors';
import { wait } from '../waiting';

/** One work's place among those that are under way. */
export interface Place {
	/** Gives it to the next, while the work waits for something else. */
	leave: () => void;
	/** Resolves once it has a place again. @throws MediaError when the signal is aborted before */
	enter: () => Promise<void>;
}

/** Runs a limited number of works at a time, in the order in which they come. */
export class ConcurrencyLimit {
	private running = 0;
	private readonly waiting: Array<() => void> = [];

	/** @param patienceMs a work that holds its place for longer than this counts no more, and goes on */
	constructor(
		private readonly max: number,
		private readonly patienceMs: number,
	) {}

	/**
	 * @param signal ends the waiting for a place
	 * @throws MediaError when it is aborted before there is one
	 */
	async run<T>(work: (place: Place) => Promise<T>, signal?: AbortSignal): Promise<T> {
		let held: AbortController | undefined;
		const leave = () => {
			if (!held) return;
			held.abort();
			held = undefined;
			this.free();
		};
		const enter = async () => {
			if (held) return;
			await this.getPlace(signal);
			const mine = (held = new AbortController());
			void wait(this.patienceMs, mine.signal).then(() => held === mine && leave());
		};
		await enter();
		try {
			return await work({ enter, leave });
		} finally {
			leave();
		}
	}

	private async getPlace(signal?: AbortSignal): Promise<void> {
		if (signal?.aborted) throw executionCanceledError();
		if (this.running < this.max) return void this.running++;
		await new Promise<void>((resolve, reject) => {
			const take = () => {
				signal?.removeEventListener('abort', cancel);
				resolve();
			};
			const cancel = () => {
				this.waiting.splice(this.waiting.indexOf(take), 1);
				reject(executionCanceledError());
			};
			signal?.addEventListener('abort', cancel, { once: true });
			this.waiting.push(take);
		});
	}

	private free(): void {
		const next = this.waiting.shift();
		// It takes over the place, which is never free in between.
		if (next) next();
		else this.running--;
	}
}
