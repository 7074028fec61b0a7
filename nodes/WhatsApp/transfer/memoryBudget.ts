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
