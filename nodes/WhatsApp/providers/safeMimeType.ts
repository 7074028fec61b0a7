import { mimeEssence } from '../formats/mimeTypes';

/**
 * A MIME type that may stand in a header or in JSON: what others call a type can hold line breaks and quotation marks, which
 * would add headers or fields of their own.
 * @returns the type without parameters; that of any bytes for what is no type (RFC 6838, 4.2)
 */
export function safeMimeType(mimeType: string): string {
	return mimeEssence(mimeType) || 'application/octet-stream';
}
