import type { MetaEmulator } from '.';
import { ACCEPTED_MIME_TYPES, errors } from './errors';
import { type Call, partsOf } from './params';

/** Meta's proxy refuses a body before Graph sees it. */
export class RefusedByProxy extends Error {}

export async function upload(meta: MetaEmulator, { request, id, method }: Call): Promise<object> {
	if (!meta.phoneNumbers.some((number) => number.id === id)) throw errors.gone(method, id);
	const parts = await partsOf(request);
	const field = (name: string) =>
		parts.find((part) => part.name === name)?.bytes.toString() ?? request.query[name];
	const product = field('messaging_product');
	if (!product) throw errors.missingParameter('messaging_product');
	if (product !== 'whatsapp') throw errors.wrongMessagingProduct(product);
	const file = parts.find((part) => part.name === 'file');
	if (!file) throw errors.missingParameter('file');
	// The part's own type counts, whatever the field `type` says, and it must be bare: `audio/ogg; codecs=opus` is refused.
	const mimeType = file.mimeType ?? 'application/octet-stream';
	if (!ACCEPTED_MIME_TYPES.includes(mimeType)) throw errors.wrongMimeType(mimeType);
	if (file.bytes.length > limitFor(meta, mimeType))
		throw meta.variants.tooLarge === 'error' ? errors.tooLarge() : new RefusedByProxy();
	const minutes = Number(field('ttl_minutes'));
	const lifetime = meta.variants.noStorage && minutes ? minutes * 60_000 : undefined;
	return {
		id: meta.store.add({
			bytes: file.bytes,
			mimeType,
			fileName: file.fileName,
			owner: id,
			lifetime,
		}),
	};
}

function limitFor({ variants: { uploadLimits } }: MetaEmulator, mimeType: string): number {
	if (mimeType === 'image/webp') return uploadLimits.document;
	const family = mimeType.split('/')[0];
	return family === 'image' || family === 'audio' || family === 'video'
		? uploadLimits[family]
		: uploadLimits.document;
}
