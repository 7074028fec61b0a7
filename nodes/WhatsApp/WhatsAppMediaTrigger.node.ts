import {
	NodeConnectionTypes,
	type IDataObject,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';

import { CREDENTIAL, openAccount } from './account';
import { providers } from './providers';
import type { MediaMessage, Webhook } from './providers/provider';

export class WhatsAppMediaTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'WhatsApp Media Trigger',
		name: 'whatsAppMediaTrigger',
		icon: { light: 'file:whatsAppMedia.svg', dark: 'file:whatsAppMedia.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["mediaTypes"].join(", ") }}',
		description: 'Starts the workflow when somebody sends a picture, video, voice note, audio, document or sticker on WhatsApp',
		defaults: { name: 'WhatsApp Media Trigger' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: CREDENTIAL, required: true }],
		webhooks: [
			{
				// One entry for both methods, so that n8n can never have one of them registered without the other.
				name: 'default',
				httpMethod: 'GET,POST' as 'POST',
				path: 'webhook',
				responseMode: 'onReceived',
				responseData: 'noData',
				ndvHideMethod: true,
			},
		],
		properties: [
			{
				displayName: 'Registration',
				name: 'registration',
				type: 'options',
				default: 'manual',
				options: [
					{ name: 'Manual', value: 'manual', description: 'You paste this node’s webhook URL into the provider’s dashboard' },
				],
				description: 'How the provider learns where to deliver',
			},
			{
				displayName: `Copy the <b>Production URL</b> from above and activate the workflow first: the provider tests the URL at once.<br>${Object.values(providers)
					.map(({ manualSetup }) => manualSetup)
					.join('<br>')}`,
				name: 'manualSetup',
				type: 'notice',
				default: '',
				displayOptions: { show: { registration: ['manual'] } },
			},
			{
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
			},
			{
				displayName: 'Options',
				name: 'options',
				type: 'collection',
				placeholder: 'Add option',
				default: {},
				options: [
					{
						displayName: 'Include Raw Message',
						name: 'includeRaw',
						type: 'boolean',
						default: false,
						description: 'Whether to add the provider’s own message, unchanged, in the field raw',
					},
				],
			},
		],
	};

	// With manual registration there is nothing to set, ask or remove at the provider.
	webhookMethods = {
		default: {
			checkExists: async () => true,
			create: async () => true,
			delete: async () => true,
		},
	};

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const { provider, account } = await openAccount(this);
		const request = this.getRequestObject();
		const webhook: Webhook = { query: request.query, headers: request.headers, rawBody: request.rawBody };

		if (request.method === 'GET') {
			const answer = provider.challenge(webhook, account);
			if (answer === undefined) this.logger.warn('WhatsApp Media Trigger refused a handshake: its verify token is not the one in the credential.');
			return answered(this, answer === undefined ? 403 : 200, answer ?? 'The verify token is not the one in the n8n credential.');
		}

		const verdict = provider.verify(webhook, account);
		if (verdict !== true) {
			this.logger.warn(`WhatsApp Media Trigger refused a delivery: ${verdict.reason}`);
			return answered(this, 401, 'The signature is missing or does not match.');
		}

		const types = this.getNodeParameter('mediaTypes') as string[];
		const messages = provider.parse(this.getBodyData()).filter(({ type }) => types.includes(type));
		if (!messages.length) return {};
		const includeRaw = this.getNodeParameter('options.includeRaw', false) as boolean;
		return { workflowData: [messages.map((message) => ({ json: toJson(message, includeRaw) }))] };
	}
}

/** Answers by itself; n8n starts nothing. Plain text, so that no browser runs what a caller sent us to echo. */
function answered(context: IWebhookFunctions, status: number, text: string): IWebhookResponseData {
	context.getResponseObject().status(status).set('X-Content-Type-Options', 'nosniff').type('text/plain').send(text);
	return { noWebhookResponse: true };
}

function toJson({ raw, ...message }: MediaMessage, includeRaw: boolean): IDataObject {
	return { ...message, ...(includeRaw && { raw }) } as IDataObject;
}
