import { OTHER_EXTENSIONS } from './knownExtensions';
import { extensionIn, extensionOf, mimeTypeFromName } from './mimeTypes';

/** Most file systems take 255 bytes; this leaves room for a prefix. */
const MAX_NAME_BYTES = 200;

/** Characters of the beginning and the end of a name that are looked at. */
const READ_FROM_START = 1000;
const READ_FROM_END = 100;

/** Windows keeps these for devices, with the digits as superscripts too, whatever extension follows. */
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[\d¹²³])$/i;

/** What looks like an extension, known or not. */
const LIKE_EXTENSION = /^(?=.*[a-z])[a-z0-9]{1,10}$/i;

/**
 * A sender's file name made safe to write, to show and to send: no path, no control or direction-changing characters,
 * no name that Windows reserves, not too long. Done twice, it changes nothing more.
 * @param options.defaultExtension for a name that has no extension that we know, without a dot
 */
export function safeFileName(name: string, options: { defaultExtension?: string } = {}): string {
	const { defaultExtension } = options;
	const clean = cleanName(name);
	const isComplete = hasKnownExtension(clean) || extensionIn(clean) === defaultExtension;
	return isComplete || !defaultExtension ? clean : withExtension(clean, defaultExtension);
}

/** The name with the extension that files of this type usually have, instead of its own; `.jpeg` is as usual as `.jpg`. */
export function replaceWrongExtension(name: string, mimeType: string): string {
	const extension = extensionOf(mimeType);
	const current = extensionIn(name);
	if (!extension || current === extension || (extension === 'jpg' && current === 'jpeg'))
		return name;
	return withExtension(hasKnownExtension(name) ? stemOf(name) : name, extension);
}

/** The name with this extension behind it. */
export function withExtension(name: string, extension: string): string {
	return fitted(name || 'file', `.${extension}`);
}

/** The name without its extension. */
export function stemOf(name: string): string {
	const dot = name.lastIndexOf('.');
	return dot > 0 ? name.slice(0, dot) : name;
}

/** Whether a name ends in an extension: `12.03.2026` and `Dr.Müller` do not. */
export function hasKnownExtension(name: string): boolean {
	if (name.lastIndexOf('.') < 1) return false;
	return mimeTypeFromName(name) !== undefined || OTHER_EXTENSIONS.has(extensionIn(name));
}

/** Whether a name ends in what may be an extension that we do not know. */
export function looksLikeExtension(name: string): boolean {
	return name.lastIndexOf('.') > 0 && LIKE_EXTENSION.test(extensionIn(name));
}

function cleanName(name: string): string {
	const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
	const flat = shortened(base)
		// Control characters, and marks that reorder or hide text ("gpj.exe" shown as "exe.jpg").
		.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '')
		// After what stood between the characters is gone.
		.normalize('NFC')
		.replace(/[<>:"|?*]/g, '_')
		.replace(/\s+/g, ' ');
	const trimmed = trimDots(flat);
	const stem = looksLikeExtension(trimmed) ? stemOf(trimmed) : trimmed;
	const clean = fitted(stem || 'file', trimmed.slice(stem.length));
	// What was cut may end in another extension than before.
	return clean === name ? clean : cleanName(clean);
}

/** The name, its stem cut so that all of it fits, and never one that Windows reserves. */
function fitted(stem: string, suffix: string): string {
	const isReserved = RESERVED.test(stem.split('.', 1)[0]!.trimEnd());
	const whole = isReserved ? `_${stem}` : stem;
	return trimDots(cut(whole, MAX_NAME_BYTES - Buffer.byteLength(suffix)), { atEnd: true }) + suffix;
}

/** What a stranger sends may have any length; cleaning takes more than one look at each character. */
function shortened(name: string): string {
	if (name.length <= READ_FROM_START + READ_FROM_END) return name;
	return name.slice(0, READ_FROM_START) + name.slice(-READ_FROM_END);
}

/** Without dots and spaces around it. Not by a regular expression: those take the square of a run's length. */
function trimDots(text: string, { atEnd = false } = {}): string {
	let start = 0;
	let end = text.length;
	while (!atEnd && (text[start] === '.' || text[start] === ' ')) start++;
	while (end > start && (text[end - 1] === '.' || text[end - 1] === ' ')) end--;
	return text.slice(start, end);
}

/** At most so many bytes of UTF-8, never half a character. */
function cut(text: string, bytes: number): string {
	if (Buffer.byteLength(text) <= bytes) return text;
	const kept: string[] = [];
	let left = bytes;
	for (const character of text) {
		left -= Buffer.byteLength(character);
		if (left < 0) break;
		kept.push(character);
	}
	return kept.join('');
}
