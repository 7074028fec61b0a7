import { MediaError, TRY_AGAIN_SOON, type MediaErrorCode } from '../errors';
import type { ApiReply } from './provider';
import { retryAfterMs } from './read';
import { withoutQueries } from './shownUrl';

/** What a reply without success means, and what to do about it. */
export type Meaning = [code: MediaErrorCode, description: string];

export const NOT_THE_API =
	'Check Base URL in the credential: something other than the API may be answering there.';

/** What was tried, as the beginning of a sentence (`Media ID 123 could not be looked up`), and what the vendor said to it. */
export interface Attempt {
	what: string;
	said: string;
}

/** What a reply says, as people may see it. Before it is cut anywhere: nobody finds half of a secret. */
export function shownWords({ redact }: Pick<ApiReply, 'redact'>, words: string): string {
	return withoutQueries(redact ? redact(words) : words);
}

/**
 * What is wrong with the credential comes first, then what to do, then the vendor's words, which are made for developers.
 * Elsewhere the vendor's words say most.
 * @param description what is wrong, and in further sentences what to do
 */
export function inOrder(
	{ what, said }: Attempt,
	[code, description]: Meaning,
): [message: string, description: string] {
	if (code !== 'credential') return [`${what}: ${said}`, description];
	const [, problem = '', remedy = ''] = /^(.*?)\.(?: (.*))?$/.exec(description) ?? [];
	const rest = [remedy, `${said}.`].filter(Boolean).join(' ');
	return [`${what}: ${problem.replace(/^The /, 'the ')}`, rest];
}

/**
 * The error that a reply without success means.
 * @param meaning nothing where the status says it all: outages and limits of calls are temporary, and for everything else
 *   `otherwise` is what to do
 */
export function replyError(
	reply: ApiReply,
	{ what, said }: Attempt,
	meaning: Meaning | undefined,
	otherwise: string,
): MediaError {
	const { status, headers } = reply;
	const isTemporary = status >= 500 || status === 429;
	const meant: Meaning =
		meaning ?? (isTemporary ? ['temporary', TRY_AGAIN_SOON] : ['permanent', otherwise]);
	const [message, description] = inOrder({ what, said: shownWords(reply, said) }, meant);
	const facts = { status, retryAfterMs: retryAfterMs(headers['retry-after']) };
	return new MediaError(meant[0], message, description, facts);
}
