import { MediaError } from '../errors';
import { SECOND } from '../units';
import { backoff, retry } from '../waiting';

/** What the user sets under *Options*. */
export interface RetryLimits {
	/** How often to try in all. */
	maxTries: number;
	/** Seconds spent waiting between the tries, in all. */
	maxWaitSeconds: number;
}

export const RETRY_DEFAULTS: RetryLimits = { maxTries: 4, maxWaitSeconds: 60 };

/** The longest wait after the first try. */
const FIRST_WAIT_MS = 500;

/**
 * Calls `work` again when it fails for a reason that may soon be over: the provider says so, or says when to come back, or the connection broke. Waits
 * at random, up to twice as long each time, and at least as long as the provider asks for. Gives up at once when that would
 * take too long in all, or when the execution is cancelled.
 * @param limits read after a failure only; what it leaves out is the default
 * @throws the error of the last try
 */
export async function withRetries<T>(
	work: (attempt: number) => Promise<T>,
	limits: () => Partial<RetryLimits>,
	signal?: AbortSignal,
): Promise<{ result: T; tries: number }> {
	let waited = 0;
	let retried = 0;
	const waitAfter = (cause: unknown, tries: number) => {
		const { maxTries, maxWaitSeconds } = { ...RETRY_DEFAULTS, ...limits() };
		if (!isTemporary(cause)) return undefined;
		retried += cause.retries ?? 0;
		if (tries + retried >= maxTries) return undefined;
		const wait = Math.max(cause.retryAfterMs ?? 0, Math.random() * backoff(tries, FIRST_WAIT_MS));
		waited += wait;
		return waited <= maxWaitSeconds * SECOND ? wait : undefined;
	};
	const countTries = async (tries: number) => ({ result: await work(tries + retried), tries });
	return await retry(countTries, waitAfter, signal);
}

/** Whoever says when to come back expects another try, whatever else the answer says. */
function isTemporary(cause: unknown): cause is MediaError {
	if (!(cause instanceof MediaError)) return false;
	const { code, retryAfterMs } = cause;
	return code === 'temporary' || code === 'unreachable' || retryAfterMs !== undefined;
}
