import { createHash, randomUUID } from 'crypto';
import type { IWebhookFunctions, Workflow } from 'n8n-workflow';

import type { MediaMessage } from '../providers/mediaMessage';
import { DAY, SECOND } from '../units';
import { wait } from '../waiting';
import { AgingMap } from './agingMap';
import { timing } from './waitForExecutionStart';

/**
 * Providers deliver again what they believe to be lost: for days, and at once when our answer took too long. n8n gives a
 * trigger no store for what it has seen, so this is the memory of one process, bounded in number and age. A workflow that
 * must never run twice for a message has to compare `messageId` itself.
 */
const MAX_AGE_MS = DAY;
const MAX_FILES = 20_000;

/**
 * How long a new message waits for a copy beside it that is under way. What is under way for longer counts as a copy, and the
 * delivery is to come again: only then is it known whether an execution has started with it. To wait longer would hold up the
 * new message, sure harm against a rare one.
 */
const BESIDE_NEW_MS = SECOND;

interface SeenFile {
	/** Whether n8n started an execution with it; absent once that is known. */
	started?: Promise<boolean>;
}

/** By workflow, node and file. */
const seen = new AgingMap<SeenFile>(MAX_AGE_MS, MAX_FILES);

/** A trigger's node, in whichever of n8n's contexts. */
interface TriggerContext {
	getMode: IWebhookFunctions['getMode'];
	getNode: IWebhookFunctions['getNode'];
	getWorkflow: () => Pick<Workflow, 'id'> | { id?: string };
}

export interface Deduplicated {
	/** The messages that this node has not seen before. */
	fresh: MediaMessage[];
	/** Whether n8n has, by now, started an execution with each of the others. If not, they have to be delivered again. */
	haveCopiesStarted: () => boolean;
}

/**
 * Tells the messages that are new from copies of others.
 *
 * Another delivery of the same message may be under way. It is waited for, for a time: a message is lost when both count as
 * duplicates, and starts two executions when neither does.
 * @param executionStarted whether n8n started an execution with them; if not, they are new when they are delivered again
 */
export async function deduplicate(
	context: TriggerContext,
	messages: MediaMessage[],
	executionStarted?: () => Promise<boolean>,
): Promise<Deduplicated> {
	// Manual tests may repeat a message.
	if (context.getMode() === 'manual') return { fresh: messages, haveCopiesStarted: () => true };
	const node = [context.getWorkflow().id, context.getNode().id];
	const byKey = new Map(messages.map((message) => [keyOf(node, message), message]));

	const fresh = new Set<string>();
	const copies = () => [...byKey.keys()].filter((key) => !fresh.has(key));
	let started: Promise<boolean> | undefined;
	const since = performance.now();
	for (;;) {
		// At once, so that another delivery waits for this one: of two, only the later ever waits for the earlier.
		const free = [...byKey.keys()].filter((key) => !seen.get(key));
		if (free.length) remember(free, (started ??= executionStarted?.()));
		for (const key of free) fresh.add(key);
		const underWay = copies().flatMap((key) => seen.get(key)?.started ?? []);
		const maxWait = fresh.size ? BESIDE_NEW_MS : timing.maxWait;
		const left = since + maxWait - performance.now();
		if (!underWay.length || left <= 0) break;
		await settled(underWay, left);
	}
	return {
		fresh: [...byKey].filter(([key]) => fresh.has(key)).map(([, message]) => message),
		haveCopiesStarted: () => copies().every(hasStarted),
	};
}

/** Hashed, since a stranger's IDs may be of any length. A message that has none is like no other. */
function keyOf(
	node: Array<string | undefined>,
	{ messageId, mediaId, origin, type, fileName, ...message }: MediaMessage,
): string {
	if (!messageId && !mediaId) return randomUUID();
	// Two numbers in one group receive the same message.
	const receiver = [message.accountId, message.phoneNumberId];
	// Several files of one message may not have arrived: without an ID, each is told by what is known of it.
	const file = mediaId ? [mediaId] : ['no ID', type, fileName];
	// A message that failed may have come before, as an echo of what the business wrote.
	const what = origin === 'failed' ? [origin] : ['file', ...file];
	return createHash('sha256')
		.update(JSON.stringify([...node, ...receiver, messageId, ...what]))
		.digest('base64');
}

/** Resolves when all are settled, or so many milliseconds later. */
async function settled(all: Array<Promise<boolean>>, maxWait: number): Promise<void> {
	const over = new AbortController();
	void Promise.all(all).then(() => over.abort());
	await wait(maxWait, over.signal);
}

function hasStarted(key: string): boolean {
	const file = seen.get(key);
	return file !== undefined && !file.started;
}

/** Forgets them again when no execution starts. */
function remember(keys: string[], started?: Promise<boolean>): void {
	const file: SeenFile = { started };
	for (const key of keys) seen.set(key, file);
	void started?.then((isTaken) => {
		file.started = undefined;
		if (!isTaken) for (const key of keys) seen.delete(key);
	});
}
