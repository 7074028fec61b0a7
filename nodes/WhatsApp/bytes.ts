import { createHash } from 'crypto';
import { BINARY_ENCODING, type IBinaryData, type IDataObject, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';

import { MediaRefusal, type ByteStream } from './providers/provider';
import { changed } from './providers/stream';

/** What went through a stream. */
export interface Measured {
	size: number;
	/** Lower-case hex. */
	sha256: string;
}

/** Each is asked along the way, and answers with an error to end it. */
export interface Checks {
	/** Sees the first bytes before they are passed on. */
	first?: (start: Buffer) => Error | undefined;
	/** Sees the number of bytes so far. */
	each?: (size: number) => Error | undefined;
	/** Sees the sums before the reader learns that there are no more bytes, so that it can still undo the whole. */
	end?: (sums: Measured) => Error | undefined;
	/** The error for a source that breaks off after so many bytes. */
	broken?: (size: number) => Error;
	/** The error for bytes that stop coming, after how many milliseconds they have, and how to end them where destroying the source does not. */
	silent?: { after: number; error: (size: number) => Error; end?: () => void };
}

/** A stream, and what became of it once its reader is through. */
export interface MeasuredStream {
	bytes: ByteStream;
	/** Resolves once `first` has been asked, or there is nothing to ask it about. */
	begun: Promise<void>;
	/** The sums of what went through until now. A server may answer when it has the bytes it was promised, before we see that there are no more. */
	soFar: () => Measured;
	/** Why it ended early. The reader may wrap this, or fail for a reason of its own. */
	stopped?: Error;
}

/** Passes bytes on as they come while it counts, hashes and checks them. */
export function measured(source: ByteStream, { first, each, end, broken, silent }: Checks): MeasuredStream {
	const hash = createHash('sha256');
	let begin = () => {};
	const begun = new Promise<void>((resolve) => (begin = resolve));
	const stop = (reason?: Error) => {
		if (!reason) return;
		result.stopped ??= reason;
		throw reason;
	};
	const passed: Passed = {
		size: 0,
		silent: () => {
			result.stopped ??= silent?.error(passed.size);
			if (silent?.end) silent.end();
			else source.destroy(result.stopped);
		},
	};
	const bytes = changed(source, async function* (chunks) {
		try {
			for await (const chunk of chunks) {
				const isFirst = !passed.size;
				passed.size += chunk.length;
				if (isFirst) stop(first?.(chunk));
				stop(each?.(passed.size));
				if (isFirst) begin();
				hash.update(chunk);
				yield chunk;
			}
		} catch (cause) {
			throw (result.stopped ??= broken?.(passed.size) ?? (cause as Error));
		}
		stop(end?.(result.soFar()));
	});
	const unwatch = silent ? watch(passed, silent.after) : () => {};
	bytes.once('close', () => {
		unwatch();
		begin();
	});
	const result: MeasuredStream = { bytes, begun, soFar: () => ({ size: passed.size, sha256: hash.copy().digest('hex') }) };
	// Begins to read; an empty file ends with it.
	bytes.once('end', begin).read(0);
	return result;
}

interface Passed {
	size: number;
	/** At the last look. */
	before?: number;
	silent: () => void;
}

/** What is under way, by the milliseconds it may be silent. One timer for all: one for each costs about as much as to hash a photo. */
const watched = new Map<number, Set<Passed>>();

function watch(passed: Passed, milliseconds: number): () => void {
	let all = watched.get(milliseconds);
	if (!all) {
		watched.set(milliseconds, (all = new Set()));
		// It has the whole time before it; one that joins later has more.
		passed.before = passed.size;
		lookLater(all, milliseconds);
	}
	all.add(passed);
	return () => all.delete(passed);
}

function lookLater(all: Set<Passed>, milliseconds: number) {
	const look = () => {
		for (const passed of all) {
			if (passed.size === passed.before) passed.silent();
			passed.before = passed.size;
		}
		if (all.size) lookLater(all, milliseconds);
		else watched.delete(milliseconds);
	};
	// Unlike sleep(), it keeps no process alive.
	AbortSignal.timeout(milliseconds).addEventListener('abort', look, { once: true });
}

/** A binary field's file. */
export interface BinarySource {
	fileName?: string;
	mimeType?: string;
	/** Bytes. */
	size: number;
	/** From the start, each time. A stream must be read or destroyed. */
	open: () => Promise<Buffer | ByteStream>;
}

/**
 * Finds the file in a binary field.
 * @param field the field's name, its path in n8n's combined binary mode (`_files.data`), or the binary object itself
 * @throws MediaRefusal
 */
export async function binarySource(context: IExecuteFunctions, item: INodeExecutionData, index: number, field: string | IBinaryData): Promise<BinarySource> {
	const binary = findBinary(context, item, index, field);
	const { id, data, fileName, mimeType } = binary;
	if (!id) {
		// In n8n's memory mode the file itself stands here, as base64.
		const content = Buffer.from(data, BINARY_ENCODING);
		return { fileName, mimeType, size: content.length, open: async () => content };
	}
	const size = binary.bytes ?? (await context.helpers.getBinaryMetadata(id)).fileSize;
	return { fileName, mimeType, size, open: async () => await context.helpers.getBinaryStream(id) };
}

/** n8n's own store broke off, or holds less or more than it said. */
export function notWhole(fileName: string): MediaRefusal {
	return new MediaRefusal('refused', `"${fileName}" is not whole in n8n’s storage`, 'Run the node that makes the file again.');
}

function findBinary(context: IExecuteFunctions, item: INodeExecutionData, index: number, field: string | IBinaryData): IBinaryData {
	if (!field) throw new MediaRefusal('refused', 'Input Binary Field is empty', 'Enter the name of the field that holds the file, usually data.');
	// With n8n's combined binary mode ("execution logic v2") files stand in the item's JSON.
	const files = { ...(item.json._files as IDataObject | undefined), ...item.binary } as Record<string, IBinaryData>;
	if (typeof field === 'string' && files[field]) return files[field];
	const found = byPath(context, index, field);
	if (found) return found;
	const names = Object.keys(files);
	throw new MediaRefusal(
		'refused',
		`The item has no binary field "${typeof field === 'string' ? field : 'given by the expression'}"`,
		names.length
			? `Its binary fields: ${names.join(', ')}. Enter one of them in Input Binary Field.`
			: 'It has no file at all. Put a node before this one that outputs a file, such as Download Media or Read/Write Files from Disk.',
	);
}

/** n8n's own reading of a path or a binary object; its complaint names neither the fields there are nor what to do. */
function byPath(context: IExecuteFunctions, index: number, field: string | IBinaryData): IBinaryData | undefined {
	try {
		return context.helpers.assertBinaryData(index, field);
	} catch {
		return undefined;
	}
}
