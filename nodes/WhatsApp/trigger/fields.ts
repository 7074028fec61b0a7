import type {
	IDataObject,
	IHookFunctions,
	INodeProperties,
	ITriggerFunctions,
	IWebhookFunctions,
} from 'n8n-workflow';

import { maxSizeOption } from '../execution/fields';
import { readOptions, splitList } from '../execution/parameters';
import type { MessageFilter } from './messageFilter';
import type { ItemOptions } from './messageItems';

/** Form fields that both triggers have, and what the user entered in them. */

export const mediaTypesField: INodeProperties = {
	displayName: 'Media Types',
	name: 'mediaTypes',
	type: 'multiOptions',
	default: ['image', 'video', 'audio', 'voice', 'document', 'sticker'],
	options: [
		{ name: 'Audio', value: 'audio', description: 'An audio file that someone attached' },
		{ name: 'Document', value: 'document' },
		{ name: 'Image', value: 'image' },
		{ name: 'Sticker', value: 'sticker' },
		{ name: 'Video', value: 'video' },
		{ name: 'Voice Note', value: 'voice', description: 'A voice message, recorded in the chat' },
	],
	description:
		'The kinds of files that start the workflow. Reactions and delivery receipts never start it.',
	hint: 'Text messages do not start the workflow. To receive them, add Also Start On under Options, and choose Text Messages.',
};

const filterOptions: INodeProperties[] = [
	{
		displayName: 'Also Start On',
		name: 'alsoStartOn',
		type: 'multiOptions',
		// As messageFilter.ts has it where the option was not added; n8n's lint wants a list here.
		default: ['flow', 'unavailable'],
		options: [
			{ name: 'Call Recordings and Voicemail', value: 'call' },
			{
				name: 'Edited Messages',
				value: 'edit',
				description: 'A message whose file or caption was changed',
			},
			{
				name: 'Failed Sends',
				value: 'failed',
				description: 'Your messages that WhatsApp did not deliver, with the reason',
			},
			{
				name: 'Files in WhatsApp Flows',
				value: 'flow',
				description: 'Files that someone attached to a form in the chat (a WhatsApp Flow)',
			},
			{
				name: 'Files That Could Not Be Delivered',
				value: 'unavailable',
				description:
					'Files that are too large, view-once or otherwise unavailable. The item has the reason, and no file.',
			},
			{
				name: 'History',
				value: 'history',
				description: 'Files from before the number was connected',
			},
			{
				name: 'Messages Sent by Your Business',
				value: 'echo',
				description: 'Files that your business sent from its own phone',
			},
			{
				name: 'Text Messages',
				value: 'text',
				description: 'Texts, and the buttons and list entries that someone chose',
			},
		],
		description:
			'What else starts the workflow, besides files that someone sends. The provider must be set to deliver it.',
	},
	{
		displayName: 'Restrict to Senders',
		name: 'from',
		type: 'string',
		default: '',
		placeholder: 'e.g. 16505551234, 4915255501',
		description:
			'Comma-separated list of phone numbers with country code, or user IDs. Files and messages from everyone else are ignored.',
	},
	{
		...maxSizeOption,
		// A file that starts nothing is lost: none is, until somebody says so.
		default: 0,
		description: 'Ignore larger files. Works only if the provider sends the size with the message.',
	},
	{
		displayName: 'Allowed MIME Types',
		name: 'mimeTypes',
		type: 'string',
		default: '',
		placeholder: 'e.g. image/*, application/pdf',
		description: 'Comma-separated list. Files of all other types are ignored.',
	},
	{
		displayName: 'Restrict to Phone Number IDs',
		name: 'phoneNumberIds',
		type: 'string',
		default: '',
		placeholder: 'e.g. 106540352242922',
		description:
			'Comma-separated list of your numbers. Files sent to any other number are ignored.',
	},
];

const itemOptions: INodeProperties[] = [
	{
		displayName: 'Download Files',
		name: 'downloadFiles',
		type: 'boolean',
		// Whoever adds the option wants it; without it nothing is downloaded.
		default: true,
		description:
			'Whether to download each file at once into the binary field data. Use it only for small files in a single n8n process: the provider waits for the download, and in queue mode n8n never deletes files that a trigger saved. Otherwise use Download Media.',
	},
	{
		displayName: 'Include Raw Message',
		name: 'includeRaw',
		type: 'boolean',
		default: false,
		description: 'Whether to add the provider’s original message in the field raw',
	},
];

/** Compares by display name. Not with localeCompare: its first call takes a third of the time in which all nodes load. */
export const byName = (a: INodeProperties, b: INodeProperties) =>
	a.displayName < b.displayName ? -1 : 1;

/** The field *Options*. */
export const triggerOptions = [...filterOptions, ...itemOptions].sort(byName);

export interface TriggerParameters extends MessageFilter {
	options: MessageFilter['options'] & ItemOptions;
}

/** @throws MediaError for a number that is none, or out of its range */
export function triggerParameters(
	context: IHookFunctions | ITriggerFunctions | IWebhookFunctions,
): TriggerParameters {
	const { alsoStartOn, ...options } = context.getNodeParameter('options', {}) as IDataObject;
	const origins = readList(alsoStartOn) as MessageFilter['options']['alsoStartOn'];
	return {
		mediaTypes: readList(context.getNodeParameter('mediaTypes')) ?? [],
		nodeVersion: context.getNode().typeVersion,
		options: {
			...readOptions(withoutUnreadable(context, options)),
			...(origins && { alsoStartOn: origins }),
		},
	};
}

/** Without what cannot be read and is no filter: no message is lost for what its item would have besides. */
function withoutUnreadable(
	context: Pick<IWebhookFunctions, 'logger' | 'getNode'>,
	options: IDataObject,
): IDataObject {
	const readable = Object.entries(options).filter(([name, value]) => {
		if (!itemOptions.some((field) => field.name === name)) return true;
		try {
			readOptions({ [name]: value });
			return true;
		} catch (cause) {
			const { message } = cause as Error;
			context.logger.warn(`${context.getNode().name}: ${message}, which counts as not added`);
			return false;
		}
	});
	return Object.fromEntries(readable);
}

/** What was chosen in a list, or what an expression gave in its place; nothing where it gave none. */
function readList(value: unknown): string[] | undefined {
	if (typeof value === 'string') return splitList(value);
	return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : undefined;
}
