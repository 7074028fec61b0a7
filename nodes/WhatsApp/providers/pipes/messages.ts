import { readError } from '../cloudApi/readError';
import { readText, type Text } from '../cloudApi/textMessages';
import { readUnsupported } from '../cloudApi/unsupportedMessages';
import type { MediaMessage, MediaType } from '../mediaMessage';
import {
	byteCount,
	flag,
	isoTime,
	omitUndefined,
	object,
	objects,
	readEach,
	text,
	type Json,
	type OnUnreadable,
} from '../read';
import { unavailable } from '../unavailableFile';

const MEDIA_TYPES = ['image', 'video', 'audio', 'document', 'sticker'] as const;

/** One message in each delivery: `pipes` stands at the root. */
export function parse(body: unknown, onUnreadable?: OnUnreadable): MediaMessage[] {
	const extra = object(object(body).pipes);
	return objects(object(body).entry).flatMap((entry) =>
		objects(entry.changes).flatMap((change) => {
			const value = object(change.value);
			return readEach(
				objects(value.messages),
				(message) => [webhookMessage(message, value, extra) ?? []].flat(),
				onUnreadable,
			);
		}),
	);
}

function webhookMessage(message: Json, value: Json, extra: Json): MediaMessage | undefined {
	const kind = MEDIA_TYPES.find((one) => one === message.type);
	const content = object(kind && message[kind]);
	const context = object(message.context);
	const from = text(message.from);
	const contact = objects(value.contacts).find(({ wa_id }) => text(wa_id) === from);
	const error = readError(message);
	return toItem(message, object(extra.media), readText(message), {
		...error,
		mimeType: text(content.mime_type),
		fileName: text(content.filename),
		caption: text(content.caption),
		voice: flag(content.voice),
		animated: flag(content.animated),
		messageId: text(message.id),
		chatId: text(extra.conversationId) ?? from,
		from,
		fromName: text(object(contact?.profile).name),
		timestamp: isoTime(message.timestamp),
		phoneNumberId: text(extra.poolNumberId) ?? text(object(value.metadata).phone_number_id),
		forwarded: flag(context.forwarded) ?? flag(context.frequently_forwarded),
		replyTo: text(context.id),
		referral: message.referral === undefined ? undefined : object(message.referral),
		raw: message,
	});
}

type Details = Partial<MediaMessage> & Pick<MediaMessage, 'raw'>;

/** The item of a message in either form, webhook or live connection; nothing for what is neither file nor text. */
export function toItem(
	message: Json,
	media: Json,
	words: Text | undefined,
	details: Details,
): MediaMessage | undefined {
	const { caption, ...others } = details;
	const withoutFile = words ?? readUnsupported(message);
	if (withoutFile)
		return omitUndefined<MediaMessage>({ provider: 'pipes', ...withoutFile, ...others });
	return mediaMessage(message.type, media, { caption, ...others });
}

/** The ID in the message is Meta's, which no key of Pipes.bot's opens; its own stands in `media`. */
function mediaMessage(type: unknown, media: Json, details: Details): MediaMessage | undefined {
	const kind = MEDIA_TYPES.find((one) => one === type);
	if (!kind) return undefined;
	const mediaId = text(media.mediaId);
	const mimeType = text(media.mimeType) ?? details.mimeType;
	// WhatsApp records Ogg, and sends attached music as MP3, M4A or AAC; where the flag was lost, this tells them apart.
	const voice =
		kind === 'audio' ? (details.voice ?? /^audio\/ogg/.test(mimeType ?? '')) : undefined;
	return omitUndefined<MediaMessage>({
		provider: 'pipes',
		type: (voice ? 'voice' : kind) satisfies MediaType,
		mediaId,
		...((media.unavailable === true || !mediaId) && unavailable(details.reasonText)),
		...details,
		voice,
		mimeType,
		size: byteCount(media.byteSize),
		fileName: text(media.fileName) ?? details.fileName,
	});
}
