import { MediaError, shorten } from '../errors';

/**
 * Checks a media ID before it becomes part of a path: an item can hold whatever a stranger wrote.
 * @param shape what the vendor's IDs look like, whole
 * @param inWords the same, to follow "Media IDs of <vendor> are"
 * @throws MediaError
 */
export function checkMediaId(
	mediaId: string,
	{ vendor, shape, inWords }: { vendor: string; shape: RegExp; inWords: string },
): void {
	if (shape.test(mediaId)) return;
	throw new MediaError(
		'permanent',
		`Media ID ${shorten(mediaId) || '(empty)'} does not look like one from ${vendor}`,
		`Media IDs of ${vendor} are ${inWords}. Take it from the field mediaId of WhatsApp Media Trigger or Upload Media, with the credential of the same provider.`,
	);
}
