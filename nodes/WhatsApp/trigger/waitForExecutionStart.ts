import type { IWebhookFunctions } from 'n8n-workflow';

import { MINUTE } from '../units';
import { wait } from '../waiting';

/** In milliseconds. Tests shorten it. */
export const timing = { maxWait: 5 * MINUTE };

const POLL_INTERVAL_MS = 250;

/**
 * Whether n8n answers a webhook call with 200, which it does once it has started the execution. Also works when the caller
 * has hung up, so that the answer reaches nobody.
 */
export async function waitForExecutionStart(
	response: ReturnType<IWebhookFunctions['getResponseObject']>,
): Promise<boolean> {
	if (!response.destroyed) await new Promise((resolve) => response.once('close', resolve));
	for (
		let waited = 0;
		!response.writableEnded && waited < timing.maxWait;
		waited += POLL_INTERVAL_MS
	) {
		await wait(POLL_INTERVAL_MS);
	}
	return response.writableEnded && response.statusCode < 300;
}
