import type { IWebhookFunctions, Workflow } from 'n8n-workflow';

import type { MediaMessage } from '../providers/mediaMessage';

/**
 * Providers deliver again what they believe to be lost: for days, and at once where our answer took too long. n8n offers
 * a trigger no store for what it has seen, so this is the memory of one process: bounded in number and time. What must
 * never run twice is told apart by `messageId`.
 */
const REMEMBERED_MS = 24 * 60 * 60 * 1000;
const REMEMBERED_FILES = 20_000;

/** By workflow, node and file, oldest first. `taken`, while that is open: whether n8n will start an execution with it. */
const seen = new Map<string, { at: number; taken?: Promise<boolean> }>();

/** A trigger's node, in whichever of n8n's contexts. */
interface Receiver {
	getMode: IWebhookFunctions['getMode'];
	getNode: IWebhookFunctions['getNode'];
	getWorkflow: () => Pick<Workflow, 'id'> | { id?: string };
}

/**
 * The messages that this node has not had yet. Those that n8n could not start an execution with, as `taken` tells later,
 * are new when the provider sends them again. What another call has under way is waited for: to take it for had might
 * lose it, to take it for new would start it twice.
 */
export async function deduplicate(receiver: Receiver, messages: MediaMessage[], taken?: () => Promise<boolean>): Promise<MediaMessage[]> {
	// Who tests wants to see the same message as often as it is sent.
	if (receiver.getMode() === 'manual') return messages;
	const node = `${receiver.getWorkflow().id}/${receiver.getNode().id}`;
	const fresh = new Map(messages.map((message) => [`${node}/${message.messageId}/${message.mediaId}`, message]));
	const underWay = () => [...fresh.keys()].flatMap((key) => seen.get(key)?.taken ?? []);
	// All of them before one is claimed, so that no two calls wait for each other.
	while (underWay().length) await Promise.all(underWay());

	const now = Date.now();
	for (const key of fresh.keys()) if (now - (seen.get(key)?.at ?? 0) < REMEMBERED_MS) fresh.delete(key);
	if (fresh.size) remember([...fresh.keys()], { at: now, taken: taken?.() });
	return [...fresh.values()];
}

function remember(keys: string[], entry: { at: number; taken?: Promise<boolean> }): void {
	for (const key of keys) {
		seen.delete(key);
		seen.set(key, entry);
	}
	for (const oldest of seen.keys()) {
		if (seen.size <= REMEMBERED_FILES) break;
		seen.delete(oldest);
	}
	void entry.taken?.then((taken) => {
		entry.taken = undefined;
		if (!taken) for (const key of keys) seen.delete(key);
	});
}
