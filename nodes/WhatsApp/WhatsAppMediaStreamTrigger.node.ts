import {
	NodeConnectionTypes,
	type INodeProperties,
	type INodeType,
	type INodeTypeDescription,
	type ITriggerFunctions,
	type ITriggerResponse,
} from 'n8n-workflow';

import { providers } from './providers';
import { CREDENTIAL } from './transport/credentials';
import { mediaTypesField, triggerOptions } from './trigger/fields';
import { liveDelivery } from './trigger/liveDelivery';

const queueing = Object.values(providers)
	.filter(({ live }) => live?.keepsMessages)
	.map(({ displayName }) => displayName);

const withLive = Object.values(providers).flatMap(({ displayName, live }) =>
	live ? displayName : [],
);

const testNotice: INodeProperties = {
	displayName: `With ${queueing.join(' and ')}: during a test, messages waiting for your published workflow may come here instead. The provider delivers each one once, to whichever workflow connects first.`,
	name: 'testNotice',
	type: 'notice',
	default: '',
};

/** Not part of WhatsApp Media Trigger, because n8n cannot test a node that has both a webhook and a connection. */
export class WhatsAppMediaStreamTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'WhatsApp Media Stream Trigger',
		name: 'whatsAppMediaStreamTrigger',
		icon: { light: 'file:icons/whatsAppMedia.svg', dark: 'file:icons/whatsAppMedia.dark.svg' },
		group: ['trigger'],
		// 1.2 as that of WhatsApp Media Trigger, which has the same options.
		version: [1, 1.2],
		defaultVersion: 1.2,
		subtitle:
			'={{ $parameter["mediaTypes"].length === 6 ? "All Files" : $parameter["mediaTypes"].join(", ").replace("voice", "voice note").toTitleCase() }}',
		description: `With ${withLive.join(' or ')}: starts the workflow when someone sends a file on WhatsApp, over a live connection, so n8n needs no public address`,
		eventTriggerDescription: 'Send a photo or voice note, not a text, to your WhatsApp number',
		builderHint: {
			searchHint:
				'As WhatsApp Media Trigger, over a live connection for an n8n without a public address. Only for providers that have one.',
			relatedNodes: [
				{
					nodeType: 'n8n-nodes-whatsapp-media.whatsAppMediaTrigger',
					relationHint: 'The usual one: over a webhook',
				},
				{
					nodeType: 'n8n-nodes-whatsapp-media.whatsAppDownloadMedia',
					relationHint: 'Gets the file; items without one pass through',
				},
			],
		},
		defaults: { name: 'WhatsApp Media Stream Trigger' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: CREDENTIAL, required: true }],
		properties: [
			...(queueing.length ? [testNotice] : []),
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

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		const { start, close } = liveDelivery(this);
		const closeFunction = async () => close();
		// During a test, n8n calls the function once it is ready to show what arrives.
		if (this.getMode() === 'manual') return { manualTriggerFunction: start, closeFunction };
		await start();
		return { closeFunction };
	}
}
