import type { MediaMessage, MediaType } from '../mediaMessage';
import type { Credentials, VerificationFailure, Webhook } from '../provider';
import { byteCount, flag, isoTime, omitUndefined, object, objects, sha256Hex, text, type Json } from '../read';
import { equalSecrets, hmacHex } from '../signature';
import { linkExpiresAt } from './media';

/** Whapi.Cloud signs nothing; a header of our own, registered with the webhook, comes back with each delivery. */
export const SECRET_HEADER = 'X-Webhook-Secret';

/** Where a message of each type keeps its file, and what it is to us. A short is a video note. */
const MEDIA_TYPES: Record<string, { key: string; type: MediaType }> = {
	image: { key: 'image', type: 'image' },
	video: { key: 'video', type: 'video' },
	gif: { key: 'gif', type: 'video' },
	short: { key: 'short', type: 'video' },
	audio: { key: 'audio', type: 'audio' },
	voice: { key: 'voice', type: 'voice' },
	document: { key: 'document', type: 'document' },
	documentWithCaption: { key: 'document', type: 'document' },
	sticker: { key: 'sticker', type: 'sticker' },
};

/** There is no handshake. */
export function challenge(): undefined {
	return undefined;
}

/** The header's value: made from the token, so that any process of n8n can check it and nobody else can guess it. */
export function deliverySecret({ accessToken }: Credentials): string {
	return hmacHex(accessToken, 'n8n webhook');
}

export function verify({ headers }: Webhook, credentials: Credentials): true | VerificationFailure {
	if (!credentials.accessToken) return { reason: 'the credential has no token, so no delivery can be checked.' };
	const given = headers[SECRET_HEADER.toLowerCase()];
	if (typeof given !== 'string' || !given)
		return { reason: `it carries no ${SECRET_HEADER}, so it does not come from a webhook that was registered by this node, or a proxy dropped the header.` };
	if (equalSecrets(given, deliverySecret(credentials))) return true;
	return { reason: `its ${SECRET_HEADER} does not match. The token may have changed since the webhook was registered: deactivate the workflow and activate it again.` };
}

/** Messages that the channel sent through the API come back too, and are nobody's: a workflow that sends would start itself. */
export function parse(body: unknown): MediaMessage[] {
	const { messages, channel_id } = object(body);
	return objects(messages).flatMap((message) =>
		message.from_me === true && message.source === 'api' ? [] : (mediaMessage(message, text(channel_id)) ?? []),
	);
}

function mediaMessage(message: Json, accountId?: string): MediaMessage | undefined {
	const kind = Object.hasOwn(MEDIA_TYPES, String(message.type)) ? MEDIA_TYPES[String(message.type)] : undefined;
	if (!kind) return undefined;
	const { type, key } = kind;
	const media = object(message[key] ?? message[String(message.type)]);
	const mediaId = text(media.id);
	if (!mediaId) return undefined;
	const url = text(media.link);
	const from = text(message.from);
	const isNumber = /^\d+$/.test(from ?? '');
	const context = object(message.context);
	return omitUndefined({
		provider: 'whapi',
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
