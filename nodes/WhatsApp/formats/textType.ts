/** What a text is by how it begins. */

/** Not those that notes in Markdown begin with, such as h1 and div. */
const PAGE_TAGS = 'html head body title meta script style link'.split(' ');

/**
 * The type of a text that says what it is; nothing for any other.
 * @param text its beginning, read as UTF-8 or each byte as a character
 */
export function textTypeOf(text: string): string | undefined {
	const start = text.replace(/^(\xef\xbb\xbf|\ufeff)/, '').trimStart();
	if (/^BEGIN:VCARD\s/i.test(start)) return 'text/vcard';
	if (/^BEGIN:VCALENDAR\s/i.test(start)) return 'text/calendar';
	if (!start.startsWith('<')) return undefined;
	return markupType(start);
}

/** By the first tag, after comments and declarations. Without regular expressions that look ahead from each of many comments. */
function markupType(start: string): string | undefined {
	const isXml = start.startsWith('<?xml');
	let at = 0;
	for (;;) {
		at += /^\s*/.exec(start.slice(at, at + 1000))![0].length;
		const close = start.startsWith('<!--', at) ? '-->' : start.startsWith('<?', at) ? '?>' : '';
		if (!close) break;
		const end = start.indexOf(close, at);
		// Pages have long comments before all else.
		if (end < 0) return isXml ? 'application/xml' : close === '-->' ? 'text/html' : undefined;
		at = end + close.length;
	}
	const [, declared, tag] =
		/^<(!doctype\s+)?([a-z][\w:.-]*)/i.exec(start.slice(at, at + 200)) ?? [];
	const name = tag?.toLowerCase() ?? '';
	if (name === 'svg') return 'image/svg+xml';
	if (name === 'html' || (!declared && !isXml && PAGE_TAGS.includes(name))) return 'text/html';
	return isXml ? 'application/xml' : undefined;
}

/** Whether a whole text is JSON, rather than a number or a word that JSON happens to take. */
export function isJson(text: string): boolean {
	if (!/^\s*[[{]/.test(text)) return false;
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}
