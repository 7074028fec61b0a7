import type { MediaMessage, MediaType } from '../mediaMessage';
import type { Credentials, VerificationFailure, Webhook } from '../provider';
import { byteCount, flag, isoTime, omitUndefined, object, objects, text, type Json } from '../read';
import { equalSecrets, hmacHex } from '../signature';

const MEDIA_TYPES = ['image', 'video', 'audio', 'document', 'sticker'] as const;

/** `X-Pipes-Signature: <hex>`, made with the webhook secret over the raw bytes. */
export function verify({ headers, rawBody }: Webhook, { webhookSecret }: Credentials): true | VerificationFailure {
	if (!webhookSecret)
		return { reason: 'the credential has no Webhook Secret, so no delivery can be checked. Set one in the Pipes.bot dashboard, 16 to 256 characters, and enter the same in the credential.' };
	const signature = headers['x-pipes-signature'];
	if (typeof signature !== 'string' || !signature)
		return { reason: 'it carries no X-Pipes-Signature: either no Webhook Secret is set in the Pipes.bot dashboard, or it does not come from Pipes.bot, or a proxy dropped the header.' };
	if (equalSecrets(signature.toLowerCase(), hmacHex(webhookSecret, rawBody))) return true;
	return { reason: 'its signature does not match. Either the Webhook Secret in the credential is not the one in the Pipes.bot dashboard, or a proxy in front of n8n changes the body.' };
}

/** One message in each delivery: `pipes` stands at the root. */
export function parse(body: unknown): MediaMessage[] {
	const beside = object(object(body).pipes);
	return objects(object(body).entry).flatMap((entry) =>
		objects(entry.changes).flatMap((change) => {
			const value = object(change.value);
			return objects(value.messages).flatMap((message) => webhookMessage(message, value, beside) ?? []);
		}),
	);
}

function webhookMessage(message: Json, value: Json, beside: Json): MediaMessage | undefined {
	const content = object(message[String(message.type)]);
	const context = object(message.context);
	const from = text(message.from);
	const contact = objects(value.contacts).find(({ wa_id }) => text(wa_id) === from);
	return mediaMessage(message.type, object(beside.media), {
		mimeType: text(content.mime_type),
		fileName: text(content.filename),
		caption: text(content.caption),
		voice: flag(content.voice),
		animated: flag(content.animated),
		messageId: text(message.id),
		chatId: text(beside.conversationId) ?? from,
		from,
		fromName: text(object(contact?.profile).name),
		timestamp: isoTime(message.timestamp),
		phoneNumberId: text(beside.poolNumberId) ?? text(object(value.metadata).phone_number_id),
		forwarded: flag(context.forwarded) ?? flag(context.frequently_forwarded),
		replyTo: text(context.id),
		referral: message.referral === undefined ? undefined : object(message.referral),
		raw: message,
	});
}

/** The ID in the message is Meta's, which no key of Pipes.bot's opens; its own stands in `media`. */
export function mediaMessage(type: unknown, media: Json, about: Partial<MediaMessage> & Pick<MediaMessage, 'raw'>): MediaMessage | undefined {
	const kind = MEDIA_TYPES.find((one) => one === type);
	if (!kind) return undefined;
	const mediaId = text(media.mediaId);
	const mimeType = text(media.mimeType) ?? about.mimeType;
	// WhatsApp records Ogg, and sends attached music as MP3, M4A or AAC; where the flag was lost, this tells them apart.
	const voice = kind === 'audio' ? (about.voice ?? /^audio\/ogg/.test(mimeType ?? '')) : undefined;
	return omitUndefined({
		provider: 'pipes',
		type: (voice ? 'voice' : kind) satisfies MediaType,
		mediaId,
		unavailable: media.unavailable === true || !mediaId ? true : undefined,
		...about,
		voice,
		mimeType,
		size: byteCount(media.byteSize),
		fileName: text(media.fileName) ?? about.fileName,
	});
}
