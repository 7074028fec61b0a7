import { detectMimeType } from './detectMimeType';
import { mimeEssence } from './mimeTypes';

/** Types other than HTML under which programs export web pages. */
const EXPORTED = ['application/msword', 'application/vnd.ms-excel', 'application/rtf'];

/**
 * Whether a file is a log-in or status page, or an API's error, which servers send with status 200 in place of a file.
 * @param firstBytes the first FIRST_BYTES, or all of a shorter file
 * @param calledType the type that its server gives
 * @param announced the types that were announced, by whatever names them; none of these is vague
 */
export function isOtherPage(
	firstBytes: Buffer,
	calledType: string | undefined,
	announced: string[],
): boolean {
	const called = mimeEssence(calledType);
	const found = detectMimeType(firstBytes);
	const isError = /^\s*\{\s*"error"/.test(firstBytes.toString('latin1', 0, 200));
	// Where nothing was announced, the file may be a document in JSON.
	const isCalledPage = called === 'text/html' || (called === 'application/json' && announced[0]);
	const isPage = found ? found === 'text/html' : isError || isCalledPage;
	return Boolean(isPage) && !announced.some((type) => mayBePage(type, called));
}

/** Whether a file that is announced as this type may be a page that its server calls so. Any other text may look like one. */
function mayBePage(mimeType: string, called: string): boolean {
	if (EXPORTED.includes(mimeType)) return true;
	if (called === 'text/html') return /html/.test(mimeType);
	if (called === 'application/json') return mimeType.endsWith('json');
	return /^text\/|[/+](xml|json)$/.test(mimeType);
}
