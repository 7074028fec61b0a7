import type { Reply } from '../server';

/** An answer of NestJS, keys in its order: B1, B9. */
export class WahaError extends Error {
	constructor(
		readonly status: number,
		readonly body: object,
	) {
		super(JSON.stringify(body));
	}
}

const nest = (statusCode: number, message: string, error: string): WahaError =>
	new WahaError(statusCode, { message, error, statusCode });

export const errors = {
	unauthorized: () => new WahaError(401, { message: 'Unauthorized', statusCode: 401 }),
	forbidden: () => nest(403, 'Forbidden resource', 'Forbidden'),
	sessionNotFound: () => nest(404, 'Session not found', 'Not Found'),
	/** Its text is not known. */
	messageNotFound: () => nest(404, 'Message not found', 'Not Found'),
	fileNotFound: () => new WahaError(404, { statusCode: 404, message: 'Not Found' }),
	/** Seen for the QR code: B1. */
	notWorking: (session = 'default', status = 'FAILED') =>
		new WahaError(422, {
			error: 'Session status is not as expected. Try again later or restart the session',
			session,
			status,
			expected: ['WORKING'],
		}),
	/** The sentence of WAHA's code, exceptions.ts, and of traffic with Core. */
	plusOnly: () =>
		nest(
			422,
			"The feature is available only in Plus version for 'NOWEB' engine. Check this out: https://waha.devlike.pro/",
			'Unprocessable Entity',
		),
	badRequest: (message = 'Bad Request') => nest(400, message, 'Bad Request'),
	internal: () => new WahaError(500, { statusCode: 500, message: 'Internal server error' }),
};

export type ErrorName = keyof typeof errors;

/** As NestJS answers a path that nobody has. */
export function noRoute(method: string, path: string): WahaError {
	return nest(404, `Cannot ${method} ${path}`, 'Not Found');
}

export function errorReply({ status, body }: WahaError): Reply & { body: string } {
	return json(body, status);
}

export function json(body: unknown, status = 200): Reply & { body: string } {
	return {
		status,
		headers: { 'Content-Type': 'application/json; charset=utf-8' },
		body: JSON.stringify(body),
	};
}
