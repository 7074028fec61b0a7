import {
	NodeConnectionTypes,
	type INodeProperties,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';

import { CREDENTIAL } from './transport/credentials';
import { mediaTypesField, matchesFilter, type MessageFilter } from './trigger/messageFilter';
import { byName, toItems, triggerOptions, type ItemOptions } from './trigger/messageItems';
import { withCachedClient } from './trigger/cachedClient';
import { providers } from './providers';
import type { Webhook } from './providers/provider';
import { executionStarted } from './trigger/executionStarted';
import { deduplicate } from './trigger/deduplicate';
import { forgetTest, registrationHooks } from './trigger/registration';
import { requestedTestPath, forwardToTest } from './trigger/testForwarding';

/** n8n's notices know lists and links, and no other markup. */
const manualSteps = [
	'Publish this workflow.',
	'Open Webhook URLs above, choose Production URL and copy it.',
	...Object.values(providers).map(({ displayName, manualSetup }) => `${displayName}: ${manualSetup}`),
];

/** Providers that n8n cannot tell where to deliver. */
const byHand = Object.values(providers).flatMap(({ displayName, registration }) => (registration ? [] : displayName));

/** For the trigger's panel. */
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
		// For nodes of version 1 n8n evaluates an expression at each delivery before the node is asked: 12 ms (docs/benchmarks.md).
		version: [1, 1.1],
		defaultVersion: 1.1,
		subtitle: '={{ $parameter["mediaTypes"].length === 6 ? "all files" : $parameter["mediaTypes"].join(", ") }}',
		description: 'Starts the workflow when somebody sends a picture, video, voice note, audio, document or sticker on WhatsApp',
		eventTriggerDescription: 'Send a photo or voice note to your WhatsApp number',
		triggerPanel: {
			header: 'Receive a file from WhatsApp',
			executionsHelp: {
				inactive:
					'<b>To test</b>, press the button, then send a photo or voice note to your WhatsApp number. With Manual registration your provider must deliver to the Test URL meanwhile.<br><br><b>To keep receiving</b>, publish the workflow. You then find each file under Executions.' + NOTHING_COMES,
				active:
					'<b>This workflow receives files</b>; you find each under Executions.<br><br><b>To test</b>, press the button, then send a photo or voice note to your WhatsApp number. Meanwhile the test gets the files; afterwards this workflow does again. With Manual registration your provider must deliver to the Test URL.' + NOTHING_COMES,
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
				hint: byHand.length ? `With ${byHand.join(' and ')}, choose Manual and follow its steps` : '',
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
		const request = this.getRequestObject();
		// n8n keeps no bytes of a form: nothing that could be signed.
		const rawBody = request.rawBody ?? Buffer.alloc(0);
		const webhook: Webhook = { query: request.query, headers: request.headers, rawBody };
		return request.method === 'GET' ? await answerHandshake(this, webhook) : await receive(this, webhook);
	}
}

/** The provider asks whether the URL is ours. */
async function answerHandshake(context: IWebhookFunctions, webhook: Webhook): Promise<IWebhookResponseData> {
	const { answer } = await withCachedClient(
		context,
		({ provider, credentials }) => provider.challenge(webhook, credentials),
		(challenge) => challenge !== undefined,
	);
	if (answer !== undefined) return respond(context, 200, answer);
	context.logger.warn('WhatsApp Media Trigger refused a handshake: its verify token is not the one in the credential.');
	return respond(context, 403, 'The verify token is not the one in the n8n credential.');
}

/** A delivery: believed only when it is verified. */
async function receive(context: IWebhookFunctions, webhook: Webhook): Promise<IWebhookResponseData> {
	const { client, answer: verdict } = await withCachedClient(
		context,
		({ provider, credentials }) => provider.verify(webhook, credentials),
		(answer) => answer === true,
	);
	if (verdict !== true) {
		context.logger.warn(`WhatsApp Media Trigger refused a delivery: ${verdict.reason}`);
		return respond(context, 401, 'The signature is missing or does not match.');
	}

	const test = requestedTestPath(webhook.query);
	if (test && context.getMode() !== 'manual') {
		if (await forwardToTest(context, test)) return {};
		void forgetTest(context, test).catch((cause: Error) => context.logger.warn(`WhatsApp Media Trigger: ${cause.message}`));
	}

	const options = context.getNodeParameter('options', {}) as MessageFilter['options'] & ItemOptions;
	const filter = { mediaTypes: context.getNodeParameter('mediaTypes') as string[], options };
	const messages = client.provider.parse(context.getBodyData()).filter((message) => matchesFilter(message, filter));
	const fresh = await deduplicate(context, messages, async () => await executionStarted(context.getResponseObject()));
	if (!fresh.length) return {};
	return { workflowData: [await toItems(fresh, options, client, context.helpers)] };
}

/** Answers by itself; n8n starts nothing. Plain text, so that no browser runs what a caller sent us to echo. */
function respond(context: IWebhookFunctions, status: number, text: string): IWebhookResponseData {
	context.getResponseObject().status(status).set('X-Content-Type-Options', 'nosniff').type('text/plain').send(text);
	return { noWebhookResponse: true };
}
