import { MediaError, shorten } from '../../errors';
import { pathBelow } from '../apiPath';
import { checkMediaId } from '../mediaId';
import { presignedUrlExpiresAt } from '../presignedUrl';
import type { Credentials, FileLocation, Provider } from '../provider';
import { object, omitUndefined, webUrl } from '../read';
import { unexpectedAnswer } from '../unexpectedAnswer';
import { cannotDelete, cannotUpload } from '../unsupportedActions';
import { apiError, fileError, NO_SESSION, NOT_WAHA } from './errors';
import { fileOf, idParts } from './messages';

/** With the chat it is in, or, from engines without a browser, without. */
const MESSAGE_ID = {
	vendor: 'WAHA',
	shape: /^(?:(?:true|false)_[\w.:+-]{1,100}@[\w.:@+-]{1,200}|[0-9A-Z]{10,64})$/,
	inWords: 'those of messages, such as false_15551234567@c.us_3EB0C767D097B7C7C030',
};

const SESSION = /^[\w-]{1,64}$/;

/** The session of the credential. The only one of WAHA Core, and the first of most others, has this name. */
export function sessionOf({ phoneNumberId }: Credentials): string {
	return phoneNumberId || 'default';
}

export function sessionPath(credentials: Credentials): string {
	return `/api/sessions/${encodeURIComponent(sessionOf(credentials))}`;
}

/**
 * A file has no ID and lives for minutes; its message has one, for which `downloadMedia` makes WAHA fetch the file once more.
 * Source: waha.devlike.pro, Receive messages.
 */
export const resolve: Provider['resolve'] = async (client, mediaId, options = {}) => {
	const { credentials } = client;
	checkMediaId(mediaId, MESSAGE_ID);
	const what = `Media ID ${mediaId} could not be looked up`;
	const session = options.phoneNumberId || options.accountId || sessionOf(credentials);
	if (!SESSION.test(session))
		throw new MediaError(
			'permanent',
			`${what}: "${shorten(session)}" is not a session`,
			NO_SESSION,
		);
	// The engines without a browser find a message in any chat.
	const chat = idParts(mediaId).chat ?? 'all';
	const path = [session, 'chats', chat, 'messages', mediaId].map(encodeURIComponent).join('/');
	const query = { downloadMedia: 'true' };
	const reply = await client.send({ method: 'GET', path: `/api/${path}`, query });
	if (reply.status !== 200) throw apiError(reply, what);
	const { id, media } = object(reply.body);
	if (!id) throw new MediaError('permanent', `${what}: the answer is not a message`, NOT_WAHA);
	const { url: given, ...file } = fileOf(object(reply.body));
	if (!given) throw fileError(reply, object(media).error ?? NO_FILE, what);
	const url = webUrl(ownFileUrl(given, credentials));
	if (!url) throw unexpectedAnswer(reply, what, 'WAHA');
	return omitUndefined<FileLocation>({
		url,
		expiresAt: presignedUrlExpiresAt(url),
		// Storage with presigned URLs takes no key.
		tokenRequired: isFileUrl(new URL(url), credentials),
		...file,
	});
};

/** Not yet, or never: which one is only known later. */
const NO_FILE =
	'no file (WHATSAPP_DOWNLOAD_MEDIA and WHATSAPP_FILES_MIMETYPES decide what WAHA downloads)';

/**
 * Where WAHA serves files: `/api/files/<session>/<name>`, older versions without the session. Plain characters only, since a
 * proxy before WAHA may decode the path, and would then take `..%2f` to other paths, which answer with settings and messages.
 */
const FILE_PATH = /^\/api\/files\/(?:[\w-]{1,64}\/)?(?!\.)(?:[\w:+@=~-]|%40|%3A|\.(?!\.))+$/i;

/** GET /api/files/…, and nothing else: other paths answer with settings and messages. */
export function isFileUrl(url: URL, { baseUrl }: Credentials): boolean {
	return FILE_PATH.test(pathBelow(baseUrl, url));
}

/**
 * Without `WAHA_BASE_URL` the host of a file's URL is `localhost:3000`, and in Docker often a name that n8n does not know. The
 * server's own files are where the credential says that it is; any other URL is some storage's.
 */
export function ownFileUrl(url: string, { baseUrl }: Credentials): string {
	const isPath = url.startsWith('/');
	if (!URL.canParse(url, isPath ? baseUrl : undefined)) return url;
	const { pathname, search, href } = new URL(url, baseUrl);
	if (FILE_PATH.test(pathname)) return baseUrl + pathname + search;
	return isPath ? href : url;
}

/** A file travels inside its message only. Source: waha.devlike.pro, Send messages. */
export const upload = cannotUpload(
	'WAHA has no way to upload a file ahead of its message',
	'Send the file with its message: an HTTP Request to POST /api/sendImage, sendVideo, sendVoice or sendFile with session, chatId, and in file an https URL, or data (base64) with mimetype and filename.',
);

export const deleteMedia = cannotDelete(
	'WAHA',
	'Remove this node: WAHA deletes every file three minutes after it arrives.',
);
