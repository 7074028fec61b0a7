/** What is watched: it is idle when its size does not grow. */
interface Watched {
	/** Bytes so far. */
	size: number;
	onIdle: () => void;
	/** At the last look. */
	sizeBefore?: number;
}

/** What is under way, by the milliseconds it may be idle. One timer for all: one for each costs about as much as to hash a photo. */
const watched = new Map<number, Set<Watched>>();

/**
 * Calls `onIdle` when `size` has not changed for so many milliseconds, or up to twice as many.
 * @returns ends the watch
 */
export function watchForIdleness(transfer: Watched, milliseconds: number): () => void {
	let all = watched.get(milliseconds);
	if (!all) {
		watched.set(milliseconds, (all = new Set()));
		// It has the whole time before it; one that joins later has more.
		transfer.sizeBefore = transfer.size;
		lookLater(all, milliseconds);
	}
	all.add(transfer);
	return () => all.delete(transfer);
}

function lookLater(all: Set<Watched>, milliseconds: number) {
	const look = () => {
		for (const transfer of all) {
			if (transfer.size === transfer.sizeBefore) transfer.onIdle();
			transfer.sizeBefore = transfer.size;
		}
		if (all.size) lookLater(all, milliseconds);
		else watched.delete(milliseconds);
	};
	// Unlike sleep(), it keeps no process alive.
	AbortSignal.timeout(milliseconds).addEventListener('abort', look, { once: true });
}
