import { mimeEssence } from '../../formats/mimeTypes';
import type { MediaMessage, MediaType, Origin } from '../mediaMessage';
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
	type Json,
	type OnUnreadable,
} from '../read';
import { urlExpiresAt } from './media';

/**
 * Where a message of each type keeps its file. A voice note arrives as audio; relays that were made for the On-Premises API
 * still send `voice` (nyaruka/courier).
 */
const MEDIA_TYPES = ['image', 'video', 'audio', 'voice', 'document', 'sticker'] as const;

/**
 * Every file in a webhook body, whichever entry, change and message it stands in.
 * @param provider who passes Meta's webhooks on
 */
export function parseMessages(
	provider: string,
	body: unknown,
	onUnreadable?: OnUnreadable,
): MediaMessage[] {
	return objects(object(body).entry).flatMap((entry) =>
		objects(entry.changes).flatMap(({ field, value }) => {
			const change = { provider, value: object(value), accountId: text(entry.id) };
			return readEach(
				messagesOf(field, change.value),
				({ message, origin }) => filesOf(message, origin, change),
				onUnreadable,
			);
		}),
	);
}

/** The change of a delivery in which a message stands. */
interface Change {
	provider: string;
	value: Json;
	accountId?: string;
}

/** The messages of a change. Fields other than `messages` come from numbers shared with the business app, and from calls. */
function messagesOf(field: unknown, value: Json): Array<{ message: Json; origin?: Origin }> {
	const as = (origin: Origin | undefined, list: unknown) =>
		objects(list).map((message) => ({ message, origin }));
	if (field === 'smb_message_echoes') return as('echo', value.message_echoes);
	if (field === 'calls') return as('call', value.calls);
	if (field !== 'history') return as(undefined, value.messages);
	// First the threads, where files are mere placeholders without an ID; later the files, as messages.
	const threads = objects(value.history).flatMap(({ threads: list }) => objects(list));
	return [value.messages, value.message_echoes, ...threads.map(({ messages }) => messages)].flatMap(
		(list) => as('history', list),
	);
}

/** The files of a message: mostly one, none in a text, up to ten in the answer to a Flow. */
function filesOf(message: Json, origin: Origin | undefined, change: Change): MediaMessage[] {
	if (message.type === 'edit') return editedFiles(message, origin, change);
	if (message.type === 'interactive') return flowFiles(message, change);
	if (origin === 'call') return callFiles(message, change);
	const type = MEDIA_TYPES.find((one) => one === message.type);
	if (!type) return [];
	// A voicemail is an ordinary audio message but for its ID.
	const voicemail: Origin | undefined = text(message.id)?.startsWith('wacid.') ? 'call' : undefined;
	const file = { media: object(message[type]), type, origin: origin ?? voicemail };
	return [mediaMessage(message, file, change) ?? []].flat();
}

/** The new file of an edited message, under the edit's own ID and time. */
function editedFiles(message: Json, origin: Origin | undefined, change: Change): MediaMessage[] {
	const { edit, ...rest } = message;
	const edited = object(object(edit).message);
	if (edited.type === 'edit') return [];
	const merged = { ...rest, ...edited, type: edited.type, id: message.id };
	const files = filesOf(merged, origin ?? 'edit', change);
	return files.map((file) => ({ ...file, raw: message }));
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

function mediaTypeOf(mimeType = ''): MediaType {
	const [topLevel] = mimeEssence(mimeType).split('/');
	return MEDIA_TYPES.find((type) => type === topLevel) ?? 'document';
}

interface File {
	media: Json;
	type: MediaType;
	origin?: Origin;
}

function mediaMessage(message: Json, file: File, change: Change): MediaMessage | undefined {
	const { media, type, origin } = file;
	const mediaId = text(media.id);
	// Without an ID there is nothing to fetch: a file that was too large arrives that way, with `errors` beside it.
	if (!mediaId) return undefined;
	const { provider, value, accountId } = change;
	const url = text(media.url);
	const from = text(message.from);
	const fromUserId = text(message.from_user_id);
	const context = object(message.context);
	return omitUndefined<MediaMessage>({
		provider,
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
		messageId: text(message.id),
		chatId: text(message.group_id) ?? recipient(message, origin) ?? from ?? fromUserId,
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
		...transferError(message),
		raw: message,
	});
}

/** What Meta says beside a file that it may not have got from WhatsApp (chatwoot#13165). */
function transferError({ errors }: Json): Pick<MediaMessage, 'errorCode' | 'reasonText'> {
	const [error] = objects(errors);
	if (!error) return {};
	const { code, title, message, details, error_data } = error;
	const sentences = [title, message, details, object(error_data).details].map(text);
	const reasonText = [...new Set(sentences.filter(Boolean))].join(' — ');
	const number = Number(text(code));
	return {
		errorCode: Number.isInteger(number) ? number : undefined,
		reasonText: reasonText || undefined,
	};
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
