import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { CREDENTIAL } from './transport/credentials';
import { download, downloadMessageFile } from './transfer/download';
import { nothingToDownload } from './transfer/downloadErrors';
import type { WantedFile } from './transfer/fileSource';
import { messageFileOf } from './transfer/messageFile';
import {
	binaryField,
	DEFAULT_MAX_SIZE_MB,
	maxSizeOption,
	mediaIdField,
	optionalItemField,
	phoneNumberIdOption,
	retryOptions,
} from './execution/fields';
import { fieldsBeside, hasNoFile, itemFile, readText } from './execution/itemFile';
import { optionsParameter, saysNothing, splitList, textParameter } from './execution/parameters';
import { perItem, type ItemJob } from './execution/perItem';
import { RETRY_DEFAULTS } from './execution/retry';
import { MediaError } from './errors';
import { MB } from './units';

export class WhatsAppDownloadMedia implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'WhatsApp Download Media',
		name: 'whatsAppDownloadMedia',
		icon: { light: 'file:icons/whatsAppMedia.svg', dark: 'file:icons/whatsAppMedia.dark.svg' },
		group: ['input'],
		version: 1,
		subtitle: 'Get File by Media ID',
		description: 'Download a photo, voice note or other file from WhatsApp as binary data',
		builderHint: {
			searchHint:
				'Gets a WhatsApp file as binary data, to save, transcribe, read or analyse it: save WhatsApp photos, transcribe voice messages, read a PDF. Leave its fields at their defaults behind WhatsApp Media Trigger. Prefer it to HTTP Request: URLs of WhatsApp expire within minutes. Items of type text and files that did not arrive pass through without a file.',
			relatedNodes: [
				{
					nodeType: 'n8n-nodes-whatsapp-media.whatsAppMediaTrigger',
					relationHint: 'Starts with each file that comes in',
				},
			],
		},
		defaults: { name: 'Download Media' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		// A tool's answer to an AI agent cannot carry a file.
		usableAsTool: undefined,
		// Files that a message brings with their media key need none.
		credentials: [{ name: CREDENTIAL, required: false }],
		properties: [
			mediaIdField,
			{
				displayName: 'URL',
				name: 'url',
				type: 'string',
				default: optionalItemField('url'),
				placeholder: 'e.g. https://media.example.com/file',
				description:
					'Keep the default. It saves a request while the URL works. Once it has expired, the node gets a new one for the media ID.',
			},
			binaryField(
				'Put Output File in Field',
				'The name of the output binary field to put the file in',
			),
			{
				displayName: 'Options',
				name: 'options',
				type: 'collection',
				placeholder: 'Add option',
				default: {},
				options: [
					{
						displayName: 'Allowed MIME Types',
						name: 'allowedMimeTypes',
						type: 'string',
						default: '',
						placeholder: 'e.g. image/*, application/pdf',
						description:
							'Comma-separated list. Files of any other type are refused before the download.',
					},
					{
						displayName: 'Encrypted Media Type',
						name: 'encryptedMediaType',
						type: 'options',
						options: [
							{ name: 'Audio or Voice Note', value: 'audio' },
							{ name: 'Detect', value: 'auto' },
							{ name: 'Document', value: 'document' },
							{ name: 'Image or Sticker', value: 'image' },
							{ name: 'Video', value: 'video' },
						],
						default: 'auto',
						description:
							'How the encrypted file was sent. Its keys depend on that. Keep Detect unless it fails.',
					},
					{
						displayName: 'File Name',
						name: 'fileName',
						type: 'string',
						default: '',
						placeholder: 'e.g. invoice.pdf',
						description:
							'Replaces the sender’s file name, or the one made from type and media ID. A missing extension is added.',
					},
					{
						displayName: 'Keep Input Fields',
						name: 'keepInputFields',
						type: 'boolean',
						default: true,
						description: 'Whether to include the fields of the input item in the output',
					},
					maxSizeOption,
					{
						displayName: 'Media Key',
						name: 'mediaKey',
						type: 'string',
						default: '',
						placeholder: 'e.g. hF+6nsq7rLz9ghNz1lpZeN/Hu9/J4CsDGOiFsUc+OJc=',
						description:
							'Only for an encrypted file whose message is not in the item. Enter its mediaKey here and its link in URL.',
					},
					...retryOptions,
					phoneNumberIdOption,
					{
						displayName: 'Require Hash Match',
						name: 'requireHashMatch',
						type: 'boolean',
						default: false,
						description:
							'Whether to refuse a file that was identical in two downloads but does not match the SHA-256 that the provider announced. Otherwise it is passed on with "verified: false".',
					},
				],
			},
		],
	};

	async execute(this: IExecuteFunctions) {
		return await perItem(this, downloadMedia);
	}
}

const UNAVAILABLE_HINT =
	'{n} files were unavailable: WhatsApp did not give them to the provider. Their items are passed on without a file, marked "unavailable".';

/** Texts, sends that failed and files that did not arrive pass as they are. */
async function downloadMedia(job: ItemJob) {
	const { context, item, index, attempt, setSubject, addHint } = job;
	const field = readText(context.getNodeParameter('binaryPropertyName', index));
	if (!field) throw noOutputField();
	const chosen = optionsParameter<Options>(context, index);
	const rules = {
		fileName: chosen.fileName,
		maxBytes: (chosen.maxSizeMb ?? DEFAULT_MAX_SIZE_MB) * MB,
		allowedTypes: splitList(chosen.allowedMimeTypes),
		requireHashMatch: chosen.requireHashMatch,
	};
	const wanted = wantedFile(context, item, index, chosen);
	const { mediaId } = wanted;
	if (mediaId) setSubject(`Media ID ${mediaId}`);
	if (hasNoFile(item.json, wanted)) {
		if (item.json.unavailable === true) addHint(UNAVAILABLE_HINT);
		return { json: item.json, binary: item.binary };
	}
	const mediaKey = mediaKeyOption(context, index);
	const isOfProvider = mediaId && !mediaKey;
	const messageFile = isOfProvider
		? undefined
		: messageFileOf(item.json, wanted.url, { ...chosen, mediaKey });
	// Before a credential is asked for: what the item lacks is the file.
	if (!messageFile && !mediaId && !wanted.url) throw nothingToDownload();
	const { maxTries } = { ...RETRY_DEFAULTS, ...chosen };
	const transfer = { store: context.helpers, addHint, maxRetries: maxTries - attempt };
	const { binary, ...file } = messageFile
		? await downloadMessageFile({ client: await job.fileClient(), ...transfer }, messageFile, rules)
		: await download({ client: await job.client(), ...transfer }, wanted, rules);
	const keepsInput = chosen.keepInputFields !== false;
	return {
		json: {
			...(keepsInput && fieldsBeside(wanted, item.json)),
			...(mediaId && { mediaId }),
			...file,
		},
		binary: { ...(keepsInput && item.binary), [field]: binary },
	};
}

/** As it is: messages spell it as text, and as objects of several kinds. Nothing for an expression that finds nothing. */
function mediaKeyOption(context: IExecuteFunctions, index: number): unknown {
	const given = context.getNodeParameter('options.mediaKey', index, '') as unknown;
	const isObject = typeof given === 'object' && !saysNothing(given);
	return readText(given) ?? (isObject ? given : undefined);
}

interface Options {
	[name: string]: string | number | boolean;
	allowedMimeTypes: string;
	encryptedMediaType: string;
	fileName: string;
	keepInputFields: boolean;
	maxSizeMb: number;
	maxTries: number;
	phoneNumberId: string;
	requireHashMatch: boolean;
}

function noOutputField(): MediaError {
	return new MediaError(
		'permanent',
		'Put Output File in Field is empty',
		'Enter a name for the output field, usually data.',
	);
}

/** What the form asks for, with what the item says about that same file. */
function wantedFile(
	context: IExecuteFunctions,
	item: INodeExecutionData,
	index: number,
	{ phoneNumberId }: Partial<Options>,
): WantedFile {
	const { mediaId: ownId = '', url: ownUrl = '', ...known } = itemFile(item.json);
	const mediaId = textParameter(context, item, index, 'mediaId');
	const url = textParameter(context, item, index, 'url');
	// An ID from elsewhere beside the item's own URL: that URL leads to another file.
	if (mediaId && mediaId !== ownId)
		return { mediaId, url: url === ownUrl ? undefined : url, phoneNumberId };
	if (!mediaId && url !== ownUrl) return { url };
	return { mediaId, url, ...known, phoneNumberId };
}
