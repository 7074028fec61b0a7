/** What kind of failure it is: decides whether another try helps, and where it is shown. */
export type MediaErrorCode =
	/** The media does not exist (any more), or not for this account. */
	| 'gone'
	/** The token, its permissions or another field of the credential. */
	| 'credential'
	/** The provider says that another try may help. */
	| 'temporary'
	/** No answer came, or the execution was canceled before one did. */
	| 'unreachable'
	/** The provider could not verify our webhook URL. */
	| 'handshake'
	/** Anything else. Another try does not help. */
	| 'permanent';

/** What the reply that caused an error says besides its body. */
export interface ReplyFacts {
	/** HTTP status. */
	status?: number;
	/** How long the server wants us to wait before the next try, in milliseconds. */
	retryAfterMs?: number;
	/** How often it was tried again, before it was given up. */
	retries?: number;
}

/** In characters, for each of the two texts of an error: n8n saves both with the execution, and an API or an item may say anything. */
const MAX_TEXT = 1500;

/** The beginning of what somebody else wrote, for a sentence: it can be as long as a file. */
export function shorten(text: string, max = 200): string {
	if (text.length <= max) return text;
	const endsInsideEmoji = /[\uD800-\uDBFF]/.test(text[max - 1]!);
	return `${text.slice(0, endsInsideEmoji ? max - 1 : max)}…`;
}

/** A failure in words for the person at the canvas. */
export class MediaError extends Error {
	readonly description?: string;
	/** HTTP status of the reply that caused it, where there was one. */
	readonly status?: number;
	/** How long the server wants us to wait before the next try, in milliseconds. */
	readonly retryAfterMs?: number;
	/** How often it was tried again, before it was given up. */
	readonly retries?: number;

	constructor(
		readonly code: MediaErrorCode,
		/** What happened, to which media ID or file. */
		message: string,
		/** What to do about it. */
		description?: string,
		reply: ReplyFacts = {},
	) {
		super(shorten(message, MAX_TEXT));
		this.name = 'MediaError';
		this.description = description && shorten(description, MAX_TEXT);
		this.status = reply.status;
		this.retryAfterMs = reply.retryAfterMs;
		this.retries = reply.retries;
	}
}

/** The description of an error that the server itself will get over. */
export const TRY_AGAIN_SOON = 'This usually passes within a few minutes. Run it again then.';

/** n8n counts an execution as canceled, rather than failed, by this word in the message. */
export function executionCanceledError(): MediaError {
	return new MediaError('unreachable', 'The execution was canceled');
}
