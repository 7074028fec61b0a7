import { mimeEssence } from '../../formats/mimeTypes';
import type { MediaMessage, MediaType } from '../mediaMessage';
import { presignedUrlExpiresAt } from '../presignedUrl';
import type { Credentials } from '../provider';
import {
	isoTime,
	object,
	omitUndefined,
	readEach,
	text,
	type Json,
	type OnUnreadable,
} from '../read';
import { phoneNumberOf, webMessageFile, webMessageSenders } from '../webMessage';

/** Where WAHA serves files. */
export const FILES_PATH = '/api/files/';

/** The file of a webhook's body, or of a frame of the WebSocket: each holds one message. */
export function parse(body: unknown, onUnreadable?: OnUnreadable): MediaMessage[] {
	const { event, session, payload, me } = object(body);
	const message = object(payload);
	// A workflow that sends through the API would start itself.
	const isSent = message.fromMe === true && message.source === 'api';
	const isMessage = event === 'message' || event === 'message.any';
	if (!isMessage || message.hasMedia !== true || isSent) return [];
	const read = () => [mediaMessage(message, text(session), text(object(me).id))];
	return readEach([message], read, onUnreadable);
}

function mediaMessage(message: Json, accountId?: string, me?: string): MediaMessage {
	const messageId = text(message.id);
	const { chat, participant } = idParts(messageId);
	const isFromMe = message.fromMe === true;
	const { type, animated, forwarded, fromName } = webMessageFile(message._data);
	const { url, ...file } = fileOf(message);
	const kind = type ?? typeOf(file);
	const sender = isFromMe
		? me
		: (text(message.participant) ?? participant ?? text(message.from) ?? chat);
	const aliases = isFromMe ? [] : webMessageSenders(message._data);
	return omitUndefined({
		provider: 'waha',
		type: kind,
		// A file has no ID: its key is the message.
		mediaId: messageId,
		unavailable: messageId ? undefined : true,
		url,
		urlExpiresAt: url && presignedUrlExpiresAt(url),
		...file,
		caption: text(message.body),
		voice: kind === 'audio' || kind === 'voice' ? kind === 'voice' : undefined,
		animated,
		messageId,
		chatId: chat ?? text(isFromMe ? message.to : message.from),
		from: [sender, ...aliases].map(phoneNumberOf).find(Boolean),
		fromUserId: phoneNumberOf(sender) ? undefined : sender,
		fromName,
		timestamp: isoTime(message.timestamp),
		accountId,
		forwarded,
		replyTo: text(object(message.replyTo).id),
		origin: isFromMe ? 'echo' : undefined,
		raw: message,
	});
}

/** What a message says of its file. Hash and size stand only in the engine's own part. */
export function fileOf({ media: given, _data }: Json) {
	const media = object(given);
	const { mimeType, sha256, size, fileName } = webMessageFile(_data);
	return omitUndefined({
		url: text(media.url),
		mimeType: text(media.mimetype) ?? mimeType,
		sha256,
		size,
		fileName: text(media.filename) ?? fileName,
	});
}

/**
 * Without `WAHA_BASE_URL` the host of a file's URL is `localhost:3000`, and in Docker often a name that n8n does not know. The
 * server's own files are where the credential says that it is; any other URL is some storage's.
 */
export function ownFileUrl(url: string, { baseUrl }: Credentials): string {
	if (!URL.canParse(url)) return url;
	const { pathname, search } = new URL(url);
	return pathname.startsWith(FILES_PATH) ? baseUrl + pathname + search : url;
}

/** `<true|false>_<chat>_<ID>[_<participant>]` */
export function idParts(messageId = ''): { chat?: string; participant?: string } {
	const [, chat, participant] =
		/^(?:true|false)_([^_]+@[^_]+)_[^_]+(?:_(.+))?$/.exec(messageId) ?? [];
	return { chat, participant };
}

/** Where the engine does not say. WhatsApp sends pictures as JPEG and records Ogg; only documents have a name. */
function typeOf({ mimeType, fileName }: { mimeType?: string; fileName?: string }): MediaType {
	const essence = mimeEssence(mimeType);
	if (fileName) return 'document';
	if (essence === 'image/webp') return 'sticker';
	if (essence === 'audio/ogg') return 'voice';
	return (
		(['image', 'video', 'audio'] as const).find((type) => essence.startsWith(`${type}/`)) ??
		'document'
	);
}
