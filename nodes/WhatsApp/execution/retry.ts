import { sleep } from 'n8n-workflow';

import { MediaError } from '../errors';

export interface RetryLimits {
	/** How often in all. */
	maxTries?: number;
	/** Seconds spent waiting, in all. */
	maxWaitSeconds?: number;
}

const DEFAULTS: Required<RetryLimits> = { maxTries: 4, maxWaitSeconds: 60 };
const FIRST_WAIT_MS = 500;

/**
 * Does `work` again, from its start, when what stopped it may be over in a moment: the provider says so, or the connection
 * broke. Waits twice as long each time, at random up to that, and at least as long as the provider asks for; gives up at
 * once when that would take too long, or when the execution is stopped.
 */
export async function withRetries<T>(work: (attempt: number) => Promise<T>, limits: () => RetryLimits, signal?: AbortSignal): Promise<{ result: T; tries: number }> {
	let waited = 0;
	for (let tries = 1; ; tries++) {
		const outcome = await work(tries).then(
			(result) => ({ result, tries }),
			(cause: unknown) => ({ cause }),
		);
		if ('result' in outcome) return outcome;
		const { cause } = outcome;
		const { maxTries, maxWaitSeconds } = { ...DEFAULTS, ...limits() };
		if (!isPassing(cause) || signal?.aborted || tries >= maxTries) throw cause;
		const wait = Math.max(cause.retryAfterMs ?? 0, Math.random() * FIRST_WAIT_MS * 2 ** (tries - 1));
		if (waited + wait > maxWaitSeconds * 1000) throw cause;
		waited += wait;
		await Promise.race([sleep(wait), aborted(signal)]);
		if (signal?.aborted) throw cause;
	}
}

function isPassing(cause: unknown): cause is MediaError {
	return cause instanceof MediaError && (cause.code === 'temporary' || cause.code === 'unreachable');
}

async function aborted(signal?: AbortSignal): Promise<void> {
	await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
}
