/** Runs a limited number of works at a time, in the order in which they come. */
export class ConcurrencyLimit {
	private running = 0;
	private readonly waiting: Array<() => void> = [];

	constructor(private readonly max: number) {}

	async run<T>(work: () => Promise<T>): Promise<T> {
		if (this.running < this.max) this.running++;
		else await new Promise<void>((resolve) => this.waiting.push(resolve));
		try {
			return await work();
		} finally {
			const next = this.waiting.shift();
			// It takes over the place, which is never free in between.
			if (next) next();
			else this.running--;
		}
	}
}
