import { mimeEssence } from '../formats/mimeTypes';
import type { MediaType } from './mediaMessage';

/** The type of a file of which nothing but the MIME type is known. */
export function mediaTypeOf(mimeType: string | undefined): MediaType {
	const [topLevel] = mimeEssence(mimeType).split('/');
	return (['image', 'video', 'audio'] as const).find((type) => type === topLevel) ?? 'document';
}
