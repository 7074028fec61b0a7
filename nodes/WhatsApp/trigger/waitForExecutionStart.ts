import type { IWebhookFunctions } from 'n8n-workflow';

import { MINUTE } from '../units';
import { wait } from '../waiting';

/** In milliseconds. Tests shorten it. */
export const timing = { maxWait: 5 * MINUTE };

const POLL_INTERVAL_MS = 250;

type Response = ReturnType<IWebhookFunctions['getResponseObject']>;

/** The answers that we turned into a 503. */
const refused = new WeakSet<Response>();

/**
 * Has n8n's 200 leave as a 503, so that the delivery comes again, unless all is well in that moment. An answer that the node
 * gives by itself would hide whether n8n started the execution. This process drops what it has started by then; with several
 * webhook processes, another one that gets the delivery starts it a second time (docs/queue-mode.md, "The same message twice").
 */
export function refuseUnless(isWell: () => boolean, response: Response): void {
	const writeHead = response.writeHead.bind(response) as (
		status: number,
		...rest: unknown[]
	) => Response;
	response.writeHead = (status: number, ...rest: unknown[]) => {
		const isRefused = status < 300 && !isWell();
		if (isRefused) refused.add(response);
		return writeHead(isRefused ? 503 : status, ...rest);
	};
}

/**
 * Whether n8n answers a webhook call with 200, which it does once it has started the execution. Also works when the caller
 * has hung up, so that the answer reaches nobody.
 */
export async function waitForExecutionStart(response: Response): Promise<boolean> {
	if (!response.destroyed) await new Promise((resolve) => response.once('close', resolve));
	for (
		let waited = 0;
		!response.writableEnded && waited < timing.maxWait;
		waited += POLL_INTERVAL_MS
	) {
		await wait(POLL_INTERVAL_MS);
	}
	return response.writableEnded && (response.statusCode < 300 || refused.has(response));
}
