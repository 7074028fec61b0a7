import { createHmac, randomBytes } from 'node:crypto';
import type { MetaEmulator } from '.';
import { type HttpAnswer, send } from '../client';
import { type Bytes, digits } from '../store';
import { phpJson } from './errors';
import { fileUrl } from './files';

/** What a customer sends. The sender of a real message chooses everything but the IDs. */
export interface Incoming {
	/** `voice` is an audio recorded in the chat; on the wire it is an `audio` too. */
	type: 'image' | 'video' | 'audio' | 'voice' | 'document' | 'sticker';
	bytes: Bytes;
	/** Default: the usual one of the type; a voice note's is `audio/ogg; codecs=opus`. */
	mimeType?: string;
	/** Documents only; nothing else has a name on WhatsApp. Default for documents: `document.pdf`; null: none. */
	fileName?: string | null;
	/** Of images, videos and documents; nothing else has one. */
	caption?: string;
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

export interface DeliverOptions {
	/** Default: the callback that is set or subscribed. */
	callback?: string;
	/** What to sign with; default: the app secret. */
	secret?: string;
	/** The whole signature header instead of the right one; null: none. */
	signature?: string | null;
	/** Over the usual ones. */
	headers?: Record<string, string>;
}

/** What the envelope around an item says about it. */
const envelopes = new WeakMap<object, { kind: 'messages' | 'statuses'; phoneNumberId: string; contact?: Json }>();

const DEFAULT_MIME_TYPES = {
	image: 'image/jpeg',
	video: 'video/mp4',
	audio: 'audio/mpeg',
	voice: 'audio/ogg; codecs=opus',
	document: 'application/pdf',
	sticker: 'image/webp',
};

const CAPTIONED = ['image', 'video', 'document'];

/** Stores the customer's file and builds the message of section 4.5, keys in its order. */
export function mediaMessage(meta: MetaEmulator, incoming: Incoming & Sender): { mediaId: string; message: Item } {
	const { type } = incoming;
	const mimeType = incoming.mimeType ?? DEFAULT_MIME_TYPES[type];
	const fileName = type === 'document' ? (incoming.fileName === undefined ? 'document.pdf' : (incoming.fileName ?? undefined)) : undefined;
	const owner = incoming.phoneNumberId ?? meta.credentials.phoneNumberId;
	const mediaId = meta.store.add({ bytes: incoming.bytes, mimeType, fileName, inbound: true, owner });
	const key = type === 'voice' ? 'audio' : type;
	const media = defined({
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

export function message(meta: MetaEmulator, type: string, content: Json, sender: Sender = {}): Item {
	const { from = '16505551234', name = 'Sheena Nelson', phoneNumberId = meta.credentials.phoneNumberId } = sender;
	const userId = `US.${createHmac('sha256', 'user').update(from ?? name).digest().readBigUInt64BE()}`;
	const built = defined({
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
	const contact = defined({ profile: { name }, wa_id: from ?? undefined, user_id: userId });
	envelopes.set(built, { kind: 'messages', phoneNumberId, contact });
	return built;
}

export function status(meta: MetaEmulator, state: 'sent' | 'delivered' | 'read' | 'failed', rest: Json = {}, phoneNumberId = meta.credentials.phoneNumberId): Item {
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
 * every shape of section 4 can be sent.
 */
export function value(meta: MetaEmulator, items: Json[], rest: Json = {}): Json {
	const known = items.map((item) => envelopes.get(item));
	const of = (kind: string) => items.filter((_, at) => (known[at]?.kind ?? 'messages') === kind);
	const phoneNumberId = known.find((one) => one)?.phoneNumberId ?? meta.credentials.phoneNumberId;
	const contacts = new Map(known.flatMap((one) => (one?.contact ? [[one.contact.user_id, one.contact]] : [])));
	return {
		messaging_product: 'whatsapp',
		metadata: { display_phone_number: meta.displayNumber(phoneNumberId), phone_number_id: phoneNumberId },
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

/** Posts the body as Meta does, signed over the very bytes: section 4.2. */
export async function post(meta: MetaEmulator, callback: string, body: string | Buffer, options: DeliverOptions): Promise<HttpAnswer> {
	const bytes = Buffer.from(body);
	const hmac = createHmac('sha256', options.secret ?? meta.credentials.appSecret).update(bytes).digest('hex');
	const signature = options.signature === undefined ? `sha256=${hmac}` : options.signature;
	return await send(callback, {
		method: 'POST',
		headers: {
			Accept: '*/*',
			'User-Agent': 'facebookexternalua',
			'Content-Type': 'application/json',
			...(signature !== null && { 'X-Hub-Signature-256': signature }),
			...options.headers,
		},
		body: bytes,
		timeoutMs: meta.variants.webhookTimeout,
	});
}

export interface Handshake {
	/** Status 200, and the challenge, the whole challenge and nothing but the challenge. */
	ok: boolean;
	status: number;
	statusText: string;
	body: string;
	/** What curl would have said, if there was no answer. */
	error?: string;
}

/** The GET that proves a callback: section 4.1. */
export async function handshake(meta: MetaEmulator, callback: string, options: { token?: string; challenge?: string } = {}): Promise<Handshake> {
	const challenge = options.challenge ?? digits(10);
	const token = encodeURIComponent(options.token ?? meta.credentials.verifyToken);
	const url = `${callback}${callback.includes('?') ? '&' : '?'}hub.mode=subscribe&hub.challenge=${encodeURIComponent(challenge)}&hub.verify_token=${token}`;
	try {
		const { status, statusText, body } = await send(url, {
			method: 'GET',
			headers: { Accept: '*/*', 'User-Agent': 'facebookplatform/1.0 (+http://developers.facebook.com)' },
			timeoutMs: meta.variants.webhookTimeout,
		});
		return { ok: status === 200 && body === challenge, status, statusText, body };
	} catch (cause) {
		return { ok: false, status: 0, statusText: '', body: '', error: curlWords(cause as NodeJS.ErrnoException) };
	}
}

function curlWords({ code, message }: NodeJS.ErrnoException): string {
	if (code === 'ETIMEDOUT') return 'curl_errno = 28; curl_error = Operation timed out';
	if (code === 'ECONNREFUSED') return "curl_errno = 7; curl_error = Couldn't connect to server";
	if (code === 'ENOTFOUND') return "curl_errno = 6; curl_error = Couldn't resolve host name";
	return `curl_errno = 56; curl_error = ${message}`;
}

export function wamid(): string {
	return `wamid.HBgL${randomBytes(33).toString('base64')}`;
}

function defined(object: Json): Json {
	return Object.fromEntries(Object.entries(object).filter(([, one]) => one !== undefined));
}
