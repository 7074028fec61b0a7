/**
 * `gone`: the media does not exist (any more), or not for this account. `credential`: the token or its permissions.
 * `temporary`: worth trying again. `unreachable`: no answer at all. `handshake`: the provider could not verify our webhook
 * URL. `permanent`: anything else; trying again is no use.
 */
export type MediaErrorCode = 'gone' | 'credential' | 'temporary' | 'unreachable' | 'handshake' | 'permanent';

/** What the reply that caused an error says besides its body. */
export interface ReplyFacts {
	/** HTTP status. */
	status?: number;
	/** How long the server wants us to wait before the next try, in milliseconds. */
	retryAfterMs?: number;
}

/** Why something could not be done, in words for the person at the canvas: what happened, and what to do. */
export class MediaError extends Error {
	readonly status?: number;
	readonly retryAfterMs?: number;

	constructor(
		readonly code: MediaErrorCode,
		/** What happened, naming the media ID. */
		message: string,
		/** What to do about it. */
		readonly description?: string,
		reply: ReplyFacts = {},
	) {
		super(message);
		this.name = 'MediaError';
		this.status = reply.status;
		this.retryAfterMs = reply.retryAfterMs;
	}
}

/** n8n counts an execution as canceled, rather than failed, by this word in the message. */
export function executionCanceled(): MediaError {
	return new MediaError('unreachable', 'The execution was canceled');
}
