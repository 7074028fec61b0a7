/** What a file is by its first bytes, and whether that agrees with the type that it is declared as. */

import { isoMediaType, matroskaType, oggType } from './containerType';
import { endOfTags, framedAudioType } from './framedAudio';
import { isTextType } from './mimeTypes';
import { textTypeOf } from './textType';
import { KINDS_OF_ZIP, zipType } from './zipType';

/**
 * How many of its first bytes tell the type: they hold the first entries of a zip, the first tag of a web page, the
 * directory of most old Office files, and all of a short voice message.
 */
export const FIRST_BYTES = 64 * 1024;

/** Old Office files, and new ones under a password: MS-CFB. */
const COMPOUND = 'application/x-ole-storage';

/** Of the rows of zips, those for Word, Excel and PowerPoint. */
const OFFICE_OPEN_XML = KINDS_OF_ZIP.slice(0, 3).map(([mimeType]) => mimeType!);

const OLD_OFFICE = [
	'application/msword',
	'application/vnd.ms-excel',
	'application/vnd.ms-powerpoint',
];

/** Names that a directory has in files of each type: MS-DOC, MS-XLS, MS-PPT; MS-OFFCRYPTO for a password. */
const STREAMS: Array<[mimeType: string, ...names: string[]]> = [
	['application/msword', 'WordDocument'],
	['application/vnd.ms-excel', 'Workbook', 'Book'],
	['application/vnd.ms-powerpoint', 'PowerPoint Document'],
	['application/vnd.ms-outlook', '__properties_version1.0'],
	[COMPOUND, 'EncryptedPackage'],
];

/** Fixed bytes, as Latin-1, and where they stand. Source of each: its specification, or IANA's registration of the type. */
const FIXED: Array<[mimeType: string, bytes: string, at?: number]> = [
	['image/jpeg', '\xff\xd8\xff'],
	['image/png', '\x89PNG\r\n\x1a\n'],
	['image/gif', 'GIF87a'],
	['image/gif', 'GIF89a'],
	['image/tiff', 'II*\0'],
	['image/tiff', 'MM\0*'],
	['image/bmp', '\0\0\0\0', 6],
	['image/webp', 'WEBP', 8],
	['image/jp2', '\0\0\0\x0cjP  \r\n\x87\n'],
	['image/jxl', '\0\0\0\x0cJXL \r\n\x87\n'],
	['audio/wav', 'WAVE', 8],
	['audio/aiff', 'AIFF', 8],
	['audio/aiff', 'AIFC', 8],
	['video/x-msvideo', 'AVI ', 8],
	['audio/flac', 'fLaC'],
	['audio/x-ape', 'MAC '],
	['audio/wavpack', 'wvpk'],
	['audio/aac', 'ADIF'],
	['application/x-7z-compressed', '7z\xbc\xaf\x27\x1c'],
	['application/vnd.rar', 'Rar!\x1a\x07'],
	['application/gzip', '\x1f\x8b\x08'],
];

/** What must also stand at the very start, for types with their signature at a later place. */
const STARTS = new Map([
	['image/bmp', 'BM'],
	['image/webp', 'RIFF'],
	['audio/wav', 'RIFF'],
	['audio/aiff', 'FORM'],
	['video/x-msvideo', 'RIFF'],
]);

/**
 * The type of a file by its signature; nothing where it has none that we know, such as text.
 * @param firstBytes the first FIRST_BYTES, or all of a shorter file
 */
export function detectMimeType(firstBytes: Buffer): string | undefined {
	// A text may quote any signature that can be written.
	return (
		(looksLikeText(firstBytes) ? undefined : binaryType(firstBytes)) ?? writtenType(firstBytes)
	);
}

/** Whether there is nothing but ID3 tags, so that the audio behind them may be of any type. */
export function isOnlyTags(firstBytes: Buffer): boolean {
	return firstBytes.length > 0 && endOfTags(firstBytes) >= firstBytes.length;
}

function binaryType(bytes: Buffer): string | undefined {
	const end = endOfTags(bytes);
	// Most often; but FLAC, AAC and APE have such tags, too.
	if (end) return binaryType(bytes.subarray(end)) ?? 'audio/mpeg';
	const start = bytes.toString('latin1', 0, 32);
	const isText = isWritten(bytes);
	const fixed = FIXED.find(
		([mimeType, signature, at = 0]) =>
			start.startsWith(signature, at) &&
			start.startsWith(STARTS.get(mimeType) ?? '') &&
			!(isText && /^[\x20-\x7e]+$/.test(signature)),
	);
	if (fixed) return fixed[0];
	if (start.startsWith('PK\x03\x04')) return zipType(bytes);
	if (start.startsWith('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')) return compoundType(bytes);
	if (start.startsWith('\x1a\x45\xdf\xa3')) return matroskaType(bytes);
	if (start.startsWith('OggS\0')) return oggType(bytes);
	return isoMediaType(bytes) ?? framedAudioType(bytes);
}

/** By what can be read in it, in files that are text or may look like it. */
function writtenType(bytes: Buffer): string | undefined {
	const start = bytes.toString('latin1', 0, 4096);
	if (start.startsWith('{\\rtf')) return 'application/rtf';
	// RFC 4867, 5.1 and 5.3
	if (/^#!AMR(-WB|(-WB)?_MC1\.0)?\n/.test(start)) return 'audio/amr';
	if (textTypeOf(start) === 'text/html') return 'text/html';
	return isPdf(start, isWritten(bytes)) ? 'application/pdf' : undefined;
}

/** ISO 32000-2, 7.5.2: the header is a line, which readers look for in the first kilobyte. In a text, an object must follow it. */
function isPdf(start: string, isText: boolean): boolean {
	if (/^%PDF(-(\d(\.\d?)?)?)?$/.test(start)) return true;
	const header = start.slice(0, 1024).search(/%PDF-\d/);
	if (header < 0 || !isText) return header >= 0;
	const isLine = /^%PDF-\d\.\d[ \t]*([\r\n%]|$)/.test(start.slice(header, header + 100));
	if (header === 0 || !isLine) return isLine;
	return /[\r\n]$/.test(start.slice(0, header)) && /\d \d+ obj\b/.test(start.slice(header));
}

/** MS-CFB, 2.6: the names in the directory, where that is among the first bytes. A document within another brings its own. */
function compoundType(bytes: Buffer): string {
	const found = STREAMS.filter(([, ...names]) =>
		names.some((name) => bytes.includes(`${name}\0`, 512, 'utf16le')),
	);
	return found.length === 1 ? found[0]![0] : COMPOUND;
}

/** Whether the first bytes can be read as text: UTF-16 with its mark, else UTF-8 without control characters. */
export function looksLikeText(firstBytes: Buffer): boolean {
	if (firstBytes.length > 1 && ['fffe', 'feff'].includes(firstBytes.toString('hex', 0, 2)))
		return true;
	// The last character may have been cut.
	return (
		firstBytes.length > 0 &&
		isWritten(firstBytes) &&
		!/\ufffd(?!\ufffd{0,2}$)/.test(firstBytes.toString('utf8'))
	);
}

/** Whether there are no control characters: a text in any encoding of one byte, or in UTF-8. */
function isWritten(bytes: Buffer): boolean {
	return !bytes.some((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27) || byte === 127);
}

/** Types that share a signature, or that programs take for one another. */
const FAMILIES = [
	['video/mp4', 'audio/mp4', 'video/3gpp', 'audio/3gpp', 'video/3gpp2'],
	['video/webm', 'audio/webm', 'video/x-matroska', 'audio/x-matroska'],
	['audio/ogg', 'video/ogg'],
	['image/heic', 'image/heif'],
	[
		COMPOUND, // Of new Office files: those under a password.
		'application/zip',
		...OLD_OFFICE,
		...KINDS_OF_ZIP.flat(),
	],
	// Programs export web pages and tables of text under these names.
	[
		'application/msword',
		'application/vnd.ms-excel',
		'application/rtf',
		'text/html',
		'text/plain',
		'application/xml',
	],
];

/** Types whose files all have a signature: a file without it is something else. */
const ALWAYS_SIGNED = [
	...[
		'image/jpeg',
		'image/png',
		'image/gif',
		'image/tiff',
		'image/webp',
		'audio/wav',
		'video/x-msvideo',
		'audio/ogg',
		'audio/flac',
		'audio/amr',
	],
	...[
		'video/mp4',
		'audio/mp4',
		'video/3gpp',
		'video/webm',
		'video/x-matroska',
		'application/pdf',
		...OFFICE_OPEN_XML,
		'application/zip',
	],
];

const SOMETIMES_SIGNED = [
	'audio/mpeg',
	'audio/aac',
	'image/heic',
	'image/heif',
	'image/avif',
	'image/bmp',
	'video/quicktime',
	'application/rtf',
	...OLD_OFFICE,
];

/**
 * Whether a file cannot be of the type that it is declared as.
 * @param found what detectMimeType() says of its first bytes, if anything
 */
export function contradicts(declared: string, found: string | undefined): boolean {
	if (!found) return ALWAYS_SIGNED.includes(declared);
	const kind = KINDS_OF_ZIP.find((types) => types.includes(found));
	const isKind = [...OLD_OFFICE, ...KINDS_OF_ZIP.flat()].includes(declared);
	if (kind && isKind) return !kind.includes(declared);
	if (
		found === declared ||
		FAMILIES.some((family) => family.includes(declared) && family.includes(found))
	)
		return false;
	if (ALWAYS_SIGNED.includes(declared) || SOMETIMES_SIGNED.includes(declared)) return true;
	// A type without a known signature may be built on another format; text is not.
	return isTextType(declared) && !isTextType(found);
}
