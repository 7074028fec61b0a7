import {
	NodeConnectionTypes,
	type INodeProperties,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';

import { accountFor, CREDENTIAL } from './account';
import { mediaTypesField, passes, type MessageFilter } from './messageFilter';
import { byName, itemsOf, triggerOptions, type ItemOptions } from './messageItems';
import { providers } from './providers';
import type { Webhook } from './providers/provider';
import { isAnswered, withoutRedelivered } from './redelivery';
import { forgetTest, registrationHooks } from './registration';
import { askedTest, takenByTest } from './testDelivery';

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
		icon: { light: 'file:whatsAppMedia.svg', dark: 'file:whatsAppMedia.dark.svg' },
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
		const handshake = request.method === 'GET';
		// n8n keeps no bytes of a form: nothing that could be signed.
		const rawBody = request.rawBody ?? Buffer.alloc(0);
		const webhook: Webhook = { query: request.query, headers: request.headers, rawBody };
		const account = await accountFor(this, (known) =>
			handshake ? known.provider.challenge(webhook, known.account) !== undefined : known.provider.verify(webhook, known.account) === true,
		);
		const { provider } = account;

		if (handshake) {
			const answer = provider.challenge(webhook, account.account);
			if (answer === undefined) this.logger.warn('WhatsApp Media Trigger refused a handshake: its verify token is not the one in the credential.');
			return answered(this, answer === undefined ? 403 : 200, answer ?? 'The verify token is not the one in the n8n credential.');
		}

		const verdict = provider.verify(webhook, account.account);
		if (verdict !== true) {
			this.logger.warn(`WhatsApp Media Trigger refused a delivery: ${verdict.reason}`);
			return answered(this, 401, 'The signature is missing or does not match.');
		}

		const test = askedTest(request.query);
		if (test && this.getMode() !== 'manual') {
			if (await takenByTest(this, test)) return {};
			void forgetTest(this, test).catch((cause: Error) => this.logger.warn(`WhatsApp Media Trigger: ${cause.message}`));
		}

		const options = this.getNodeParameter('options', {}) as MessageFilter['options'] & ItemOptions;
		const filter = { mediaTypes: this.getNodeParameter('mediaTypes') as string[], options };
		const messages = provider.parse(this.getBodyData()).filter((message) => passes(message, filter));
		const fresh = await withoutRedelivered(this, messages, async () => await isAnswered(this.getResponseObject()));
		if (!fresh.length) return {};
		return { workflowData: [await itemsOf(fresh, options, account, this.helpers)] };
	}
}

/** Answers by itself; n8n starts nothing. Plain text, so that no browser runs what a caller sent us to echo. */
function answered(context: IWebhookFunctions, status: number, text: string): IWebhookResponseData {
	context.getResponseObject().status(status).set('X-Content-Type-Options', 'nosniff').type('text/plain').send(text);
	return { noWebhookResponse: true };
}
