import type { INodeProperties } from 'n8n-workflow';

import { splitList } from '../execution/parameters';
import { maxSizeOption } from '../execution/fields';
import { mimeEssence, matchesMimeType } from '../formats/mimeTypes';
import type { MediaMessage, Origin } from '../providers/mediaMessage';

/** Which files start a workflow. */
export interface MessageFilter {
	mediaTypes: string[];
	options: {
		alsoStartOn?: Origin[];
		from?: string;
		maxSizeMb?: number;
		mimeTypes?: string;
		phoneNumberIds?: string;
	};
}

/** Answers to forms are messages that a customer sends now; the rest is not what most people expect. */
const DEFAULT_ORIGINS: Origin[] = ['flow'];

export const mediaTypesField: INodeProperties = {
	displayName: 'Media Types',
	name: 'mediaTypes',
	type: 'multiOptions',
	default: ['image', 'video', 'audio', 'voice', 'document', 'sticker'],
	options: [
		{ name: 'Audio', value: 'audio', description: 'An audio file that somebody attached' },
		{ name: 'Document', value: 'document' },
		{ name: 'Image', value: 'image' },
		{ name: 'Sticker', value: 'sticker' },
		{ name: 'Video', value: 'video' },
		{ name: 'Voice Note', value: 'voice', description: 'A voice message, recorded in the chat' },
	],
	description: 'The kinds of files that start the workflow. Text, reactions and delivery receipts never do.',
};

export const filterOptions: INodeProperties[] = [
	{
		displayName: 'Also Start On',
		name: 'alsoStartOn',
		type: 'multiOptions',
		default: ['flow'],
		options: [
			{ name: 'Call Recordings and Voicemail', value: 'call' },
			{ name: 'Edited Messages', value: 'edit', description: 'A message whose file or caption was changed' },
			{ name: 'Files in Form Answers', value: 'flow', description: 'Files that somebody attached to a WhatsApp Flow' },
			{ name: 'History', value: 'history', description: 'Files from before the number was connected' },
			{ name: 'Own Messages', value: 'echo', description: 'Files that the business itself sent, from its phone' },
		],
		description: 'Files that are not simply messages from a customer. The provider must be set to deliver them.',
	},
	{
		displayName: 'Senders',
		name: 'from',
		type: 'string',
		default: '',
		placeholder: 'e.g. 16505551234, 4915255501',
		description: 'Comma-separated list of senders, as phone numbers with country code or user IDs. Files of all others start nothing.',
	},
	{ ...maxSizeOption, description: 'Larger files start nothing, where the provider tells the size with the message' },
	{
		displayName: 'Allowed MIME Types',
		name: 'mimeTypes',
		type: 'string',
		default: '',
		placeholder: 'e.g. image/*, application/pdf',
		description: 'Comma-separated list. Files of all other types start nothing.',
	},
	{
		displayName: 'Only These Phone Number IDs',
		name: 'phoneNumberIds',
		type: 'string',
		default: '',
		placeholder: 'e.g. 106540352242922',
		description: 'Comma-separated list of your numbers. Files sent to any other start nothing.',
	},
];

/** Whether a file passes. What is not known of it holds nothing up. */
export function matchesFilter(message: MediaMessage, { mediaTypes, options }: MessageFilter): boolean {
	const { alsoStartOn = DEFAULT_ORIGINS, maxSizeMb } = options;
	const [from, mimeTypes, phoneNumberIds] = [options.from, options.mimeTypes, options.phoneNumberIds].map(splitList);
	const senders = [digits(message.from), message.from, message.fromUserId].filter(Boolean);
	return (
		mediaTypes.includes(message.type) &&
		(!message.origin || alsoStartOn.includes(message.origin)) &&
		(!from!.length || from!.some((sender) => senders.includes(sender) || senders.includes(digits(sender)))) &&
		(!mimeTypes!.length || !message.mimeType || matchesMimeType(mimeEssence(message.mimeType), mimeTypes!)) &&
		(!phoneNumberIds!.length || phoneNumberIds!.includes(message.phoneNumberId ?? '')) &&
		(!maxSizeMb || !message.size || message.size <= maxSizeMb * 1_000_000)
	);
}

/** `+1 650-555-1234` as `16505551234`; nothing for what is no phone number. */
function digits(number = ''): string | undefined {
	return /^\+?[\d\s()./-]+$/.test(number) ? number.replace(/\D/g, '') : undefined;
}
