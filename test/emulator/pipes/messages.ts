import { createHmac, randomBytes } from 'node:crypto';
import type { PipesEmulator } from '.';
import { digits } from '../store';
import { type CustomerFile, describeFile, omitUndefined } from '../vendor';

export type Json = Record<string, unknown>;

/** What a customer sends; the words of `receive` that every vendor has. */
export interface Incoming extends CustomerFile {
	/** Nothing on the wire tells a voice note from an audio but its MIME type. */
	type: 'image' | 'video' | 'audio' | 'voice' | 'document' | 'sticker';
	/** Pipes.bot did not get the file from WhatsApp: the message says so and has no file. */
	unavailable?: boolean;
	/** Anything to put over `pipes.media`, or `data.media` of the WebSocket. */
	media?: Json;
}

/** What every message has. */
export interface Sender {
	/** Digits. */
	from?: string;
	name?: string;
	/** ISO 8601, unless given otherwise. */
	timestamp?: string;
	/** The pool number, `pn_…`. */
	phoneNumberId?: string;
	conversationId?: string;
	label?: string;
}

/** One message in both of its forms. */
export interface Item {
	id: string;
	/** Digits. */
	from: string;
	conversationId: string;
	/** The webhook's body: the page /webhooks/payload. */
	body: Json;
	/** The frame of the WebSocket: the page /websocket/messages. */
	event: { type: 'whatsapp_message'; data: Json };
}

/** Stores the customer's file and builds its message. */
export function mediaMessage(
	pipes: PipesEmulator,
	incoming: Incoming & Sender,
): { mediaId: string; message: Item } {
	const { type, caption } = incoming;
	const { mimeType, fileName } = describeFile(incoming);
	const mediaId = incoming.unavailable
		? ''
		: pipes.store.add({ bytes: incoming.bytes, mimeType, fileName, inbound: true });
	const byteSize = { right: pipes.store.get(mediaId)?.bytes.size, wrong: 1, absent: undefined }[
		pipes.variants.size
	];
	const file = incoming.unavailable
		? { mimeType, fileName, unavailable: true }
		: { mediaId, downloadUrl: `/v1/media/download/${mediaId}`, mimeType, byteSize, fileName };
	const media = omitUndefined({ ...file, ...incoming.media });
	const kind = type === 'voice' ? 'audio' : type;
	// Meta's own ID: it is there, and no key of this vendor's opens it.
	const content = omitUndefined({
		id: digits(16),
		mime_type: mimeType,
		caption,
		filename: fileName,
	});
	return { mediaId, message: message(pipes, kind, content, incoming, media, caption) };
}

export function message(
	pipes: PipesEmulator,
	type: string,
	content: Json,
	sender: Sender = {},
	media?: Json,
	text = '',
): Item {
	const {
		from = '16505551234',
		name = 'Sheena Nelson',
		phoneNumberId = pipes.credentials.phoneNumberId,
		label,
	} = sender;
	const conversationId =
		sender.conversationId ??
		`conv_${createHmac('sha256', 'conversation').update(from).digest('base64url').slice(0, 20)}`;
	const timestamp = sender.timestamp ?? new Date(pipes.clock.now()).toISOString();
	const id = `msg_${randomBytes(12).toString('hex')}`;
	const display = `+${pipes.credentials.phoneNumber}`;
	const value = {
		messaging_product: 'whatsapp',
		metadata: { display_phone_number: display, phone_number_id: phoneNumberId },
		messages: [{ id, from, timestamp, type, [type]: content }],
		contacts: [{ profile: { name }, wa_id: from }],
	};
	const common = omitUndefined({ conversationId, poolNumberId: phoneNumberId, label });
	return {
		id,
		from,
		conversationId,
		body: {
			object: 'whatsapp_business_account',
			entry: [{ id: phoneNumberId, changes: [{ value, field: 'messages' }] }],
			pipes: omitUndefined({ ...common, media }),
		},
		event: {
			type: 'whatsapp_message',
			data: omitUndefined({
				messageId: id,
				...common,
				poolNumberPhoneNumber: display,
				fromNumber: from,
				fromName: name,
				text,
				body: text,
				timestamp,
				type,
				media,
			}),
		},
	};
}

/** 21 characters, as nanoid makes them. */
export function newMediaId(): string {
	return randomBytes(16).toString('base64url').slice(0, 21);
}
