import type { ITriggerFunctions } from 'n8n-workflow';

import { nodeError } from '../execution/nodeError';
import type { MediaMessage } from '../providers/mediaMessage';
import { createClient, type Client } from '../transport/client';
import { deduplicate } from './deduplicate';
import { Downloads } from './downloads';
import { triggerParameters } from './fields';
import { listen, type Listener, type Subscription } from './liveConnection';
import { logUnreadable } from './logUnreadable';
import { matchesFilter } from './messageFilter';
import { fileLimit, toItems } from './messageItems';
import { checkLiveReady } from './publishChecks';

/** Starts the workflow with each new file that arrives over the live connection, from `start` until `close`. */
export function liveDelivery(context: ITriggerFunctions) {
	let subscription: Subscription | undefined;
	const closing = new AbortController();
	const downloads = new Downloads();

	const close = () => {
		closing.abort();
		downloads.abort();
		subscription?.close();
	};
	/** Resolves once the connection is open. @throws NodeOperationError or NodeApiError when it cannot be opened */
	const start = async () => {
		try {
			checkLiveReady(context);
			const client = await createClient(context, undefined, closing.signal);
			const listener = createListener(context, { client, downloads, closed: closing.signal });
			if (closing.signal.aborted) return;
			subscription = listen(client, listener);
			await subscription.ready;
		} catch (cause) {
			close();
			throw nodeError(context, cause);
		}
	};
	return { start, close };
}

interface Connection {
	client: Client;
	downloads: Downloads;
	/** Aborted once nothing is to start any more. */
	closed: AbortSignal;
}

function createListener(
	context: ITriggerFunctions,
	{ client, downloads, closed }: Connection,
): Listener {
	const parameters = triggerParameters(context);
	const { name } = context.getNode();
	const logFailure = ({ message }: Error) => {
		context.logger.error(`${name} could not start the workflow with a message: ${message}`);
	};
	/** Whether n8n took them. */
	const emit = async (messages: MediaMessage[]): Promise<boolean> => {
		try {
			const files = { client, store: context.helpers, downloads };
			const items = await toItems(messages, parameters.options, files, fileLimit(context));
			if (closed.aborted) {
				const ids = messages.map(({ messageId }) => messageId).join(', ');
				context.logger.warn(`${name} was closed while it fetched the files of a message: ${ids}`);
				return false;
			}
			context.emit([items]);
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
		const { fresh } = await deduplicate(context, wanted, async () => await taken);
		if (fresh.length) onEmitted(await emit(fresh));
	};
	return {
		onMessages: (messages) => void receive(messages).catch(logFailure),
		onUnreadable: logUnreadable(context),
		onAccessLost: (error) => context.emitError(nodeError(context, error)),
	};
}
