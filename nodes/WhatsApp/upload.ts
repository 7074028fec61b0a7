import { createHash } from 'crypto';

import type { OpenAccount } from './account';
import { measured, type BinarySource, type Measured } from './bytes';
import { bareMimeType, chooseMimeType, safeFileName } from './fileType';
import { MediaRefusal } from './providers/provider';

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
	if (size === 0) throw new MediaRefusal('refused', `"${fileName}" is empty (0 bytes)`, 'Check the node that makes the file.');

	let sums: Measured | undefined;
	const content = Buffer.isBuffer(source.content)
		? source.content
		: measured(source.content, {
				end: (all) => {
					// The length is promised to the server before the first byte leaves.
					if (all.size !== size) throw new MediaRefusal('refused', `"${fileName}" has ${all.size} bytes in n8n’s storage where ${size} are on record`, 'Run the node that makes the file again.');
					sums = all;
				},
			});
	const uploaded = await account.provider.upload(account, { fileName, mimeType, size, content, phoneNumberId: chosen.phoneNumberId });
	const sha256 = sums?.sha256 ?? createHash('sha256').update(content as Buffer).digest('hex');
	return { ...uploaded, mimeType, fileName, size, sha256 };
}
