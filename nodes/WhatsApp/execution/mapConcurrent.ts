/** How many files are under way at once: more gain little, however far away the provider is (docs/img/bench-in-flight.svg). */
export const CONCURRENCY = 100;

/**
 * Calls `work` for all items, a limited number at a time, in their order.
 * @param shouldStop asked before each item: once it says so, no further item is begun
 */
export async function mapConcurrent<T>(
	items: T[],
	work: (item: T, index: number) => Promise<void>,
	shouldStop: () => boolean = () => false,
): Promise<void> {
	let next = 0;
	const worker = async () => {
		while (next < items.length && !shouldStop()) {
			const index = next++;
			await work(items[index]!, index);
		}
	};
	await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, worker));
}
