import { randomBytes } from 'node:crypto';
import type { WhapiEmulator } from '.';
import { type CustomerFile, describeFile, omitUndefined } from '../vendor';

export type Json = Record<string, unknown>;

/** What a customer sends; the words of `receive` that every vendor has, and this vendor's more types. */
export interface Incoming extends CustomerFile {
	/** `short` is a video note, round and recorded in the chat. */
	type: 'image' | 'video' | 'gif' | 'short' | 'audio' | 'voice' | 'document' | 'sticker';
	animated?: boolean;
	/** Whether the webhook carries the public link. Default: as the channel's Auto Download is set for the type. */
	url?: boolean;
	/** Anything to put over the media object. */
	media?: Json;
}

/** What every message has. */
export interface Sender {
	/** Digits. */
	from?: string;
	name?: string;
	/** The channel's own message, sent from the phone or through the API. */
	fromMe?: boolean;
	/** Unix seconds. */
	timestamp?: number | string;
	/** Digits, without `@g.us`. */
	groupId?: string;
	context?: Json;
	/** Anything to put over the message. */
	message?: Json;
}

/** An element of `messages[]`. */
export interface Item extends Json {
	id: string;
}

/** What Auto Download calls a type; it has no words for gif and short, which are videos. */
const autoDownloadName = (type: Incoming['type']) =>
	type === 'gif' || type === 'short' ? 'video' : type;

const PREVIEW =
	'data:image/jpeg;base64,/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/';

/** Stores the customer's file and builds its message, by the specification and the help desk's samples. */
export function mediaMessage(
	whapi: WhapiEmulator,
	incoming: Incoming & Sender,
): { mediaId: string; message: Item } {
	const { type } = incoming;
	const { mimeType, fileName } = describeFile(incoming);
	const mediaId = whapi.store.add({ bytes: incoming.bytes, mimeType, fileName, inbound: true });
	const linked =
		incoming.url ?? whapi.settings.media.auto_download?.includes(autoDownloadName(type));
	if (linked) whapi.linked.add(mediaId);
	const picture = { width: 720, height: 1280, preview: PREVIEW };
	const film = { ...picture, seconds: 7, autoplay: type === 'gif', view_once: false };
	const content = omitUndefined({
		...whapi.mediaFile(mediaId),
		timestamp: undefined,
		caption: ['image', 'video', 'gif', 'document'].includes(type) ? incoming.caption : undefined,
		...(type === 'image' && picture),
		...(['video', 'gif', 'short'].includes(type) && film),
		...((type === 'audio' || type === 'voice') && { seconds: 3 }),
		...(type === 'document' && { filename: fileName, page_count: 1, preview: PREVIEW }),
		...(type === 'sticker' && { animated: incoming.animated ?? false, width: 512, height: 512 }),
		...incoming.media,
	});
	const named = type === 'document' && incoming.caption ? whapi.variants.captionedDocument : type;
	return { mediaId, message: message(whapi, named, content, incoming, type) };
}

export function message(
	whapi: WhapiEmulator,
	type: string,
	content: Json,
	sender: Sender = {},
	key = type,
): Item {
	const { from = '16505551234', name = 'Sheena Nelson', fromMe = false, groupId } = sender;
	const author = fromMe ? whapi.credentials.phoneNumber : from;
	const built = omitUndefined({
		id: messageId(groupId !== undefined),
		from_me: fromMe,
		type,
		chat_id: groupId === undefined ? `${from}@s.whatsapp.net` : `${groupId}@g.us`,
		timestamp: sender.timestamp ?? Math.floor(whapi.clock.now() / 1000),
		source: fromMe ? 'api' : 'mobile',
		device_id: fromMe ? 2 : 0,
		status: fromMe ? 'pending' : undefined,
		chat_name: groupId === undefined ? name : 'Receipts',
		[key]: content,
		context: sender.context,
		from: author,
		from_name: fromMe ? 'Jaspers Market' : name,
		...sender.message,
	}) as Item;
	whapi.messages.set(built.id, built);
	return built;
}

/** `PsqXn5SAD5v7HRA-wHqB9tMeGQ`; those of groups are longer, with more dashes. */
function messageId(group: boolean): string {
	const part = (bytes: number) => randomBytes(bytes).toString('hex');
	return [part(7), part(5), ...(group ? [part(6)] : [])].join('-');
}

/** `jpeg-` and hexadecimal groups: the pattern of the specification. */
export function newMediaId(mimeType: string): string {
	const bare = mimeType.split(';')[0]!.toLowerCase();
	const prefix =
		{ 'audio/ogg': 'oga', 'audio/mpeg': 'mp3', 'text/plain': 'txt' }[bare] ??
		/^[a-z]+\/([a-z0-9]+)$/.exec(bare)?.[1] ??
		'file';
	return `${prefix}-${randomBytes(8).toString('hex')}-${randomBytes(6).toString('hex')}`;
}
