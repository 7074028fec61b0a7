import type { MetaEmulator } from '.';
import { errors } from './errors';
import { fileUrl } from './files';
import { wamid } from './messages';
import { type Call, type Params, select } from './params';

export function getUrl(meta: MetaEmulator, call: Call): object {
	const media = mediaOf(meta, call);
	// The order of real answers, not the documentation's.
	const all = {
		url: fileUrl(meta, media.id, 'getMedia'),
		mime_type: meta.variants.getMimeType === 'full' ? media.mimeType : bare(media.mimeType),
		sha256: meta.hashOf(media.id, meta.variants.getHash),
		file_size: meta.variants.fileSize === 'number' ? media.bytes.size : String(media.bytes.size),
		id: media.id,
		messaging_product: 'whatsapp',
	};
	const { fields } = call.request.query;
	return fields ? select(all, fields, 'WhatsAppBusinessMedia') : all;
}

function bare(mimeType: string): string {
	return mimeType.split(';')[0]!;
}

export function deleteMedia(meta: MetaEmulator, call: Call): object {
	if (/^\d+_\d+$/.test(call.id)) throw errors.wrongPostId();
	mediaOf(meta, call).deleted = true;
	return { success: true };
}

function mediaOf(meta: MetaEmulator, { method, id, request }: Call) {
	const media = meta.store.live(id);
	if (!media) throw errors.gone(method, id);
	const number = request.query.phone_number_id;
	const refused = media.kind === 'inbound' && meta.variants.phoneNumberIdOnInbound === 'refused';
	if (number !== undefined && (number !== media.owner || refused))
		throw errors.wrongPhoneNumberId();
	return media;
}

/** No more than the check that a sent media ID lives, and belongs to the sending number. */
export async function sendMessage(
	meta: MetaEmulator,
	{ id, method, params }: Call,
): Promise<object> {
	if (!meta.phoneNumbers.some((number) => number.id === id)) throw errors.gone(method, id);
	const message = await params();
	if (!message.messaging_product) throw errors.missingParameter('messaging_product');
	const type = String(message.type ?? 'text');
	const mediaId = (message[type] as Params | undefined)?.id;
	if (mediaId !== undefined && meta.store.live(String(mediaId))?.owner !== id)
		throw errors.wrongAttachment(type);
	meta.sent.push({ phoneNumberId: id, ...message });
	const to = String(message.to);
	return {
		messaging_product: 'whatsapp',
		contacts: [{ input: to, wa_id: to.replace(/\D/g, '') }],
		messages: [{ id: wamid() }],
	};
}
