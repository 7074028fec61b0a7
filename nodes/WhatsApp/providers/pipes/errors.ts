import type { MediaError } from '../../errors';
import type { ApiReply } from '../provider';
import { object, text } from '../read';
import { NOT_THE_API, replyError, type Meaning } from '../replyError';
import { FILE_HOURS } from './fileLifetimes';

/**
 * The error that a reply without success means. Its body is `{"error":"…","code":"…"}` in the documentation, `{"error":{"message":"…"}}` in
 * the vendor's own demo.
 * @param what what was tried, as the beginning of a sentence: `Media ID 123 could not be looked up`
 */
export function apiError(reply: ApiReply, what: string): MediaError {
	const { status } = reply;
	const { error, code: rootCode, message } = object(reply.body);
	const sentence = text(error) ?? text(object(error).message) ?? text(message);
	const vendorCode = text(rootCode) ?? text(object(error).code);
	const said = sentence
		? `Pipes.bot says "${sentence}" (${vendorCode ?? `HTTP ${status}`})`
		: `HTTP ${status} without an explanation`;
	return replyError(reply, { what, said }, MEANINGS[status], NOT_THE_API);
}

const MEANINGS: Record<number, Meaning> = {
	401: [
		'credential',
		'The API key in the credential is not valid. Copy and paste the complete key from the Pipes.bot dashboard: it starts with pk_ or ak_live_.',
	],
	403: [
		'gone',
		'The file belongs to another Pipes.bot account. Use the credential of the number that received it.',
	],
	404: [
		'gone',
		'Pipes.bot does not know this file. Use the field mediaId of the trigger: the ID inside the message is Meta’s, and does not work here.',
	],
	410: [
		'gone',
		`Pipes.bot keeps files for ${FILE_HOURS} hours, and this one is older. Ask the sender to send it again.`,
	],
};
