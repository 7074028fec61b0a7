import { createHmac } from 'node:crypto';
import type { PipesEmulator } from '.';
import type { EmulatorRequest, Reply, Route } from '../server';

/** A presigned URL's life in seconds: the page /receiving-media. */
export const URL_LIFETIME = 300;

const STORED = '/media/';

/** Seconds precision, as in `20260514T135425Z`. */
const amzDate = (time: number) => new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');

export function presigned(pipes: PipesEmulator, mediaId: string): string {
	const date = amzDate(pipes.clock.now());
	const scope = `${pipes.storageKey.slice(0, 20)}/${date.slice(0, 8)}/auto/s3/aws4_request`;
	const query = new URLSearchParams({
		'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
		'X-Amz-Credential': scope,
		'X-Amz-Date': date,
		'X-Amz-Expires': String(URL_LIFETIME),
		'X-Amz-Signature': signature(pipes, mediaId, date),
		'X-Amz-SignedHeaders': 'host',
	});
	return `${pipes.filesUrl}${STORED}${encodeURIComponent(mediaId)}?${query}`;
}

function signature(pipes: PipesEmulator, ...parts: string[]): string {
	return createHmac('sha256', pipes.storageKey).update(parts.join('\n')).digest('hex');
}

export function fileRoute(pipes: PipesEmulator, request: EmulatorRequest): Route {
	const mediaId = decodeURIComponent(request.path.slice(STORED.length));
	return { operation: 'file', mediaId, answer: () => stored(pipes, request, mediaId) };
}

function stored(pipes: PipesEmulator, { headers, query }: EmulatorRequest, mediaId: string): Reply {
	if (headers.authorization)
		return xml(
			400,
			'InvalidArgument',
			'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
		);
	const date = query['X-Amz-Date'] ?? '';
	if (query['X-Amz-Signature'] !== signature(pipes, mediaId, date))
		return xml(
			403,
			'SignatureDoesNotMatch',
			'The request signature we calculated does not match the signature you provided.',
		);
	const signedAt = Date.parse(
		date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
	);
	if (pipes.clock.now() >= signedAt + URL_LIFETIME * 1000)
		return xml(403, 'AccessDenied', 'Request has expired');
	const media = pipes.store.live(mediaId);
	if (!media) return xml(404, 'NoSuchKey', 'The specified key does not exist.');
	return {
		status: 200,
		headers: { 'Content-Type': media.mimeType },
		body: media.bytes,
		chunked: pipes.variants.chunkedFiles,
		// As S3 has them: quoted.
		etag: `"${media.id}"`,
	};
}

function xml(status: number, code: string, message: string): Reply {
	return {
		status,
		headers: { 'Content-Type': 'application/xml' },
		body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
	};
}
