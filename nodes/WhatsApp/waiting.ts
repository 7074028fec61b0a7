import { sleep } from 'n8n-workflow';

/**
 * Waits so many milliseconds, or until the signal is aborted. It resolves in both cases: whoever can be aborted looks at
 * `signal.aborted` afterwards. The timer keeps no process alive, and no listener stays behind: on the way of an execution, use
 * `waitAlive` unless something else is under way meanwhile.
 */
export async function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
	if (signal?.aborted) return;
	await new Promise<void>((resolve) => {
		// Unlike n8n's sleep(), it keeps no process alive; it takes whole numbers only.
		const timer = AbortSignal.timeout(Math.ceil(milliseconds));
		const end = () => {
			timer.removeEventListener('abort', end);
			signal?.removeEventListener('abort', end);
			resolve();
		};
		timer.addEventListener('abort', end);
		signal?.addEventListener('abort', end);
	});
}

/** How long a process lives on at most, after a wait was ended early. In milliseconds. */
const HOLD_MS = 250;

/**
 * The same, and keeps the process alive meanwhile. Between two tries nothing else may: no connection is open, and a process
 * that runs one workflow and no server would end there, as if all were done.
 */
export async function waitAlive(milliseconds: number, signal?: AbortSignal): Promise<void> {
	const end = Date.now() + milliseconds;
	let isOver = false;
	const hold = async () => {
		// Until the wait is over, not until the clock says so: the two timers may end in either order.
		while (!isOver) await sleep(Math.max(1, Math.min(end - Date.now(), HOLD_MS)));
	};
	void hold();
	await wait(milliseconds, signal);
	isOver = true;
}

/** The wait after so many tries, in milliseconds: the first one, then twice as long each time, up to the longest. */
export function backoff(tries: number, first: number, longest = Infinity): number {
	return Math.min(longest, first * 2 ** (tries - 1));
}

/**
 * Calls `work` until it succeeds.
 * @param work gets the number of this try, from 1
 * @param waitAfter how many milliseconds to wait before the next try, given the error and the number of tries so far;
 * nothing to give up
 * @param signal ends the waiting, and with it the tries
 * @throws the error of the last try, as it is
 */
export async function retry<T>(
	work: (tryNumber: number) => Promise<T>,
	waitAfter: (cause: unknown, tries: number) => number | undefined,
	signal?: AbortSignal,
): Promise<T> {
	for (let tries = 1; ; tries++) {
		const outcome = await work(tries).then(
			(result) => ({ result }),
			(cause: unknown) => ({ cause }),
		);
		if ('result' in outcome) return outcome.result;
		const { cause } = outcome;
		const milliseconds = signal?.aborted ? undefined : waitAfter(cause, tries);
		if (milliseconds === undefined) throw cause;
		await waitAlive(milliseconds, signal);
		if (signal?.aborted) throw cause;
	}
}
