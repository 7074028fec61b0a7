import { pathBelow } from '../apiPath';
import { fileLocation, uploadedMedia, uploadForm } from '../cloudApi/media';
import { checkMediaId } from '../mediaId';
import { notAccepted } from '../notAccepted';
import { safeMimeType } from '../safeMimeType';
import type {
	ApiClient,
	Credentials,
	FileLocation,
	OutgoingFile,
	UploadedMedia,
} from '../provider';
import { object } from '../read';
import { apiError } from './errors';

/** Where Meta has the files, for those who have a token of Meta's. */
const META_FILES = 'https://lookaside.fbsbx.com/';

/** Meta's URL of a file with the API's origin in the place of Meta's. Source: docs.360dialog.com, Media. */
export function ownFileUrl(url: string, { baseUrl }: Credentials): string {
	return url.startsWith(META_FILES) ? `${baseUrl}/${url.slice(META_FILES.length)}` : url;
}

/** Where Meta's own host has its files, and nothing else. */
export function isFileUrl(url: URL, { baseUrl }: Credentials): boolean {
	return pathBelow(baseUrl, url) === '/whatsapp_business/attachments/';
}

/** GET /{media-id} */
export async function resolve(client: ApiClient, mediaId: string): Promise<FileLocation> {
	const what = `Media ID ${mediaId} could not be looked up`;
	checkMediaId(mediaId, ID);
	const reply = await client.send({ method: 'GET', path: `/${mediaId}` });
	const location = fileLocation(reply);
	if (!location) throw apiError(reply, what);
	return { ...location, url: ownFileUrl(location.url, client.credentials) };
}

/** DELETE /{media-id} */
export async function deleteMedia(client: ApiClient, mediaId: string): Promise<void> {
	const what = `Media ID ${mediaId} could not be deleted`;
	checkMediaId(mediaId, ID);
	const reply = await client.send({ method: 'DELETE', path: `/${mediaId}` });
	if (object(reply.body).success !== true) throw apiError(reply, what);
}

/** POST /media; the key says for which number. */
export async function upload(client: ApiClient, given: OutgoingFile): Promise<UploadedMedia> {
	const file = { ...given, mimeType: safeMimeType(given.mimeType) };
	const reply = await client.send({ method: 'POST', path: '/media', ...uploadForm(file) });
	const uploaded = uploadedMedia(reply);
	if (uploaded) return uploaded;
	throw apiError(reply, notAccepted(file));
}

/** Whatever else is asked for counts as a failed look-up, of which few are allowed an hour. */
const ID = { vendor: '360dialog', shape: /^\d{1,32}$/, inWords: 'digits only' };
