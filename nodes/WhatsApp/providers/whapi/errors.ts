import type { MediaError } from '../../errors';
import type { ApiReply } from '../provider';
import { object, text } from '../read';
import { replyError, type Meaning } from '../replyError';
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
	return replyError(reply, { what, said }, meaningOf(reply), OTHER);
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

function meaningOf(reply: ApiReply): Meaning | undefined {
	if (isTokenUnknown(reply)) return UNKNOWN_TOKEN;
	// A limit of calls; without the header, the limit is WhatsApp's.
	const isLimit = reply.status === 429 && reply.headers['retry-after'];
	return isLimit ? undefined : MEANINGS[reply.status];
}

const UNKNOWN_TOKEN: Meaning = [
	'credential',
	'The token in the credential belongs to no channel. Copy and paste the complete token from the channel’s page at panel.whapi.cloud.',
];

const OTHER = 'Fix the problem that Whapi.Cloud describes, then run it again.';

const MEANINGS: Record<number, Meaning> = {
	401: [
		'credential',
		'The channel is not logged in to WhatsApp. Open it at panel.whapi.cloud and scan the QR code with the phone.',
	],
	402: ['permanent', 'The channel’s trial is used up. Choose a plan at panel.whapi.cloud.'],
	404: [
		'gone',
		`The file may be deleted, belong to another channel, or be older than the ${FILE_DAYS} days for which Whapi.Cloud keeps files.`,
	],
	413: ['permanent', 'The file is larger than Whapi.Cloud accepts.'],
	415: [
		'permanent',
		'Whapi.Cloud does not accept this type of file. Convert it, or enter another MIME Type under Options.',
	],
	429: [
		'permanent',
		'WhatsApp has suspended this number for a while (a soft ban). Trying again makes it worse: leave the number alone for a day or two.',
	],
};
