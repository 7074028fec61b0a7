import { MediaError } from '../errors';
import type { FileReply } from '../transport/client';

/**
 * Codings that change the bytes: those of IANA's registry, and others that servers know. Any other word changes nothing:
 * people enter `base64`, a charset or a MIME type where storage asks for the header.
 */
const CODINGS = new Set([
	...['gzip', 'x-gzip', 'deflate', 'br', 'zstd', 'compress', 'x-compress', 'dcb', 'dcz', 'exi'],
	...['aes128gcm', 'pack200-gzip', 'bzip2', 'x-bzip2', 'xz', 'x-xz', 'lzma', 'lz4', 'snappy'],
	...['brotli', 'x-br', 'gz', 'zip', 'bz2', 'zlib', 'x-deflate', 'zstandard', 'x-zstd'],
]);

/**
 * How the bytes are encoded, where n8n's helper has not decoded them: it takes the header away where it has (of gzip,
 * deflate, br and zstd), and knows no other coding, and no two at once.
 */
export function encodingOf({ headers }: FileReply): string | undefined {
	const encoding = headers['content-encoding'] ?? '';
	const codings = encoding.toLowerCase().split(/[\s,;"]+/);
	return codings.some((coding) => CODINGS.has(coding)) ? encoding : undefined;
}

/** @param subject names the file and begins the sentence */
export function encodedError(subject: string, { host }: FileReply, encoding: string): MediaError {
	return new MediaError(
		'permanent',
		`${subject} cannot be read: ${host} sent it encoded (Content-Encoding: ${encoding.slice(0, 100)}), though it was asked not to`,
		'Have whoever runs that host, or a proxy before it, send files without Content-Encoding.',
	);
}
