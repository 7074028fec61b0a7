import { DAY } from '../../units';
import { multipart } from '../multipart';
import type { ApiReply, ApiRequest, FileLocation, OutgoingFile, UploadedMedia } from '../provider';
import { byteCount, isoTime, object, omitUndefined, sha256Hex, text, webUrl } from '../read';
import { UPLOADED_FILE_DAYS } from './fileLifetimes';

/** The answer to `GET <media ID>`; nothing when it is none. The URL lives 5 minutes and wants the token that asked for it. */
export function fileLocation({ status, body }: ApiReply): FileLocation | undefined {
	const { url: given, mime_type, sha256, file_size } = object(body);
	const url = webUrl(given);
	if (status !== 200 || !url) return undefined;
	return omitUndefined<FileLocation>({
		url,
		expiresAt: urlExpiresAt(url),
		tokenRequired: true,
		mimeType: text(mime_type),
		sha256: sha256Hex(sha256),
		size: byteCount(file_size),
	});
}

/** `ext` is the URL's Unix expiry: five minutes after it was made, in every payload seen. */
export function urlExpiresAt(url: string): string | undefined {
	return isoTime(/[?&]ext=(\d{9,11})(?:&|$)/.exec(url)?.[1]);
}

/** The body of an upload. `type` repeats the part's own Content-Type: documented as required, and ignored in practice. */
export function uploadForm(file: OutgoingFile): Pick<ApiRequest, 'headers' | 'body'> {
	return multipart({ messaging_product: 'whatsapp', type: file.mimeType }, file);
}

/** The answer to an upload; nothing when it failed. */
export function uploadedMedia({ status, body }: ApiReply): UploadedMedia | undefined {
	const mediaId = text(object(body).id);
	if (status !== 200 || !mediaId) return undefined;
	return { mediaId, expiresAt: new Date(Date.now() + UPLOADED_FILE_DAYS * DAY).toISOString() };
}
