import type { MediaType } from './mediaMessage';
import { byteCount, flag, object, omitUndefined, sha256Hex, text, type Json } from './read';

/** The words for the kinds of files: Baileys' (`imageMessage`), whatsmeow's and the browser's (`image`). */
const TYPES: Record<string, MediaType> = {
	image: 'image',
	imageMessage: 'image',
	video: 'video',
	videoMessage: 'video',
	gif: 'video',
	ptv: 'video',
	ptvMessage: 'video',
	audio: 'audio',
	audioMessage: 'audio',
	ptt: 'voice',
	document: 'document',
	documentMessage: 'document',
	sticker: 'sticker',
	stickerMessage: 'sticker',
};

/**
 * What a message of WhatsApp Web says of its file, as the library that speaks to it passes it on: Baileys and whatsmeow have the
 * protocol's own fields, a browser (whatsapp-web.js, WPPConnect) fields of the page.
 */
export function webMessageFile(message: unknown) {
	const data = object(message);
	const parts = { ...object(data.message), ...object(data.Message) };
	const captioned = object(object(parts.documentWithCaptionMessage).message);
	const [name, found] =
		Object.entries({ ...parts, ...captioned }).find(([key]) => isType(key)) ?? [];
	const content = object(found);
	const words = [object(data.Info).MediaType, data.type, name].map((word) => text(word) ?? '');
	const type = TYPES[words.find(isType) ?? ''];
	const isRecorded = type === 'audio' && (content.ptt === true || content.PTT === true);
	return omitUndefined({
		type: isRecorded ? 'voice' : type,
		mimeType: text(content.mimetype) ?? text(data.mimetype),
		sha256: sha256Hex(content.fileSha256 ?? content.fileSHA256 ?? data.filehash),
		size: byteCount(content.fileLength ?? data.size),
		fileName: text(content.fileName) ?? text(data.filename),
		animated: flag(content.isAnimated) ?? flag(content.gifPlayback),
		forwarded: flag(object(content.contextInfo).isForwarded) ?? flag(data.isForwarded),
		fromName: text(data.pushName) ?? text(object(data.Info).PushName) ?? text(data.notifyName),
	});
}

function isType(name: string): boolean {
	return Object.hasOwn(TYPES, name);
}

/** Who a hidden sender (`…@lid`) is, where the library knows. */
export function webMessageSenders(message: unknown): Json[string][] {
	const { key, Info } = object(message);
	const { participantPn, participantAlt, remoteJidAlt, senderPn } = object(key);
	return [object(Info).SenderAlt, participantPn, participantAlt, senderPn, remoteJidAlt];
}

/** Of a person's ID, `…@c.us` or `…@s.whatsapp.net`, perhaps with a device (`:9`); digits. */
export function phoneNumberOf(id: unknown): string | undefined {
	return /^(\d+)(?::\d+)?@(?:c\.us|s\.whatsapp\.net)$/.exec(text(id) ?? '')?.[1];
}
