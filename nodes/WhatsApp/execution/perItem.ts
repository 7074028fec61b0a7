import {
	type IDataObject,
	type IExecuteFunctions,
	type INodeExecutionData,
	type NodeExecutionHint,
} from 'n8n-workflow';

import { executionCanceled } from '../errors';
import { nodeError } from './nodeError';
import { createClient, type Client } from '../transport/client';
import { optionsOf } from './parameters';
import { mapConcurrent } from './mapConcurrent';
import { MediaError } from '../errors';
import { withRetries, type RetryLimits } from './retry';

export interface ItemJob {
	context: IExecuteFunctions;
	client: Client;
	item: INodeExecutionData;
	index: number;
	/** 1 for the first try. */
	attempt: number;
	/** What a failure is about, `Media ID 123`, where the failure itself does not know. */
	setSubject: (subject: string) => void;
	/** Shown in the output panel once, however many items say it. `{n}` becomes their number, as in `3 of 40`. */
	hint: (message: string) => void;
}

/**
 * Runs `work` for every input item: some at a time, again where that may help, results in input order, each paired with its
 * item. With Continue On Fail an item that fails becomes an item that says why; otherwise the first failure ends the node,
 * after what is under way has come to its own end.
 */
export async function perItem(
	context: IExecuteFunctions,
	work: (job: ItemJob) => Promise<Pick<INodeExecutionData, 'json' | 'binary'>>,
): Promise<INodeExecutionData[][]> {
	const items = context.getInputData();
	const open = async () => {
		const { timeoutSeconds } = optionsOf<{ timeoutSeconds: number }>(context, 0);
		return await createClient(context, timeoutSeconds && Math.round(timeoutSeconds * 1000));
	};
	const client = open();
	// Read once, awaited by each item: under Continue On Fail a node that throws would pass its input on as success.
	client.catch(() => {});
	const results = new Array<INodeExecutionData>(items.length);
	const hints = new Map<string, number>();
	const hint = (message: string) => hints.set(message, (hints.get(message) ?? 0) + 1);
	const goOn = context.continueOnFail();
	const cancelled = context.getExecutionCancelSignal();
	let failure: Error | undefined;

	const runOne = async (item: INodeExecutionData, index: number) => {
		let subject = '';
		const about = (what: string) => (subject = what);
		const once = async (attempt: number) => await work({ context, client: await client, item, index, attempt, setSubject: about, hint });
		try {
			const { result, tries } = await withRetries(once, () => optionsOf<RetryLimits & IDataObject>(context, index), cancelled);
			if (tries > 1) hint('{n} items needed more than one try.');
			results[index] = { ...result, pairedItem: { item: index } };
		} catch (unnamed) {
			const cause = named(unnamed, subject);
			if (goOn) results[index] = { json: failed(context, item, cause), pairedItem: { item: index } };
			else failure ??= nodeError(context, cause, index);
		}
	};
	await mapConcurrent(items, runOne, () => Boolean(failure || cancelled?.aborted));

	if (cancelled?.aborted) throw nodeError(context, executionCanceled());
	if (failure) throw failure;
	if (hints.size) context.addExecutionHints(...[...hints].map(([message, times]) => asHint(message, `${times} of ${items.length}`)));
	return [results];
}

/**
 * n8n recognises what belongs on the error output by an item with nothing but `error`, `message` and `details`, and adds
 * the input's fields itself. On the regular output it adds nothing.
 */
function failed(context: IExecuteFunctions, item: INodeExecutionData, cause: unknown): IDataObject {
	const { message, description } = nodeError(context, cause);
	const said: IDataObject = { error: message, ...(description && { details: description }) };
	return context.getNode().onError === 'continueErrorOutput' ? said : { ...item.json, ...said };
}

/** A connection that fails does not know what for. What is wrong with the account is not about one file. */
function named(cause: unknown, subject: string): unknown {
	if (!(cause instanceof MediaError) || cause.code === 'credential' || cause.message.includes(subject)) return cause;
	return new MediaError(cause.code, `${subject}: ${cause.message}`, cause.description, { status: cause.status });
}

function asHint(message: string, share: string): NodeExecutionHint {
	return { message: message.replace('{n}', share), type: 'warning', location: 'outputPane' };
}
