import { createHash } from 'crypto';

import type { OpenAccount } from './account';
import { measured, type BinarySource } from './bytes';
import { bareMimeType, chooseMimeType, safeFileName } from './fileType';
import { MediaRefusal, type ByteStream } from './providers/provider';

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

/**
 * Sends a file to the provider without holding it in memory.
 * @throws MediaRefusal
 */
export async function upload(
	account: OpenAccount,
	source: BinarySource,
	chosen: { fileName?: string; mimeType?: string; phoneNumberId?: string },
): Promise<UploadedFile> {
	const given = chosen.fileName || source.fileName || '';
	const mimeType = bareMimeType(chosen.mimeType) || chooseMimeType([source.mimeType], given) || 'application/octet-stream';
	const fileName = safeFileName(given, mimeType);
	const { size } = source;
	if (!size) throw new MediaRefusal('refused', `"${fileName}" is empty (0 bytes)`, 'Check the node that makes the file.');

	const content = await source.open();
	const send = async (body: Buffer | ByteStream) =>
		await account.provider.upload(account, { fileName, mimeType, size, content: body, phoneNumberId: chosen.phoneNumberId });
	if (Buffer.isBuffer(content)) {
		const sha256 = createHash('sha256').update(content).digest('hex');
		return { ...(await send(content)), mimeType, fileName, size, sha256 };
	}
	// The length is promised to the server before the first byte leaves.
	const passing = measured(content, {
		each: (sent) => (sent > size ? changed(fileName) : undefined),
		end: (all) => (all.size < size ? changed(fileName) : undefined),
		broken: () => changed(fileName),
		silent: { after: account.maxSilence, error: (sent) => stuck(fileName, sent) },
	});
	const uploaded = await send(passing.bytes).catch((cause) => {
		content.destroy();
		throw passing.stopped ?? cause;
	});
	return { ...uploaded, mimeType, fileName, size, sha256: passing.sums!.sha256 };
}

function stuck(fileName: string, sent: number): MediaRefusal {
	return new MediaRefusal('temporary', `The upload of "${fileName}" came to a halt after ${sent} bytes`, 'Run it again. Timeout under Options says how long to wait.');
}

function changed(fileName: string): MediaRefusal {
	return new MediaRefusal('refused', `"${fileName}" is not whole in n8n’s storage`, 'Run the node that makes the file again.');
}
