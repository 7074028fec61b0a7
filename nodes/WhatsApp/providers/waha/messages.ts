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
import { unavailable } from '../unavailableFile';
import { phoneNumberOf, webMessageFile, webMessageSenders } from '../webMessage';

/**
 * Where WAHA serves files: `/api/files/<session>/<name>`, older versions without the session. Plain characters only, since a
 * proxy before WAHA may decode the path, and would then take `..%2f` to other paths, which answer with settings and messages.
 */
const FILE_PATH = /^\/api\/files\/(?:[\w-]{1,64}\/)?(?!\.)(?:[\w:+@=~-]|%40|%3A|\.(?!\.))+$/i;

export function isFilePath(path: string): boolean {
	return FILE_PATH.test(path);
}

/** The file or text of a webhook's body, or of a frame of the WebSocket: each holds one message. */
export function parse(body: unknown, onUnreadable?: OnUnreadable): MediaMessage[] {
	const { event, session, payload, me } = object(body);
	const message = object(payload);
	// A workflow that sends through the API would start itself.
	const isSent = message.fromMe === true && message.source === 'api';
	const isMessage = event === 'message' || event === 'message.any';
	if (!isMessage || isSent) return [];
	const read = () => {
		const facts = message.hasMedia === true ? mediaFacts(message) : textFacts(message);
		return facts ? [toItem(message, facts, text(session), text(object(me).id))] : [];
	};
	return readEach([message], read, onUnreadable);
}

function mediaFacts(message: Json): Partial<MediaMessage> {
	const messageId = text(message.id);
	const { type, animated } = webMessageFile(message._data);
	const { url, ...file } = fileOf(message);
	const kind = type ?? typeOf(file);
	return {
		type: kind,
		// A file has no ID: its key is the message.
		mediaId: messageId,
		...(!messageId && unavailable()),
		url,
		urlExpiresAt: url && presignedUrlExpiresAt(url),
		...file,
		caption: text(message.body),
		voice: kind === 'audio' || kind === 'voice' ? kind === 'voice' : undefined,
		animated,
	};
}

/** What a browser engine calls a text, or the button or row that somebody chose. */
const TEXT_TYPES = ['chat', 'buttons_response', 'list_response', 'template_button_reply'];

/** The body of a place is its picture, and that of a contact its card: these are no texts. */
function textFacts({ id, body, location, vCards, _data }: Json): Partial<MediaMessage> | undefined {
	const { type = 'chat' } = object(_data);
	const isOther = location || (Array.isArray(vCards) && vCards.length);
	if (!text(id) || isOther || !TEXT_TYPES.includes(type as string)) return undefined;
	return text(body) === undefined ? undefined : { type: 'text', text: text(body) };
}

function toItem(
	message: Json,
	facts: Partial<MediaMessage>,
	accountId?: string,
	me?: string,
): MediaMessage {
	const messageId = text(message.id);
	const { chat, participant } = idParts(messageId);
	const isFromMe = message.fromMe === true;
	const { forwarded, fromName } = webMessageFile(message._data);
	const sender = isFromMe
		? me
		: (text(message.participant) ?? participant ?? text(message.from) ?? chat);
	const aliases = isFromMe ? [] : webMessageSenders(message._data);
	return omitUndefined<MediaMessage>({
		provider: 'waha',
		...facts,
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
	return isFilePath(pathname) ? baseUrl + pathname + search : url;
}

/**
 * `<true|false>_<chat>_<ID>`, in a group or broadcast `…_<participant>`. The sender's app makes up the ID in the middle, which
 * may have a `_` and look like a participant: WAHA's own parts are the first two and, where there are several senders, the last.
 */
export function idParts(messageId = ''): { chat?: string; participant?: string } {
	const [, chat = '', rest = ''] = /^(?:true|false)_([^_]+@[^_]+)_(.+)$/.exec(messageId) ?? [];
	const hasParticipant = /@(?:g\.us|broadcast)$/.test(chat);
	const [, participant] = (hasParticipant && /^.+_([^_]+@[^_]+)$/.exec(rest)) || [];
	return { chat: text(chat), participant };
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
