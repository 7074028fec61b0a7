import type { MediaMessage, MediaType, Origin } from '../mediaMessage';
import { mediaTypeOf } from '../mediaTypeOf';
import {
	flag,
	isoTime,
	jsonWithLongIds,
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
import { failedSends } from './failedSends';
import { urlExpiresAt } from './media';
import { readError } from './readError';
import { readText } from './textMessages';
import { readUnsupported } from './unsupportedMessages';

/**
 * Where a message of each type keeps its file. A voice note arrives as audio; relays that were made for the On-Premises API
 * still send `voice` (nyaruka/courier).
 */
const MEDIA_TYPES = ['image', 'video', 'audio', 'voice', 'document', 'sticker'] as const;

/**
 * Every file, text and failed send in a webhook body, whichever entry, change and message it stands in.
 * @param provider who passes Meta's webhooks on
 */
export function parseMessages(
	provider: string,
	body: unknown,
	onUnreadable?: OnUnreadable,
): MediaMessage[] {
	return objects(object(body).entry).flatMap((entry) =>
		objects(entry.changes).flatMap(({ field, value }) => {
			const sender = { provider, accountId: text(entry.id) };
			const change = { ...sender, value: object(value) };
			const messages = readEach(
				messagesOf(field, change.value),
				({ message, ...from }) => itemsOf(message, from.origin, { ...change, ...from }),
				onUnreadable,
			);
			const failed = failedSends(change.value, sender);
			return [...messages, ...failed];
		}),
	);
}

/** The change of a delivery in which a message stands. */
interface Change {
	provider: string;
	value: Json;
	accountId?: string;
	/** The customer of its thread, in the history. */
	threadId?: string;
}

interface Found {
	message: Json;
	origin?: Origin;
	threadId?: string;
}

/** The messages of a change. Fields other than `messages` come from numbers shared with the business app, and from calls. */
function messagesOf(field: unknown, value: Json): Found[] {
	const as = (origin: Origin | undefined, list: unknown, threadId?: string): Found[] =>
		objects(list).map((message) => ({ message, origin, threadId }));
	if (field === 'smb_message_echoes') return as('echo', value.message_echoes);
	if (field === 'calls') return as('call', value.calls);
	if (field !== 'history') return as(undefined, value.messages);
	// First the threads, where files are mere placeholders without an ID; later the files, as messages.
	const threads = objects(value.history).flatMap(({ threads: list }) => objects(list));
	return [
		...[value.messages, value.message_echoes].flatMap((list) => as('history', list)),
		...threads.flatMap(({ id, messages }) => as('history', messages, text(id))),
	];
}

/** The items of a message: mostly one, none in a reaction, up to ten files in the answer to a Flow. */
function itemsOf(message: Json, origin: Origin | undefined, change: Change): MediaMessage[] {
	if (message.type === 'edit') return editedItems(message, origin, change);
	const withoutFile = readText(message) ?? readUnsupported(message);
	if (withoutFile) return [toItem(message, withoutFile, origin, change)];
	if (message.type === 'interactive') return flowFiles(message, change);
	if (origin === 'call') return callFiles(message, change);
	const type = MEDIA_TYPES.find((one) => one === message.type);
	if (!type) return [];
	// A voicemail is an ordinary audio message but for its ID.
	const voicemail: Origin | undefined = text(message.id)?.startsWith('wacid.') ? 'call' : undefined;
	const file = { media: object(message[type]), type, origin: origin ?? voicemail };
	return [mediaMessage(message, file, change) ?? []].flat();
}

/** The new file or text of an edited message, under the edit's own ID and time. */
function editedItems(message: Json, origin: Origin | undefined, change: Change): MediaMessage[] {
	const { edit, ...rest } = message;
	const edited = object(object(edit).message);
	if (edited.type === 'edit') return [];
	const merged = { ...rest, ...edited, type: edited.type, id: message.id };
	const items = itemsOf(merged, origin ?? 'edit', change);
	return items.map((item) => ({ ...item, raw: message }));
}

/** `response_json` holds the form's fields by names of the form's own choice; files are told by their shape. */
function flowFiles(message: Json, change: Change): MediaMessage[] {
	const { response_json } = object(object(message.interactive).nfm_reply);
	// Its media IDs are numbers, some above 2^53 (glific#5284).
	const answer = object(jsonWithLongIds(text(response_json) ?? ''));
	return Object.values(answer)
		.flatMap(objects)
		.filter(({ id, mime_type }) => text(id) && text(mime_type))
		.flatMap((media) => {
			const type = mediaTypeOf(text(media.mime_type));
			return mediaMessage(message, { media, type, origin: 'flow' }, change) ?? [];
		});
}

/** A call's recording, and what was said in it as text. */
function callFiles(message: Json, change: Change): MediaMessage[] {
	const recording = object(object(message.call_recording).audio);
	const transcript = object(object(message.call_transcript).document);
	return [
		mediaMessage(message, { media: recording, type: 'audio', origin: 'call' }, change) ?? [],
		mediaMessage(message, { media: transcript, type: 'document', origin: 'call' }, change) ?? [],
	].flat();
}

interface File {
	media: Json;
	type: MediaType;
	origin?: Origin;
}

function mediaMessage(message: Json, file: File, change: Change): MediaMessage | undefined {
	const { media, type, origin } = file;
	const mediaId = text(media.id);
	const error = readError(message);
	const isFailed = error.errorCode !== undefined || error.reasonText !== undefined;
	// Without an ID there is nothing to fetch: a file that was too large arrives that way, with `errors` beside it.
	if (!mediaId && !isFailed) return undefined;
	const url = webUrl(media.url);
	const facts: Partial<MediaMessage> = {
		type: type === 'audio' && media.voice === true ? 'voice' : type,
		mediaId,
		url,
		urlExpiresAt: url && urlExpiresAt(url),
		mimeType: text(media.mime_type),
		sha256: sha256Hex(media.sha256),
		fileName: text(media.filename) ?? text(media.file_name),
		caption: text(media.caption),
		voice: type === 'voice' ? true : flag(media.voice),
		animated: flag(media.animated),
		...error,
		...(!mediaId && unavailable(error.reasonText)),
	};
	return toItem(message, facts, origin, change);
}

/** What is known of a file or a text, with what every message says of itself and its sender. */
function toItem(
	message: Json,
	facts: Partial<MediaMessage>,
	origin: Origin | undefined,
	{ provider, value, accountId, threadId }: Change,
): MediaMessage {
	const from = text(message.from);
	const fromUserId = text(message.from_user_id);
	const context = object(message.context);
	const chat = text(message.group_id) ?? recipient(message, origin) ?? threadId;
	return omitUndefined<MediaMessage>({
		provider,
		...facts,
		messageId: text(message.id),
		chatId: chat ?? from ?? fromUserId,
		from,
		fromUserId,
		fromName: senderName(value, from, fromUserId),
		timestamp: isoTime(message.timestamp),
		phoneNumberId: text(object(value.metadata).phone_number_id),
		accountId,
		forwarded: flag(context.frequently_forwarded) || flag(context.forwarded),
		replyTo: text(context.id),
		referral: message.referral === undefined ? undefined : object(message.referral),
		origin,
		raw: message,
	});
}

/** The customer whom the business itself wrote to. Calls have a `to` whoever called. */
function recipient(message: Json, origin?: Origin): string | undefined {
	const isOurs = origin === 'echo' || origin === 'history';
	return isOurs ? (text(message.to) ?? text(message.to_user_id)) : undefined;
}

/** `wa_id` and `from` are left out for users with a username, so either key may be the one that matches. */
function senderName(value: Json, from?: string, fromUserId?: string): string | undefined {
	const contact = objects(value.contacts).find(
		({ wa_id, user_id }) =>
			(from && text(wa_id) === from) || (fromUserId && text(user_id) === fromUserId),
	);
	return text(object(contact?.profile).name);
}
