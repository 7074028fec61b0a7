import type { IWebhookFunctions } from 'n8n-workflow';

import type { MediaMessage } from './providers/provider';

/**
 * Providers deliver again what they believe to be lost, for days. n8n offers a trigger no store for what it has seen, so
 * this is the memory of one process: bounded in number and time. What must never run twice is told apart by `messageId`.
 */
const REMEMBERED_MS = 24 * 60 * 60 * 1000;
const REMEMBERED_FILES = 20_000;

/** When each file was first seen, oldest first; keys name workflow, node and file. */
const seen = new Map<string, number>();

/**
 * The messages that this node has not had yet. They count as had once n8n has taken the execution, which it tells by
 * answering 200; if it could not, the provider's next try finds them new.
 */
export function withoutRedelivered(context: IWebhookFunctions, messages: MediaMessage[]): MediaMessage[] {
	// Who tests wants to see the same message as often as it is sent.
	if (context.getMode() === 'manual') return messages;
	const node = `${context.getWorkflow().id}/${context.getNode().id}`;
	const now = Date.now();
	const fresh = new Map(messages.map((message) => [`${node}/${message.messageId}/${message.mediaId}`, message]));
	for (const key of fresh.keys()) {
		const at = seen.get(key);
		if (at !== undefined && now - at < REMEMBERED_MS) fresh.delete(key);
	}
	for (const key of fresh.keys()) seen.set(key, now);
	for (const oldest of seen.keys()) {
		if (seen.size <= REMEMBERED_FILES) break;
		seen.delete(oldest);
	}

	const response = context.getResponseObject();
	response.once('close', () => {
		if (response.writableFinished && response.statusCode < 300) return;
		for (const key of fresh.keys()) seen.delete(key);
	});
	return [...fresh.values()];
}
