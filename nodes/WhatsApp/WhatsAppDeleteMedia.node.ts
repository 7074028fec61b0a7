import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { CREDENTIAL } from './transport/credentials';
import { mediaIdField, phoneNumberIdOption, retryOptions } from './execution/fields';
import { fieldsBeside, hasNoFile } from './execution/itemFile';
import { mediaIdParameter, optionsParameter, textParameter } from './execution/parameters';
import { perItem, type ItemJob } from './execution/perItem';
import { MediaError } from './errors';

export class WhatsAppDeleteMedia implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'WhatsApp Delete Media',
		name: 'whatsAppDeleteMedia',
		icon: {
			light: 'file:icons/whatsAppMediaDelete.svg',
			dark: 'file:icons/whatsAppMediaDelete.dark.svg',
		},
		group: ['output'],
		version: 1,
		subtitle: 'By media ID',
		description: 'Delete a file from WhatsApp’s storage',
		builderHint: {
			searchHint: 'Deletes a file from WhatsApp’s storage by media ID, after it was saved or sent.',
			relatedNodes: [
				{
					nodeType: 'n8n-nodes-whatsapp-media.whatsAppDownloadMedia',
					relationHint: 'Gets the file before',
				},
				{
					nodeType: 'n8n-nodes-whatsapp-media.whatsAppUploadMedia',
					relationHint: 'Uploads a file',
				},
			],
		},
		defaults: { name: 'Delete Media' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [{ name: CREDENTIAL, required: true }],
		properties: [
			{ ...mediaIdField, required: true },
			{
				displayName: 'Options',
				name: 'options',
				type: 'collection',
				placeholder: 'Add option',
				default: {},
				options: [
					{
						displayName: 'Count Missing as Deleted',
						name: 'missingIsDeleted',
						type: 'boolean',
						default: true,
						description:
							'Whether a file that is already gone counts as deleted. WhatsApp does not tell a file that is gone from one that belongs to another account.',
					},
					...retryOptions,
					phoneNumberIdOption,
				],
			},
		],
	};

	async execute(this: IExecuteFunctions) {
		return await perItem(this, deleteMedia);
	}
}

const WAS_MISSING =
	'{n} files were not there, and count as deleted. They are gone already, or belong to another account.';

/** Items about no file, such as texts, pass as they are: nothing was deleted, and nothing is claimed to be. */
async function deleteMedia(job: ItemJob) {
	const { context, item, index, attempt, setSubject, addHint } = job;
	if (!textParameter(context, item, index, 'mediaId') && hasNoFile(item.json, {}))
		return { json: item.json, binary: item.binary };
	const mediaId = mediaIdParameter(context, item, index);
	setSubject(`Media ID ${mediaId}`);
	const { missingIsDeleted = true, phoneNumberId } = optionsParameter<{
		missingIsDeleted: boolean;
		phoneNumberId: string;
	}>(context, index);
	// On a second try it is gone because the first one did its work and only the answer was lost.
	const mayBeMissing = missingIsDeleted || attempt > 1;
	const client = await job.client();
	await client.provider.delete(client, mediaId, { phoneNumberId }).catch((cause) => {
		if (!(mayBeMissing && cause instanceof MediaError && cause.code === 'gone')) throw cause;
		if (attempt === 1) addHint(WAS_MISSING);
	});
	const kept = fieldsBeside({ mediaId }, item.json);
	return { json: { ...kept, deleted: true, mediaId }, binary: item.binary };
}
