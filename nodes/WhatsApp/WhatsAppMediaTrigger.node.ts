import {
	NodeConnectionTypes,
	type IDataObject,
	type INodeExecutionData,
	type INodeProperties,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';

import { CREDENTIAL, openAccount, type OpenAccount } from './account';
import { download } from './download';
import { filterOptions, mediaTypesField, passes, type MessageFilter } from './messageFilter';
import { inPool } from './pool';
import { providers } from './providers';
import type { MediaMessage, Webhook } from './providers/provider';
import { withoutRedelivered } from './redelivery';
import { registrationHooks } from './registration';

const triggerOptions: INodeProperties[] = [
	...filterOptions,
	{
		displayName: 'Download Files',
		name: 'downloadFiles',
		type: 'boolean',
		default: false,
		description:
			'Whether to fetch each file at once, into the binary field data. For small files in a single n8n process: the provider waits for its answer meanwhile, and in queue mode n8n never removes files that a trigger made. Otherwise use Download Media.',
	},
	{
		displayName: 'Include Raw Message',
		name: 'includeRaw',
		type: 'boolean',
		default: false,
		description: 'Whether to add the provider’s own message, unchanged, in the field raw',
	},
];
triggerOptions.sort((a, b) => a.displayName.localeCompare(b.displayName));

/** n8n's notices know lists and links, and no other markup. */
const manualSteps = [
	'Publish this workflow.',
	'Open Webhook URLs above, choose Production URL and copy it.',
	...Object.values(providers).map(({ displayName, manualSetup }) => `${displayName}: ${manualSetup}`),
];

export class WhatsAppMediaTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'WhatsApp Media Trigger',
		name: 'whatsAppMediaTrigger',
		icon: { light: 'file:whatsAppMedia.svg', dark: 'file:whatsAppMedia.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["mediaTypes"].length === 6 ? "all files" : $parameter["mediaTypes"].join(", ") }}',
		description: 'Starts the workflow when somebody sends a picture, video, voice note, audio, document or sticker on WhatsApp',
		eventTriggerDescription: 'Send a photo or voice note to your WhatsApp number',
		triggerPanel: {
			header: 'Receive a file from WhatsApp',
			executionsHelp: {
				inactive:
					'<b>To test</b>, press the button, then send a photo or voice note to your WhatsApp number. With Manual registration your provider must deliver to the Test URL meanwhile.<br><br><b>To keep receiving</b>, publish the workflow. What comes then stands under Executions.',
				active:
					'<b>This workflow receives files</b>; what comes stands under Executions.<br><br><b>To test</b>, press the button, then send a photo or voice note to your WhatsApp number. Meanwhile the test gets the files; afterwards this workflow does again. With Manual registration your provider must deliver to the Test URL.',
			},
			activationHint: 'Publish the workflow to keep receiving files.',
		},
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
				default: 'phoneNumber',
				options: [
					{
						name: 'This Phone Number',
						value: 'phoneNumber',
						description: 'Deliveries for the credential’s phone number come here. Best for most: each number can have its own workflow.',
					},
					{
						name: 'This WhatsApp Business Account',
						value: 'account',
						description: 'Deliveries for all numbers of the account that have no webhook of their own',
					},
					{
						name: 'The Whole App',
						value: 'app',
						description: 'Deliveries for everything connected to the app that has no webhook of its own',
					},
					{ name: 'Manual', value: 'manual', description: 'You paste this node’s webhook URL into the provider’s dashboard' },
				],
				description: 'What the provider is told to deliver here, as long as the workflow is published',
			},
			{
				displayName: `<ul>${manualSteps.map((step) => `<li>${step}</li>`).join('')}</ul>`,
				name: 'manualSetup',
				type: 'notice',
				default: '',
				displayOptions: { show: { registration: ['manual'] } },
			},
			mediaTypesField,
			{
				displayName: 'Options',
				name: 'options',
				type: 'collection',
				placeholder: 'Add option',
				default: {},
				options: triggerOptions,
			},
		],
	};

	webhookMethods = { default: registrationHooks };

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const account = await openAccount(this);
		const { provider } = account;
		const request = this.getRequestObject();
		// n8n keeps no bytes of a form: nothing that could be signed.
		const rawBody = request.rawBody ?? Buffer.alloc(0);
		const webhook: Webhook = { query: request.query, headers: request.headers, rawBody };

		if (request.method === 'GET') {
			const answer = provider.challenge(webhook, account.account);
			if (answer === undefined) this.logger.warn('WhatsApp Media Trigger refused a handshake: its verify token is not the one in the credential.');
			return answered(this, answer === undefined ? 403 : 200, answer ?? 'The verify token is not the one in the n8n credential.');
		}

		const verdict = provider.verify(webhook, account.account);
		if (verdict !== true) {
			this.logger.warn(`WhatsApp Media Trigger refused a delivery: ${verdict.reason}`);
			return answered(this, 401, 'The signature is missing or does not match.');
		}

		const options = this.getNodeParameter('options', {}) as MessageFilter['options'] & { downloadFiles?: boolean; includeRaw?: boolean };
		const filter = { mediaTypes: this.getNodeParameter('mediaTypes') as string[], options };
		const messages = provider.parse(this.getBodyData()).filter((message) => passes(message, filter));
		const fresh = messages.length ? await withoutRedelivered(this, messages) : [];
		if (!fresh.length) return {};
		const items = fresh.map(({ raw, ...json }): INodeExecutionData => ({ json: { ...json, ...(options.includeRaw && { raw }) } as IDataObject }));
		if (options.downloadFiles) await inPool(items, async (item, index) => await addFile(this, account, item, fresh[index]!));
		return { workflowData: [items] };
	}
}

/** The file itself, for flows of one node. One that cannot be had is no reason to lose the message. */
async function addFile(context: IWebhookFunctions, account: OpenAccount, item: INodeExecutionData, message: MediaMessage): Promise<void> {
	const wanted = { ...message, expiresAt: message.urlExpiresAt };
	await download(account, context.helpers, wanted, {}, () => {}).then(
		({ binary, ...file }) => {
			Object.assign(item.json, file);
			item.binary = { data: binary };
		},
		(cause: Error) => {
			item.json.error = cause.message;
		},
	);
}

/** Answers by itself; n8n starts nothing. Plain text, so that no browser runs what a caller sent us to echo. */
function answered(context: IWebhookFunctions, status: number, text: string): IWebhookResponseData {
	context.getResponseObject().status(status).set('X-Content-Type-Options', 'nosniff').type('text/plain').send(text);
	return { noWebhookResponse: true };
}
