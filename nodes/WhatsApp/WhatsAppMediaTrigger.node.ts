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

/** The credential knows the provider, and no form may ask a credential: a line for each. A list, because n8n's notices show no other markup but links. */
const manualSteps = [
	'Publish this workflow.',
	'Open Webhook URLs above, choose Production URL and copy it.',
	`In your provider’s dashboard: ${list(
		Object.values(providers).map(
			({ displayName, manualSetup }) => `${displayName}: ${manualSetup}`,
		),
	)}`,
	'To test: send a file, and look under Executions. Execute step would wait at the Test URL, which your provider does not know.',
	'A second workflow on the same number: with most providers, its URL replaces this one, and this workflow stops receiving. Keep one trigger, and start the other workflow from it with Execute Sub-workflow.',
];

function list(entries: string[]): string {
	return `<ul>${entries.map((entry) => `<li>${entry}</li>`).join('')}</ul>`;
}

/** Providers that have no API for registration. */
const manualOnly = Object.values(providers).flatMap(({ displayName, registration }) =>
	registration ? [] : displayName,
);

/** The end of both texts in the trigger's panel. */
const NOTHING_ARRIVES =
	'<br><br><b>If nothing arrives</b>: an app in development mode delivers only test messages. A number delivers to only one webhook. With a wrong App Secret, every delivery is refused; n8n’s log says so.';

/** Providers that can be told to make public links. */
const withPublicLinks = Object.values(providers).flatMap(({ displayName, registration }) =>
	registration?.enablePublicLinks ? displayName : [],
);

const publicLinksOption: INodeProperties = {
	displayName: 'Public Links',
	name: 'autoDownload',
	type: 'boolean',
	// Whoever adds the option wants it; without it no link is made.
	default: true,
	// What is set up by hand changes no setting at the provider.
	displayOptions: { hide: { '/registration': ['manual'] } },
	description: `Whether each file comes with a public link (Auto Download). Only ${withPublicLinks.join(' and ')} can do that; with other providers, this changes nothing. Anyone who has the link can open the file for 30 days. Switching this off does not switch off the setting at the provider.`,
};

/** A package without such a provider has no use for the option. */
const webhookOptions: INodeProperties[] = [
	...triggerOptions,
	...(withPublicLinks.length ? [publicLinksOption] : []),
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
			'={{ $parameter["mediaTypes"].length === 6 ? "All Files" : $parameter["mediaTypes"].join(", ").replace("voice", "voice note").toTitleCase() }}',
		description:
			'Starts the workflow when someone sends a photo, video, voice note or other file on WhatsApp',
		eventTriggerDescription: 'Send a photo or voice note, not a text, to your WhatsApp number',
		triggerPanel: {
			header: 'Receive a file from WhatsApp',
			executionsHelp: {
				inactive:
					'<b>To test</b>, press the button, then send a photo or voice note to your WhatsApp number. Text messages do not start it. With Manual, your provider must deliver to the Test URL during the test.<br><br><b>To keep receiving</b>, publish the workflow. Each file then appears under Executions.' +
					NOTHING_ARRIVES,
				active:
					'<b>This workflow receives files</b>. Each one appears under Executions.<br><br><b>To test</b>, press the button, then send a photo or voice note to your WhatsApp number. Text messages do not start it. During the test, files come here; afterwards they go to the published workflow again. With Manual, your provider must deliver to the Test URL during the test.' +
					NOTHING_ARRIVES,
			},
			activationHint: {
				active: 'This workflow is published and keeps receiving files.',
				inactive: 'Publish the workflow to keep receiving files.',
			},
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
				displayName: 'Receive Files For',
				name: 'registration',
				type: 'options',
				default: 'phoneNumber',
				options: [
					{
						name: 'This Phone Number',
						value: 'phoneNumber',
						description:
							'Receive files sent to the credential’s phone number (recommended). Each number can have its own workflow.',
					},
					{
						name: 'This WhatsApp Business Account',
						value: 'account',
						description:
							'Receive files sent to any number of the account that has no webhook of its own',
					},
					{
						name: 'The Whole App',
						value: 'app',
						description:
							'Receive files sent to any number connected to the app that has no webhook of its own',
					},
					{
						name: 'Manual',
						value: 'manual',
						description: 'Paste this node’s webhook URL into the provider’s dashboard yourself',
					},
				],
				description: 'Which files the provider delivers to this workflow while it is published',
				hint: manualOnly.length
					? `With ${manualOnly.join(' and ')}, choose Manual. With the others, keep the default.`
					: '',
			},
			{
				displayName: list(manualSteps),
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
