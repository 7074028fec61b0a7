import {
	NodeConnectionTypes,
	type INodeProperties,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';

import { providers } from './providers';
import { CREDENTIAL } from './transport/credentials';
import { answerHandshake, receive } from './trigger/delivery';
import { byName, mediaTypesField, triggerOptions } from './trigger/fields';
import { registrationHooks } from './trigger/registration';

/** A list, because n8n's notices show no other markup but links. */
const manualSteps = [
	'Publish this workflow.',
	'Open Webhook URLs above, choose Production URL and copy it.',
	...Object.values(providers).map(
		({ displayName, manualSetup }) => `${displayName}: ${manualSetup}`,
	),
];

/** Providers that have no API for registration. */
const manualOnly = Object.values(providers).flatMap(({ displayName, registration }) =>
	registration ? [] : displayName,
);

/** The end of both texts in the trigger's panel. */
const NOTHING_COMES =
	'<br><br><b>If nothing comes</b>: an app that is still in development mode delivers test messages only, a number delivers to one webhook only, and with a wrong App Secret every delivery is refused (n8n’s log says so).';

const webhookOptions: INodeProperties[] = [
	...triggerOptions,
	{
		displayName: 'Public Links',
		name: 'autoDownload',
		type: 'boolean',
		default: false,
		description:
			'Whether to have the provider fetch every file as it comes and deliver a public link with it, where it offers that (Auto Download). Whoever knows the link can open the file, for 30 days. Switching it off here leaves the provider’s setting on.',
	},
];
webhookOptions.sort(byName);

export class WhatsAppMediaTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'WhatsApp Media Trigger',
		name: 'whatsAppMediaTrigger',
		icon: { light: 'file:icons/whatsAppMedia.svg', dark: 'file:icons/whatsAppMedia.dark.svg' },
		group: ['trigger'],
		// Before each delivery n8n evaluates an expression for nodes of version 1, which takes 12 ms (docs/benchmarks.md).
		// From 1.2 on, files that did not arrive start the workflow (trigger/messageFilter.ts).
		version: [1, 1.1, 1.2],
		defaultVersion: 1.2,
		subtitle:
			'={{ $parameter["mediaTypes"].length === 6 ? "all files" : $parameter["mediaTypes"].join(", ") }}',
		description:
			'Starts the workflow when somebody sends a picture, video, voice note, audio, document or sticker on WhatsApp',
		eventTriggerDescription: 'Send a photo or voice note to your WhatsApp number',
		triggerPanel: {
			header: 'Receive a file from WhatsApp',
			executionsHelp: {
				inactive:
					'<b>To test</b>, press the button, then send a photo or voice note to your WhatsApp number. With Manual registration your provider must deliver to the Test URL meanwhile.<br><br><b>To keep receiving</b>, publish the workflow. You then find each file under Executions.' +
					NOTHING_COMES,
				active:
					'<b>This workflow receives files</b>; you find each under Executions.<br><br><b>To test</b>, press the button, then send a photo or voice note to your WhatsApp number. Meanwhile the test gets the files; afterwards this workflow does again. With Manual registration your provider must deliver to the Test URL.' +
					NOTHING_COMES,
			},
			activationHint: 'Publish the workflow to keep receiving files.',
		},
		builderHint: {
			searchHint:
				'Starts a workflow with each photo, video, voice note, audio, document or sticker that comes in on WhatsApp, and on request with texts (option alsoStartOn: ["text"]), so that one trigger serves a whole bot: a WhatsApp number has one webhook only. The item is flat: type, mediaId, text, caption, from, fromName, chatId, messageId. Put WhatsApp Download Media right behind it to get the file in the binary field data; all fields fit by themselves. Behind nodes that drop fields, the sender is {{ $("WhatsApp Media Trigger").item.json.from }}.',
			relatedNodes: [
				{
					nodeType: 'n8n-nodes-whatsapp-media.whatsAppDownloadMedia',
					relationHint: 'Gets the file; items without one pass through',
				},
				{
					nodeType: 'n8n-nodes-whatsapp-media.whatsAppUploadMedia',
					relationHint: 'Uploads a file to answer with',
				},
			],
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
						description:
							'Deliveries for the credential’s phone number come here. Best for most: each number can have its own workflow.',
					},
					{
						name: 'This WhatsApp Business Account',
						value: 'account',
						description:
							'Deliveries for all numbers of the account that have no webhook of their own',
					},
					{
						name: 'The Whole App',
						value: 'app',
						description:
							'Deliveries for everything connected to the app that has no webhook of its own',
					},
					{
						name: 'Manual',
						value: 'manual',
						description: 'You paste this node’s webhook URL into the provider’s dashboard',
					},
				],
				description:
					'What the provider is told to deliver here, as long as the workflow is published',
				hint: manualOnly.length
					? `With ${manualOnly.join(' and ')}, choose Manual and follow its steps`
					: '',
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
				options: webhookOptions,
			},
		],
	};

	webhookMethods = { default: registrationHooks };

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const isHandshake = this.getRequestObject().method === 'GET';
		return isHandshake ? await answerHandshake(this) : await receive(this);
	}
}
