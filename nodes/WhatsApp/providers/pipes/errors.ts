import { MediaError, TRY_AGAIN_SOON, type MediaErrorCode } from '../../errors';
import type { ApiReply } from '../provider';
import { object, retryAfterMs, text } from '../read';
import { FILE_HOURS } from './fileLifetimes';

/**
 * The error that a reply without success means. Its body is `{"error":"…","code":"…"}` in the documentation, `{"error":{"message":"…"}}` in
 * the vendor's own demo.
 * @param what what was tried, as the beginning of a sentence: `Media ID 123 could not be looked up`
 */
export function apiError({ status, headers, body }: ApiReply, what: string): MediaError {
	const { error, code: rootCode, message } = object(body);
	const sentence = text(error) ?? text(object(error).message) ?? text(message);
	const vendorCode = text(rootCode) ?? text(object(error).code);
	const said = sentence
		? `Pipes.bot says "${sentence}" (${vendorCode ?? `HTTP ${status}`})`
		: `HTTP ${status} without an explanation`;
	const { code, description } = explain(status);
	const facts = { status, retryAfterMs: retryAfterMs(headers['retry-after']) };
	return new MediaError(code, `${what}: ${said}`, description, facts);
}

function explain(status: number): { code: MediaErrorCode; description: string } {
	if (status === 401)
		return {
			code: 'credential',
			description:
				'The API key in the credential is not valid. Copy and paste the complete key from the Pipes.bot dashboard: it starts with pk_ or ak_live_.',
		};
	if (status === 403)
		return {
			code: 'gone',
			description:
				'The file belongs to another Pipes.bot account. Use the credential of the number that received it.',
		};
	if (status === 404)
		return {
			code: 'gone',
			description:
				'Pipes.bot does not know this file. Use the field mediaId of the trigger: the ID inside the message is Meta’s, and does not work here.',
		};
	if (status === 410)
		return {
			code: 'gone',
			description: `Pipes.bot keeps files for ${FILE_HOURS} hours, and this one is older. Ask the sender to send it again.`,
		};
	if (status >= 500 || status === 429) return { code: 'temporary', description: TRY_AGAIN_SOON };
	return {
		code: 'permanent',
		description:
			'Check Base URL in the credential: something other than the API may be answering there.',
	};
}
