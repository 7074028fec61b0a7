import type { INodeProperties } from 'n8n-workflow';

import { DEFAULT_IDLE_TIMEOUT_MS } from '../transport/client';
import { SECOND } from '../units';
import { RETRY_DEFAULTS } from './retry';

/** Form fields that several nodes share. */

// Names of their own, because n8n's lint does not see a default that is an expression.
const { maxTries, maxWaitSeconds } = RETRY_DEFAULTS;
const timeoutSeconds = DEFAULT_IDLE_TIMEOUT_MS / SECOND;

/** The default of a form field: the item's field of that name. */
export const itemField = (name: string) => `={{ $json.${name} }}`;

/** The same where many an item has no such field: the editor would show a red `undefined`. */
export const optionalItemField = (name: string) => `={{ $json.${name} ?? '' }}`;

/**
 * A field as it stands in a workflow, and as it stands in the tool that an AI agent uses. n8n tells the agent of those parameters
 * that an expression asks it for, and of no others.
 */
export const withToolForm = (
	field: INodeProperties,
	asTool: Pick<INodeProperties, 'default' | 'description' | 'hint'>,
): INodeProperties[] => [
	{ ...field, displayOptions: { show: { '@tool': [false] } } },
	{ ...field, ...asTool, displayOptions: { show: { '@tool': [true] } } },
];

/** As the editor writes it where "Let the model define this parameter" is chosen. */
const fromAgent = (name: string, description: string) =>
	`={{ /*n8n-auto-generated-fromAI-override*/ $fromAI('${name}', \`${description}\`, 'string') }}`;

export const mediaIdField: INodeProperties = {
	displayName: 'Media ID',
	name: 'mediaId',
	type: 'string',
	default: itemField('mediaId'),
	placeholder: 'e.g. 1037543291543636',
	description:
		'WhatsApp’s ID of the file. WhatsApp Media Trigger and Upload Media output it in the field mediaId.',
};

export const requiredMediaIdFields = withToolForm(
	{ ...mediaIdField, required: true },
	{ default: fromAgent('mediaId', 'The media ID of the WhatsApp file, exactly as it was given') },
);

export const phoneNumberIdOption: INodeProperties = {
	displayName: 'Require Phone Number ID',
	name: 'phoneNumberId',
	type: 'string',
	default: '',
	placeholder: 'e.g. 106540352242922',
	description:
		'Fail if the file does not belong to this phone number. Leave it out for files that customers sent.',
};

export const binaryField = (displayName: string, description: string): INodeProperties => ({
	displayName,
	name: 'binaryPropertyName',
	type: 'string',
	default: 'data',
	required: true,
	placeholder: 'e.g. data',
	description,
});

export const retryOptions: INodeProperties[] = [
	{
		displayName: 'Maximum Tries',
		name: 'maxTries',
		type: 'number',
		default: maxTries,
		typeOptions: { minValue: 1, maxValue: 20 },
		description:
			'Maximum number of tries, including the first, when the provider is overloaded or the connection breaks. Permanent errors are not retried.',
	},
	{
		displayName: 'Maximum Waiting Time (Seconds)',
		name: 'maxWaitSeconds',
		type: 'number',
		default: maxWaitSeconds,
		typeOptions: { minValue: 0, maxValue: 3600 },
		description:
			'Maximum total time to wait between tries. If the provider asks for a longer wait, the node gives up.',
	},
	{
		displayName: 'Timeout (Seconds)',
		name: 'timeoutSeconds',
		type: 'number',
		default: timeoutSeconds,
		typeOptions: { minValue: 1, maxValue: 3600 },
		description:
			'How long to wait for data before a try fails. A transfer may take longer, as long as data keeps coming.',
	},
];

/** 100 MB is the most that Meta passes on, and it never says which MB: this is the larger one. */
export const DEFAULT_MAX_SIZE_MB = 105;

export const maxSizeOption: INodeProperties = {
	displayName: 'Maximum Size (MB)',
	name: 'maxSizeMb',
	type: 'number',
	default: DEFAULT_MAX_SIZE_MB,
	typeOptions: { minValue: 0 },
	description: 'Refuse larger files, before the download if the size is known. 0 means no limit.',
};

/** The options that take a number, in any node. */
export const numberOptions = [...retryOptions, maxSizeOption];

/** The options that are on or off, in any node. */
export const switchOptions = [
	'autoDownload',
	'checkFile',
	'downloadFiles',
	'includeRaw',
	'keepInputFields',
	'missingIsDeleted',
	'requireHashMatch',
	'reuseEarlier',
];

/** The options that their reader takes as they are: a key is a text, or an object of bytes. */
export const rawOptions = ['mediaKey'];
