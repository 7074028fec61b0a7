import {
	NodeConnectionTypes,
	type IBinaryData,
	type IExecuteFunctions,
	type ILoadOptionsFunctions,
	type INodeListSearchResult,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { CREDENTIAL, openAccount } from './account';
import { binarySource } from './bytes';
import { EarlierUploads } from './earlierUploads';
import { binaryField, retryOptions } from './fields';
import { options } from './parameters';
import { nodeError, perItem, type ItemWork } from './perItem';
import { naming, upload } from './upload';

export class WhatsAppUploadMedia implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'WhatsApp Upload Media',
		name: 'whatsAppUploadMedia',
		icon: { light: 'file:whatsAppMediaUpload.svg', dark: 'file:whatsAppMediaUpload.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle: 'File to media ID',
		description: 'Upload a file to WhatsApp once, to send it by media ID as often as needed',
		defaults: { name: 'Upload Media' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: [{ name: CREDENTIAL, required: true }],
		properties: [
			binaryField('Input Binary Field', 'The name of the input binary field that holds the file to upload'),
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
						description: 'Whether to refuse a file that the provider would not take, such as a wrong format, codec or size, before a byte of it is sent',
					},
					{
						displayName: 'File Name',
						name: 'fileName',
						type: 'string',
						default: '',
						placeholder: 'e.g. invoice.pdf',
						description: 'Instead of the name of the file in the binary field',
					},
					...retryOptions,
					{
						displayName: 'MIME Type',
						name: 'mimeType',
						type: 'string',
						default: '',
						placeholder: 'e.g. application/pdf',
						description: 'Instead of the type of the file in the binary field',
					},
					{
						displayName: 'Phone Number',
						name: 'phoneNumberId',
						type: 'resourceLocator',
						default: { mode: 'list', value: '' },
						description: 'The business number that the file will be sent from, if it is not the one in the credential. A media ID works for one number only.',
						modes: [
							{ displayName: 'From List', name: 'list', type: 'list', typeOptions: { searchListMethod: 'phoneNumbers' } },
							{ displayName: 'By ID', name: 'id', type: 'string', placeholder: 'e.g. 106540352242922' },
						],
					},
					{
						displayName: 'Reuse Earlier Upload',
						name: 'reuseEarlier',
						type: 'boolean',
						default: false,
						description: 'Whether the same file for the same number gets the media ID that it got before, as long as the provider still has it, instead of another upload. Executions started by hand remember uploads only until they end.',
					},
				],
			},
		],
	};

	methods = {
		listSearch: {
			async phoneNumbers(this: ILoadOptionsFunctions): Promise<INodeListSearchResult> {
				try {
					const account = await openAccount(this);
					const numbers = (await account.provider.phoneNumbers?.(account)) ?? [];
					return { results: numbers.map(({ id, number, name }) => ({ value: id, name: name ? `${name} (${number})` : number })) };
				} catch (cause) {
					throw nodeError(this, cause);
				}
			},
		},
	};

	async execute(this: IExecuteFunctions) {
		const earlier = new EarlierUploads(() => this.getWorkflowStaticData('node'));
		return await perItem(this, async (job) => await uploadMedia(job, earlier));
	}
}

type Chosen = { checkFile: boolean; fileName: string; mimeType: string; phoneNumberId: { value: string }; reuseEarlier: boolean };

async function uploadMedia({ context, account, item, index, attempt, about, hint }: ItemWork, earlier: EarlierUploads) {
	const field = context.getNodeParameter('binaryPropertyName', index, '') as string | IBinaryData;
	const { phoneNumberId, reuseEarlier, ...chosen } = options<Chosen>(context, index);
	const source = await binarySource(context, item, index, field);
	about(`"${naming(source, chosen).fileName}"`);
	const file = await upload(
		account,
		source,
		{ ...chosen, phoneNumberId: phoneNumberId?.value },
		(message) => attempt === 1 && hint(message),
		reuseEarlier ? earlier : undefined,
	);
	return { json: { ...item.json, ...file }, binary: item.binary };
}
