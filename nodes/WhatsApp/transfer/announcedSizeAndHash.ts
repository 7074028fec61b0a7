import type { LocatedFile } from './fileSource';
import type { Digest } from './hashingStream';

/** Compares hashes; sizes where no hash was announced. Nothing where neither was. */
export function isAsAnnounced(digest: Digest, { sha256, size }: LocatedFile): boolean | undefined {
	if (sha256) return sha256 === digest.sha256;
	return size === undefined ? undefined : size === digest.size;
}

/** Whether the bytes themselves can show that they are the file, whatever they look like. */
export function canBeProven({ encryption, sha256, size }: LocatedFile): boolean {
	return !encryption && (sha256 ?? size) !== undefined;
}

/**
 * Whether a file of this size may be the whole file of which another size was announced: some providers count a few bytes
 * too many.
 */
function isNearlyAnnouncedSize(
	size: number,
	{ size: announcedSize, sendersSize }: LocatedFile,
): boolean {
	const announced = announcedSize ?? sendersSize;
	if (announced === undefined) return false;
	return announced - size <= Math.max(SIZE_TOLERANCE_BYTES, announced * SIZE_TOLERANCE);
}

/**
 * The announced size, where a shorter file is not whole.
 * @param length in bytes, as the server said
 */
export function neededSize(
	{ sha256, size }: Digest,
	file: LocatedFile,
	length?: number,
): number | undefined {
	// Bytes with the announced hash are whole, whatever size was announced.
	const isWhole = file.sha256 === sha256 || (size === length && isNearlyAnnouncedSize(size, file));
	return isWhole ? undefined : (file.size ?? (file.sha256 ? file.sendersSize : undefined));
}

/** A shorter file than this is not whole, whatever its host says: half a file may be served as if it were one. */
const SIZE_TOLERANCE = 0.01;
const SIZE_TOLERANCE_BYTES = 16;
