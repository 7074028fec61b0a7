import type { Reply } from '../server';

const error = (status: number, message: string, details?: string): WhapiError =>
	new WhapiError(status, message, details);

/** The errors of the specification. Codes are the HTTP status, as in every literal sample. */
export const errors = {
	/** A bad token and a channel that does not exist are one and the same: never a 401. */
	channelNotFound: () => error(404, 'Channel not found'),
	/** The channel is there, and not logged in to WhatsApp. */
	unauthorized: () => error(401, 'Need channel authorization'),
	uploadUnauthorized: () => error(401, 'Need channel authorization for upload media'),
	mediaNotFound: () => error(404, 'Specified media not found'),
	messageNotFound: () => error(404, 'Specified message not found'),
	badRequest: (details: string) => error(400, 'Wrong request parameters', details),
	tooLarge: () => error(413, 'Request media too large'),
	unsupportedType: () => error(415, 'Unsupported media type'),
	/** WhatsApp's soft ban of the number. */
	tooMany: () => error(429, 'Too many requests'),
	trialOver: () => error(402, 'Trial version limit exceeded'),
	internal: () => error(500, 'Internal error'),
	notFound: () => error(404, 'Not Found'),
};

export type ErrorName = Exclude<keyof typeof errors, 'badRequest'>;

export class WhapiError extends Error {
	constructor(
		readonly status: number,
		message: string,
		readonly details?: string,
	) {
		super(message);
	}
}

/** The specification's error body, keys in its order. */
export function errorReply({ status, message, details }: WhapiError): Reply & { body: string } {
	return json({ error: { code: status, message, ...(details && { details }) } }, status);
}

export function json(body: unknown, status = 200): Reply & { body: string } {
	return {
		status,
		headers: { 'Content-Type': 'application/json; charset=utf-8' },
		body: JSON.stringify(body),
	};
}
