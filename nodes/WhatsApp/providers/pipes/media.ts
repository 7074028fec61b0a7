import { checkMediaId } from '../mediaId';
import { presignedUrlExpiresAt } from '../presignedUrl';
import type { ApiClient, FileLocation } from '../provider';
import { webUrl } from '../read';
import { unexpectedAnswer } from '../unexpectedAnswer';
import { cannotDelete, cannotUpload } from '../unsupportedActions';
import { apiError } from './errors';
import { FILE_HOURS, URL_LIFE_MS } from './fileLifetimes';

/** GET /v1/media/download/{id} redirects to the file; the redirect itself is the answer here. */
export async function resolve(client: ApiClient, mediaId: string): Promise<FileLocation> {
	// 21 characters of nanoid's alphabet, says its documentation; a longer one would do no harm.
	const shape = /^[\w-]{8,64}$/;
	const inWords = '21 letters, digits, - and _';
	checkMediaId(mediaId, { vendor: 'Pipes.bot', shape, inWords });
	const what = `Media ID ${mediaId} could not be looked up`;
	const reply = await client.send({ method: 'GET', path: `/v1/media/download/${mediaId}` });
	const location = reply.headers.location;
	if (reply.status < 300 || reply.status > 399 || !location) throw apiError(reply, what);
	const url = webUrl(location, client.credentials.baseUrl);
	if (!url) throw unexpectedAnswer(reply, what, 'Pipes.bot');
	return {
		url,
		expiresAt: presignedUrlExpiresAt(url) ?? new Date(Date.now() + URL_LIFE_MS).toISOString(),
		tokenRequired: false,
	};
}

/** No path, body or reply of an upload is public, and none of a delete. */
export const upload = cannotUpload(
	'Pipes.bot has no public way to upload a file',
	'Send the file together with its message instead: an HTTP Request to POST /v1/messages/send with conversationId, and in media the file as base64 (with mimeType) or as an https URL.',
);

export const deleteMedia = cannotDelete(
	'Pipes.bot',
	`Remove this node: Pipes.bot deletes every file ${FILE_HOURS} hours after it arrives.`,
);
