import { MediaError, shorten } from '../errors';
import type { Provider } from './provider';

/** For a vendor that takes a file with its message only. */
export function cannotUpload(message: string, instead: string): Provider['upload'] {
	return async () => {
		throw new MediaError('permanent', message, instead);
	};
}

export function cannotDelete(vendor: string, instead: string): Provider['delete'] {
	return async (_client, mediaId) => {
		const message = `Media ID ${shorten(mediaId)} was not deleted: ${vendor} has no way to delete a file`;
		throw new MediaError('permanent', message, instead);
	};
}
