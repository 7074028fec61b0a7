import { MediaError, type MediaErrorCode } from '../../errors';
import type { ApiReply } from '../provider';
import { object, retryAfterMs, text } from '../read';

/**
 * Turns a reply that is not a success into a refusal. Its body is `{"error":{"code","message","details"?}}`, with the
 * HTTP status as the code. Source: openapi.yaml 1.8.7.
 * @param what what was tried, as the beginning of a sentence: `Media ID jpeg-1 could not be deleted`
 */
export function apiError(reply: ApiReply, what: string): MediaError {
	const { status } = reply;
	const error = object(object(reply.body).error);
	const sentence = [text(error.message), text(error.details)].filter(Boolean).join(' — ');
	const said = sentence ? `Whapi.Cloud says "${sentence}" (HTTP ${status})` : `HTTP ${status} without an explanation`;
	const { kind, advice } = explain(status, sentence);
	return new MediaError(kind, `${what}: ${said}`, advice, { status, retryAfterMs: retryAfterMs(reply.headers['retry-after']) });
}

/** Files come from the API itself, so that its refusals of files are in the same words. */
export function fileError(reply: ApiReply, what: string): MediaError {
	return apiError(reply, `${what} could not be downloaded`);
}

/** A bad token has no channel: it gets a 404, and never a 401. Source: Whapi's agent skill, April 2026. */
export function isTokenUnknown({ status, body }: ApiReply): boolean {
	return status === 404 && /channel not found/i.test(text(object(object(body).error).message) ?? '');
}

function explain(status: number, sentence: string): { kind: MediaErrorCode; advice: string } {
	if (status === 404 && /channel not found/i.test(sentence))
		return { kind: 'credential', advice: 'The token in the credential belongs to no channel. Copy it again, whole, from the channel’s page at panel.whapi.cloud.' };
	if (status === 404)
		return { kind: 'gone', advice: 'It may have been deleted, belong to another channel, or be older than the 30 days that Whapi.Cloud keeps files.' };
	if (status === 401)
		return { kind: 'credential', advice: 'The channel is not logged in to WhatsApp. Open it at panel.whapi.cloud and scan the QR code with the phone.' };
	if (status === 402) return { kind: 'permanent', advice: 'The channel’s trial is used up. Choose a plan at panel.whapi.cloud.' };
	if (status === 429)
		return {
			kind: 'permanent',
			advice: 'WhatsApp itself has stopped this number for a while (a soft ban). Trying again makes it worse: leave the number alone for a day or two.',
		};
	if (status === 413) return { kind: 'permanent', advice: 'The file is larger than Whapi.Cloud takes.' };
	if (status === 415) return { kind: 'permanent', advice: 'Whapi.Cloud does not take this type of file. Convert it, or set another MIME Type under Options.' };
	if (status >= 500) return { kind: 'temporary', advice: 'This is usually over in a few minutes; run it again then.' };
	return { kind: 'permanent', advice: 'Change what Whapi.Cloud objects to, then run it again.' };
}
