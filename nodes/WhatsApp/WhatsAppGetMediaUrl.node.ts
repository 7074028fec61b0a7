import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { CREDENTIAL } from './transport/credentials';
import { phoneNumberIdOption, requiredMediaIdFields, retryOptions } from './execution/fields';
import { fieldsBeside, hasNoFile, itemFile } from './execution/itemFile';
import { mediaIdParameter, optionsParameter, textParameter } from './execution/parameters';
import { perItem, type ItemJob } from './execution/perItem';
import { safeFileName } from './formats/fileNames';

export class WhatsAppGetMediaUrl implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'WhatsApp Get Media URL',
		name: 'whatsAppGetMediaUrl',
		icon: {
			light: 'file:icons/whatsAppMediaUrl.svg',
			dark: 'file:icons/whatsAppMediaUrl.dark.svg',
		},
		group: ['transform'],
		version: 1,
		subtitle: 'Get URL by Media ID',
		description: 'Get a temporary URL and details for a WhatsApp file by its media ID',
		builderHint: {
			searchHint:
				'Gives the temporary URL, type, size and hash of a WhatsApp file. For the file itself use WhatsApp Download Media: the URL expires within minutes and usually requires the access token.',
			relatedNodes: [
				{
					nodeType: 'n8n-nodes-whatsapp-media.whatsAppDownloadMedia',
					relationHint: 'Gets the file itself',
				},
			],
		},
		defaults: { name: 'Get Media URL' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [{ name: CREDENTIAL, required: true }],
		properties: [
			...requiredMediaIdFields,
			{
				displayName:
					'The URL works for only a few minutes and usually requires the access token. To get the file itself, use WhatsApp Download Media.',
				name: 'shortLived',
				type: 'notice',
				default: '',
			},
			{
				displayName: 'Options',
				name: 'options',
				type: 'collection',
				placeholder: 'Add option',
				default: {},
				options: [...retryOptions, phoneNumberIdOption],
			},
		],
	};

	async execute(this: IExecuteFunctions) {
		return await perItem(this, getMediaUrl);
	}
}

/** Texts, sends that failed and files that did not arrive have no URL: they pass as they are. */
async function getMediaUrl(job: ItemJob) {
	const { context, item, index, setSubject } = job;
	if (hasNoFile(item.json, { mediaId: textParameter(context, item, index, 'mediaId') }))
		return { json: item.json, binary: item.binary };
	const mediaId = mediaIdParameter(context, item, index);
	setSubject(`Media ID ${mediaId}`);
	const { mediaId: ownId, messageId, accountId } = itemFile(item.json);
	const client = await job.client();
	const { expiresAt, ...file } = await client.provider.resolve(client, mediaId, {
		...optionsParameter(context, index),
		...(ownId === mediaId && { messageId, accountId }),
		details: true,
	});
	if (file.fileName) file.fileName = safeFileName(file.fileName);
	const kept = job.isTool ? {} : fieldsBeside({ mediaId }, item.json);
	return { json: { ...kept, mediaId, ...file, urlExpiresAt: expiresAt }, binary: item.binary };
}
