import type { MediaMessage, MediaType } from '../mediaMessage';
import {
	byteCount,
	flag,
	isoTime,
	omitUndefined,
	object,
	objects,
	readEach,
	sha256Hex,
	text,
	webUrl,
	type Json,
	type OnUnreadable,
} from '../read';
import { unavailable } from '../unavailableFile';
import { linkExpiresAt } from './media';

/** Where a message of each type keeps its file, and our type for it. A short is a video note. */
const MEDIA_TYPES = new Map<unknown, { key: string; type: MediaType }>(
	Object.entries({
		image: { key: 'image', type: 'image' },
		video: { key: 'video', type: 'video' },
		gif: { key: 'gif', type: 'video' },
		short: { key: 'short', type: 'video' },
		audio: { key: 'audio', type: 'audio' },
		voice: { key: 'voice', type: 'voice' },
		document: { key: 'document', type: 'document' },
		documentWithCaption: { key: 'document', type: 'document' },
		sticker: { key: 'sticker', type: 'sticker' },
	}),
);

/** Messages that the channel sent through the API come back too. They are left out, else a workflow that sends would start itself. */
export function parse(body: unknown, onUnreadable?: OnUnreadable): MediaMessage[] {
	const { messages, channel_id } = object(body);
	const accountId = text(channel_id);
	const received = objects(messages).filter(
		({ from_me, source }) => from_me !== true || source !== 'api',
	);
	return readEach(received, (message) => [toItem(message, accountId) ?? []].flat(), onUnreadable);
}

function toItem(message: Json, accountId?: string): MediaMessage | undefined {
	const facts = readText(message) ?? readFile(message);
	if (!facts) return undefined;
	const from = text(message.from);
	const isNumber = /^\d+$/.test(from ?? '');
	const context = object(message.context);
	return omitUndefined<MediaMessage>({
		provider: 'whapi',
		...facts,
		messageId: text(message.id),
		chatId: text(message.chat_id),
		from: isNumber ? from : undefined,
		// Users who hide their number have an ID ending in @lid.
		fromUserId: isNumber ? undefined : from,
		fromName: text(message.from_name),
		timestamp: isoTime(message.timestamp),
		accountId,
		forwarded: flag(context.forwarded),
		replyTo: text(context.quoted_id),
		origin: message.from_me === true ? 'echo' : undefined,
		raw: message,
	});
}

/** A text with a link in it is a `link_preview`; whoever presses a button or picks a row sends a `reply`. */
function readText(message: Json): Partial<MediaMessage> | undefined {
	const { buttons_reply, list_reply } = object(message.reply);
	const { title, id } = object(message.type === 'reply' ? (buttons_reply ?? list_reply) : {});
	const isWritten = message.type === 'text' || message.type === 'link_preview';
	const body = isWritten ? text(object(message[message.type as string]).body) : text(title);
	return body === undefined ? undefined : { type: 'text', text: body, replyId: text(id) };
}

function readFile(message: Json): Partial<MediaMessage> | undefined {
	const known = MEDIA_TYPES.get(message.type);
	if (!known) return undefined;
	const { type, key } = known;
	const media = object(message[key] ?? message[message.type as string]);
	if (!Object.keys(media).length) return undefined;
	const mediaId = text(media.id);
	const url = webUrl(media.link);
	return {
		type,
		mediaId,
		url,
		urlExpiresAt: url && linkExpiresAt(message.timestamp),
		mimeType: text(media.mime_type),
		sha256: sha256Hex(media.sha256),
		size: byteCount(media.file_size),
		fileName: text(media.file_name) ?? text(media.filename),
		caption: text(media.caption),
		voice: type === 'audio' || type === 'voice' ? type === 'voice' : undefined,
		animated: key === 'gif' ? true : flag(media.animated),
		// A public link alone is enough to fetch a file.
		...(!mediaId && !url && unavailable('', media.view_once === true ? 'viewOnce' : undefined)),
	};
}
