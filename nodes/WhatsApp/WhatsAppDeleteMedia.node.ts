import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { CREDENTIAL } from './transport/credentials';
import { phoneNumberIdOption, requiredMediaIdFields, retryOptions } from './execution/fields';
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
		subtitle: 'Delete by Media ID',
		description: 'Permanently delete a file from WhatsApp by its media ID',
		builderHint: {
			searchHint:
				'Permanently deletes a file from WhatsApp by its media ID, after it was saved or delivered.',
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
			...requiredMediaIdFields,
			{
				displayName:
					'A file that you sent must stay until its messages are delivered. Wait before you delete it.',
				name: 'deliveryNotice',
				type: 'notice',
				default: '',
			},
			{
				displayName: 'Options',
				name: 'options',
				type: 'collection',
				placeholder: 'Add option',
				default: {},
				options: [
					...retryOptions,
					phoneNumberIdOption,
					{
						displayName: 'Treat Missing Files as Deleted',
						name: 'missingIsDeleted',
						type: 'boolean',
						default: true,
						description:
							'Whether to succeed if the file is already gone. WhatsApp does not say whether a file is gone or belongs to another account.',
					},
				],
			},
		],
	};

	async execute(this: IExecuteFunctions) {
		return await perItem(this, deleteMedia);
	}
}

const WAS_MISSING =
	'Not found, and counted as deleted: {n}. Such a file is already gone, its media ID is wrong, or it belongs to another account. To get an error instead, switch off Treat Missing Files as Deleted under Options.';

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
	const kept = job.isTool ? {} : fieldsBeside({ mediaId }, item.json);
	return { json: { ...kept, deleted: true, mediaId }, binary: item.binary };
}
