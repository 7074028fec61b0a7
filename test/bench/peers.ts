import { CONCURRENCY } from '../../nodes/WhatsApp/execution/mapConcurrent';
import { mediaNode, node, type Json, type WorkflowNode } from '../support/n8n/workflow';
import type { Testbed } from './testbed';

/** The nodes that are compared, with the settings that a user's would have. */

const builtIn = (
	type: string,
	name: string,
	typeVersion: number,
	parameters: Json,
	credentials?: WorkflowNode['credentials'],
) => node(`n8n-nodes-base.${type}`, name, parameters, { typeVersion, credentials });

export const download = ({ credentials: { whatsAppMediaApi } }: Testbed) => [
	mediaNode('whatsAppDownloadMedia', 'Download Media', {}, { credentials: { whatsAppMediaApi } }),
];

export const upload = ({ credentials: { whatsAppMediaApi } }: Testbed) => [
	mediaNode('whatsAppUploadMedia', 'Upload Media', {}, { credentials: { whatsAppMediaApi } }),
];

/** What one file takes with n8n's own nodes. */
export const builtInDownload = (
	{ credentials: { whatsAppApi } }: Testbed,
	mediaId = '={{ $json.mediaId }}',
) => [
	builtIn(
		'whatsApp',
		'Get URL',
		1.1,
		{ resource: 'media', operation: 'mediaUrlGet', mediaGetId: mediaId },
		{ whatsAppApi },
	),
	builtIn(
		'httpRequest',
		'Get File',
		4.2,
		{
			url: '={{ $json.url }}',
			authentication: 'predefinedCredentialType',
			nodeCredentialType: 'whatsAppApi',
			options: { response: { response: { responseFormat: 'file' } } },
		},
		{ whatsAppApi },
	),
];

export const builtInUpload = ({ emulator, credentials: { whatsAppApi } }: Testbed) => [
	builtIn(
		'whatsApp',
		'Upload',
		1.1,
		{
			resource: 'media',
			operation: 'mediaUpload',
			phoneNumberId: emulator.meta.credentials.phoneNumberId,
			mediaPropertyName: 'data',
			additionalFields: { mediaFileName: 'file.pdf' },
		},
		{ whatsAppApi },
	),
];

export const trigger = ({ credentials: { whatsAppMediaApi } }: Testbed) =>
	mediaNode(
		'whatsAppMediaTrigger',
		'Trigger',
		{ registration: 'manual' },
		{ typeVersion: 1.1, credentials: { whatsAppMediaApi } },
	);

export const builtInTrigger = (
	{ credentials: { whatsAppTriggerApi } }: Testbed,
	options: Json = {},
) =>
	builtIn(
		'whatsAppTrigger',
		'Trigger',
		1,
		{ updates: ['messages'], options },
		{ whatsAppTriggerApi },
	);

export const plainWebhook = (path: string) =>
	builtIn('webhook', 'Trigger', 2.1, { path, httpMethod: 'POST', options: {} });

/** The same work with nothing but n8n's helpers: test/bench/bare. */
const bare = (type: string, name: string, parameters: Json, extras?: Partial<WorkflowNode>) =>
	node(`n8n-nodes-bare.${type}`, name, parameters, extras);

export const bareDownload = ({ credentials: { whatsAppApi } }: Testbed) => [
	bare(
		'bareDownload',
		'Bare Download',
		{ inFlight: CONCURRENCY },
		{ credentials: { whatsAppApi } },
	),
];

export const bareTrigger = () => bare('bareTrigger', 'Trigger', {}, { typeVersion: 1.1 });

export { CONCURRENCY };
