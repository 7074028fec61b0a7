import { createHash } from 'crypto';

import type { Client } from '../transport/client';
import { hashingStream } from './hashingStream';
import { notWhole, type BinaryInput } from './binaryInput';
import type { UploadCache } from './uploadCache';
import { mimeEssence, chooseMimeType, extensionOf } from '../formats/mimeTypes';
import { correctExtension, safeFileName } from '../formats/fileNames';
import { memoryBudget } from './memoryBudget';
import { checkFile } from './checkFile';
import { MediaError } from '../errors';
import type { ByteStream } from '../streams';
import type { OutgoingFile } from '../providers/provider';

export interface UploadedFile {
	mediaId: string;
	mimeType: string;
	fileName: string;
	/** Bytes. */
	size: number;
	/** Lower-case hex. */
	sha256: string;
	/** ISO 8601, UTC. */
	expiresAt?: string;
}

export interface UploadChoices {
	fileName?: string;
	mimeType?: string;
	phoneNumberId?: string;
	/** Unless false, the file is looked at before its bytes are sent. */
	checkFile?: boolean;
}

/**
 * Sends a file to the provider without holding it in memory.
 * @param earlier where to look for the same file first
 * @throws MediaRefusal
 */
export async function upload(
	client: Client,
	source: BinaryInput,
	chosen: UploadChoices,
	hint: (message: string) => void,
	earlier?: UploadCache,
): Promise<UploadedFile> {
	const { given, declared, fileName } = nameAndType(source, chosen);
	const { size } = source;
	if (!size) throw new MediaError('permanent', `"${fileName}" is empty (0 bytes)`, 'Check the node that makes the file.');
	const file = { fileName, mimeType: declared, size, phoneNumberId: chosen.phoneNumberId };
	return await memoryBudget.run(size, async () => {
		if (chosen.checkFile !== false) {
			file.mimeType = await checkFile(client.provider, source, file, hint);
			if (file.mimeType !== declared) file.fileName = safeFileName(correctExtension(given, file.mimeType), { defaultExtension: extensionOf(file.mimeType) });
		}
		return earlier ? await earlier.getOrUpload(client, source, file, hint) : await sendFile(client, source, file);
	});
}

/** What the file is called and said to be, before a byte of it is seen. */
export function nameAndType(source: BinaryInput, chosen: UploadChoices) {
	const given = chosen.fileName || source.fileName || '';
	const declared = mimeEssence(chosen.mimeType) || chooseMimeType([source.mimeType], given) || 'application/octet-stream';
	return { given, declared, fileName: safeFileName(given, { defaultExtension: extensionOf(declared) }) };
}

/** @throws MediaRefusal */
export async function sendFile(client: Client, source: BinaryInput, file: Omit<OutgoingFile, 'content'>): Promise<UploadedFile> {
	const { fileName, mimeType, size } = file;
	const content = await source.open();
	const sendBytes = async (body: Buffer | ByteStream) => await client.provider.upload(client, { ...file, content: body });
	if (Buffer.isBuffer(content)) {
		const sha256 = createHash('sha256').update(content).digest('hex');
		return { ...(await sendBytes(content)), mimeType, fileName, size, sha256 };
	}
	// The length is promised to the server before the first byte leaves.
	const passing = hashingStream(content, {
		onProgress: (sent) => (sent > size ? notWhole(fileName) : undefined),
		onEnd: (all) => (all.size < size ? notWhole(fileName) : undefined),
		onSourceError: () => notWhole(fileName),
		idleTimeout: { after: client.idleTimeoutMs, error: (sent) => stuck(fileName, sent) },
	});
	const uploaded = await sendBytes(passing.bytes).catch((cause) => {
		content.destroy();
		throw passing.error ?? cause;
	});
	const passed = passing.digest();
	if (passed.size !== size) throw notWhole(fileName);
	return { ...uploaded, mimeType, fileName, size, sha256: passed.sha256 };
}

function stuck(fileName: string, sent: number): MediaError {
	return new MediaError('temporary', `The upload of "${fileName}" came to a halt after ${sent} bytes`, 'Run it again. Timeout under Options says how long to wait.');
}
