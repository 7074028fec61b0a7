import type { IDataObject } from 'n8n-workflow';

import { mimeEssence } from '../formats/mimeTypes';
import { byteCount, isoTime, omitUndefined, sha256Hex } from '../providers/read';

/**
 * What an item says of its file. Items come from tables, forms and other nodes, too: what cannot be read counts as not said,
 * so that nothing false is believed and nothing throws.
 */
export interface ItemFile {
	mediaId?: string;
	messageId?: string;
	/** The account that received it. */
	accountId?: string;
	url?: string;
	/** When `url` expires; ISO 8601, UTC. */
	expiresAt?: string;
	mimeType?: string;
	/** Lower-case hex. */
	sha256?: string;
	/** Bytes. */
	size?: number;
	fileName?: string;
	/** `image`, `voice`, … */
	type?: string;
	/** When its message was sent; ISO 8601, UTC. */
	timestamp?: string;
}

export function itemFile(json: IDataObject): ItemFile {
	return omitUndefined({
		mediaId: readText(json.mediaId),
		messageId: readText(json.messageId),
		accountId: readText(json.accountId),
		url: readText(json.url),
		expiresAt: readTime(json.urlExpiresAt),
		mimeType: mimeEssence(readText(json.mimeType)) || undefined,
		sha256: sha256Hex(readText(json.sha256)),
		// An empty cell of a table may become 0; no file has no bytes.
		size: byteCount(readText(json.size)) || undefined,
		fileName: readText(json.fileName),
		type: readText(json.type),
		timestamp: readTime(json.timestamp),
	});
}

/** A text or a number as a text without spaces around it; nothing where it is empty, or anything else. */
export function readText(value: unknown): string | undefined {
	if ((typeof value !== 'string' && typeof value !== 'number') || Number.isNaN(value))
		return undefined;
	return String(value).trim() || undefined;
}

/** Database nodes hand out `Date`, and expressions Luxon's `DateTime`: both become texts as JSON does it. */
function readTime(value: unknown): string | undefined {
	const { toJSON } = Object(value) as { toJSON?: unknown };
	const plain = typeof toJSON === 'function' ? (toJSON.call(value) as unknown) : value;
	return isoTime(readText(plain));
}

/** The fields that tell something about a file, rather than about its message. */
const FILE_FIELDS = [
	'url',
	'urlExpiresAt',
	'tokenRequired',
	'expiresAt',
	'mimeType',
	'sha256',
	'size',
	'fileName',
	'verified',
];

/** The same, under names that other people's items have for other things: the voice of a text-to-speech service. */
const FILE_FIELDS_OF_OURS = ['voice', 'animated', 'unavailable', 'reason', 'reasonText', 'deleted'];

/** An item's fields without those about its file, which must not stand beside another file's ID. */
export function withoutFile(json: IDataObject): IDataObject {
	return omit(json, isOurs(json) ? [...FILE_FIELDS, ...FILE_FIELDS_OF_OURS] : FILE_FIELDS);
}

/** Whether the item is about a file of WhatsApp's, or about one that did not arrive. */
function isOurs(json: IDataObject): boolean {
	return itemFile(json).mediaId !== undefined || json.unavailable === true;
}

/** An item's fields that may stand beside this file: all where it is the item's own, else those about no file. */
export function fieldsBeside(
	{ mediaId, url }: { mediaId?: string; url?: string },
	json: IDataObject,
): IDataObject {
	const own = itemFile(json);
	const isOwn = mediaId ? mediaId === own.mediaId : url === own.url;
	if (isOwn) return json;
	return isOurs(json) ? omit(withoutFile(json), ['mediaId', 'type']) : withoutFile(json);
}

function omit(json: IDataObject, names: string[]): IDataObject {
	return Object.fromEntries(Object.entries(json).filter(([name]) => !names.includes(name)));
}

/**
 * Whether an item of the trigger's is about no file: a text, a file that did not arrive, a send that failed. The nodes pass it
 * on as it is, so that one chain serves all that a trigger starts on. A media ID or URL that it got meanwhile, or that the form
 * asks for, leads to a file all the same.
 */
export function hasNoFile(
	json: IDataObject,
	{ mediaId, url }: { mediaId?: string; url?: string },
): boolean {
	if (url) return false;
	if (!mediaId) {
		const isText = json.type === 'text' && json.text !== undefined;
		return isText || json.unavailable === true || json.origin === 'failed';
	}
	return json.unavailable === true && mediaId === itemFile(json).mediaId;
}
