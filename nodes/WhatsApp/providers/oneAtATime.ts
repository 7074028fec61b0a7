/** The last of those who wait, by what they change. */
const turns = new Map<string, Promise<unknown>>();

/**
 * Runs `work` after everything in this process that was handed in before it under the same key: for what a vendor only takes
 * whole, and somebody has to read, change and write.
 */
export async function oneAtATime<T>(key: string, work: () => Promise<T>): Promise<T> {
	const turn = (turns.get(key) ?? Promise.resolve()).then(work);
	const over = turn
		.catch(() => {})
		.then(() => {
			if (turns.get(key) === over) turns.delete(key);
		});
	turns.set(key, over);
	return await turn;
}
