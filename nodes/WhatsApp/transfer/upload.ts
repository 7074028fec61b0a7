import { createHash } from 'crypto';

import { MediaError } from '../errors';
import { ByteReader } from '../formats/byteReader';
import { replaceWrongExtension, safeFileName } from '../formats/fileNames';
import { chooseMimeType, extensionOf, mimeTypeFromName } from '../formats/mimeTypes';
import type { OutgoingFile, UploadedMedia } from '../providers/provider';
import type { ByteStream } from '../streams';
import type { Client } from '../transport/client';
import { incompleteInStorage, type BinaryInput } from './binaryInput';
import { checkFile } from './checkFile';
import { hashingStream } from './hashingStream';
import { memoryBudget } from './memoryBudget';
import type { DeclaredFile } from './outgoingType';
import { uploadKey, type UploadCache } from './uploadCache';

/** Bytes that are hashed at a time. */
const HASH_CHUNK = 64 * 1024;

export interface UploadedFile extends UploadedMedia {
	mimeType: string;
	fileName: string;
	/** Bytes. */
	size: number;
	/** Lower-case hex. */
	sha256: string;
}

/** What an upload works with. */
export interface UploadContext {
	client: Client;
	/** Where the same file is looked for first. Absent: every file is uploaded. */
	cache?: UploadCache;
	/** Hears of what the user may want to know. `{n}` stands for the number of files. */
	addHint?: (message: string) => void;
}

export interface UploadOptions {
	/** Instead of the name in the binary field. */
	fileName?: string;
	/** Instead of the type in the binary field. */
	mimeType?: string;
	/** The number that will send it; the credential's own where absent. */
	phoneNumberId?: string;
	/** False to send the file unchecked. */
	checkFile?: boolean;
}

type FileToSend = Omit<OutgoingFile, 'content'>;

/**
 * Sends a file to the provider without holding it in memory, after a check of what it is.
 * @throws MediaError
 */
export async function upload(
	context: UploadContext,
	source: BinaryInput,
	options: UploadOptions,
): Promise<UploadedFile> {
	const { client, cache, addHint = () => {} } = context;
	const declared = describeFile(source, options);
	if (!declared.size) throw emptyFile(declared.fileName);
	return await memoryBudget.run(
		declared.size,
		async (share) => {
			// Some of n8n's stores read it as a whole.
			await share.grow(declared.size);
			const mustCheck = options.checkFile !== false;
			const mimeType = mustCheck
				? await checkFile(client.provider, source, declared, addHint)
				: declared.mimeType;
			const { size, phoneNumberId } = declared;
			const fileName = nameFor(givenName(source, options), mimeType);
			const file = { fileName, mimeType, size, phoneNumberId };
			if (!cache) return await sendFile(client, source, file);
			return await reuseOrSend({ client, cache, addHint }, source, file);
		},
		{ timeoutMs: client.idleTimeoutMs, signal: client.cancelSignal },
	);
}

/** A file's name, type and size before a byte of it is seen: what the user chose, else what the binary field says. */
export function describeFile(
	source: BinaryInput,
	options: UploadOptions,
): FileToSend & DeclaredFile {
	const name = givenName(source, options);
	const chosen = chooseMimeType([options.mimeType]);
	const label = chosen ?? chooseMimeType([source.mimeType]);
	const namedType = mimeTypeFromName(safeFileName(name));
	const mimeType = label ?? namedType ?? 'application/octet-stream';
	return {
		fileName: safeFileName(name, { defaultExtension: extensionOf(mimeType) }),
		mimeType,
		namedType,
		isUnlabelled: !label,
		isChosen: Boolean(chosen),
		...(!label && { emptyLabel: emptyLabel(source.mimeType) }),
		size: source.size,
		phoneNumberId: options.phoneNumberId,
	};
}

/** Only what is plain enough to be shown, and not n8n's own word for any bytes. */
function emptyLabel(mimeType: unknown): string | undefined {
	const isShown = typeof mimeType === 'string' && /^[\w*.+-]{1,60}\/[\w*.+-]{1,60}$/.test(mimeType);
	return isShown && mimeType !== 'application/octet-stream' ? mimeType : undefined;
}

function givenName(source: BinaryInput, options: UploadOptions): string {
	return options.fileName || source.fileName || '';
}

/** The given name with the extension of the type, always: some vendors go by the extension when the file is sent. */
function nameFor(given: string, mimeType: string): string {
	const name = replaceWrongExtension(safeFileName(given), mimeType);
	return safeFileName(name, { defaultExtension: extensionOf(mimeType) });
}

async function reuseOrSend(
	{ client, cache, addHint }: Required<UploadContext>,
	source: BinaryInput,
	file: FileToSend,
): Promise<UploadedFile> {
	const { mimeType, fileName, size } = file;
	const sha256 = await hash(source, fileName);
	const key = uploadKey(client, { ...file, sha256 });
	const send = async () => await sendFile(client, source, file);
	const { media, isReused } = await cache.getOrUpload(client, key, send);
	if (isReused) addHint('{n} files had already been uploaded: their media IDs were used again.');
	const { mediaId, expiresAt } = media;
	return { mediaId, ...(expiresAt && { expiresAt }), mimeType, fileName, size, sha256 };
}

async function hash(source: BinaryInput, fileName: string): Promise<string> {
	const onBroken = () => incompleteInStorage(fileName);
	const reader = new ByteReader(await source.open(), source.size, onBroken);
	const sum = createHash('sha256');
	for (;;) {
		const chunk = await reader.read(HASH_CHUNK);
		if (!chunk.length) return sum.digest('hex');
		sum.update(chunk);
	}
}

async function sendFile(
	client: Client,
	source: BinaryInput,
	file: FileToSend,
): Promise<UploadedFile> {
	const { fileName, mimeType, size } = file;
	const send = async (content: Buffer | ByteStream) =>
		await client.provider.upload(client, { ...file, content });
	const content = await source.open();
	if (Buffer.isBuffer(content)) {
		const sha256 = createHash('sha256').update(content).digest('hex');
		return { ...(await send(content)), mimeType, fileName, size, sha256 };
	}
	// The server is told the length before the first byte leaves.
	const stream = hashingStream(content, {
		onProgress: (sent) => (sent > size ? incompleteInStorage(fileName) : undefined),
		onEnd: (digest) => (digest.size < size ? incompleteInStorage(fileName) : undefined),
		onSourceError: () => incompleteInStorage(fileName),
		idleTimeout: { after: client.idleTimeoutMs, error: (sent) => stalled(fileName, sent) },
	});
	const media = await send(stream.bytes).catch((cause) => {
		content.destroy();
		throw stream.error ?? cause;
	});
	const sent = stream.digest();
	if (sent.size !== size) throw incompleteInStorage(fileName);
	return { ...media, mimeType, fileName, size, sha256: sent.sha256 };
}

function emptyFile(fileName: string): MediaError {
	return new MediaError(
		'permanent',
		`"${fileName}" is empty (0 bytes)`,
		'Check the node that makes the file.',
	);
}

function stalled(fileName: string, sent: number): MediaError {
	return new MediaError(
		'temporary',
		`The upload of "${fileName}" stopped after ${sent} bytes`,
		'Run it again. To wait longer, raise Timeout under Options.',
	);
}
