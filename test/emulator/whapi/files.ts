import type { WhapiEmulator } from '.';
import type { EmulatorRequest, Reply, Route } from '../server';

/** s3.eu-central-1.wasabisys.com: whoever has the link has the file. */
export function fileRoute(whapi: WhapiEmulator, request: EmulatorRequest): Route {
	const mediaId = /^\/in-files\/\d+\/([^/.]+)\.\w+$/.exec(request.path)?.[1];
	return { operation: 'file', mediaId, answer: () => stored(whapi, request, mediaId) };
}

function stored(whapi: WhapiEmulator, request: EmulatorRequest, mediaId = ''): Reply {
	// What S3 answers to a scheme that is not its own, public file or not.
	if (request.headers.authorization)
		return xml(400, 'InvalidArgument', 'Unsupported Authorization Type');
	const media = whapi.linked.has(mediaId) ? whapi.store.live(mediaId) : undefined;
	if (!media)
		return whapi.variants.expiredLink === 404
			? xml(404, 'NoSuchKey', 'The specified key does not exist.')
			: xml(403, 'AccessDenied', 'Access Denied');
	return {
		status: 200,
		headers: { 'Content-Type': media.mimeType },
		body: media.bytes,
		chunked: whapi.variants.chunkedFiles,
		// As S3 has them: quoted.
		etag: `"${media.id}"`,
	};
}

function xml(status: number, code: string, message: string): Reply {
	return {
		status,
		headers: { 'Content-Type': 'application/xml' },
		body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
	};
}
