import { MediaError, TRY_AGAIN_SOON, type MediaErrorCode } from '../../errors';
import { apiError as cloudApiError, graphError } from '../cloudApi/errors';
import type { ApiReply } from '../provider';
import { object, retryAfterMs, text } from '../read';

const WRONG_KEY =
	'The API key in the credential is not valid. Copy and paste the complete key from the 360dialog Hub → your number → API key. A new key replaces the old one.';

/**
 * The error that a reply without success means. Meta's own are passed on; 360dialog's are `{"error":"…"}`,
 * `{"meta":{"developer_message"}}` or `{"message"}`. Neither wants a request repeated that it has refused: after five failed
 * look-ups in an hour none is answered any more. Source: docs.360dialog.com, Media.
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
	const { error, meta, message } = object(reply.body);
	const sentence = text(error) ?? text(object(meta).developer_message) ?? text(message);
	const reason = sentence ? `360dialog says "${sentence}"` : 'no explanation';
	const { code, description } = explain(status);
	return new MediaError(code, `${what}: ${reason} (HTTP ${status})`, description, {
		status,
		retryAfterMs: retryAfterMs(reply.headers['retry-after']),
	});
}

const BLOCKED =
	'After a few failed requests, 360dialog blocks this number’s files for up to an hour. Wait an hour, then run it with fewer files at a time.';

function explain(status: number): { code: MediaErrorCode; description: string } {
	if (status === 401) return { code: 'credential', description: WRONG_KEY };
	if (status === 403 || status === 429) return { code: 'permanent', description: BLOCKED };
	if (status === 404)
		return {
			code: 'gone',
			description: 'The file may have been deleted, be too old, or belong to another number.',
		};
	if (status >= 500) return { code: 'temporary', description: TRY_AGAIN_SOON };
	return {
		code: 'permanent',
		description:
			'Check Base URL in the credential: leave it empty unless you run a relay in front of 360dialog.',
	};
}
