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
	const { id, data, fileName, mimeType } = binary;
	if (!id) {
		// In n8n's memory mode the file itself is here, as base64.
		const content = Buffer.from(data, BINARY_ENCODING);
		return { fileName, mimeType, size: content.length, open: async () => content };
	}
	const size = binary.bytes ?? (await context.helpers.getBinaryMetadata(id)).fileSize;
	return { fileName, mimeType, size, open: async () => await context.helpers.getBinaryStream(id) };
}

/** The error for a file that n8n's storage breaks off, or of which it holds more or less than it said. */
export function incompleteInStorage(fileName: string): MediaError {
	return new MediaError(
		'permanent',
		`"${fileName}" is not whole in n8n’s storage`,
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
	// In n8n's combined binary mode ("execution logic v2") files are in the item's JSON.
	const files = { ...(item.json._files as IDataObject | undefined), ...item.binary } as Record<
		string,
		IBinaryData
	>;
	if (typeof field === 'string' && Object.hasOwn(files, field)) return files[field]!;
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
