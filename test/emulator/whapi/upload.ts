import type { WhapiEmulator } from '.';
import { readParts } from '../formParts';
import type { EmulatorRequest, Reply } from '../server';
import { errors, json } from './errors';

/** The listed types of a raw body, `audio/acc` as the specification spells it. Others were not seen, and are refused here. */
const RAW_TYPES = [
	'application/pdf',
	'application/msword',
	'application/vnd.ms-powerpoint',
	'application/vnd.ms-excel',
	'text/plain',
	'image/jpeg',
	'image/png',
	'audio/acc',
	'audio/aac',
	'audio/mp4',
	'audio/amr',
	'audio/mpeg',
	'audio/ogg',
	'video/mp4',
];

interface Uploaded {
	bytes: Buffer;
	mimeType: string;
	fileName?: string;
	noEncode?: boolean;
}

/** POST /media in its three forms: bytes, JSON with base64, JSON with a data URL. */
export async function upload(whapi: WhapiEmulator, request: EmulatorRequest): Promise<Reply> {
	if (!whapi.authorized) throw errors.uploadUnauthorized();
	const { noEncode, ...file } = await readUpload(request);
	if (!file.bytes.length) throw errors.badRequest('media is required');
	const bytes =
		whapi.variants.reencodes && !noEncode
			? Buffer.concat([file.bytes, Buffer.from('encoded anew')])
			: file.bytes;
	return json({ media: [{ id: whapi.store.add({ ...file, bytes }) }] });
}

async function readUpload(request: EmulatorRequest): Promise<Uploaded> {
	const contentType = request.headers['content-type'] ?? '';
	const bare = contentType.split(';')[0]!.trim().toLowerCase();
	if (bare === 'application/json') {
		const { media, no_encode: noEncode } = await readJson(request);
		const file = typeof media === 'string' ? (readDataUrl(media) ?? readBase64(media)) : undefined;
		if (!file)
			throw errors.badRequest(
				'media must be base64 or a data URL (the emulator fetches no https URL)',
			);
		return { ...file, noEncode: noEncode === true };
	}
	const body = await request.read();
	// An early sample of the vendor's sends a data URL as the body itself.
	const file =
		body.subarray(0, 5).toString() === 'data:' ? readDataUrl(body.toString()) : undefined;
	if (file) return file;
	if (!RAW_TYPES.includes(bare))
		throw bare === 'multipart/form-data'
			? errors.badRequest(await nameOfPart(request))
			: errors.unsupportedType();
	return { bytes: body, mimeType: contentType };
}

/** `data:application/pdf;name=invoice.pdf;base64,…` */
function readDataUrl(url: string): Uploaded | undefined {
	const match = /^data:([^;,]*)((?:;[^;,]*)*?);base64,/.exec(url);
	if (!match) return undefined;
	const fileName = /;name=([^;]*)/.exec(match[2]!)?.[1];
	const bytes = Buffer.from(url.slice(match[0].length), 'base64');
	return {
		bytes,
		mimeType: match[1] || 'application/octet-stream',
		fileName: fileName && decodeURIComponent(fileName),
	};
}

function readBase64(text: string): Uploaded | undefined {
	if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
	return { bytes: Buffer.from(text, 'base64'), mimeType: 'application/octet-stream' };
}

/** No version of the specification has multipart here. */
async function nameOfPart(request: EmulatorRequest): Promise<string> {
	const names = (await readParts(request)).map(({ name }) => name);
	return `POST /media takes no multipart (parts: ${names.join(', ')})`;
}

export async function readJson(request: EmulatorRequest): Promise<Record<string, unknown>> {
	const text = (await request.read()).toString();
	try {
		return JSON.parse(text) as Record<string, unknown>;
	} catch {
		throw errors.badRequest('The body is not JSON');
	}
}
