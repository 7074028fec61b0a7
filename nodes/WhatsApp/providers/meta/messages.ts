import { mimeEssence } from '../../formats/mimeTypes';
import type { MediaMessage, MediaType, Origin } from '../mediaMessage';
import { flag, isoTime, omitUndefined, object, objects, sha256Hex, text, type Json } from '../read';
import { urlExpiresAt } from './media';

/** Where a message of each type keeps its file. A voice note arrives as audio. */
const MEDIA_TYPES = ['image', 'video', 'audio', 'document', 'sticker'] as const;

/** Every file in a webhook body, whichever entry, change and message it stands in. */
export function parse(body: unknown): MediaMessage[] {
	return objects(object(body).entry).flatMap((entry) =>
		objects(entry.changes).flatMap(({ field, value }) => {
			const about = { value: object(value), accountId: text(entry.id) };
			return messagesOf(field, about.value).flatMap(({ message, origin }) => filesOf(message, origin, about));
		}),
	);
}

interface About {
	value: Json;
	accountId?: string;
}

/** The messages of a change. Fields other than `messages` come from numbers shared with the business app, and from calls. */
function messagesOf(field: unknown, value: Json): Array<{ message: Json; origin?: Origin }> {
	const as = (origin: Origin | undefined, list: unknown) => objects(list).map((message) => ({ message, origin }));
	if (field === 'smb_message_echoes') return as('echo', value.message_echoes);
	if (field === 'calls') return as('call', value.calls);
	if (field !== 'history') return as(undefined, value.messages);
	// First the threads, where files are mere placeholders without an ID; later the files, as messages.
	const threads = objects(value.history).flatMap(({ threads: list }) => objects(list));
	return [value.messages, value.message_echoes, ...threads.map(({ messages }) => messages)].flatMap((list) => as('history', list));
}

/** The files of a message: mostly one, none in a text, up to ten in the answer to a Flow. */
function filesOf(message: Json, origin: Origin | undefined, about: About): MediaMessage[] {
	if (message.type === 'edit') {
		const { edit, ...rest } = message;
		const edited = object(object(edit).message);
		if (edited.type === 'edit') return [];
		// The new file, under the edit's own ID and time.
		const files = filesOf({ ...rest, ...edited, type: edited.type, id: message.id }, origin ?? 'edit', about);
		return files.map((file) => ({ ...file, raw: message }));
	}
	if (message.type === 'interactive')
		return flowFiles(message).flatMap(({ file, kind }) => mediaMessage(message, file, kind, 'flow', about) ?? []);
	if (origin === 'call') {
		const recording = object(message.call_recording).audio;
		const transcript = object(message.call_transcript).document;
		return [
			mediaMessage(message, object(recording), 'audio', 'call', about) ?? [],
			mediaMessage(message, object(transcript), 'document', 'call', about) ?? [],
		].flat();
	}
	const kind = MEDIA_TYPES.find((type) => type === message.type);
	if (!kind) return [];
	// A voicemail is an ordinary audio message but for its ID.
	const voicemail = text(message.id)?.startsWith('wacid.') ? 'call' : undefined;
	return [mediaMessage(message, object(message[kind]), kind, origin ?? voicemail, about) ?? []].flat();
}

/** `response_json` holds the form's fields by names of the form's own choice; files are told by their shape. */
function flowFiles({ interactive }: Json): Array<{ file: Json; kind: MediaType }> {
	const answer = object(parsed(object(object(interactive).nfm_reply).response_json));
	return Object.values(answer)
		.flatMap(objects)
		.filter(({ id, mime_type, sha256 }) => text(id) && text(mime_type) && text(sha256))
		.map((file) => ({ file, kind: kindOf(text(file.mime_type)) }));
}

function kindOf(mimeType = ''): MediaType {
	const [top] = mimeEssence(mimeType).split('/');
	return MEDIA_TYPES.find((type) => type === top) ?? 'document';
}

function mediaMessage(message: Json, media: Json, kind: MediaType, origin: Origin | undefined, about: About): MediaMessage | undefined {
	const mediaId = text(media.id);
	// Without an ID there is nothing to fetch: a file that was too large arrives that way, with `errors` beside it.
	if (!mediaId) return undefined;
	const { value, accountId } = about;
	const url = text(media.url);
	const from = text(message.from);
	const fromUserId = text(message.from_user_id);
	const context = object(message.context);
	// What the business itself sent names the customer, whose conversation it is, in `to`. Calls have a `to` either way.
	const to = origin === 'echo' || origin === 'history' ? (text(message.to) ?? text(message.to_user_id)) : undefined;
	return omitUndefined({
		provider: 'meta',
		type: kind === 'audio' && media.voice === true ? 'voice' : kind,
		mediaId,
		url,
		urlExpiresAt: url && urlExpiresAt(url),
		mimeType: text(media.mime_type),
		sha256: sha256Hex(media.sha256),
		fileName: text(media.filename) ?? text(media.file_name),
		caption: text(media.caption),
		voice: flag(media.voice),
		animated: flag(media.animated),
		messageId: text(message.id),
		chatId: text(message.group_id) ?? to ?? from ?? fromUserId,
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

/** `wa_id` and `from` are left out for users with a username, so either key may be the one that matches. */
function senderName(value: Json, from?: string, fromUserId?: string): string | undefined {
	const contact = objects(value.contacts).find(
		({ wa_id, user_id }) => (from && text(wa_id) === from) || (fromUserId && text(user_id) === fromUserId),
	);
	return text(object(contact?.profile).name);
}

function parsed(json: unknown): unknown {
	try {
		return JSON.parse(String(json));
	} catch {
		return undefined;
	}
}
