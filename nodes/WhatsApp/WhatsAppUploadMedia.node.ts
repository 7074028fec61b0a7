import {
	NodeConnectionTypes,
	type IBinaryData,
	type IExecuteFunctions,
	type ILoadOptionsFunctions,
	type INodeListSearchResult,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { MediaError } from './errors';
import { CREDENTIAL } from './transport/credentials';
import { createClient } from './transport/client';
import { binaryInput } from './transfer/binaryInput';
import { UploadCache } from './transfer/uploadCache';
import { binaryField, retryOptions, withToolForm } from './execution/fields';
import { hasNoFile, withoutFile } from './execution/itemFile';
import { optionsParameter } from './execution/parameters';
import { nodeError } from './execution/nodeError';
import { perItem, type ItemJob } from './execution/perItem';
import { describeFile, upload } from './transfer/upload';

export class WhatsAppUploadMedia implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'WhatsApp Upload Media',
		name: 'whatsAppUploadMedia',
		icon: {
			light: 'file:icons/whatsAppMediaUpload.svg',
			dark: 'file:icons/whatsAppMediaUpload.dark.svg',
		},
		group: ['output'],
		version: 1,
		subtitle: 'Get Media ID for File',
		description: 'Upload a file to WhatsApp and get a media ID that you can send many times',
		builderHint: {
			searchHint:
				'Uploads a file from a binary field to WhatsApp and gives its mediaId. It sends no message: send the mediaId with HTTP Request and the same credential (predefined credential type), or with n8n’s WhatsApp Business Cloud node. One upload serves any number of messages.',
			relatedNodes: [
				{
					nodeType: 'n8n-nodes-whatsapp-media.whatsAppDeleteMedia',
					relationHint: 'Deletes the file afterwards',
				},
			],
		},
		defaults: { name: 'Upload Media' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [{ name: CREDENTIAL, required: true }],
		properties: [
			...withToolForm(
				binaryField(
					'Input Binary Field',
					'The name of the input binary field that holds the file to upload',
				),
				{
					default: "={{ $('When chat message received').first().binary.data0 }}",
					description:
						'The file to upload. An AI agent cannot hand over a file, so name the node that has it.',
					hint: "By default: the file from n8n’s chat. For a file from WhatsApp: {{ $('Download Media').first().binary.data }}",
				},
			),
			{
				displayName: 'Options',
				name: 'options',
				type: 'collection',
				placeholder: 'Add option',
				default: {},
				options: [
					{
						displayName: 'Check File Before Upload',
						name: 'checkFile',
						type: 'boolean',
						default: true,
						description:
							'Whether to check format, codec and size before uploading, and refuse a file that WhatsApp would not accept',
					},
					{
						displayName: 'File Name',
						name: 'fileName',
						type: 'string',
						default: '',
						placeholder: 'e.g. invoice.pdf',
						description: 'Replaces the name of the file in the binary field',
					},
					...retryOptions,
					{
						displayName: 'MIME Type',
						name: 'mimeType',
						type: 'string',
						default: '',
						placeholder: 'e.g. application/pdf',
						description: 'Replaces the type of the file in the binary field',
					},
					{
						displayName: 'Phone Number',
						name: 'phoneNumberId',
						type: 'resourceLocator',
						default: { mode: 'list', value: '' },
						description:
							'The business number that will send the file, if it is not the one in the credential. A media ID works for one number only.',
						modes: [
							{
								displayName: 'From List',
								name: 'list',
								type: 'list',
								typeOptions: { searchListMethod: 'phoneNumbers' },
							},
							{
								displayName: 'By ID',
								name: 'id',
								type: 'string',
								placeholder: 'e.g. 106540352242922',
							},
						],
					},
					{
						displayName: 'Reuse Earlier Upload',
						name: 'reuseEarlier',
						type: 'boolean',
						default: false,
						description:
							'Whether to use the media ID of an earlier upload of the same file for the same number, if the provider still has it. Executions started by hand remember uploads only until they end.',
					},
				],
			},
		],
	};

	methods = {
		listSearch: {
			async phoneNumbers(this: ILoadOptionsFunctions): Promise<INodeListSearchResult> {
				try {
					const client = await createClient(this);
					const numbers = (await client.provider.phoneNumbers?.(client)) ?? [];
					return {
						results: numbers.map(({ id, number, name }) => ({
							value: id,
							name: name ? `${name} (${number})` : number,
						})),
					};
				} catch (cause) {
					throw nodeError(this, cause);
				}
			},
		},
	};

	async execute(this: IExecuteFunctions) {
		const cache = new UploadCache(() => this.getWorkflowStaticData('node'));
		return await perItem(this, async (job) => await uploadMedia(job, cache));
	}
}

/** n8n opens the tab Binary wherever an item has a file, and a node cannot choose another. */
const WHERE_THE_ID_IS = 'The media ID is in the field mediaId, on the tabs Schema, Table and JSON';

interface Options {
	[name: string]: string | boolean;
	checkFile: boolean;
	fileName: string;
	mimeType: string;
	phoneNumberId: string;
	reuseEarlier: boolean;
}

/** Texts, sends that failed and files that did not arrive pass as they are, unless a node before gave them a file. */
async function uploadMedia(job: ItemJob, cache: UploadCache) {
	const { context, item, index, attempt, setSubject, addHint, addNote } = job;
	const client = await job.client();
	const field = context.getNodeParameter('binaryPropertyName', index, '') as string | IBinaryData;
	const { reuseEarlier, ...options } = optionsParameter<Options>(context, index);
	const source = await binaryInput(context, item, index, field).catch((cause) => {
		if (cause instanceof MediaError && hasNoFile(item.json, {})) return undefined;
		throw cause;
	});
	if (!source) return { json: item.json, binary: item.binary };
	setSubject(`"${describeFile(source, options).fileName}"`);
	// The same file gives the same hints on every try.
	const addHintOnce = (message: string) => attempt === 1 && addHint(message);
	const reuse = reuseEarlier ? { cache } : {};
	const file = await upload({ client, addHint: addHintOnce, ...reuse }, source, options);
	addNote(WHERE_THE_ID_IS);
	const kept = job.isTool ? {} : withoutFile(item.json);
	return { json: { ...kept, ...file }, binary: item.binary };
}
