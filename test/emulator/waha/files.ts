import { createHmac } from 'node:crypto';
import type { WahaEmulator } from '.';
import type { EmulatorRequest, Reply, Route } from '../server';
import { errors } from './errors';

/** A presigned URL's life in seconds, as recorded: B5. */
export const URL_LIFETIME = 3600;

const EXTENSIONS: Record<string, string> = {
	'image/jpeg': 'jpeg',
	'image/png': 'png',
	'image/webp': 'webp',
	'video/mp4': 'mp4',
	'audio/ogg': 'oga',
	'audio/mpeg': 'mp3',
	'application/pdf': 'pdf',
	'text/plain': 'txt',
};

/** WAHA fetches the file of a message from WhatsApp, puts it where it keeps files, and returns its URL. */
export function fetchFile(waha: WahaEmulator, mediaId: string): string {
	const { mimeType } = waha.store.get(mediaId)!;
	const name = `${mediaId}.${EXTENSIONS[mimeType.split(';')[0]!] ?? 'bin'}`;
	const { storage, filesLifetime, baseUrl } = waha.variants;
	if (storage === 's3') return presigned(waha, `/${waha.session}/${name}`);
	waha.files.set(name, {
		mediaId,
		expiresAt: filesLifetime ? waha.clock.now() + filesLifetime * 1000 : Infinity,
	});
	return `${baseUrl}/api/files/${waha.session}/${name}`;
}

/** GET /api/files/{session}/{message ID}.{ext} */
export function localFile(waha: WahaEmulator, name: string): Reply {
	const file = waha.files.get(name);
	const media = file && waha.clock.now() < file.expiresAt && waha.store.get(file.mediaId);
	if (!media) throw errors.fileNotFound();
	return {
		status: 200,
		headers: { 'Content-Type': media.mimeType },
		body: media.bytes,
		chunked: waha.variants.chunkedFiles,
	};
}

// -- S3, with presigned URLs

/** Seconds precision, as in `20260514T135425Z`. */
const amzDate = (time: number) => new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');

function presigned(waha: WahaEmulator, path: string): string {
	const date = amzDate(waha.clock.now());
	const query = new URLSearchParams({
		'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
		'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
		'X-Amz-Credential': `AKIAEMULATOR/${date.slice(0, 8)}/us-east-005/s3/aws4_request`,
		'X-Amz-Date': date,
		'X-Amz-Expires': String(URL_LIFETIME),
		'X-Amz-Signature': signature(path, date),
		'X-Amz-SignedHeaders': 'host',
	});
	return `${waha.filesUrl}${path}?${query}`;
}

function signature(...parts: string[]): string {
	return createHmac('sha256', 'the bucket of the emulator').update(parts.join('\n')).digest('hex');
}

export function fileRoute(waha: WahaEmulator, request: EmulatorRequest): Route {
	const path = decodeURIComponent(request.path);
	const mediaId = /^\/[^/]+\/(.+)\.\w+$/.exec(path)?.[1];
	return { operation: 'storage', mediaId, answer: () => stored(waha, request, path, mediaId) };
}

function stored(
	waha: WahaEmulator,
	{ headers, query }: EmulatorRequest,
	path: string,
	mediaId = '',
): Reply {
	if (headers.authorization) return xml(400, 'InvalidArgument', 'Only one auth mechanism allowed');
	const date = query['X-Amz-Date'] ?? '';
	if (query['X-Amz-Signature'] !== signature(path, date))
		return xml(
			403,
			'SignatureDoesNotMatch',
			'The request signature we calculated does not match the signature you provided.',
		);
	const signedAt = Date.parse(
		date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
	);
	if (waha.clock.now() >= signedAt + URL_LIFETIME * 1000)
		return xml(403, 'AccessDenied', 'Request has expired');
	const media = waha.store.get(mediaId);
	if (!media) return xml(404, 'NoSuchKey', 'The specified key does not exist.');
	return {
		status: 200,
		headers: { 'Content-Type': media.mimeType },
		body: media.bytes,
		chunked: waha.variants.chunkedFiles,
	};
}

function xml(status: number, code: string, message: string): Reply {
	return {
		status,
		headers: { 'Content-Type': 'application/xml' },
		body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
	};
}
