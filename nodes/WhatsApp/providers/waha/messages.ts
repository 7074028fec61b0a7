import { mimeEssence } from '../../formats/mimeTypes';
import type { MediaMessage, MediaType } from '../mediaMessage';
import { mediaTypeOf } from '../mediaTypeOf';
import { presignedUrlExpiresAt } from '../presignedUrl';
import {
	isoTime,
	object,
	omitUndefined,
	readEach,
	text,
	webUrl,
	type Json,
	type OnUnreadable,
} from '../read';
import { unavailable } from '../unavailableFile';
import { phoneNumberOf, webMessageFile, webMessageSenders } from '../webMessage';

/** The file or text of a webhook's body, or of a frame of the WebSocket: each holds one message. */
export function parse(body: unknown, onUnreadable?: OnUnreadable): MediaMessage[] {
	const envelope = object(body);
	const { event } = envelope;
	const message = object(envelope.payload);
	// A workflow that sends through the API would start itself.
	const isSent = message.fromMe === true && message.source === 'api';
	const isMessage = event === 'message' || event === 'message.any';
	if (!isMessage || isSent) return [];
	const read = () => {
		const facts = message.hasMedia === true ? mediaFacts(message) : textFacts(message);
		return facts ? [toItem(message, facts, envelope)] : [];
	};
	return readEach([message], read, onUnreadable);
}

function mediaFacts(message: Json): Partial<MediaMessage> {
	const messageId = text(message.id);
	const { type, animated } = webMessageFile(message._data);
	const { url: given, ...file } = fileOf(message);
	const url = webUrl(given);
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

function toItem(message: Json, facts: Partial<MediaMessage>, { session, me }: Json): MediaMessage {
	const messageId = text(message.id);
	const { chat, participant } = idParts(messageId);
	const isFromMe = message.fromMe === true;
	const { forwarded, fromName } = webMessageFile(message._data);
	const sender = isFromMe
		? text(object(me).id)
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
		accountId: text(session),
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
	if (fileName) return 'document';
	const essence = mimeEssence(mimeType);
	if (essence === 'image/webp') return 'sticker';
	return essence === 'audio/ogg' ? 'voice' : mediaTypeOf(essence);
}
