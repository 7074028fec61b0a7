/** How many files are under way at once: from here on more gain little, however far the provider is (docs/img/bench-in-flight.svg). */
export const CONCURRENCY = 100;

/** Works on all items, some at a time, in order of their start; ends early, after what is under way, once `stop` says so. */
export async function inPool<T>(items: T[], work: (item: T, index: number) => Promise<void>, stop: () => boolean = () => false): Promise<void> {
	let next = 0;
	const worker = async () => {
		while (next < items.length && !stop()) {
			const index = next++;
			await work(items[index]!, index);
		}
	};
	await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, worker));
}

/** Of the files under way in this process, in bytes. A larger file goes alone. */
const ROOM = 256_000_000;

let taken = 0;
const waiting: Array<{ share: number; enter: () => void }> = [];

/**
 * Keeps the memory bounded, whatever the files and however many executions: n8n's database and S3 modes hold each file under
 * way as a whole. In order of arrival.
 * @param size in bytes; 0 where it is unknown
 */
export async function withRoomFor<T>(size: number, work: () => Promise<T>): Promise<T> {
	if (!size) return await work();
	const share = Math.min(size, ROOM);
	await new Promise<void>((enter) => {
		waiting.push({ share, enter });
		admit();
	});
	try {
		return await work();
	} finally {
		taken -= share;
		admit();
	}
}

function admit() {
	while (waiting.length && taken + waiting[0]!.share <= ROOM) {
		const { share, enter } = waiting.shift()!;
		taken += share;
		enter();
	}
}
