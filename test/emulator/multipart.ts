/** One part of a multipart/form-data body. */
export interface Part {
	name: string;
	fileName?: string;
	/** The part's own Content-Type, as sent. */
	mimeType?: string;
	/** A view into the body, not a copy. */
	bytes: Buffer;
}

const BLANK_LINE = '\r\n\r\n';

/** Takes a multipart/form-data body apart, byte-exact and without copying. Throws on anything malformed. */
export function parseMultipart(body: Buffer, contentType: string): Part[] {
	const match = /^multipart\/form-data\s*;.*?boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
	if (!match) throw new Error(`Not multipart/form-data with a boundary: ${contentType}`);
	const opening = `--${match[1] ?? match[2]}`;

	const parts: Part[] = [];
	let at = body.indexOf(opening);
	if (at < 0) throw new Error('The boundary is not in the body');
	at += opening.length;
	while (body.toString('latin1', at, at + 2) !== '--') {
		const headersEnd = body.indexOf(BLANK_LINE, at);
		// RFC 2046: the line break before a boundary belongs to the boundary, not to the part.
		const end = headersEnd < 0 ? -1 : body.indexOf(`\r\n${opening}`, headersEnd + 2);
		if (end < 0) throw new Error('The body ends inside a part');
		parts.push(readPart(body.toString('utf8', at, headersEnd), body.subarray(headersEnd + BLANK_LINE.length, end)));
		at = end + 2 + opening.length;
	}
	return parts;
}

function readPart(head: string, bytes: Buffer): Part {
	const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? '';
	const name = parameter(disposition, 'name');
	if (name === undefined) throw new Error(`A part has no name: ${head}`);
	return {
		name,
		fileName: parameter(disposition, 'filename'),
		mimeType: /^content-type:[ \t]*(.*?)[ \t]*\r?$/im.exec(head)?.[1],
		bytes,
	};
}

function parameter(disposition: string, name: string): string | undefined {
	const extended = new RegExp(`;\\s*${name}\\*=UTF-8''([^;\\s]+)`, 'i').exec(disposition)?.[1];
	if (extended !== undefined) return decodeURIComponent(extended);
	const match = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, 'i').exec(disposition);
	// WHATWG escapes these three and nothing else; older clients use a backslash.
	const plain = { '%22': '"', '%0D': '\r', '%0A': '\n' } as Record<string, string>;
	return (match?.[1] ?? match?.[2])?.replace(/%22|%0D|%0A|\\(["\\])/gi, (code, char?: string) => char ?? plain[code.toUpperCase()] ?? code);
}
