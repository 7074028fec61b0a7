import { MediaError, TRY_AGAIN_SOON, type MediaErrorCode } from '../errors';
import type { ApiReply } from './provider';
import { retryAfterMs } from './read';

/** What a reply without success means, and what to do about it. */
export type Meaning = [code: MediaErrorCode, description: string];

export const NOT_THE_API =
	'Check Base URL in the credential: something other than the API may be answering there.';

/**
 * The error that a reply without success means.
 * @param message what was tried, and what the vendor said
 * @param meaning nothing where the status says it all: outages and limits of calls are temporary, and for everything else
 *   `otherwise` is what to do
 */
export function replyError(
	{ status, headers }: ApiReply,
	message: string,
	meaning: Meaning | undefined,
	otherwise: string,
): MediaError {
	const isTemporary = status >= 500 || status === 429;
	const [code, description] =
		meaning ?? (isTemporary ? ['temporary', TRY_AGAIN_SOON] : ['permanent', otherwise]);
	const facts = { status, retryAfterMs: retryAfterMs(headers['retry-after']) };
	return new MediaError(code, message, description, facts);
}
