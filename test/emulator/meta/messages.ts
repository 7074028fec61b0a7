import { createHmac, randomBytes } from 'node:crypto';
import type { MetaEmulator } from '.';
import { type CustomerFile, describeFile, omitUndefined } from '../vendor';
import { phpJson } from './errors';
import { fileUrl } from './files';

/** What a customer sends. The sender of a real message chooses everything but the IDs. */
export interface Incoming extends CustomerFile {
	/** A voice note is an `audio` on the wire. */
	type: 'image' | 'video' | 'audio' | 'voice' | 'document' | 'sticker';
	animated?: boolean;
	/** Whether the webhook carries the temporary URL; since November 2025 it does, but not everywhere. Default true. */
	url?: boolean;
	/** Anything to put over the media object, such as another `sha256`. */
	media?: Json;
}

/** What every message has. */
export interface Sender {
	/** Digits; null: a customer with a username, whose number the webhook leaves out. */
	from?: string | null;
	name?: string;
	/** Unix seconds as a string, unless given otherwise. */
	timestamp?: string | number;
	phoneNumberId?: string;
	context?: Json;
	referral?: Json;
	groupId?: string;
	/** Anything to put over the message. */
	message?: Json;
}

export type Json = Record<string, unknown>;

/** An element of `messages[]` or `statuses[]`. */
export interface Item extends Json {
	id: string;
}

/** What the envelope around an item says about it. */
const envelopes = new WeakMap<
	object,
	{ kind: 'messages' | 'statuses'; phoneNumberId: string; contact?: Json }
>();

const CAPTIONED = ['image', 'video', 'document'];

/** Stores the customer's file and builds its message, keys in the order of recorded webhooks. */
export function mediaMessage(
	meta: MetaEmulator,
	incoming: Incoming & Sender,
): { mediaId: string; message: Item } {
	const { type } = incoming;
	const { mimeType, fileName } = describeFile(incoming);
	const owner = incoming.phoneNumberId ?? meta.credentials.phoneNumberId;
	const mediaId = meta.store.add({
		bytes: incoming.bytes,
		mimeType,
		fileName,
		inbound: true,
		owner,
	});
	const key = type === 'voice' ? 'audio' : type;
	const media = omitUndefined({
		caption: CAPTIONED.includes(type) ? incoming.caption : undefined,
		filename: fileName,
		mime_type: mimeType,
		sha256: meta.hashOf(mediaId, meta.variants.webhookHash),
		id: mediaId,
		url: incoming.url === false ? undefined : fileUrl(meta, mediaId, 'webhook'),
		voice: key === 'audio' ? type === 'voice' : undefined,
		animated: type === 'sticker' ? (incoming.animated ?? false) : undefined,
		...incoming.media,
	});
	return { mediaId, message: message(meta, key, media, incoming) };
}

export function message(
	meta: MetaEmulator,
	type: string,
	content: Json,
	sender: Sender = {},
): Item {
	const {
		from = '16505551234',
		name = 'Sheena Nelson',
		phoneNumberId = meta.credentials.phoneNumberId,
	} = sender;
	const userId = `US.${createHmac('sha256', 'user')
		.update(from ?? name)
		.digest()
		.readBigUInt64BE()}`;
	const built = omitUndefined({
		context: sender.context,
		from: from ?? undefined,
		from_user_id: userId,
		id: wamid(),
		timestamp: sender.timestamp ?? String(Math.floor(meta.clock.now() / 1000)),
		type,
		[type]: content,
		referral: sender.referral,
		group_id: sender.groupId,
		...sender.message,
	}) as Item;
	const contact = omitUndefined({ profile: { name }, wa_id: from ?? undefined, user_id: userId });
	envelopes.set(built, { kind: 'messages', phoneNumberId, contact });
	return built;
}

/** The webhook of a message whose content is not handed out: the page /webhooks/reference/messages/unsupported. */
export function unsupported(
	meta: MetaEmulator,
	kind: string | undefined,
	{ code, title }: { code: number; title: string },
	sender: Sender = {},
): Item {
	const errors = [{ code, title, message: title, error_data: { details: title } }];
	const content = kind ? { type: kind } : {};
	const built = message(meta, 'unsupported', content, {
		...sender,
		message: { errors, ...sender.message },
	});
	if (!kind) delete built.unsupported;
	return built;
}

/** `played` is of voice notes. */
export type Status = 'sent' | 'delivered' | 'read' | 'played' | 'failed';

export function status(
	meta: MetaEmulator,
	state: Status,
	rest: Json = {},
	phoneNumberId = meta.credentials.phoneNumberId,
): Item {
	const built: Item = {
		id: wamid(),
		status: state,
		timestamp: String(Math.floor(meta.clock.now() / 1000)),
		recipient_id: '16505551234',
		...rest,
	};
	envelopes.set(built, { kind: 'statuses', phoneNumberId });
	return built;
}

/**
 * The `value` of a change: the given messages and statuses of one number. Anything that none of the helpers made counts as a message, so that
 * every shape of test/fixtures/meta can be sent.
 */
export function value(meta: MetaEmulator, items: Json[], rest: Json = {}): Json {
	const known = items.map((item) => envelopes.get(item));
	const of = (kind: string) => items.filter((_, at) => (known[at]?.kind ?? 'messages') === kind);
	const phoneNumberId = known.find((one) => one)?.phoneNumberId ?? meta.credentials.phoneNumberId;
	const contacts = new Map(
		known.flatMap((one) => (one?.contact ? [[one.contact.user_id, one.contact]] : [])),
	);
	return {
		messaging_product: 'whatsapp',
		metadata: {
			display_phone_number: meta.displayNumber(phoneNumberId),
			phone_number_id: phoneNumberId,
		},
		...(contacts.size && { contacts: [...contacts.values()] }),
		...(of('messages').length && { messages: of('messages') }),
		...(of('statuses').length && { statuses: of('statuses') }),
		...rest,
	};
}

/**
 * The whole body. Each inner list is one entry of the account, each `value` in it one change; a `value` that carries `field`
 * keeps it (`smb_message_echoes`, `history`, …), any other is of `messages`.
 */
export function envelope(meta: MetaEmulator, entries: Json[][]): string {
	return phpJson({
		object: 'whatsapp_business_account',
		entry: entries.map((values) => ({
			id: meta.credentials.businessAccountId,
			changes: values.map((one) => ('field' in one ? one : { value: one, field: 'messages' })),
		})),
	});
}

export function wamid(): string {
	return `wamid.HBgL${randomBytes(33).toString('base64')}`;
}
