/** Bytes in a megabyte, as the forms mean it. A vendor whose megabyte is another says so in its own folder. */
export const MB = 1_000_000;
const KB = 1_000;

/** A file's size for people, as n8n's own panels write it: `7.0 MB`, `62 KB`, `999 bytes`. */
export function sizeInWords(bytes: number): string {
	if (bytes < KB) return `${bytes} bytes`;
	// What would round to 1000 KB is 1.0 MB.
	if (bytes < MB - KB / 2) return `${Math.round(bytes / KB)} KB`;
	return `${(bytes / MB).toFixed(1)} MB`;
}

/** "A, B and C". */
export function listInWords(words: readonly string[]): string {
	return [words.slice(0, -1).join(', '), words.at(-1)].filter(Boolean).join(' and ');
}

/** Milliseconds. */
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
