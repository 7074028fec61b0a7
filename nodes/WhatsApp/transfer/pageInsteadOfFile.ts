import { isVague, matchesMimeType, mimeEssence, mimeTypeFromName } from '../formats/mimeTypes';
import { isOtherPage } from '../formats/webPage';
import type { DownloadRules } from './downloadRules';
import type { LocatedFile } from './fileSource';

/**
 * Whether what a host serves looks like a page in place of the file: nothing that is said of the file announces such a page,
 * and the user does not ask for one.
 */
export function looksLikePageInsteadOfFile(
	firstBytes: Buffer,
	calledType: string | undefined,
	file: LocatedFile,
	{ fileName, allowedTypes = [] }: DownloadRules,
): boolean {
	const named = mimeTypeFromName(fileName || file.fileName || '') ?? '';
	const types = [mimeEssence(file.mimeType), named].filter((type) => !isVague(type));
	const isWanted = !types.length && matchesMimeType('text/html', allowedTypes);
	return isOtherPage(firstBytes, calledType, isWanted ? ['text/html'] : types);
}
