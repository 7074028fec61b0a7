import { matchesMimeType, mimeEssence } from '../formats/mimeTypes';
import type { MediaError } from '../errors';
import { tooLarge, typeNotAllowed } from './downloadErrors';

/** What the user accepts. */
export interface DownloadRules {
	/** Instead of the sender's name or a made-up one. */
	fileName?: string;
	/** 0 for no limit. */
	maxBytes?: number;
	/** `image/jpeg` or `image/*`; empty for all. */
	allowedTypes?: string[];
	/** Whether the same unexpected bytes twice are an error, rather than a file with `verified: false`. */
	requireHashMatch?: boolean;
}

/** Checks what is known of a file before its bytes are asked for. @throws MediaError */
export function checkKnownFacts(
	subject: string,
	{ size, mimeType }: { size?: number; mimeType?: string },
	rules: DownloadRules,
): void {
	const error =
		sizeViolation(subject, size, rules) ??
		(mimeType ? typeViolation(subject, mimeEssence(mimeType), rules) : undefined);
	if (error) throw error;
}

/** The error for a file of more bytes than the rules allow. */
export function sizeViolation(
	subject: string,
	size: number | undefined,
	{ maxBytes }: DownloadRules,
): MediaError | undefined {
	return size && maxBytes && size > maxBytes ? tooLarge(subject, maxBytes) : undefined;
}

/** The error for a file of a type that the rules do not allow. */
export function typeViolation(
	subject: string,
	mimeType: string,
	{ allowedTypes = [] }: DownloadRules,
): MediaError | undefined {
	if (!allowedTypes.length || matchesMimeType(mimeType, allowedTypes)) return undefined;
	return typeNotAllowed(subject, mimeType, allowedTypes);
}
