import type {
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	NodeExecutionHint,
} from 'n8n-workflow';

import { executionCanceledError, MediaError } from '../errors';
import {
	createClient,
	createFileClient,
	hasCredential,
	type Client,
	type FileClient,
} from '../transport/client';
import { SECOND } from '../units';
import { mapConcurrent } from './mapConcurrent';
import { nodeError } from './nodeError';
import { optionsParameter } from './parameters';
import { withRetries, type RetryLimits } from './retry';

/** One try at one input item. */
export interface ItemJob extends Clients {
	context: IExecuteFunctions;
	item: INodeExecutionData;
	index: number;
	/** 1 for the first try. */
	attempt: number;
	/** Whether an AI agent asks, whose question stands in the input's fields: the answer has none of them. */
	isTool: boolean;
	/** Says what the item is about, such as `Media ID 123`. It begins the message of an error that does not name it. */
	setSubject: (subject: string) => void;
	/** Adds a hint to the output panel. It is shown once; `{n}` becomes the number of items that added it: `3 of 40`. */
	addHint: (message: string) => void;
	/** Says in the output panel where to look, once, below the hints: nothing is wrong. A form's own hint stands above errors, too. */
	addNote: (message: string) => void;
}

/** Each is made when it is first asked for, once for all items. */
interface Clients {
	/** @throws MediaError of code `credential` */
	client: () => Promise<Client>;
	/** With the node's credential where it has one. @throws MediaError of code `credential` */
	fileClient: () => Promise<FileClient>;
}

/** What becomes of one item. */
type ItemResult = Pick<INodeExecutionData, 'json' | 'binary'>;

/**
 * Runs `work` for every input item: several at a time, and again after a failure that may soon be over. Results are in the
 * order of the input, each paired with its item. With Continue On Fail an item that fails becomes an item with the error.
 * Otherwise the first failure ends the node, once what is under way has ended.
 */
export async function perItem(
	context: IExecuteFunctions,
	work: (job: ItemJob) => Promise<ItemResult>,
): Promise<INodeExecutionData[][]> {
	// Nodes that are written carelessly leave `json` out.
	const items = context.getInputData().map((item) => ({ ...item, json: item.json ?? {} }));
	const results = new Array<INodeExecutionData>(items.length);
	const hints = new HintCounter();
	const notes = new Set<string>();
	const clients = clientsOf(context);
	const signal = context.getExecutionCancelSignal();
	const isTool = context.getNode().type.endsWith('Tool');
	let failure: Error | undefined;

	const runItem = async (item: INodeExecutionData, index: number) => {
		let subject = '';
		// An item's field can hold a whole file.
		const setSubject = (named: string) => (subject = named.slice(0, 200));
		const addHint = (message: string) => hints.add(message);
		const addNote = (message: string) => void notes.add(message);
		const says = { setSubject, addHint, addNote };
		const tryOnce = async (attempt: number) =>
			await work({ context, ...clients, item, index, attempt, isTool, ...says });
		const limits = () => optionsParameter<RetryLimits & IDataObject>(context, index);
		try {
			const { result, tries } = await withRetries(tryOnce, limits, signal);
			if (tries > 1) addHint('{n} items needed more than one try.');
			results[index] = { ...result, pairedItem: { item: index } };
		} catch (cause) {
			const named = withSubject(cause, subject);
			if (context.continueOnFail())
				results[index] = errorItem(context, item, index, nodeError(context, named, index));
			else failure ??= nodeError(context, withPlace(named, index, items.length), index);
		}
	};
	await mapConcurrent(items, runItem, () => Boolean(failure ?? signal?.aborted));

	if (signal?.aborted) throw nodeError(context, executionCanceledError());
	if (failure) throw failure;
	const shown = [...hints.toNodeHints(items.length), ...[...notes].map(noteHint)];
	if (shown.length) context.addExecutionHints(...shown);
	return [results];
}

/** Awaited by each item: with Continue On Fail, a node that throws would pass its input on as success. */
function clientsOf(context: IExecuteFunctions): Clients {
	const timeoutSeconds = timeoutOption(context);
	const idleTimeoutMs = timeoutSeconds && Math.round(timeoutSeconds * SECOND);
	let made: Promise<Client> | undefined;
	const client = () => (made ??= createClient(context, idleTimeoutMs));
	const fileClient = async () =>
		hasCredential(context) ? await client() : createFileClient(context, idleTimeoutMs);
	return { client, fileClient };
}

/** Of the first item. Where its expression fails, that is this item's own matter: the others go on with the default. */
function timeoutOption(context: IExecuteFunctions): number | undefined {
	try {
		return optionsParameter<{ timeoutSeconds: number }>(context, 0).timeoutSeconds;
	} catch {
		return undefined;
	}
}

/**
 * On the error output n8n expects an item with nothing but `error`, `message` and `details`, and adds the input's fields
 * itself. On the regular output it adds nothing.
 */
function errorItem(
	context: IExecuteFunctions,
	item: INodeExecutionData,
	index: number,
	{ message, description }: { message: string; description?: string | null },
): INodeExecutionData {
	const facts: IDataObject = { error: message, ...(description && { details: description }) };
	const hasErrorOutput = context.getNode().onError === 'continueErrorOutput';
	return { json: hasErrorOutput ? facts : { ...item.json, ...facts }, pairedItem: { item: index } };
}

/** A broken connection does not know which file it was about. What is wrong with the credential is about no file. */
function withSubject(cause: unknown, subject: string): unknown {
	if (!(cause instanceof MediaError)) return cause;
	const { code, message, description, status } = cause;
	if (code === 'credential' || message.includes(subject)) return cause;
	return new MediaError(code, `${subject}: ${message}`, description, { status });
}

/** n8n shows the item's index from 0, which looks like the row before. */
function withPlace(cause: unknown, index: number, count: number): unknown {
	if (!(cause instanceof MediaError) || count === 1 || cause.code === 'credential') return cause;
	const { code, message, description = '', status } = cause;
	const place = `This was item ${index + 1} of ${count}. To go on with the others, choose On Error → Continue under Settings.`;
	return new MediaError(code, message, `${description} ${place}`.trim(), { status });
}

function noteHint(message: string): NodeExecutionHint {
	return { message, type: 'info', location: 'outputPane' };
}

/** Counts how many items add the same hint. */
class HintCounter {
	private readonly counts = new Map<string, number>();

	add(message: string): void {
		this.counts.set(message, (this.counts.get(message) ?? 0) + 1);
	}

	toNodeHints(items: number): NodeExecutionHint[] {
		return [...this.counts].map(([message, count]) => ({
			message: message.replace('{n}', `${count} of ${items}`),
			type: 'warning',
			location: 'outputPane',
		}));
	}
}
