/** A parameter; its value is quoted or, against the standard but common, everything up to the next one. */
const PARAMETER = /(?:^|;)\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\[^])*)"?|([^;]*))/g;

/**
 * The file name in a Content-Disposition header, as RFC 6266 has it: `filename*` before `filename`. It is a stranger's
 * choice: make it safe before use.
 */
export function fileNameOf(header: string | undefined): string | undefined {
	const values = new Map<string, string>();
	for (const [, name, quoted, bare = ''] of (header ?? '').matchAll(PARAMETER)) {
		const value = quoted === undefined ? bare.trim() : quoted.replace(/\\(["\\])/g, '$1');
		const key = name!.toLowerCase();
		if (value && !values.has(key)) values.set(key, value);
	}
	return decodeExtended(values.get('filename*')) || decodeBytes(values.get('filename'));
}

/** `UTF-8'en'%e2%82%ac%20rates`, RFC 8187; nothing when it is not that. */
function decodeExtended(value = ''): string | undefined {
	const [, charset, encoded] = /^([\w-]+)'[^']*'(.*)$/s.exec(value) ?? [];
	if (!charset || !encoded || /%(?![\da-f]{2})/i.test(encoded)) return undefined;
	const bytes = Buffer.from(
		encoded.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
		'latin1',
	);
	if (/^utf-8$/i.test(charset)) return bytes.toString();
	return /^iso-8859-1$/i.test(charset) ? bytes.toString('latin1') : undefined;
}

/** Headers are read byte by byte; most servers write UTF-8 there. */
function decodeBytes(value: string | undefined): string | undefined {
	if (!value || /[\u0100-\uffff]/.test(value)) return value;
	const decoded = Buffer.from(value, 'latin1').toString();
	return decoded.includes('\ufffd') ? value : decoded;
}
