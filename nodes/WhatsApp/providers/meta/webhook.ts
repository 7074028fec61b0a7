import type { Account, MediaMessage, MediaType, Refusal, Webhook } from '../provider';
import { flag, isoTime, known, object, objects, sha256Hex, text, type Json } from '../read';
import { equalSecrets, hmacHex } from '../signature';
import { urlExpiresAt } from './media';

/** Where a message of each type keeps its file. `voice` arrives as audio. */
const MEDIA_TYPES = ['image', 'video', 'audio', 'document', 'sticker'] as const;

/** GET ?hub.mode=subscribe&hub.challenge=…&hub.verify_token=…, to be answered with the challenge and nothing else. */
export function challenge({ query }: Webhook, account: Account): string | undefined {
	const given = text(query['hub.verify_token']);
	const answer = text(query['hub.challenge']);
	if (query['hub.mode'] !== 'subscribe' || !given || !answer || !account.verifyToken) return undefined;
	return equalSecrets(given.trim(), account.verifyToken) ? answer : undefined;
}

/** `X-Hub-Signature-256: sha256=<hex>`, made with the app secret over the raw bytes. */
export function verify({ headers, rawBody }: Webhook, account: Account): true | Refusal {
	if (!account.webhookSecret)
		return { reason: 'the credential has no App Secret, so no delivery can be checked. Copy it from App settings → Basic.' };
	const signature = headers['x-hub-signature-256'];
	if (typeof signature !== 'string' || !signature)
		return { reason: 'it carries no X-Hub-Signature-256, so it does not come from Meta, or a proxy dropped the header.' };
	if (equalSecrets(signature, `sha256=${hmacHex(account.webhookSecret, rawBody)}`)) return true;
	return {
		reason:
			'its signature does not match. Either the App Secret in the credential belongs to another app, or a proxy in front of n8n changes the body.',
	};
}

export function parse(body: unknown): MediaMessage[] {
	return objects(object(body).entry).flatMap((entry) =>
		objects(entry.changes).flatMap((change) => {
			const value = object(change.value);
			return objects(value.messages).flatMap((message) => mediaMessage(message, value, text(entry.id)) ?? []);
		}),
	);
}

function mediaMessage(message: Json, value: Json, accountId?: string): MediaMessage | undefined {
	const kind = MEDIA_TYPES.find((type) => type === message.type);
	if (!kind) return undefined;
	const media = object(message[kind]);
	const mediaId = text(media.id);
	// Without an ID there is nothing to fetch: a file that was too large arrives that way, with `errors` beside it.
	if (!mediaId) return undefined;
	const url = text(media.url);
	const from = text(message.from);
	const fromUserId = text(message.from_user_id);
	const context = object(message.context);
	return known({
		provider: 'meta',
		type: (kind === 'audio' && media.voice === true ? 'voice' : kind) satisfies MediaType,
		mediaId,
		url,
		urlExpiresAt: url && urlExpiresAt(url),
		mimeType: text(media.mime_type),
		sha256: sha256Hex(media.sha256),
		fileName: text(media.filename),
		caption: text(media.caption),
		voice: flag(media.voice),
		animated: flag(media.animated),
		messageId: text(message.id),
		chatId: text(message.group_id) ?? from ?? fromUserId,
		from,
		fromUserId,
		fromName: senderName(value, from, fromUserId),
		timestamp: isoTime(message.timestamp),
		phoneNumberId: text(object(value.metadata).phone_number_id),
		accountId,
		forwarded: flag(context.forwarded) ?? flag(context.frequently_forwarded),
		replyTo: text(context.id),
		referral: message.referral === undefined ? undefined : object(message.referral),
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
