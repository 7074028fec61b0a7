import { randomUUID } from 'node:crypto';
import { errorReply as metaReply, errorsByCode } from '../meta/errors';
import type { Reply } from '../server';

/** An answer of 360dialog's own: A3. What Meta refuses is passed on as Meta says it. */
export class Dialog360Error extends Error {
	constructor(
		readonly status: number,
		readonly body: object,
	) {
		super(JSON.stringify(body));
	}
}

const meta = (status: number, message: string): Dialog360Error =>
	new Dialog360Error(status, {
		meta: {
			success: false,
			http_code: status,
			developer_message: message,
			'360dialog_trace_id': randomUUID(),
		},
	});

/** Only the shapes are documented; the texts are guesses. */
export const errors = {
	unauthorized: () => new Dialog360Error(401, { error: 'Unauthorized' }),
	badRequest: (message = 'Bad request') => meta(400, message),
	blocked: (status: 429 | 403 = 429) =>
		meta(status, 'Too many failed media requests. Try again in an hour.'),
	notFound: () => meta(404, 'Not found'),
	noWebhook: () => meta(404, 'Webhook is not set'),
	listOff: () =>
		new Dialog360Error(409, { message: 'Multi-webhook is not enabled for this number' }),
	internal: () => meta(500, 'Internal error'),
};

export type ErrorName = keyof typeof errors | keyof typeof errorsByCode;

export function namedReply(name: ErrorName): Reply & { body: string } {
	if (name in errors) return errorReply(errors[name as keyof typeof errors]());
	const reply = metaReply(errorsByCode[name as keyof typeof errorsByCode]());
	return { ...reply, body: String(reply.body) };
}

export function errorReply({ status, body }: Dialog360Error): Reply & { body: string } {
	return json(body, status);
}

export function json(body: unknown, status = 200): Reply & { body: string } {
	return { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}
