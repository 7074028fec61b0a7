import type { MediaMessage, MediaType } from '../mediaMessage';
import { object, text, type Json } from '../read';
import { unavailable } from '../unavailableFile';
import { readError } from './readError';

/** `unsupported.type` of what is no file. Source: Meta, webhooks/reference/messages/unsupported, March 2026. */
const NO_FILES = new Set([
	'edit',
	'group_invite',
	'hsm',
	'interactive',
	'keep_in_chat',
	'link_preview',
	'list',
	'location',
	'order',
	'pin',
	'poll_creation',
	'poll_update',
	'product',
	'reaction',
]);

const FILES = new Map<string | undefined, MediaType>(
	Object.entries({
		image: 'image',
		gif: 'video',
		video: 'video',
		audio: 'audio',
		voice: 'voice',
		document: 'document',
		sticker: 'sticker',
	}),
);

/**
 * A message of which the vendor has nothing but the fact that it came: a file that was too large, a view-once photo. Often
 * nothing says what it was; then it counts as a file, else nobody would hear of it.
 */
export function readUnsupported(message: Json): Partial<MediaMessage> | undefined {
	if (message.type !== 'unsupported') return undefined;
	const kind = text(object(message.unsupported).type);
	if (kind && NO_FILES.has(kind)) return undefined;
	const { errorCode, reasonText } = readError(message);
	const isViewOnce = /view_?once/.test(kind ?? '');
	return {
		type: FILES.get(kind),
		errorCode,
		...unavailable(reasonText, isViewOnce ? 'viewOnce' : undefined),
	};
}
