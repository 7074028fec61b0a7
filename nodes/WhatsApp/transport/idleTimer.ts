/**
 * Bytes per millisecond below which a transfer counts as silent. A hundred files at once on a line of 1 Mbit/s have 1.25 each,
 * and no n8n does its work on a slower line; without a bound, a byte now and then would keep a file open for years.
 */
const MIN_SPEED = 1;

/** What is watched: it is idle when its size hardly grows. */
export interface Watched {
	/** Bytes so far. */
	size: number;
	/** Whether it is us who hold it up. */
	isPaused?: boolean;
	onIdle: () => void;
	/** At the last look. */
	sizeBefore?: number;
}

/** What is under way, by the milliseconds it may be idle. One timer for all: one for each costs about as much as to hash a photo. */
const watched = new Map<number, Set<Watched>>();

/**
 * Calls `onIdle` when `size` has grown by less than MIN_SPEED in so many milliseconds, or up to twice as many.
 * @returns ends the watch
 */
export function watchForIdleness(transfer: Watched, milliseconds: number): () => void {
	let all = watched.get(milliseconds);
	if (!all) {
		watched.set(milliseconds, (all = new Set()));
		// The first transfer gets exactly this time; later ones get up to twice as much.
		transfer.sizeBefore = transfer.size;
		lookLater(all, milliseconds);
	}
	all.add(transfer);
	return () => all.delete(transfer);
}

function lookLater(all: Set<Watched>, milliseconds: number) {
	const look = () => {
		for (const transfer of all) {
			const { size, sizeBefore, isPaused } = transfer;
			const isIdle = sizeBefore !== undefined && size - sizeBefore < MIN_SPEED * milliseconds;
			// After a pause of ours it has the whole time again.
			transfer.sizeBefore = isPaused ? undefined : size;
			if (isIdle && !isPaused) transfer.onIdle();
		}
		if (all.size) lookLater(all, milliseconds);
		else watched.delete(milliseconds);
	};
	// Unlike sleep(), it keeps no process alive.
	AbortSignal.timeout(milliseconds).addEventListener('abort', look, { once: true });
}
