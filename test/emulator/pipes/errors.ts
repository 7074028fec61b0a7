import type { Reply } from '../server';

export class PipesError extends Error {
	constructor(
		readonly status: number,
		message: string,
		readonly code: string,
	) {
		super(message);
	}
}

/** The page /receiving-media has the statuses and the codes; it has a sentence for `mediaExpired` only. */
export const errors = {
	unauthorized: () => new PipesError(401, 'Invalid API key', 'UNAUTHORIZED'),
	/** The media of another account. */
	forbidden: () => new PipesError(403, 'Access denied', 'FORBIDDEN'),
	notFound: () => new PipesError(404, 'Media not found', 'NOT_FOUND'),
	mediaExpired: () => new PipesError(410, 'Media expired', 'MEDIA_EXPIRED'),
	internal: () => new PipesError(500, 'Internal server error', 'INTERNAL_ERROR'),
};

export type ErrorName = keyof typeof errors;

/** The documentation has `{error, code}` as two texts; the vendor's own demo reads `error.message` first. */
export function errorReply(
	{ status, message, code }: PipesError,
	shape: 'string' | 'object',
): Reply & { body: string } {
	const body = shape === 'string' ? { error: message, code } : { error: { message, code } };
	return { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}
