import { createHash } from 'crypto';
import { BINARY_ENCODING, type IBinaryData, type IDataObject, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';

import { MediaRefusal, type ByteStream } from './providers/provider';

/** What went through a stream. */
export interface Measured {
	size: number;
	/** Lower-case hex. */
	sha256: string;
}

export interface Checks {
	/** Sees the first bytes before they are passed on; throws to stop. */
	first?: (start: Buffer) => void;
	/** Sees the number of bytes so far; throws to stop. */
	each?: (size: number) => void;
	/** Sees the sums after the last byte; throws to undo the whole. */
	end?: (sums: Measured) => void;
	/** Makes the error for a source that broke off. */
	broken?: (size: number) => Error;
}

/** Passes bytes on as they come while it counts and hashes them. Whatever a check throws, the reader gets. */
export function measured(source: ByteStream, { first, each, end, broken }: Checks): ByteStream {
	return source.compose(async function* (chunks: AsyncIterable<Buffer>) {
		const hash = createHash('sha256');
		let size = 0;
		const incoming = chunks[Symbol.asyncIterator]();
		for (;;) {
			const { done, value: chunk } = await incoming.next().catch((cause) => {
				throw broken?.(size) ?? cause;
			});
			if (done) break;
			if (size === 0) first?.(chunk);
			size += chunk.length;
			each?.(size);
			hash.update(chunk);
			yield chunk;
		}
		end?.({ size, sha256: hash.digest('hex') });
	}) as unknown as ByteStream;
}

/** A binary field's file, ready to be read once. */
export interface BinarySource {
	fileName?: string;
	mimeType?: string;
	size: number;
	content: Buffer | ByteStream;
}

/**
 * Opens the file in a binary field.
 * @param field the field's name, its path in n8n's combined binary mode (`_files.data`), or the binary object itself
 * @throws MediaRefusal
 */
export async function openBinary(context: IExecuteFunctions, item: INodeExecutionData, index: number, field: string | IBinaryData): Promise<BinarySource> {
	const binary = findBinary(context, item, index, field);
	const { fileName, mimeType } = binary;
	if (!binary.id) {
		// In n8n's memory mode the file itself stands here, as base64.
		const content = Buffer.from(binary.data, BINARY_ENCODING);
		return { fileName, mimeType, size: content.length, content };
	}
	const size = binary.bytes ?? (await context.helpers.getBinaryMetadata(binary.id)).fileSize;
	return { fileName, mimeType, size, content: await context.helpers.getBinaryStream(binary.id) };
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
