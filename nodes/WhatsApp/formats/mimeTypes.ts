/** One name for each MIME type and one extension for each, as WhatsApp and the nodes after ours expect them. */

const OFFICE = 'application/vnd.openxmlformats-officedocument.';
const OPEN_DOCUMENT = 'application/vnd.oasis.opendocument.';

/**
 * Extensions of each MIME type: first the one that its files get, then others that are in use. The first entry of an
 * extension is the type that it stands for. Where n8n would derive another (`oga`, `mpga`, `adts`, `weba`), transcription
 * services refuse the file.
 */
const EXTENSIONS: Array<[mimeType: string, extensions: string]> = [
	['image/jpeg', 'jpg jpeg jpe jfif pjpeg'],
	['image/png', 'png'],
	['image/webp', 'webp'],
	['image/gif', 'gif'],
	['image/heic', 'heic'],
	['image/heif', 'heif hif'],
	['image/tiff', 'tiff tif'],
	['image/bmp', 'bmp dib'],
	['image/svg+xml', 'svg'],
	['image/avif', 'avif'],
	['image/jxl', 'jxl'],
	['image/jp2', 'jp2'],
	['image/x-icon', 'ico'],
	['image/vnd.adobe.photoshop', 'psd'],
	['video/mp4', 'mp4 m4v'],
	['video/3gpp', '3gp 3gpp'],
	['video/3gpp2', '3g2'],
	['video/quicktime', 'mov qt'],
	['video/webm', 'webm'],
	['video/x-matroska', 'mkv'],
	['video/x-msvideo', 'avi'],
	['video/ogg', 'ogv'],
	['video/mpeg', 'mpg mpeg'],
	['video/mp2t', 'm2ts mts'],
	['video/x-flv', 'flv'],
	['video/x-ms-wmv', 'wmv'],
	['audio/ogg', 'ogg oga opus spx'],
	['audio/mpeg', 'mp3 mpga'],
	['audio/mp4', 'm4a m4b m4r mp4a'],
	['audio/3gpp', '3gp'],
	['audio/aac', 'aac adts'],
	['audio/amr', 'amr awb'],
	['audio/wav', 'wav'],
	['audio/flac', 'flac'],
	['audio/webm', 'webm weba'],
	['audio/x-matroska', 'mka'],
	['audio/x-ape', 'ape'],
	['audio/wavpack', 'wv'],
	['audio/x-ms-wma', 'wma'],
	['audio/aiff', 'aiff aif'],
	['audio/x-caf', 'caf'],
	['audio/midi', 'mid midi'],
	['application/pdf', 'pdf'],
	['application/msword', 'doc dot'],
	[`${OFFICE}wordprocessingml.document`, 'docx'],
	[`${OFFICE}wordprocessingml.template`, 'dotx'],
	['application/vnd.ms-word.document.macroenabled.12', 'docm'],
	['application/vnd.ms-excel', 'xls xlt'],
	[`${OFFICE}spreadsheetml.sheet`, 'xlsx'],
	[`${OFFICE}spreadsheetml.template`, 'xltx'],
	['application/vnd.ms-excel.sheet.macroenabled.12', 'xlsm'],
	['application/vnd.ms-excel.sheet.binary.macroenabled.12', 'xlsb'],
	['application/vnd.ms-powerpoint', 'ppt pps pot'],
	[`${OFFICE}presentationml.presentation`, 'pptx'],
	[`${OFFICE}presentationml.slideshow`, 'ppsx'],
	[`${OFFICE}presentationml.template`, 'potx'],
	['application/vnd.ms-powerpoint.presentation.macroenabled.12', 'pptm'],
	['application/vnd.ms-powerpoint.slideshow.macroenabled.12', 'ppsm'],
	[`${OPEN_DOCUMENT}text`, 'odt'],
	[`${OPEN_DOCUMENT}spreadsheet`, 'ods'],
	[`${OPEN_DOCUMENT}presentation`, 'odp'],
	[`${OPEN_DOCUMENT}graphics`, 'odg'],
	['application/vnd.ms-outlook', 'msg'],
	['application/rtf', 'rtf'],
	['application/epub+zip', 'epub'],
	['application/zip', 'zip'],
	['application/vnd.rar', 'rar'],
	['application/x-7z-compressed', '7z'],
	['application/gzip', 'gz tgz'],
	['application/x-bzip2', 'bz2'],
	['application/x-xz', 'xz'],
	['application/x-tar', 'tar'],
	['application/json', 'json'],
	['application/geo+json', 'geojson'],
	['application/xml', 'xml'],
	['text/plain', 'txt text log'],
	['text/csv', 'csv'],
	['text/tab-separated-values', 'tsv'],
	['text/html', 'html htm xhtml'],
	['text/markdown', 'md markdown'],
	['text/calendar', 'ics ical'],
	['text/vcard', 'vcf vcard'],
	['message/rfc822', 'eml'],
	['application/postscript', 'ps eps ai'],
	['application/vnd.google-earth.kmz', 'kmz'],
	['application/vnd.google-earth.kml+xml', 'kml'],
	['application/gpx+xml', 'gpx'],
	['application/java-archive', 'jar'],
	['application/vnd.android.package-archive', 'apk'],
];

/** Other names that are in use for the same types. */
const ALIASES: Array<[mimeType: string, aliases: string]> = [
	['image/jpeg', 'image/jpg image/pjpeg image/jfif'],
	['image/png', 'image/x-png'],
	['image/bmp', 'image/x-ms-bmp image/x-bmp'],
	['image/svg+xml', 'image/svg'],
	['image/x-icon', 'image/vnd.microsoft.icon'],
	['image/heic', 'image/heic-sequence'],
	['image/heif', 'image/heif-sequence'],
	['video/3gpp', 'video/3gp'],
	['video/mp4', 'video/x-m4v application/mp4'],
	['video/x-msvideo', 'video/avi video/msvideo video/vnd.avi'],
	['video/x-matroska', 'video/matroska'],
	['audio/x-matroska', 'audio/matroska'],
	['audio/ogg', 'audio/opus audio/oga audio/x-ogg application/ogg audio/x-opus+ogg audio/vorbis'],
	['audio/mpeg', 'audio/mp3 audio/x-mpeg audio/x-mp3 audio/mpeg3 audio/x-mpeg-3 audio/mpg'],
	['audio/mp4', 'audio/m4a audio/x-m4a audio/x-m4b audio/x-mp4 audio/mp4a-latm'],
	['audio/3gpp', 'audio/3gp'],
	['audio/aac', 'audio/x-aac audio/aacp audio/vnd.dlna.adts audio/x-hx-aac-adts'],
	['audio/amr', 'audio/x-amr audio/amr-nb audio/amr-wb'],
	['audio/wav', 'audio/x-wav audio/wave audio/vnd.wave audio/x-pn-wav'],
	['audio/flac', 'audio/x-flac'],
	['audio/x-ape', 'audio/ape audio/x-monkeys-audio'],
	['audio/aiff', 'audio/x-aiff'],
	['application/pdf', 'application/x-pdf application/acrobat applications/vnd.pdf text/pdf'],
	['application/msword', 'application/x-msword application/vnd.msword'],
	['application/vnd.ms-excel', 'application/excel application/x-excel application/x-msexcel'],
	['application/vnd.ms-powerpoint', 'application/powerpoint application/mspowerpoint'],
	['application/rtf', 'text/rtf application/x-rtf text/richtext'],
	['application/zip', 'application/x-zip application/x-zip-compressed'],
	['application/vnd.rar', 'application/x-rar application/x-rar-compressed application/rar'],
	['application/x-7z-compressed', 'application/x-7z application/7z'],
	['application/gzip', 'application/x-gzip application/x-gunzip'],
	['application/json', 'text/json application/x-json'],
	['application/xml', 'text/xml'],
	['text/html', 'application/xhtml+xml'],
	['text/csv', 'text/comma-separated-values text/x-csv application/csv application/x-csv'],
	['text/tab-separated-values', 'text/tsv'],
	['text/markdown', 'text/x-markdown'],
	['text/vcard', 'text/x-vcard text/directory application/vcard'],
];

const OTHER_NAMES = new Map(
	ALIASES.flatMap(([mimeType, aliases]) => aliases.split(' ').map((alias) => [alias, mimeType])),
);
const EXTENSIONS_OF = new Map(
	EXTENSIONS.map(([mimeType, extensions]) => [mimeType, extensions.split(' ')]),
);
// The first entry of an extension wins, so it is set last.
const TYPE_OF = new Map(
	EXTENSIONS.flatMap(([mimeType, extensions]) =>
		extensions.split(' ').map((extension) => [extension, mimeType] as const),
	).reverse(),
);

/** Types that say nothing about the content. */
const VAGUE = new Set([
	'application/octet-stream',
	'application/x-octet-stream',
	'binary/octet-stream',
	'application/binary',
	'application/x-binary',
	'application/download',
	'application/x-download',
	'application/force-download',
	'application/x-force-download',
	'application/unknown',
	'application/x-unknown',
	'unknown/unknown',
	'multipart/form-data',
]);

/** RFC 6838, 4.2: the names of types. Whatever else is called a type could break out of a header or of JSON. */
const TYPE_NAME = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

/**
 * The type without parameters, under its usual name: `audio/ogg; codecs=opus` → `audio/ogg`.
 * @returns an empty text for what is no type
 */
export function mimeEssence(mimeType?: unknown): string {
	if (typeof mimeType !== 'string') return '';
	const bare = mimeType.slice(0, MAX_TYPE_LENGTH).split(';')[0]!.trim().toLowerCase();
	if (!TYPE_NAME.test(bare)) return '';
	return OTHER_NAMES.get(bare) ?? bare;
}

/** Whether a type says nothing about the content: it is absent, no type at all, a pattern, or one of those for any bytes. */
export function isVague(mimeType?: string): boolean {
	const essence = mimeEssence(mimeType);
	return essence === '' || VAGUE.has(essence);
}

/** Whether files of a type read as text. */
export function isTextType(mimeType: string): boolean {
	return /^text\/|^application\/(json|xml)$|\+(xml|json)$/.test(mimeType);
}

/** Two names of 127 characters, and parameters behind them. */
const MAX_TYPE_LENGTH = 1000;

/** The first of the given types that says something about the content; else that of the file name's extension; else nothing. */
export function chooseMimeType(
	candidates: Array<string | undefined>,
	fileName = '',
): string | undefined {
	const telling = candidates.find((type) => !isVague(type));
	return telling === undefined ? mimeTypeFromName(fileName) : mimeEssence(telling);
}

/** Whether a type is among the allowed ones: `image/jpeg`, or `image/*` for all images. */
export function matchesMimeType(mimeType: string, allowed: string[]): boolean {
	return allowed
		.map((type) => type.trim().toLowerCase())
		.some((type) =>
			type.endsWith('/*')
				? type === '*/*' || mimeType.startsWith(type.slice(0, -1))
				: mimeType === mimeEssence(type),
		);
}

/** The extension, without a dot, that the next node expects; nothing for a type that we do not know. */
export function extensionOf(mimeType: string): string | undefined {
	return EXTENSIONS_OF.get(mimeEssence(mimeType))?.[0];
}

/** Whether an extension, in lower case and without a dot, is in use for a type. */
export function isExtensionOf(extension: string, mimeType: string): boolean {
	return EXTENSIONS_OF.get(mimeEssence(mimeType))?.includes(extension) ?? false;
}

/** What a file name's extension stands for; nothing where it has none that we know. */
export function mimeTypeFromName(fileName: string): string | undefined {
	return TYPE_OF.get(extensionIn(fileName));
}

/** What follows a name's last dot, in lower case, whether it is an extension or not; empty where there is no dot. */
export function extensionIn(fileName: string): string {
	const dot = fileName.lastIndexOf('.');
	return dot < 0 ? '' : fileName.slice(dot + 1).toLowerCase();
}
