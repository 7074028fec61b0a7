import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import { DEFAULT_MAX_SIZE_MB } from '../execution/fields';
import { ConcurrencyLimit } from '../execution/concurrencyLimit';
import { CONCURRENCY } from '../execution/mapConcurrent';
import { safeFileName } from '../formats/fileNames';
import type { MediaMessage } from '../providers/mediaMessage';
import type { ApiClient, Provider } from '../providers/provider';
import { download, type DownloadContext } from '../transfer/download';
import { MB } from '../units';

export interface ItemOptions {
	/** Whether each item gets its file, in the binary field `data`. */
	downloadFiles?: boolean;
	/** Whether each item gets the provider's own message, in the field `raw`. */
	includeRaw?: boolean;
}

/** The first columns of n8n's table: who, and what they said. The provider's fields follow in their own order. */
const FIRST_FIELDS = ['from', 'fromName', 'caption', 'text', 'type', 'fileName'];

/** Of all triggers of this process: deliveries come all at once, each as an execution of its own. */
const limit = new ConcurrencyLimit(CONCURRENCY);

const RULES = { maxBytes: DEFAULT_MAX_SIZE_MB * MB };

/** One item for each message. */
export async function toItems(
	messages: MediaMessage[],
	options: ItemOptions,
	context: DownloadContext,
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
				await limit.run(async () => await addFile(item, messages[index]!, context));
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

/** Adds the file, or the reason why there is none: a message is never lost because its file is. */
async function addFile(
	item: INodeExecutionData,
	message: MediaMessage,
	context: DownloadContext,
): Promise<void> {
	if (message.unavailable || !(message.mediaId || message.url)) return;
	if (context.client.cancelSignal?.aborted) return;
	try {
		const wanted = { ...message, expiresAt: message.urlExpiresAt };
		const { binary, ...file } = await download(context, wanted, RULES);
		Object.assign(item.json, file);
		item.binary = { data: binary };
	} catch (cause) {
		item.json.error = (cause as Error).message;
	}
}
