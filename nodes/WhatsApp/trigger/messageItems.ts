import type { IDataObject, INodeExecutionData, IWebhookFunctions } from 'n8n-workflow';

import { DEFAULT_MAX_SIZE_MB } from '../execution/fields';
import { ConcurrencyLimit } from '../execution/concurrencyLimit';
import { CONCURRENCY } from '../execution/mapConcurrent';
import { RETRY_DEFAULTS, withRetries } from '../execution/retry';
import { safeFileName } from '../formats/fileNames';
import type { MediaMessage } from '../providers/mediaMessage';
import type { ApiClient, Provider } from '../providers/provider';
import { download, type DownloadContext } from '../transfer/download';
import { DEFAULT_IDLE_TIMEOUT_MS, endedBy } from '../transport/client';
import { DAY, MB } from '../units';
import { AgingMap } from './agingMap';
import type { Downloads } from './downloads';

export interface ItemOptions {
	/** Whether each item gets its file, in the binary field `data`. */
	downloadFiles?: boolean;
	/** Whether each item gets the provider's own message, in the field `raw`. */
	includeRaw?: boolean;
}

interface FilesContext extends DownloadContext {
	/** What they belong to, and end with. */
	downloads: Downloads;
}

/** The first columns of n8n's table: who, and what they said. The provider's fields follow in their own order. */
const FIRST_FIELDS = ['from', 'fromName', 'caption', 'text', 'type', 'fileName'];

/**
 * By workflow and node: deliveries come all at once, each as an execution of its own. Not one limit for the process, which
 * one slow host would stop for all; there, the memory is limited.
 */
const limits = new AgingMap<ConcurrencyLimit>(DAY, 10_000);

/** How many files of this node may be under way. */
export function fileLimit(
	context: Pick<IWebhookFunctions, 'getNode'> & { getWorkflow: () => { id?: string } },
): ConcurrencyLimit {
	const key = JSON.stringify([context.getWorkflow().id, context.getNode().id]);
	const limit = limits.get(key) ?? new ConcurrencyLimit(CONCURRENCY, DEFAULT_IDLE_TIMEOUT_MS);
	limits.set(key, limit);
	return limit;
}

const RULES = { maxBytes: DEFAULT_MAX_SIZE_MB * MB };

/** The provider waits for the answer meanwhile: Pipes.bot for 10 s, then it delivers again. */
const RETRIES = { maxWaitSeconds: 5 };

/** One item for each message. */
export async function toItems(
	messages: MediaMessage[],
	options: ItemOptions,
	context: FilesContext,
	limit: ConcurrencyLimit,
): Promise<INodeExecutionData[]> {
	const items = messages.map(({ raw, ...message }): INodeExecutionData => {
		const json = { ...message, ...ownUrl(message, context.client) };
		// What builders put into a path next. The sender's own spelling stands in `raw`.
		const fileName = json.fileName === undefined ? {} : { fileName: safeFileName(json.fileName) };
		const all = { ...json, ...fileName, ...(options.includeRaw && { raw }) } as IDataObject;
		return { json: { ...firstFields(all), ...all } };
	});
	if (options.downloadFiles) {
		await Promise.all(
			items.map(async (item, index) => {
				await context.downloads.run(async (signal) => {
					const client = endedBy(signal, context.client);
					await addFile(item, messages[index]!, { ...context, client }, limit);
				});
			}),
		);
	}
	return items;
}

function firstFields(json: IDataObject): IDataObject {
	const present = FIRST_FIELDS.filter((name) => json[name] !== undefined);
	return Object.fromEntries(present.map((name) => [name, json[name]]));
}

function ownUrl(
	{ url }: Pick<MediaMessage, 'url'>,
	{ provider, credentials }: ApiClient & { provider: Provider },
) {
	return url && provider.ownFileUrl && { url: provider.ownFileUrl(url, credentials) };
}

const UNPUBLISHED =
	'The workflow was unpublished while the file was under way. Download Media behind this trigger can still get it.';

/** Adds the file, or the reason why there is none: a message is never lost because its file is. */
async function addFile(
	item: INodeExecutionData,
	message: MediaMessage,
	context: DownloadContext,
	limit: ConcurrencyLimit,
): Promise<void> {
	if (message.unavailable || !(message.mediaId || message.url)) return;
	const { cancelSignal } = context.client;
	const wanted = { ...message, expiresAt: message.urlExpiresAt };
	const tryOnce = async (attempt: number) => {
		const maxRetries = RETRY_DEFAULTS.maxTries - attempt;
		return await limit.run(
			async (place) => await download({ ...context, maxRetries, place }, wanted, RULES),
			cancelSignal,
		);
	};
	try {
		const { result } = await withRetries(tryOnce, () => RETRIES, cancelSignal);
		const { binary, ...file } = result;
		Object.assign(item.json, file);
		item.binary = { data: binary };
	} catch (cause) {
		item.json.error = cancelSignal?.aborted ? UNPUBLISHED : (cause as Error).message;
	}
}
