import { detectMimeType } from './detectMimeType';
import { mimeEssence } from './mimeTypes';

/** Log-in, status and error pages, which servers send with status 200 in place of a file. */

/**
 * Whether a file is a web page, or an API's error.
 * @param firstBytes the first FIRST_BYTES, or all of a shorter file
 * @param calledType the type that its server gives
 */
export function isWebPage(firstBytes: Buffer, calledType?: string): boolean {
	const found = detectMimeType(firstBytes);
	if (found) return found === 'text/html';
	const isError = /^\s*\{\s*"error"/.test(firstBytes.toString('latin1', 0, 200));
	return isError || mimeEssence(calledType) === 'text/html';
}

/** Types other than text, XML and JSON under which programs export web pages and tables of text. */
const EXPORTED = ['application/msword', 'application/vnd.ms-excel', 'application/rtf'];

/** Whether a file that is announced as this type may be such a page. */
export function mayBeWebPage(mimeType: string): boolean {
	return /^text\/|[/+](xml|json)$/.test(mimeType) || EXPORTED.includes(mimeType);
}
