import {
	BINARY_ENCODING,
	isBinaryValue,
	type IBinaryData,
	type IDataObject,
	type IExecuteFunctions,
	type INodeExecutionData,
} from 'n8n-workflow';

import { MediaError } from '../errors';
import type { ByteStream } from '../streams';

/** The file in a binary field. */
export interface BinaryInput {
	fileName?: string;
	mimeType?: string;
	/** Bytes. */
	size: number;
	/** Opens it anew, from its start. A stream must be read or destroyed. */
	open: () => Promise<Buffer | ByteStream>;
}

/**
 * Finds the file in a binary field.
 * @param field the field's name, its path in n8n's combined binary mode (`_files.data`), or the binary object itself
 * @throws MediaError when the item has no such file
 */
export async function binaryInput(
	context: IExecuteFunctions,
	item: INodeExecutionData,
	index: number,
	field: string | IBinaryData,
): Promise<BinaryInput> {
	const binary = findBinary(context, item, index, field);
	const { id, data } = binary;
	const described = { fileName: plainText(binary.fileName), mimeType: plainText(binary.mimeType) };
	if (!id) {
		if (typeof data !== 'string') throw noFileInField(field);
		// In n8n's memory mode the file itself is here, as base64.
		const content = Buffer.from(data, BINARY_ENCODING);
		return { ...described, size: content.length, open: async () => content };
	}
	// Whatever n8n's storage says of a file that it does not have, it says with its own paths.
	const fromStorage = async <T>(read: () => Promise<T>) =>
		await read().catch(() => {
			throw incompleteInStorage(described.fileName ?? 'The file');
		});
	const size = isByteCount(binary.bytes)
		? binary.bytes
		: (await fromStorage(async () => await context.helpers.getBinaryMetadata(id))).fileSize;
	const open = async () => await fromStorage(async () => await context.helpers.getBinaryStream(id));
	return { ...described, size, open };
}

/** Other nodes write into a binary's fields, too: what is no text counts as absent. */
function plainText(value: unknown): string | undefined {
	return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function isByteCount(value: unknown): value is number {
	return Number.isSafeInteger(value) && (value as number) >= 0;
}

function noFileInField(field: string | IBinaryData): MediaError {
	const name = typeof field === 'string' ? ` "${field}"` : '';
	return new MediaError(
		'permanent',
		`The binary field${name} holds no file`,
		'Check the node that makes the file: its item must hold the file’s data.',
	);
}

/** The error for a file that n8n's storage breaks off, or of which it holds more or less than it said. */
export function incompleteInStorage(fileName: string): MediaError {
	return new MediaError(
		'permanent',
		`"${fileName}" is incomplete in n8n’s storage`,
		'Run the node that makes the file again.',
	);
}

function findBinary(
	context: IExecuteFunctions,
	item: INodeExecutionData,
	index: number,
	field: string | IBinaryData,
): IBinaryData {
	if (!field)
		throw new MediaError(
			'permanent',
			'Input Binary Field is empty',
			'Enter the name of the field that holds the file, usually data.',
		);
	// In n8n's combined binary mode ("execution logic v2") files are in the item's JSON. Else anybody may have written that.
	// An n8n that has no such mode may not have the function either.
	const { getWorkflowSettings } = context as Partial<IExecuteFunctions>;
	const isCombined = getWorkflowSettings?.call(context).binaryMode === 'combined';
	const combined = isCombined ? (item.json._files as IDataObject | undefined) : undefined;
	const files = { ...combined, ...item.binary } as Record<string, IBinaryData>;
	const named = typeof field === 'string' ? [field, field.trim()] : [];
	const own = named.find((name) => Object.hasOwn(files, name) && isObject(files[name]));
	if (own !== undefined) return files[own]!;
	const found = findByPath(context, index, field);
	// n8n looks a name up in a plain object, and finds what every object has: `constructor`.
	if (isBinaryValue(found)) return found;
	const names = Object.keys(files);
	throw new MediaError(
		'permanent',
		`The item has no binary field "${typeof field === 'string' ? field : 'given by the expression'}"`,
		names.length
			? `Its binary fields: ${names.join(', ')}. Enter one of them in Input Binary Field.`
			: 'It has no file at all. Put a node before this one that outputs a file, such as Download Media or Read/Write Files from Disk.',
	);
}

function isObject(value: unknown): boolean {
	return typeof value === 'object' && value !== null;
}

/** As n8n reads a path or a binary object. Its own error would name neither the fields that there are nor what to do. */
function findByPath(
	context: IExecuteFunctions,
	index: number,
	field: string | IBinaryData,
): IBinaryData | undefined {
	try {
		return context.helpers.assertBinaryData(index, field);
	} catch {
		return undefined;
	}
}
