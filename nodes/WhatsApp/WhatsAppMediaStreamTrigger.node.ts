import {
	NodeConnectionTypes,
	type INodeType,
	type INodeTypeDescription,
	type ITriggerFunctions,
	type ITriggerResponse,
} from 'n8n-workflow';

import { CREDENTIAL } from './transport/credentials';
import { createClient } from './transport/client';
import { listen, type Listener } from './trigger/liveConnection';
import { mediaTypesField, matchesFilter, type MessageFilter } from './trigger/messageFilter';
import { toItems, triggerOptions, type ItemOptions } from './trigger/messageItems';
import { nodeError } from './execution/nodeError';
import { deduplicate } from './trigger/deduplicate';

/** Apart from WhatsApp Media Trigger because n8n cannot test a node that has a webhook and a connection of its own. */
export class WhatsAppMediaStreamTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'WhatsApp Media Stream Trigger',
		name: 'whatsAppMediaStreamTrigger',
		icon: { light: 'file:icons/whatsAppMedia.svg', dark: 'file:icons/whatsAppMedia.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["mediaTypes"].length === 6 ? "all files" : $parameter["mediaTypes"].join(", ") }}',
		description: 'Starts the workflow when somebody sends a file on WhatsApp, over a live connection: n8n needs no public address',
		eventTriggerDescription: 'Send a photo or voice note to your WhatsApp number',
		defaults: { name: 'WhatsApp Media Stream Trigger' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: CREDENTIAL, required: true }],
		properties: [
			{
				displayName:
					'While you test, messages that wait for your published workflow may come here instead: the provider hands them to whoever connects first, once',
				name: 'testNotice',
				type: 'notice',
				default: '',
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

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		let close = () => {};
		const start = async () => {
			const client = await createClient(this);
			const options = this.getNodeParameter('options', {}) as MessageFilter['options'] & ItemOptions;
			const filter = { mediaTypes: this.getNodeParameter('mediaTypes') as string[], options };
			const listener: Listener = {
				received: (messages) => {
					const passing = messages.filter((message) => matchesFilter(message, filter));
					void deduplicate(this, passing).then(async (fresh) => {
						if (fresh.length) this.emit([await toItems(fresh, options, client, this.helpers)]);
					});
				},
				refused: (refusal) => this.emitError(nodeError(this, refusal)),
			};
			const listening = listen(client, listener);
			close = listening.close;
			await listening.ready;
		};
		const started = async () =>
			await start().catch((cause) => {
				close();
				throw nodeError(this, cause);
			});

		const closeFunction = async () => close();
		// In a test n8n calls the function when it is ready to show what comes.
		if (this.getMode() === 'manual') return { manualTriggerFunction: started, closeFunction };
		await started();
		return { closeFunction };
	}
}
