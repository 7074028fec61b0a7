import type { IDataObject, IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

import type { Client } from '../transport/client';
import { download } from '../transfer/download';
import { filterOptions } from './messageFilter';
import { mapConcurrent } from '../execution/mapConcurrent';
import type { MediaMessage } from '../providers/mediaMessage';

/** What a trigger makes of messages. */
export interface ItemOptions {
	downloadFiles?: boolean;
	includeRaw?: boolean;
}

/** Not localeCompare: its first call takes a third of the time in which all nodes load. */
export const byName = (a: INodeProperties, b: INodeProperties) => (a.displayName < b.displayName ? -1 : 1);

/** The field *Options* of a trigger. */
export const triggerOptions: INodeProperties[] = [
	...filterOptions,
	{
		displayName: 'Download Files',
		name: 'downloadFiles',
		type: 'boolean',
		// Whoever adds the option wants it.
		default: true,
		description:
			'Whether to fetch each file at once, into the binary field data. For small files in a single n8n process: the provider waits for its answer meanwhile, and in queue mode n8n never removes files that a trigger made. Otherwise use Download Media.',
	},
	{
		displayName: 'Include Raw Message',
		name: 'includeRaw',
		type: 'boolean',
		default: false,
		description: 'Whether to add the provider’s own message, unchanged, in the field raw',
	},
];
triggerOptions.sort(byName);

type Store = Pick<IExecuteFunctions['helpers'], 'prepareBinaryData'>;

/** One item for each message. */
export async function toItems(messages: MediaMessage[], options: ItemOptions, client: Client, store: Store): Promise<INodeExecutionData[]> {
	const items = messages.map(({ raw, ...json }): INodeExecutionData => ({ json: { ...json, ...(options.includeRaw && { raw }) } as IDataObject }));
	if (options.downloadFiles) await mapConcurrent(items, async (item, index) => await addFile(item, messages[index]!, client, store));
	return items;
}

/** The file itself, for flows of one node. One that cannot be had is no reason to lose the message. */
async function addFile(item: INodeExecutionData, message: MediaMessage, client: Client, store: Store): Promise<void> {
	if (message.unavailable) return;
	const wanted = { ...message, expiresAt: message.urlExpiresAt };
	await download({ client, store }, wanted).then(
		({ binary, ...file }) => {
			Object.assign(item.json, file);
			item.binary = { data: binary };
		},
		(cause: Error) => {
			item.json.error = cause.message;
		},
	);
}
