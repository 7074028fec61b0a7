/** One name for each MIME type and one extension for each, as WhatsApp and the nodes after ours expect them. */

/**
 * Extension of each MIME type. The first entry of an extension is the type it stands for. Where n8n would derive another
 * (`oga`, `mpga`, `adts`), transcription services refuse the file.
 */
const EXTENSIONS: Array<[mimeType: string, extension: string]> = [
	['image/jpeg', 'jpg'],
	['image/png', 'png'],
	['image/webp', 'webp'],
	['image/gif', 'gif'],
	['image/heic', 'heic'],
	['image/heif', 'heif'],
	['image/tiff', 'tiff'],
	['image/bmp', 'bmp'],
	['image/svg+xml', 'svg'],
	['image/avif', 'avif'],
	['video/mp4', 'mp4'],
	['video/3gpp', '3gp'],
	['video/quicktime', 'mov'],
	['video/webm', 'webm'],
	['video/x-matroska', 'mkv'],
	['video/x-msvideo', 'avi'],
	['audio/ogg', 'ogg'],
	['audio/mpeg', 'mp3'],
	['audio/mp4', 'm4a'],
	['audio/aac', 'aac'],
	['audio/amr', 'amr'],
	['audio/wav', 'wav'],
	['audio/flac', 'flac'],
	['audio/webm', 'weba'],
	['application/pdf', 'pdf'],
	['application/msword', 'doc'],
	['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx'],
	['application/vnd.ms-excel', 'xls'],
	['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'xlsx'],
	['application/vnd.ms-powerpoint', 'ppt'],
	['application/vnd.openxmlformats-officedocument.presentationml.presentation', 'pptx'],
	['application/vnd.oasis.opendocument.text', 'odt'],
	['application/vnd.oasis.opendocument.spreadsheet', 'ods'],
	['application/rtf', 'rtf'],
	['application/epub+zip', 'epub'],
	['application/zip', 'zip'],
	['application/vnd.rar', 'rar'],
	['application/x-7z-compressed', '7z'],
	['application/gzip', 'gz'],
	['application/json', 'json'],
	['application/xml', 'xml'],
	['text/plain', 'txt'],
	['text/csv', 'csv'],
	['text/html', 'html'],
	['text/markdown', 'md'],
	['text/calendar', 'ics'],
	['text/vcard', 'vcf'],
	['application/vnd.android.package-archive', 'apk'],
];

/** Other names that are in use for the same types. */
const ALIASES = new Map([
	['image/jpg', 'image/jpeg'],
	['image/pjpeg', 'image/jpeg'],
	['image/x-png', 'image/png'],
	['video/3gp', 'video/3gpp'],
	['video/x-m4v', 'video/mp4'],
	['audio/opus', 'audio/ogg'],
	['audio/oga', 'audio/ogg'],
	['application/ogg', 'audio/ogg'],
	['audio/x-opus+ogg', 'audio/ogg'],
	['audio/mp3', 'audio/mpeg'],
	['audio/x-mpeg', 'audio/mpeg'],
	['audio/x-mp3', 'audio/mpeg'],
	['audio/m4a', 'audio/mp4'],
	['audio/x-m4a', 'audio/mp4'],
	['audio/x-aac', 'audio/aac'],
	['audio/aacp', 'audio/aac'],
	['audio/x-wav', 'audio/wav'],
	['audio/wave', 'audio/wav'],
	['application/x-pdf', 'application/pdf'],
	['application/x-zip-compressed', 'application/zip'],
	['text/xml', 'application/xml'],
]);

/** Other extensions that are in use for the same types. */
const EXTENSION_ALIASES = new Map([
	['jpeg', 'jpg'],
	['jpe', 'jpg'],
	['tif', 'tiff'],
	['3gpp', '3gp'],
	['m4v', 'mp4'],
	['oga', 'ogg'],
	['opus', 'ogg'],
	['mpga', 'mp3'],
	['mp4a', 'm4a'],
	['adts', 'aac'],
	['htm', 'html'],
	['text', 'txt'],
	['log', 'txt'],
]);

const EXTENSION_OF = new Map(EXTENSIONS);
const TYPE_OF = new Map(EXTENSIONS.map(([mimeType, extension]) => [extension, mimeType]));

/** Types that say nothing about the content. */
const VAGUE = new Set([
	'',
	'application/octet-stream',
	'binary/octet-stream',
	'application/x-download',
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
	return ALIASES.get(bare) ?? bare;
}

/** Two names of 127 characters, and parameters behind them. */
const MAX_TYPE_LENGTH = 1000;

/** The first of the given types that says something about the content; else that of the file name's extension; else nothing. */
export function chooseMimeType(
	candidates: Array<string | undefined>,
	fileName = '',
): string | undefined {
	return candidates.map(mimeEssence).find((type) => !VAGUE.has(type)) ?? mimeTypeFromName(fileName);
}

/** Whether a type is among the allowed ones: `image/jpeg`, or `image/*` for all images. */
export function matchesMimeType(mimeType: string, allowed: string[]): boolean {
	return allowed.some((type) =>
		type.endsWith('/*')
			? mimeType.startsWith(type.slice(0, -1).toLowerCase())
			: mimeType === mimeEssence(type),
	);
}

/** The extension, without a dot, that the next node expects; nothing for a type that we do not know. */
export function extensionOf(mimeType: string): string | undefined {
	return EXTENSION_OF.get(mimeEssence(mimeType));
}

/** What a file name's extension stands for; nothing where it has none that we know. */
export function mimeTypeFromName(fileName: string): string | undefined {
	const extension = /\.([a-z0-9]{1,8})$/i.exec(fileName)?.[1]?.toLowerCase() ?? '';
	return TYPE_OF.get(EXTENSION_ALIASES.get(extension) ?? extension);
}
