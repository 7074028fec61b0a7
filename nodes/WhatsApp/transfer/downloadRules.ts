import { matchesMimeType } from '../formats/mimeTypes';
import { possibleTypes } from '../formats/nameAndType';
import type { MediaError } from '../errors';
import { noHash, tooLargeError, typeNotAllowed } from './downloadErrors';

/** What the user accepts. */
export interface DownloadRules {
	/** Instead of the sender's name or a made-up one. */
	fileName?: string;
	/** 0 for no limit. */
	maxBytes?: number;
	/** `image/jpeg` or `image/*`; empty for all. */
	allowedTypes?: string[];
	/** Whether only a file with the announced hash is accepted. Else the same unexpected bytes twice are, with `verified: false`. */
	requireHashMatch?: boolean;
}

/** Checks what is known of a file before its bytes are asked for. @throws MediaError */
export function checkKnownFacts(
	subject: string,
	file: {
		size?: number;
		mimeType?: string;
		fileName?: string;
		sha256?: string;
		encryption?: object;
	},
	rules: DownloadRules,
): void {
	const error =
		sizeViolation(subject, file.size, rules) ??
		declaredTypeViolation(subject, file, rules) ??
		(rules.requireHashMatch && !canBeProven(file) ? noHash(subject) : undefined);
	if (error) throw error;
}

/** An encrypted file is proven by its key, too. */
function canBeProven({ sha256, encryption }: { sha256?: string; encryption?: object }): boolean {
	return Boolean(sha256 ?? encryption);
}

/** The error for a file that cannot turn out to be of an allowed type, whatever its bytes are. */
export function declaredTypeViolation(
	subject: string,
	{ mimeType, fileName }: { mimeType?: string; fileName?: string },
	rules: DownloadRules,
): MediaError | undefined {
	const types = possibleTypes(mimeType, rules.fileName || fileName);
	return types && typeViolation(subject, types, rules);
}

/** The error for a file of more bytes than the rules allow. */
export function sizeViolation(
	subject: string,
	size: number | undefined,
	{ maxBytes }: DownloadRules,
): MediaError | undefined {
	return size && maxBytes && size > maxBytes ? tooLargeError(subject, maxBytes) : undefined;
}

/**
 * The error for a file of a type that the rules do not allow.
 * @param mimeTypes what it may rightly be called, its best name first: one that is allowed is enough
 */
export function typeViolation(
	subject: string,
	mimeTypes: string[],
	{ allowedTypes = [] }: DownloadRules,
): MediaError | undefined {
	const isAllowed = (type: string) => matchesMimeType(type, allowedTypes);
	if (!allowedTypes.length || mimeTypes.some(isAllowed)) return undefined;
	return typeNotAllowed(subject, mimeTypes[0]!, allowedTypes);
}
