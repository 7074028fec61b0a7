import { sizeInWords } from '../units';
import type { OutgoingFile } from './provider';

/** What an upload that failed is about: the beginning of a sentence. */
export function notAccepted({ fileName, mimeType, size }: OutgoingFile): string {
	return `"${fileName}" (${mimeType}, ${sizeInWords(size)}) was not accepted`;
}
