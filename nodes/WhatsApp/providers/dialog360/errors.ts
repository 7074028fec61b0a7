import { MediaError } from '../../errors';
import { apiError as cloudApiError, graphError } from '../cloudApi/errors';
import type { ApiReply } from '../provider';
import { object, text } from '../read';
import { replyError, type Meaning } from '../replyError';

/**
 * The error that a reply without success means. Meta's own are passed on. Neither wants a request repeated that it has refused:
 * after five failed look-ups in an hour none is answered any more. Source: docs.360dialog.com, Media.
 * @param what what was tried, as the beginning of a sentence: `Media ID 123 could not be looked up`
 */
export function apiError(reply: ApiReply, what: string): MediaError {
	const { status } = reply;
	const isRefusal = status >= 400 && status < 500;
	if (graphError(reply) && status !== 401) {
		const error = cloudApiError(reply, what);
		const isFinal = isRefusal && error.code === 'temporary';
		return isFinal ? new MediaError('permanent', error.message, BLOCKED, { status }) : error;
	}
	const sentence = explanationOf(reply);
	const said = `${sentence ? `360dialog says "${sentence}"` : 'no explanation'} (HTTP ${status})`;
	return replyError(reply, { what, said }, MEANINGS[status], NOT_360DIALOG);
}

/** 360dialog's own words: `{"error":"…"}`, `{"meta":{"developer_message"}}` or `{"message"}`. */
export function explanationOf({ body }: ApiReply): string | undefined {
	const { error, meta, message } = object(body);
	return text(error) ?? text(object(meta).developer_message) ?? text(message);
}

const BLOCKED =
	'After a few failed requests, 360dialog blocks this number’s files for up to an hour. Wait an hour, then run it with fewer files at a time.';
const NOT_360DIALOG =
	'Check Base URL in the credential: leave it empty unless you run a relay in front of 360dialog.';

const MEANINGS: Record<number, Meaning> = {
	401: [
		'credential',
		'The API key in the credential is not valid. Copy and paste the complete key from the 360dialog Hub → your number → API key. A new key replaces the old one.',
	],
	403: ['permanent', BLOCKED],
	404: ['gone', 'The file may have been deleted, be too old, or belong to another number.'],
	429: ['permanent', BLOCKED],
};
