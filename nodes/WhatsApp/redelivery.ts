import { sleep, type IWebhookFunctions } from 'n8n-workflow';

import type { MediaMessage } from './providers/provider';

/**
 * Providers deliver again what they believe to be lost, for days, and at once what took us too long. n8n offers a trigger
 * no store for what it has seen, so this is the memory of one process: bounded in number and time. What must never run
 * twice is told apart by `messageId`.
 */
const REMEMBERED_MS = 24 * 60 * 60 * 1000;
const REMEMBERED_FILES = 20_000;

/** By workflow, node and file, oldest first. `taken`: whether n8n has it now; open while that call is under way. */
const seen = new Map<string, { at: number; taken?: Promise<boolean> }>();

/**
 * The messages that this node has not had yet. They count as had once n8n has taken the execution, which it tells by
 * answering 200; if it could not, the provider's next try finds them new. A message that another call has under way waits
 * for the end of that: to call it had might lose it, to call it new would start it twice.
 */
export async function withoutRedelivered(context: IWebhookFunctions, messages: MediaMessage[]): Promise<MediaMessage[]> {
	// Who tests wants to see the same message as often as it is sent.
	if (context.getMode() === 'manual') return messages;
	const node = `${context.getWorkflow().id}/${context.getNode().id}`;
	const fresh = new Map(messages.map((message) => [`${node}/${message.messageId}/${message.mediaId}`, message]));
	const underWay = () => [...fresh.keys()].flatMap((key) => seen.get(key)?.taken ?? []);
	// All of them before any is claimed, so that no two calls wait for each other.
	while (underWay().length) await Promise.all(underWay());

	const now = Date.now();
	for (const key of fresh.keys()) if (now - (seen.get(key)?.at ?? 0) < REMEMBERED_MS) fresh.delete(key);
	const taken = isTaken(context).then((yes) => {
		for (const key of fresh.keys()) {
			if (yes) seen.set(key, { at: now });
			else seen.delete(key);
		}
		return yes;
	});
	for (const key of fresh.keys()) seen.set(key, { at: now, taken });
	for (const oldest of seen.keys()) {
		if (seen.size <= REMEMBERED_FILES) break;
		seen.delete(oldest);
	}
	return [...fresh.values()];
}

/** How long n8n may take to answer a caller who has hung up. */
const ANSWER_MS = 5 * 60 * 1000;
const ASK_MS = 250;

/** What n8n answers to this call, also when nobody is there any more to hear it: a provider that hung up tries again. */
async function isTaken(context: IWebhookFunctions): Promise<boolean> {
	const response = context.getResponseObject();
	await new Promise((resolve) => response.once('close', resolve));
	for (let waited = 0; !response.writableEnded && waited < ANSWER_MS; waited += ASK_MS) await sleep(ASK_MS);
	return response.writableEnded && response.statusCode < 300;
}
