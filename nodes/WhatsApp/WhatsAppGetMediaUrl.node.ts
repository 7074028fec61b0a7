import { NodeConnectionTypes, type IExecuteFunctions, type INodeType, type INodeTypeDescription } from 'n8n-workflow';

import { CREDENTIAL } from './account';
import { mediaIdField, phoneNumberIdOption, retryOptions } from './fields';
import { mediaIdOf, options } from './parameters';
import { perItem, type ItemWork } from './perItem';

export class WhatsAppGetMediaUrl implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'WhatsApp Get Media URL',
		name: 'whatsAppGetMediaUrl',
		icon: { light: 'file:whatsAppMediaUrl.svg', dark: 'file:whatsAppMediaUrl.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: 'Media ID to URL',
		description: 'Get the temporary URL, type, size and hash of a WhatsApp file',
		defaults: { name: 'Get Media URL' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [{ name: CREDENTIAL, required: true }],
		properties: [
			{ ...mediaIdField, required: true },
			{
				displayName: 'The URL works for a few minutes and mostly wants the access token, too. To get the file itself, use WhatsApp Download Media.',
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

async function getMediaUrl({ context, account, item, index, about }: ItemWork) {
	const mediaId = mediaIdOf(context, item, index);
	about(`Media ID ${mediaId}`);
	const messageId = item.json.mediaId === mediaId ? (item.json.messageId as string | undefined) : undefined;
	const { expiresAt, ...file } = await account.provider.resolve(account, mediaId, { ...options(context, index), messageId, details: true });
	return { json: { ...item.json, mediaId, ...file, urlExpiresAt: expiresAt }, binary: item.binary };
}
