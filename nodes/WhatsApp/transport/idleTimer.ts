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
	/** When it had last grown enough, as milliseconds of `performance.now()`, and its size then. Nothing while it is paused. */
	lastGrowth?: { time: number; size: number };
}

/** How many looks are taken in the time that a transfer may be idle: so much later than asked for is the end seen at most. */
const LOOKS = 4;

/** What is under way, by the milliseconds it may be idle. One timer for all: one for each costs about as much as to hash a photo. */
const watched = new Map<number, Set<Watched>>();

/**
 * Calls `onIdle`, once, when `size` has grown by less than MIN_SPEED in so many milliseconds, or a quarter more.
 * @returns ends the watch
 */
export function watchForIdleness(transfer: Watched, milliseconds: number): () => void {
	transfer.lastGrowth = { time: performance.now(), size: transfer.size };
	let all = watched.get(milliseconds);
	if (!all) {
		watched.set(milliseconds, (all = new Set()));
		lookLater(all, milliseconds);
	}
	all.add(transfer);
	return () => all.delete(transfer);
}

function lookLater(all: Set<Watched>, milliseconds: number) {
	const look = () => {
		for (const transfer of all) {
			if (!isIdle(transfer, milliseconds)) continue;
			all.delete(transfer);
			transfer.onIdle();
		}
		if (all.size) lookLater(all, milliseconds);
		else watched.delete(milliseconds);
	};
	// Unlike sleep(), it keeps no process alive.
	const timer = AbortSignal.timeout(Math.ceil(milliseconds / LOOKS));
	timer.addEventListener('abort', look, { once: true });
}

function isIdle(transfer: Watched, milliseconds: number): boolean {
	const { size, isPaused, lastGrowth } = transfer;
	const time = performance.now();
	// After a pause of ours it has the whole time again.
	if (isPaused) transfer.lastGrowth = undefined;
	else if (!lastGrowth || size - lastGrowth.size >= MIN_SPEED * milliseconds)
		transfer.lastGrowth = { time, size };
	else return time - lastGrowth.time >= milliseconds;
	return false;
}
