import type { PipesEmulator } from '.';
import type { EmulatorRequest, Reply, Route } from '../server';
import { errorReply, errors, PipesError } from './errors';
import { presigned } from './files';

/** api.pipes.bot, by the page /receiving-media. Only the download is imitated; whatever else is asked for is not found. */
export function apiRoute(pipes: PipesEmulator, request: EmulatorRequest): Route {
	const mediaId = /^\/v1\/media\/download\/([^/]+)$/.exec(request.path)?.[1];
	const known = mediaId !== undefined && request.method === 'GET';
	return {
		operation: known ? 'download' : 'unknown',
		mediaId,
		answer() {
			try {
				authorize(pipes, request);
				if (!known) throw errors.notFound();
				return download(pipes, decodeURIComponent(mediaId));
			} catch (error) {
				if (error instanceof PipesError) return errorReply(error, pipes.variants.errorShape);
				throw error;
			}
		},
	};
}

function authorize(pipes: PipesEmulator, { headers }: EmulatorRequest): void {
	if (headers.authorization !== `Bearer ${pipes.credentials.accessToken}`)
		throw errors.unauthorized();
}

function download(pipes: PipesEmulator, mediaId: string): Reply {
	const media = pipes.store.get(mediaId);
	if (!media) throw errors.notFound();
	if (media.owner !== pipes.credentials.phoneNumberId) throw errors.forbidden();
	if (!pipes.store.live(mediaId)) throw errors.mediaExpired();
	return { status: 302, headers: { Location: presigned(pipes, mediaId) } };
}
