import type { ITriggerFunctions } from 'n8n-workflow';

import { nodeError } from '../execution/nodeError';
import type { MediaMessage } from '../providers/mediaMessage';
import { createClient, type Client } from '../transport/client';
import { deduplicate } from './deduplicate';
import { triggerParameters } from './fields';
import { listen, type Listener, type Subscription } from './liveConnection';
import { logUnreadable } from './logUnreadable';
import { matchesFilter } from './messageFilter';
import { toItems } from './messageItems';
import { checkMediaTypes } from './readiness';

/** Starts the workflow with each new file that arrives over the live connection, from `start` until `close`. */
export function liveDelivery(context: ITriggerFunctions) {
	let subscription: Subscription | undefined;
	let isClosed = false;

	const close = () => {
		isClosed = true;
		subscription?.close();
	};
	/** Resolves once the connection is open. @throws NodeOperationError or NodeApiError when it cannot be opened */
	const start = async () => {
		try {
			checkMediaTypes(context);
			const client = await createClient(context);
			const listener = createListener(context, client);
			if (isClosed) return;
			subscription = listen(client, listener);
			await subscription.ready;
		} catch (cause) {
			close();
			throw nodeError(context, cause);
		}
	};
	return { start, close };
}

function createListener(context: ITriggerFunctions, client: Client): Listener {
	const parameters = triggerParameters(context);
	const logFailure = ({ message }: Error) => {
		const { name } = context.getNode();
		context.logger.error(`${name} could not start the workflow with a message: ${message}`);
	};
	/** Whether n8n took them. */
	const emit = async (messages: MediaMessage[]): Promise<boolean> => {
		try {
			const files = { client, store: context.helpers };
			context.emit([await toItems(messages, parameters.options, files)]);
			return true;
		} catch (cause) {
			logFailure(cause as Error);
			return false;
		}
	};
	const receive = async (messages: MediaMessage[]) => {
		const wanted = messages.filter((message) => matchesFilter(message, parameters));
		let onEmitted!: (isTaken: boolean) => void;
		const taken = new Promise<boolean>((resolve) => {
			onEmitted = resolve;
		});
		const fresh = await deduplicate(context, wanted, async () => await taken);
		if (fresh.length) onEmitted(await emit(fresh));
	};
	return {
		onMessages: (messages) => void receive(messages).catch(logFailure),
		onUnreadable: logUnreadable(context),
		onAccessLost: (error) => context.emitError(nodeError(context, error)),
	};
}
