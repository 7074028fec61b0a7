import { safeMimeType } from '../safeMimeType';
import { MediaError } from '../../errors';
import { transformStream } from '../../streams';
import { DAY } from '../../units';
import { pathBelow } from '../apiPath';
import { checkMediaId } from '../mediaId';
import { notAccepted } from '../notAccepted';
import type {
	ApiClient,
	ApiRequest,
	Credentials,
	FileLocation,
	OutgoingFile,
	ResolveOptions,
	UploadedMedia,
} from '../provider';
import {
	byteCount,
	isoTime,
	isoTimeAfter,
	omitUndefined,
	object,
	objects,
	sha256Hex,
	text,
	webUrl,
	type Json,
} from '../read';
import { apiError, isExplained, isTokenUnknown } from './errors';
import { FILE_DAYS } from './fileLifetimes';

/** The longest page that GET /media gives. */
const PAGE_SIZE = '500';

/** openapi.yaml 1.8.7, MediaID: the file's extension and hex digits with dashes; those of groups have more parts. */
const ID = /^[a-z\d]{1,32}-[\w.-]{1,128}$/i;

/** @throws MediaError when that is no media ID */
function mediaPath(mediaId: string): string {
	const inWords = 'a type, a dash, and digits and dashes, such as jpeg-8a1c5f-77d0';
	checkMediaId(mediaId, { vendor: 'Whapi.Cloud', shape: ID, inWords });
	return `/media/${mediaId}`;
}

/** GET /media/{id}, and nothing else: other paths answer with the channel's settings and messages. */
export function isFileUrl(url: URL, { baseUrl }: Credentials): boolean {
	const [, mediaId] = /^\/media\/(.+)$/.exec(pathBelow(baseUrl, url)) ?? [];
	return mediaId !== undefined && !url.search && ID.test(mediaId);
}

/**
 * No endpoint tells the address of a file, but GET /media/{id} is one: it answers with the bytes, and wants the token.
 * A public link exists where Auto Download was on when the file came; the message and the list of files know it.
 */
export async function resolve(
	client: ApiClient,
	mediaId: string,
	options: ResolveOptions = {},
): Promise<FileLocation> {
	const url = client.credentials.baseUrl + mediaPath(mediaId);
	const file = options.details ? await describe(client, mediaId, options.messageId) : undefined;
	const link = webUrl(file?.link);
	return omitUndefined<FileLocation>({
		...(link
			? { url: link, expiresAt: linkExpiresAt(file!.timestamp), tokenRequired: false }
			: { url, tokenRequired: true }),
		mimeType: text(file?.mime_type),
		sha256: sha256Hex(file?.sha256),
		size: byteCount(file?.file_size),
		fileName: text(file?.file_name) ?? text(file?.filename),
	});
}

/** openapi.yaml 1.8.7, MessageID, is narrower; the IDs of groups are longer. */
const MESSAGE_ID = /^\w[\w.-]{0,200}$/;

/** What the message says of its file; else what the list of the channel's newest files says, where it is among them. */
async function describe(
	client: ApiClient,
	mediaId: string,
	messageId?: string,
): Promise<Json | undefined> {
	const get = async (request: Pick<ApiRequest, 'path' | 'query'>) => {
		const reply = await client.send({ method: 'GET', ...request });
		if (reply.status === 200) return object(reply.body);
		if (reply.status === 404 && !isTokenUnknown(reply)) return {};
		throw apiError(reply, `Media ID ${mediaId} could not be looked up`);
	};
	if (messageId && MESSAGE_ID.test(messageId)) {
		const message = await get({ path: `/messages/${messageId}` });
		const file = Object.values(message)
			.map(object)
			.find(({ id }) => id === mediaId);
		if (file) return { timestamp: message.timestamp, ...file };
	}
	const { files } = await get({ path: '/media', query: { count: PAGE_SIZE, sort: 'desc' } });
	return objects(files).find(({ id }) => id === mediaId);
}

/** A link does not say when it expires. */
export function urlExpiresAt(): undefined {
	return undefined;
}

/** @param since when the file came: Unix seconds */
export function linkExpiresAt(since: unknown): string | undefined {
	return isoTimeAfter(isoTime(since), FILE_DAYS * DAY);
}

/** DELETE /media/{id} */
export async function deleteMedia(client: ApiClient, mediaId: string): Promise<void> {
	const reply = await client.send({ method: 'DELETE', path: mediaPath(mediaId) });
	if (object(reply.body).success === true) return;
	const error = apiError(reply, `Media ID ${mediaId} could not be deleted`);
	if (error.code !== 'gone' || isExplained(reply)) throw error;
	// A 404 without the API's words is not the API's own, and says nothing of the file.
	const { message, status } = error;
	throw new MediaError('permanent', message, 'Check Base URL in the credential.', { status });
}

/** The types that the raw form of POST /media lists, without documents, which need their names. Source: openapi.yaml 1.8.7. */
const RAW_TYPES = new Set([
	'image/jpeg',
	'image/png',
	'audio/mp4',
	'audio/amr',
	'audio/mpeg',
	'audio/ogg',
	'audio/aac',
	'video/mp4',
]);

/**
 * POST /media, in one of two forms. Images, audio and video go as raw bytes: the oldest form, which lets Whapi.Cloud
 * encode them as WhatsApp wants them. Everything else goes as a data URL in JSON: the only form that carries a file
 * name, and the safer one for types that the raw form does not list.
 */
export async function upload(client: ApiClient, given: OutgoingFile): Promise<UploadedMedia> {
	const file = { ...given, mimeType: safeMimeType(given.mimeType) };
	const form = RAW_TYPES.has(file.mimeType)
		? {
				headers: { 'Content-Type': file.mimeType, 'Content-Length': String(file.size) },
				body: file.content,
			}
		: dataUrl(file);
	const reply = await client.send({ method: 'POST', path: '/media', ...form });
	const mediaId = text(objects(object(reply.body).media)[0]?.id);
	if (reply.status !== 200 || !mediaId) throw apiError(reply, notAccepted(file));
	return { mediaId, expiresAt: new Date(Date.now() + FILE_DAYS * DAY).toISOString() };
}

/** `{"media":"data:application/pdf;name=invoice.pdf;base64,…","no_encode":…}`, made while it is sent. */
function dataUrl({
	fileName,
	mimeType,
	size,
	content,
}: OutgoingFile): Required<Pick<ApiRequest, 'headers' | 'body'>> {
	// A document must arrive as it is; an image of an unlisted type, as WhatsApp can show it.
	const noEncode = !/^(image|audio|video)\//.test(mimeType);
	// "#" would end the URL's data; types may have it.
	const type = mimeType.replaceAll('#', '%23');
	const start = `data:${type};name=${encodeURIComponent(fileName)};base64,`;
	const [head, tail] = around(JSON.stringify({ no_encode: noEncode, media: start }), '"}');
	const length = head.length + Math.ceil(size / 3) * 4 + tail.length;
	return {
		headers: { 'Content-Type': 'application/json', 'Content-Length': String(length) },
		body: Buffer.isBuffer(content)
			? Buffer.concat([head, Buffer.from(content.toString('base64')), tail])
			: transformStream(content, async function* (chunks) {
					yield head;
					yield* base64Chunks(chunks);
					yield tail;
				}),
	};
}

/** The bytes of JSON before and from its end on, so that more can stand in between. */
function around(json: string, end: string): [head: Buffer, tail: Buffer] {
	return [Buffer.from(json.slice(0, -end.length)), Buffer.from(end)];
}

async function* base64Chunks(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
	let rest = Buffer.alloc(0);
	for await (const chunk of chunks) {
		const bytes = Buffer.concat([rest, chunk]);
		// Base64 takes three bytes at a time.
		const whole = bytes.length - (bytes.length % 3);
		rest = bytes.subarray(whole);
		yield Buffer.from(bytes.toString('base64', 0, whole));
	}
	yield Buffer.from(rest.toString('base64'));
}
