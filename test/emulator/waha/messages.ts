import { randomBytes } from 'node:crypto';
import type { WahaEmulator } from '.';
import type { StoredMedia } from '../store';
import { announcedHash, type CustomerFile, describeFile, omitUndefined } from '../vendor';
import { fetchFile } from './files';
import type { Json } from './sessions';

export interface Incoming extends CustomerFile {
	/** Whether the webhook carries the file's URL. Default: as `variants.downloaded` says. */
	url?: boolean;
	/** Anything to put over `payload.media`. */
	media?: Json;
}

/** What every message has. */
export interface Sender {
	/** Digits; null: a person whose number is hidden. */
	from?: string | null;
	name?: string;
	/** The number's own message, sent from the phone (`app`) or through the API. */
	own?: 'app' | 'api';
	/** Digits, without `@g.us`. */
	groupId?: string;
	/** Unix seconds. */
	timestamp?: number;
	/** Anything to put over the payload. */
	message?: Json;
}

/** `payload` of an event. */
export interface Item extends Json {
	id: string;
}

const HIDDEN = '100000000000003@lid';

const CAPTIONED = ['image', 'video', 'document'];

/** Stores the customer's file and builds the message of B3. */
export function mediaMessage(
	waha: WahaEmulator,
	incoming: Incoming & Sender,
): { mediaId: string; message: Item } {
	const { mimeType, fileName } = describeFile(incoming);
	const id = messageId(waha, incoming);
	waha.nextId = id;
	waha.store.add({ bytes: incoming.bytes, mimeType, fileName, inbound: true });
	const caption = CAPTIONED.includes(incoming.type) ? incoming.caption : undefined;
	// NOWEB repeats the name of a document without a caption.
	const body =
		caption ??
		(incoming.type === 'document' && waha.variants.engine === 'NOWEB' ? fileName : undefined) ??
		null;
	const message = {
		...messageOf(waha, id, incoming),
		body,
		hasMedia: true,
		_data: dataOf(waha, id, incoming),
		...incoming.message,
	};
	waha.messages.set(id, message);
	const downloaded = incoming.url ?? waha.variants.downloaded;
	const media = { ...mediaOf(waha, id, downloaded), ...incoming.media };
	return { mediaId: id, message: { ...message, media } };
}

/** The message of a file that a test has put into the store itself. */
export function storedMessage(waha: WahaEmulator, id: string): Item | undefined {
	const stored = waha.store.get(id);
	if (!stored) return undefined;
	const family = stored.mimeType.split('/')[0]!;
	const type = ['image', 'video', 'audio'].includes(family) ? family : 'document';
	const _data = dataOf(waha, id, { type, bytes: stored.bytes });
	return { ...messageOf(waha, id, {}), body: null, hasMedia: true, _data };
}

/** `media` of a message, fetched from WhatsApp anew, or not. */
export function mediaOf(waha: WahaEmulator, id: string, download: boolean): Json {
	const { mimeType, fileName } = waha.store.get(id)!;
	const error = waha.variants.mediaError ?? null;
	return {
		url: download && !error ? fetchFile(waha, id) : null,
		mimetype: mimeType,
		filename: fileName ?? null,
		s3: null,
		error,
	};
}

export function textMessage(waha: WahaEmulator, body: string, sender: Sender = {}): Item {
	const id = messageId(waha, sender);
	const message = {
		...messageOf(waha, id, sender),
		body,
		hasMedia: false,
		media: null,
		_data: textDataOf(waha, sender),
		...sender.message,
	};
	waha.messages.set(id, message);
	return message;
}

/** The engine's own words for a text; like a file's, as far as anybody reads them. */
function textDataOf({ variants }: WahaEmulator, { name = 'Sheena Nelson' }: Sender): Json {
	if (variants.engine === 'WEBJS') return { type: 'chat', notifyName: name };
	if (variants.engine === 'GOWS') return { Info: { Type: 'text', PushName: name } };
	return { pushName: name, broadcast: false };
}

function messageOf(waha: WahaEmulator, id: string, sender: Sender): Item {
	const { own, groupId } = sender;
	const chat = chatOf(sender);
	return {
		id,
		timestamp: sender.timestamp ?? Math.floor(waha.clock.now() / 1000),
		from: own ? waha.me.id : chat,
		fromMe: own !== undefined,
		source: own ?? 'app',
		to: own ? chat : null,
		participant: groupId && !own ? personOf(sender) : null,
		ack: 1,
		ackName: 'SERVER',
		vCards: null,
		location: null,
		replyTo: null,
	};
}

/** The engine's own words: B3. */
function dataOf(waha: WahaEmulator, id: string, incoming: Incoming & Sender): Json | undefined {
	const { type, name = 'Sheena Nelson', own } = incoming;
	const stored = waha.store.get(id)!;
	const hash = announcedHash(waha.store, id, waha.variants.hash)?.toString('base64');
	const [kind, more] = KINDS[type] ?? [type, {}];
	const key = id.split('_')[2];
	const number =
		incoming.from === null ? {} : { senderPn: `${incoming.from ?? '16505551234'}@s.whatsapp.net` };
	switch (waha.variants.engine) {
		case 'NOWEB':
			return {
				key: {
					remoteJid: chatOf(incoming).replace('@c.us', '@s.whatsapp.net'),
					fromMe: own !== undefined,
					id: key,
				},
				messageTimestamp: Math.floor(waha.clock.now() / 1000),
				pushName: name,
				broadcast: false,
				message: {
					[`${kind}Message`]: omitUndefined({ ...content(stored), fileSha256: hash, ...more }),
				},
			};
		case 'GOWS':
			return {
				Info: {
					Chat: chatOf(incoming),
					Sender: personOf(incoming),
					SenderAlt: number.senderPn,
					ID: key,
					Type: 'media',
					MediaType: type === 'voice' ? 'ptt' : kind,
					PushName: name,
				},
				Message: {
					[`${kind}Message`]: omitUndefined({
						...content(stored),
						fileSHA256: hash,
						...(type === 'voice' && { PTT: true }),
					}),
				},
			};
		case 'WEBJS':
			return omitUndefined({
				type: type === 'voice' ? 'ptt' : kind,
				mimetype: stored.mimeType,
				filename: stored.fileName,
				filehash: hash,
				size: stored.bytes.size,
				notifyName: name,
			});
		case 'none':
			return undefined;
	}
}

const KINDS: Record<string, [string, Json]> = {
	voice: ['audio', { ptt: true }],
	gif: ['video', { gifPlayback: true }],
};

function content({ mimeType, fileName, bytes }: StoredMedia): Json {
	return {
		url: 'https://mmg.whatsapp.net/v/t62.7119-24/1_n.enc?ccb=11-4',
		mimetype: mimeType,
		fileName,
		fileLength: String(bytes.size),
	};
}

function chatOf(sender: Sender): string {
	return sender.groupId ? `${sender.groupId}@g.us` : personOf(sender);
}

function personOf({ from = '16505551234' }: Sender): string {
	return from === null ? HIDDEN : `${from}@c.us`;
}

/** `false_16505551234@c.us_3EB0…`, with the person behind it in a group: B3. */
function messageId(waha: WahaEmulator, sender: Sender): string {
	const own = sender.own !== undefined;
	const id = `${own}_${chatOf(sender)}_${newId()}`;
	return sender.groupId ? `${id}_${own ? waha.me.id : personOf(sender)}` : id;
}

export function newId(): string {
	return `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;
}
