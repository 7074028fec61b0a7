/** What a file is by its first bytes, and whether that agrees with the type that it is declared as. */

import { isTextType } from './mimeTypes';

/** How many of its first bytes tell the type: they hold the first names of a zip and the first tag of a web page. */
export const FIRST_BYTES = 4100;

/** Old Office files, and new ones under a password: MS-CFB. */
const COMPOUND = 'application/x-ole-storage';

const OFFICE = 'application/vnd.openxmlformats-officedocument.';
const WORD = `${OFFICE}wordprocessingml.document`;
const SHEET = `${OFFICE}spreadsheetml.sheet`;
const SLIDES = `${OFFICE}presentationml.presentation`;
const NAMED_IN_ZIPS = [
	'application/epub+zip',
	'application/vnd.oasis.opendocument.text',
	'application/vnd.oasis.opendocument.spreadsheet',
	'application/vnd.oasis.opendocument.presentation',
	'application/vnd.oasis.opendocument.graphics',
];
const OLD_OFFICE = [
	'application/msword',
	'application/vnd.ms-excel',
	'application/vnd.ms-powerpoint',
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
	['audio/wav', 'WAVE', 8],
	['video/x-msvideo', 'AVI ', 8],
	['audio/ogg', 'OggS'],
	['audio/flac', 'fLaC'],
	['audio/amr', '#!AMR'],
	['audio/aac', 'ADIF'],
	['application/rtf', '{\\rtf'],
	['application/x-7z-compressed', '7z\xbc\xaf\x27\x1c'],
	['application/vnd.rar', 'Rar!\x1a\x07'],
	['application/gzip', '\x1f\x8b\x08'],
	[COMPOUND, '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'],
];

/** What must also stand at the very start, for types with their signature at a later place. */
const STARTS: Record<string, string> = {
	'image/bmp': 'BM',
	'image/webp': 'RIFF',
	'audio/wav': 'RIFF',
	'video/x-msvideo': 'RIFF',
};

/**
 * The type of a file by its signature; nothing where it has none that we know, such as text.
 * @param firstBytes the first FIRST_BYTES, or all of a shorter file
 */
export function detectMimeType(firstBytes: Buffer): string | undefined {
	const start = firstBytes.toString('latin1', 0, FIRST_BYTES);
	const fixed = FIXED.find(
		([mimeType, bytes, at = 0]) =>
			start.startsWith(bytes, at) && start.startsWith(STARTS[mimeType] ?? ''),
	);
	if (fixed) return fixed[0];
	if (start.startsWith('PK\x03\x04')) return zipType(start);
	if (start.startsWith('\x1a\x45\xdf\xa3')) return matroskaType(start);
	return isoMediaType(start) ?? framedAudioType(firstBytes) ?? documentType(start);
}

/** APPNOTE.TXT, 4.3.7: a header with a name before each entry. ODF 1.3 and EPUB 3.3 store the type in the first, not compressed. */
function zipType(start: string): string {
	const entries = start.split('PK\x03\x04').slice(1);
	const names = entries.map((entry) => entry.slice(26, 26 + entry.charCodeAt(22)));
	const named =
		names[0] === 'mimetype' && NAMED_IN_ZIPS.find((type) => entries[0]!.startsWith(type, 34));
	if (named) return named;
	const [, folder] =
		names.map((name) => /^(word|xl|ppt)\/.*\.(?:xml|rels)$/.exec(name)).find(Boolean) ?? [];
	return folder ? { word: WORD, xl: SHEET, ppt: SLIDES }[folder]! : 'application/zip';
}

/** RFC 8794, 11.2.4: DocType. */
function matroskaType(start: string): string {
	return /\x42\x82.webm/s.test(start.slice(0, 64)) ? 'video/webm' : 'video/x-matroska';
}

/** ISO/IEC 14496-12, 4.3: the brands of ftyp; mp4ra.org. Old QuickTime files have none. */
function isoMediaType(start: string): string | undefined {
	const type = start.slice(4, 8);
	if (type !== 'ftyp')
		return start[0] === '\0' && ['moov', 'mdat', 'wide'].includes(type)
			? 'video/quicktime'
			: undefined;
	const brand = start.slice(8, 12);
	if (brand === 'qt  ') return 'video/quicktime';
	if (/^(M4[ABP]|F4[AB]) $/.test(brand)) return 'audio/mp4';
	if (/^3g[ep]/.test(brand)) return 'video/3gpp';
	if (/^avi[fs]$/.test(brand)) return 'image/avif';
	if (/^he[iv][a-z]$/.test(brand)) return 'image/heic';
	if (/^m[is]f1$/.test(brand))
		return start.slice(16, 64).includes('avif') ? 'image/avif' : 'image/heif';
	return /^(crx |jp[2xm] |jxl |mjp2)$/.test(brand) ? undefined : 'video/mp4';
}

/** Audio in frames: ISO/IEC 11172-3, 2.4.2.3 (MP3) and 13818-7, 6.2 (ADTS); before the first frame there may be an ID3 tag. */
function framedAudioType(bytes: Buffer): string | undefined {
	if (bytes.toString('latin1', 0, 3) === 'ID3') {
		if (bytes.length < 10) return 'audio/mpeg';
		// id3.org, ID3v2.4, 3.1: four bytes of seven bits.
		const end = 10 + bytes.subarray(6, 10).reduce((size, byte) => size * 128 + (byte & 127), 0);
		return framedAudioType(bytes.subarray(end)) ?? 'audio/mpeg';
	}
	if (bytes.length < 4 || bytes[0] !== 0xff) return undefined;
	const [, second, third] = bytes as unknown as [number, number, number];
	if ((second & 0xf6) === 0xf0) return (third >> 2) % 16 < 13 ? 'audio/aac' : undefined;
	const [version, layer, bitRate, sampleRate] = [
		(second >> 3) & 3,
		(second >> 1) & 3,
		third >> 4,
		(third >> 2) & 3,
	];
	return second >= 0xe0 &&
		version !== 1 &&
		(layer === 1 || layer === 2) &&
		bitRate > 0 &&
		bitRate < 15 &&
		sampleRate < 3
		? 'audio/mpeg'
		: undefined;
}

/** ISO 32000-2, 7.5.2: readers look for the PDF header in the first kilobyte. */
function documentType(start: string): string | undefined {
	if (start.startsWith('%PDF') || /%PDF-\d/.test(start.slice(0, 1024))) return 'application/pdf';
	return isWebPage(start) ? 'text/html' : undefined;
}

/** A page may begin with a mark, an XML declaration and comments; it may also lack all before its head or body. */
function isWebPage(start: string): boolean {
	let rest = start.replace(/^\xef\xbb\xbf/, '').trimStart();
	rest = rest.replace(/^<\?xml\b[^>]{0,200}>/i, '').trimStart();
	while (rest.startsWith('<!--')) {
		const end = rest.indexOf('-->', 4);
		if (end < 0) return true;
		rest = rest.slice(end + 3).trimStart();
	}
	return /^<(!doctype\s+html|html|head|body)\b/i.test(rest);
}

/** Whether the first bytes can be read as text: UTF-16 with its mark, else UTF-8 without control characters. */
export function looksLikeText(firstBytes: Buffer): boolean {
	if (firstBytes.length > 1 && ['fffe', 'feff'].includes(firstBytes.toString('hex', 0, 2)))
		return true;
	const isControl = (byte: number) =>
		byte < 9 || (byte > 13 && byte < 32 && byte !== 27) || byte === 127;
	// The last character may have been cut.
	return (
		firstBytes.length > 0 &&
		!firstBytes.some(isControl) &&
		!/\ufffd(?!\ufffd{0,2}$)/.test(firstBytes.toString('utf8'))
	);
}

/** Types of one row have the same parts in a zip; those of different rows have not. */
const KINDS_OF_ZIP = [
	[WORD, `${OFFICE}wordprocessingml.template`, 'application/vnd.ms-word.document.macroenabled.12'],
	[
		SHEET,
		`${OFFICE}spreadsheetml.template`,
		'application/vnd.ms-excel.sheet.macroenabled.12',
		'application/vnd.ms-excel.sheet.binary.macroenabled.12',
	],
	[
		SLIDES,
		`${OFFICE}presentationml.slideshow`,
		`${OFFICE}presentationml.template`,
		'application/vnd.ms-powerpoint.presentation.macroenabled.12',
		'application/vnd.ms-powerpoint.slideshow.macroenabled.12',
	],
	...NAMED_IN_ZIPS.map((type) => [type]),
	['application/vnd.android.package-archive'],
];

/** Types that share a signature, or that programs take for one another. */
const FAMILIES = [
	['video/mp4', 'audio/mp4', 'video/3gpp', 'audio/3gpp'],
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
	['application/msword', 'application/vnd.ms-excel', 'application/rtf', 'text/html', 'text/plain'],
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
		WORD,
		SHEET,
		SLIDES,
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
