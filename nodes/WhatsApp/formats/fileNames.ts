import { extensionOf, mimeTypeFromName } from './mimeTypes';

/** Most file systems take 255 bytes; this leaves room for a prefix. */
const MAX_NAME_BYTES = 200;

/**
 * A sender's file name made safe to write, to show and to send: no path, no control or direction-changing characters,
 * no name that Windows reserves, not too long.
 * @param options.defaultExtension for a name that has no extension, without a dot
 */
export function safeFileName(name: string, options: { defaultExtension?: string } = {}): string {
	const flat = name
		.normalize('NFC')
		.split(/[/\\]/)
		.pop()!
		// Control characters, and marks that reorder or hide text ("gpj.exe" shown as "exe.jpg").
		.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '')
		.replace(/[<>:"|?*]/g, '_')
		.replace(/\s+/g, ' ')
		.replace(/^[. ]+|[. ]+$/g, '');
	const dot = flat.lastIndexOf('.');
	const hasExtension = dot > 0 && /^[\p{L}\p{N}]{1,8}$/u.test(flat.slice(dot + 1));
	const stem = (hasExtension ? flat.slice(0, dot) : flat) || 'file';
	const extension = hasExtension ? flat.slice(dot + 1) : options.defaultExtension;
	const reserved = /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(stem.split('.')[0]!);
	const suffix = extension ? `.${extension}` : '';
	return cut(reserved ? `_${stem}` : stem, MAX_NAME_BYTES - Buffer.byteLength(suffix)) + suffix;
}

/** The name with the extension of `mimeType`, where its own stands for another type. An extension that we do not know stays. */
export function correctExtension(fileName: string, mimeType: string): string {
	const extension = extensionOf(mimeType);
	const named = mimeTypeFromName(fileName);
	return !extension || !named || named === mimeType
		? fileName
		: fileName.replace(/[^.]*$/, extension);
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
	return kept.join('').trimEnd();
}
