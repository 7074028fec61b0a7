import { MediaError } from '../errors';
import type { FileReply } from '../transport/client';

/** Words that change nothing: storage repeats S3's `aws-chunked` of an upload, and some hosts name a charset here. */
const NO_CODINGS = ['', 'identity', 'aws-chunked', 'none', 'binary', 'utf-8'];

/**
 * How the bytes are encoded, where n8n's helper has not decoded them: it takes the header away where it has (of gzip,
 * deflate, br and zstd), and knows no other coding, and no two at once.
 */
export function encodingOf({ headers }: FileReply): string | undefined {
	const encoding = headers['content-encoding'] ?? '';
	const codings = encoding.split(',').map((coding) => coding.trim().toLowerCase());
	return codings.every((coding) => NO_CODINGS.includes(coding)) ? undefined : encoding;
}

/** @param subject names the file and begins the sentence */
export function encodedError(subject: string, { host }: FileReply, encoding: string): MediaError {
	return new MediaError(
		'permanent',
		`${subject} cannot be read: ${host} sent it encoded (Content-Encoding: ${encoding.slice(0, 100)}), though it was asked not to`,
		'Have whoever runs that host, or a proxy before it, send files without Content-Encoding.',
	);
}
