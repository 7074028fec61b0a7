import type { IHookFunctions, IWebhookFunctions } from 'n8n-workflow';

import { DEFAULT_IDLE_TIMEOUT_MS } from '../transport/client';
import { DAY } from '../units';
import { wait } from '../waiting';
import { AgingMap } from './agingMap';
import { urlInMode } from './nodeRegistration';

/**
 * A delivery that was accepted before its workflow was unpublished still starts it, with its files: the provider has been told,
 * or soon will be, that it arrived. But no download outlives the workflow for longer than this, in milliseconds: its item then
 * says why it has no file. Tests shorten it.
 */
export const timing = { grace: DEFAULT_IDLE_TIMEOUT_MS };

/** Downloads that end together. Each has a signal of its own: Node.js warns of a signal to which more than ten listen. */
export class Downloads {
	private readonly underWay = new Set<AbortController>();
	private isAborted = false;

	/** @param work gets what ends it */
	async run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
		const own = new AbortController();
		if (this.isAborted) own.abort();
		this.underWay.add(own);
		try {
			return await work(own.signal);
		} finally {
			this.underWay.delete(own);
		}
	}

	abort(): void {
		this.isAborted = true;
		for (const own of this.underWay) own.abort();
	}
}

interface OfWebhook {
	downloads: Downloads;
	/** Set once the workflow is unpublished; aborted where it is published again in time. */
	countdown?: AbortController;
}

/** By workflow, node and whether it is a test's. Of this process: Download Files is for a single one. */
const webhooks = new AgingMap<OfWebhook>(DAY, 10_000);

type Context = IHookFunctions | IWebhookFunctions;

/** A test's apart from production's, whose URL a delivery is told during a test, too. */
const keyOf = (context: Context, isTest: boolean) =>
	[context.getWorkflow().id, context.getNode().id, isTest].join('/');

/** The mode does not tell: n8n ends a test in another one than it began in. */
const keyOfHook = (context: IHookFunctions) =>
	keyOf(context, context.getNodeWebhookUrl('default') !== urlInMode(context, false));

function entryOf(key: string): OfWebhook {
	const webhook = webhooks.get(key) ?? { downloads: new Downloads() };
	// Again, so that its age begins anew.
	webhooks.set(key, webhook);
	return webhook;
}

/** The downloads of a webhook, which end some time after it was unpublished. */
export function downloadsOf(context: IWebhookFunctions): Downloads {
	return entryOf(keyOf(context, context.getMode() === 'manual')).downloads;
}

/** n8n calls the hook once for each HTTP method. A delivery that n8n has accepted may not have come to us yet. */
export function onUnpublished(context: IHookFunctions): void {
	const key = keyOfHook(context);
	const webhook = entryOf(key);
	if (webhook.countdown) return;
	const { signal } = (webhook.countdown = new AbortController());
	void wait(timing.grace, signal).then(() => {
		if (signal.aborted) return;
		webhooks.delete(key);
		webhook.downloads.abort();
	});
}

/** Also where a new version takes the place of an earlier one, whose downloads go on. */
export function onPublished(context: IHookFunctions): void {
	const webhook = webhooks.get(keyOfHook(context));
	webhook?.countdown?.abort();
	delete webhook?.countdown;
}
