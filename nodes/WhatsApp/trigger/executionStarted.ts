import { sleep, type IWebhookFunctions } from 'n8n-workflow';

const ANSWER_MS = 5 * 60 * 1000;
const ASK_MS = 250;

/**
 * Whether n8n answers a webhook call with 200, which it does once it has taken the execution; also when the caller has
 * hung up and is not there to hear it.
 */
export async function executionStarted(response: ReturnType<IWebhookFunctions['getResponseObject']>): Promise<boolean> {
	if (!response.destroyed) await new Promise((resolve) => response.once('close', resolve));
	for (let waited = 0; !response.writableEnded && waited < ANSWER_MS; waited += ASK_MS) await sleep(ASK_MS);
	return response.writableEnded && response.statusCode < 300;
}
