import { MediaError } from '../errors';
import type { ApiReply } from './provider';

/**
 * For an answer that says "done" and is not what was asked for: `{}`, or the login page of a proxy. Whoever took that for
 * "nothing is set" would write over what others have set.
 * @param what what was tried, as the beginning of a sentence: `The webhooks could not be read`
 */
export function unexpectedAnswer({ status }: ApiReply, what: string, vendor: string): MediaError {
	return new MediaError(
		'temporary',
		`${what}: the answer (HTTP ${status}) does not come from ${vendor}`,
		'Try again in a minute. If it happens again, look for a login page or proxy at Base URL of the credential.',
		{ status },
	);
}
