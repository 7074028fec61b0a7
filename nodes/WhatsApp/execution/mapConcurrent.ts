/** How many files are under way at once: from here on more gain little, however far the provider is (docs/img/bench-in-flight.svg). */
export const CONCURRENCY = 100;

/** Works on all items, some at a time, in order of their start; ends early, after what is under way, once `stop` says so. */
export async function mapConcurrent<T>(items: T[], work: (item: T, index: number) => Promise<void>, stop: () => boolean = () => false): Promise<void> {
	let next = 0;
	const worker = async () => {
		while (next < items.length && !stop()) {
			const index = next++;
			await work(items[index]!, index);
		}
	};
	await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, worker));
}
