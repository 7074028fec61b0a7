import { MediaError, type MediaErrorCode } from '../../errors';
import type { ApiClient, ApiReply, FileLocation, UploadedMedia } from '../provider';
import { isoTime, object, retryAfterMs, text } from '../read';

/** A presigned URL's life. Source: docs.pipes.bot, Media. */
const URL_LIFE_MS = 5 * 60 * 1000;

/** GET /v1/media/download/{id} redirects to the file; the redirect itself is the answer here. */
export async function resolve(client: ApiClient, mediaId: string): Promise<FileLocation> {
	const reply = await client.send({ method: 'GET', path: `/v1/media/download/${encodeURIComponent(mediaId)}` });
	const location = reply.headers.location;
	if (reply.status < 300 || reply.status > 399 || !location) throw apiError(reply, `Media ID ${mediaId} could not be looked up`);
	const url = new URL(location, client.credentials.baseUrl).href;
	return { url, expiresAt: urlExpiresAt(url) ?? new Date(Date.now() + URL_LIFE_MS).toISOString(), tokenRequired: false };
}

/** Presigned URLs of S3 and its likes tell when they were made and for how many seconds. */
export function urlExpiresAt(url: string): string | undefined {
	const [, made] = /[?&]X-Amz-Date=(\d{8}T\d{6}Z)/i.exec(url) ?? [];
	const [, seconds] = /[?&]X-Amz-Expires=(\d+)/i.exec(url) ?? [];
	const start = made && isoTime(made.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
	return start && seconds && new Date(Date.parse(start) + Number(seconds) * 1000).toISOString();
}

/** No path, body or reply of an upload is public, and none of a delete. */
export async function upload(): Promise<UploadedMedia> {
	throw new MediaError(
		'permanent',
		'Pipes.bot has no public way to upload a file',
		'Send the file together with its message instead: an HTTP Request to POST /v1/messages/send with conversationId, and in media the file as base64 (with mimeType) or as an https URL.',
	);
}

export async function deleteMedia(_api: ApiClient, mediaId: string): Promise<void> {
	throw new MediaError(
		'permanent',
		`Media ID ${mediaId} was not deleted: Pipes.bot has no way to delete a file`,
		'Leave it out: Pipes.bot deletes every file 48 hours after it came.',
	);
}

/** `{"error":"…","code":"…"}` in the documentation, `{"error":{"message":"…"}}` in the vendor's own demo. */
export function apiError({ status, headers, body }: ApiReply, what: string): MediaError {
	const { error, code, message } = object(body);
	const sentence = text(error) ?? text(object(error).message) ?? text(message);
	const named = text(code) ?? text(object(error).code);
	const said = sentence ? `Pipes.bot says "${sentence}" (${named ?? `HTTP ${status}`})` : `HTTP ${status} without an explanation`;
	const { kind, advice } = explain(status);
	return new MediaError(kind, `${what}: ${said}`, advice, { status, retryAfterMs: retryAfterMs(headers['retry-after']) });
}

function explain(status: number): { kind: MediaErrorCode; advice: string } {
	if (status === 401) return { kind: 'credential', advice: 'The API key in the credential is not valid. Copy it again, whole, from the Pipes.bot dashboard; it starts with pk_ or ak_live_.' };
	if (status === 403) return { kind: 'gone', advice: 'The file belongs to another Pipes.bot account. Use the credential of the number that received it.' };
	if (status === 404) return { kind: 'gone', advice: 'Pipes.bot knows no such file. Take the media ID from the field mediaId of the trigger: the ID inside the message is Meta’s, which does not work here.' };
	if (status === 410) return { kind: 'gone', advice: 'Pipes.bot keeps files for 48 hours, and they are over. Ask the sender to send it again.' };
	if (status >= 500 || status === 429) return { kind: 'temporary', advice: 'This is usually over in a few minutes; run it again then.' };
	return { kind: 'permanent', advice: 'Check Base URL in the credential: something other than the API may be answering there.' };
}
