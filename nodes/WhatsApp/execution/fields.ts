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

export const mediaIdField: INodeProperties = {
	displayName: 'Media ID',
	name: 'mediaId',
	type: 'string',
	default: itemField('mediaId'),
	placeholder: 'e.g. 1037543291543636',
	description:
		'WhatsApp’s ID of the file. WhatsApp Media Trigger and Upload Media put it in the field mediaId.',
};

export const phoneNumberIdOption: INodeProperties = {
	displayName: 'Only Files of Phone Number ID',
	name: 'phoneNumberId',
	type: 'string',
	default: '',
	placeholder: 'e.g. 106540352242922',
	description:
		'The provider is asked whether the file belongs to this phone number. Leave it out for files that customers sent.',
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
			'How often to try, in all, when the provider is overloaded or the connection breaks. What cannot get better is tried once only.',
	},
	{
		displayName: 'Maximum Waiting Time (Seconds)',
		name: 'maxWaitSeconds',
		type: 'number',
		default: maxWaitSeconds,
		typeOptions: { minValue: 0, maxValue: 3600 },
		description:
			'How long to wait between the tries, in all. A provider that asks for more ends them.',
	},
	{
		displayName: 'Timeout (Seconds)',
		name: 'timeoutSeconds',
		type: 'number',
		default: timeoutSeconds,
		typeOptions: { minValue: 1, maxValue: 3600 },
		description:
			'How long a server may be silent before the try counts as failed. A transfer may take longer than this, as long as bytes move.',
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
	description:
		'Larger files are refused, before they are downloaded where the size is known. 0 for no limit.',
};

/** The options that take a number, in any node. */
export const numberOptions = [...retryOptions, maxSizeOption];

/** The options that are on or off, in any node. */
export const switchOptions = [
	'checkFile',
	'downloadFiles',
	'includeRaw',
	'keepInputFields',
	'missingIsDeleted',
	'requireHashMatch',
	'reuseEarlier',
];
