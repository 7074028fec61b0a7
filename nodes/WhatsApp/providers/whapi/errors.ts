import { MediaError, TRY_AGAIN_SOON, type MediaErrorCode } from '../../errors';
import type { ApiReply } from '../provider';
import { object, retryAfterMs, text } from '../read';
import { FILE_DAYS } from './fileLifetimes';

/**
 * The error that a reply without success means. Its body is `{"error":{"code","message","details"?}}`, with the
 * HTTP status as the code. Source: openapi.yaml 1.8.7.
 * @param what what was tried, as the beginning of a sentence: `Media ID jpeg-1 could not be deleted`
 */
export function apiError(reply: ApiReply, what: string): MediaError {
	const { status } = reply;
	const sentence = errorSentence(reply);
	const said = sentence
		? `Whapi.Cloud says "${sentence}" (HTTP ${status})`
		: `HTTP ${status} without an explanation`;
	const { code, description } = explain(reply);
	const facts = { status, retryAfterMs: retryAfterMs(reply.headers['retry-after']) };
	return new MediaError(code, `${what}: ${said}`, description, facts);
}

/** Files come from the API itself, whose errors look the same for files. */
export function fileError(reply: ApiReply, what: string): MediaError {
	return apiError(reply, `${what} could not be downloaded`);
}

/** A bad token has no channel: it gets a 404, and never a 401. Source: Whapi's agent skill, April 2026. */
export function isTokenUnknown(reply: ApiReply): boolean {
	return reply.status === 404 && /channel not found/i.test(errorSentence(reply));
}

/** Whether the API itself says what is wrong. */
export function isExplained(reply: ApiReply): boolean {
	return errorSentence(reply) !== '';
}

function errorSentence({ body }: ApiReply): string {
	const { message, details } = object(object(body).error);
	return [text(message), text(details)].filter(Boolean).join(' — ');
}

function explain(reply: ApiReply): { code: MediaErrorCode; description: string } {
	const { status } = reply;
	if (isTokenUnknown(reply))
		return {
			code: 'credential',
			description:
				'The token in the credential belongs to no channel. Copy and paste the complete token from the channel’s page at panel.whapi.cloud.',
		};
	if (status === 404)
		return {
			code: 'gone',
			description: `The file may be deleted, belong to another channel, or be older than the ${FILE_DAYS} days for which Whapi.Cloud keeps files.`,
		};
	if (status === 401)
		return {
			code: 'credential',
			description:
				'The channel is not logged in to WhatsApp. Open it at panel.whapi.cloud and scan the QR code with the phone.',
		};
	if (status === 402)
		return {
			code: 'permanent',
			description: 'The channel’s trial is used up. Choose a plan at panel.whapi.cloud.',
		};
	// A limit of calls; without the header, the limit is WhatsApp's.
	if (status === 429 && reply.headers['retry-after'])
		return { code: 'temporary', description: TRY_AGAIN_SOON };
	if (status === 429)
		return {
			code: 'permanent',
			description:
				'WhatsApp has suspended this number for a while (a soft ban). Trying again makes it worse: leave the number alone for a day or two.',
		};
	if (status === 413)
		return { code: 'permanent', description: 'The file is larger than Whapi.Cloud accepts.' };
	if (status === 415)
		return {
			code: 'permanent',
			description:
				'Whapi.Cloud does not accept this type of file. Convert it, or enter another MIME Type under Options.',
		};
	if (status >= 500) return { code: 'temporary', description: TRY_AGAIN_SOON };
	return {
		code: 'permanent',
		description: 'Fix the problem that Whapi.Cloud describes, then run it again.',
	};
}
