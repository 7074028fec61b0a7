import { createHash } from 'crypto';

import type { OpenAccount } from './account';
import { measured, notWhole, type BinarySource } from './bytes';
import type { EarlierUploads } from './earlierUploads';
import { bareMimeType, chooseMimeType, safeFileName, withExtensionOf } from './fileType';
import { withRoomFor } from './pool';
import { preflight } from './preflight';
import { MediaRefusal, type ByteStream, type OutgoingFile } from './providers/provider';

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
	account: OpenAccount,
	source: BinarySource,
	chosen: UploadChoices,
	hint: (message: string) => void,
	earlier?: EarlierUploads,
): Promise<UploadedFile> {
	const { given, declared, fileName } = naming(source, chosen);
	const { size } = source;
	if (!size) throw new MediaRefusal('refused', `"${fileName}" is empty (0 bytes)`, 'Check the node that makes the file.');
	const file = { fileName, mimeType: declared, size, phoneNumberId: chosen.phoneNumberId };
	return await withRoomFor(size, async () => {
		if (chosen.checkFile !== false) {
			file.mimeType = await preflight(account.provider, source, file, hint);
			if (file.mimeType !== declared) file.fileName = safeFileName(withExtensionOf(file.mimeType, given), file.mimeType);
		}
		return earlier ? await earlier.orUpload(account, source, file, hint) : await send(account, source, file);
	});
}

/** What the file is called and said to be, before a byte of it is seen. */
export function naming(source: BinarySource, chosen: UploadChoices) {
	const given = chosen.fileName || source.fileName || '';
	const declared = bareMimeType(chosen.mimeType) || chooseMimeType([source.mimeType], given) || 'application/octet-stream';
	return { given, declared, fileName: safeFileName(given, declared) };
}

/** @throws MediaRefusal */
export async function send(account: OpenAccount, source: BinarySource, file: Omit<OutgoingFile, 'content'>): Promise<UploadedFile> {
	const { fileName, mimeType, size } = file;
	const content = await source.open();
	const sendBytes = async (body: Buffer | ByteStream) => await account.provider.upload(account, { ...file, content: body });
	if (Buffer.isBuffer(content)) {
		const sha256 = createHash('sha256').update(content).digest('hex');
		return { ...(await sendBytes(content)), mimeType, fileName, size, sha256 };
	}
	// The length is promised to the server before the first byte leaves.
	const passing = measured(content, {
		each: (sent) => (sent > size ? notWhole(fileName) : undefined),
		end: (all) => (all.size < size ? notWhole(fileName) : undefined),
		broken: () => notWhole(fileName),
		silent: { after: account.maxSilence, error: (sent) => stuck(fileName, sent) },
	});
	const uploaded = await sendBytes(passing.bytes).catch((cause) => {
		content.destroy();
		throw passing.stopped ?? cause;
	});
	const passed = passing.soFar();
	if (passed.size !== size) throw notWhole(fileName);
	return { ...uploaded, mimeType, fileName, size, sha256: passed.sha256 };
}

function stuck(fileName: string, sent: number): MediaRefusal {
	return new MediaRefusal('temporary', `The upload of "${fileName}" came to a halt after ${sent} bytes`, 'Run it again. Timeout under Options says how long to wait.');
}
