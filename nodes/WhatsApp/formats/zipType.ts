import { inflateStart } from './inflate';

const OFFICE = 'application/vnd.openxmlformats-officedocument.';
const OPEN_DOCUMENT = 'application/vnd.oasis.opendocument.';
const WORD = `${OFFICE}wordprocessingml.document`;
const SHEET = `${OFFICE}spreadsheetml.sheet`;
const SLIDES = `${OFFICE}presentationml.presentation`;
const APK = 'application/vnd.android.package-archive';

/** Types that stand in a zip's first entry. */
const NAMED_INSIDE = [
	'application/epub+zip',
	`${OPEN_DOCUMENT}text`,
	`${OPEN_DOCUMENT}spreadsheet`,
	`${OPEN_DOCUMENT}presentation`,
	`${OPEN_DOCUMENT}graphics`,
];

/** Types of one row have the same parts in a zip; those of different rows have not. */
export const KINDS_OF_ZIP = [
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
	...NAMED_INSIDE.map((type) => [type]),
	[APK],
];

const BY_FOLDER = new Map([
	['word', WORD],
	['xl', SHEET],
	['ppt', SLIDES],
]);

/** Entries and bytes of one of them that are looked at. */
const MAX_ENTRIES = 100;
const MAX_CONTENT = 20_000;

interface Entry {
	name: string;
	/** As much as there is of it. */
	content: () => Buffer;
}

/** The type of a zip by the names of its entries and by what the first of them say. */
export function zipType(bytes: Buffer): string {
	const entries = readEntries(bytes);
	const [first] = entries;
	if (first?.name === 'mimetype') {
		const type = first.content().toString('latin1').trim();
		// What follows the type of a whole entry is another type; of one whose length stands behind it, the next header.
		const named = NAMED_INSIDE.find((known) => type === known || type.startsWith(`${known}PK`));
		if (named) return named;
	}
	return officeType(entries) ?? (isApk(entries) ? APK : 'application/zip');
}

/** APPNOTE.TXT, 4.3.7: a header with a name before each entry. A zip within a zip is skipped, where its length is known. */
function readEntries(bytes: Buffer): Entry[] {
	const entries: Entry[] = [];
	for (let at = 0; isHeader(bytes, at) && entries.length < MAX_ENTRIES;) {
		const isCompressed = bytes.readUInt16LE(at + 8) === 8;
		const size = bytes.readUInt32LE(at + 18);
		const nameEnd = at + 30 + bytes.readUInt16LE(at + 26);
		const start = nameEnd + bytes.readUInt16LE(at + 28);
		const isLengthBehind = (bytes.readUInt16LE(at + 6) & 8) !== 0 && size === 0;
		const next = isLengthBehind ? bytes.indexOf('PK\x03\x04', start, 'latin1') : start + size;
		const data = bytes.subarray(start, next < 0 ? bytes.length : next);
		entries.push({
			name: bytes.toString('utf8', at + 30, nameEnd),
			content: () => (isCompressed ? inflateStart(data, MAX_CONTENT) : data),
		});
		at = next < 0 ? bytes.length : next;
	}
	return entries;
}

function isHeader(bytes: Buffer, at: number): boolean {
	return at + 30 <= bytes.length && bytes.readUInt32LE(at) === 0x04034b50;
}

/** ISO/IEC 29500-2: the types of the parts, and where the main one is, stand in two of them, which most programs write first. */
function officeType(entries: Entry[]): string | undefined {
	const typesOf = entries.find(({ name }) => name === '[Content_Types].xml')?.content();
	const [, main] = /ContentType="([^"]+)\.main\+xml"/.exec(typesOf?.toString() ?? '') ?? [];
	const type = main?.toLowerCase().replace(/\.macroenabled$/, '.macroenabled.12') ?? '';
	if (KINDS_OF_ZIP.some((types) => types.includes(type))) return type;
	const relations = entries.find(({ name }) => name === '_rels/.rels')?.content();
	const [, target] = /Target="\/?(word|xl|ppt)\//.exec(relations?.toString() ?? '') ?? [];
	// Without the two: a folder of that name alone may be anybody's.
	const part = entries
		.map(({ name }) => /^(word|xl|ppt)\/.*\.(?:xml|rels)$/.exec(name))
		.find(Boolean);
	return BY_FOLDER.get(target ?? part?.[1] ?? '');
}

function isApk(entries: Entry[]): boolean {
	return entries.some(({ name }) => name === 'AndroidManifest.xml' || name === 'classes.dex');
}
