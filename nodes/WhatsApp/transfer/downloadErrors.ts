import { MediaError, TRY_AGAIN_SOON } from '../errors';
import { retryAfterMs } from '../providers/read';
import type { FileReply } from '../transport/client';
import { MB } from '../units';
import { EXPIRED_STATUSES } from './fileSource';
import { BrokenOff } from './resumingReply';
import type { Digest } from './hashingStream';

/** What a download that fails tells the user. `subject` names the file and begins each sentence: `Media ID 123`. */

export function nothingToDownload(): MediaError {
	return new MediaError(
		'permanent',
		'There is neither a media ID nor a URL',
		'Clear Media ID, then drag mediaId into it from the node that has it. For a gateway’s message, the item must hold the file’s link and its media key.',
	);
}

export function keyWithoutLink(): MediaError {
	return new MediaError(
		'permanent',
		'Media Key is given, but no link to the encrypted file',
		'Enter the link in URL. A file with a media ID needs no key: for it, remove Media Key under Options.',
	);
}

/**
 * @param given.retention how long the provider keeps files, in one sentence
 * @param given.isNewUrl whether the provider's API gave out the URL a moment ago
 */
export function notServedError(
	subject: string,
	{ status, host, headers }: FileReply,
	{ retention, isNewUrl }: { retention: string; isNewUrl: boolean },
): MediaError {
	if (isNewUrl && EXPIRED_STATUSES.includes(status))
		return new MediaError(
			'temporary',
			`${subject} was refused by ${host} (HTTP ${status}), at a URL that the provider had just issued`,
			`${TRY_AGAIN_SOON} ${retention}`,
			{ status, retryAfterMs: retryAfterMs(headers['retry-after']) },
		);
	const facts = { status, retryAfterMs: retryAfterMs(headers['retry-after']) };
	if (status === 404 || status === 410)
		return new MediaError(
			'gone',
			`${subject} is not available at ${host} (HTTP ${status})`,
			`It may have expired. ${retention} Ask the sender to send it again.`,
			facts,
		);
	if (status === 401 || status === 403)
		return new MediaError(
			'credential',
			`${subject} was refused by ${host} (HTTP ${status})`,
			`The access token in the credential is not valid for it, or the file has expired. ${retention}`,
			facts,
		);
	const isTemporary = status >= 500 || status === 429;
	return new MediaError(
		isTemporary ? 'temporary' : 'permanent',
		`${subject} could not be downloaded: ${host} answered with HTTP ${status}`,
		isTemporary ? TRY_AGAIN_SOON : 'Check URL in the node.',
		facts,
	);
}

/** For a file at WhatsApp's own host. `expiredAt`: since when its link says so itself; ISO 8601. */
export function linkExpired(
	subject: string,
	{ status }: FileReply,
	{ isOfForm, expiredAt }: { isOfForm: boolean; expiredAt?: string },
): MediaError {
	const since = expiredAt
		? `its link expired on ${expiredAt.slice(0, 10)}`
		: 'its link has expired, or WhatsApp has deleted it';
	return new MediaError(
		'gone',
		`${subject} is no longer there: ${since} (HTTP ${status})`,
		isOfForm
			? 'WhatsApp keeps the files of forms for 20 days at most, and their links cannot be renewed. Download them as soon as they arrive; ask for this one again.'
			: 'WhatsApp keeps the files of chats for about 30 days, some for less. Only the gateway can get this one again, from the phone: use its API call that downloads the media of a message (in Evolution API: getBase64FromMediaMessage). Otherwise ask the sender to send it again.',
		{ status },
	);
}

/** A link without what decrypts the file behind it. */
export function mediaKeyMissing(): MediaError {
	return new MediaError(
		'permanent',
		'This link leads to an encrypted file, and the item has no media key',
		'The file cannot be read without the mediaKey of its message. Let the gateway send the whole message, or enter the key in Media Key under Options.',
	);
}

/** @param paths where in the item they are */
export function severalFiles(paths: string[]): MediaError {
	const list = /^(.*)\[\d+\]$/.exec(paths[0]!)?.[1];
	return new MediaError(
		'permanent',
		`The item has ${paths.length} encrypted files, and Download Media takes one for each item`,
		`They are in ${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ', …' : ''}. ` +
			(list
				? `Put Split Out before this node, with ${list} in Fields To Split Out.`
				: 'Put Edit Fields before this node, to keep one of them.'),
	);
}

/** A message that names another place than WhatsApp's for its file: whoever made it could have n8n call any host. */
export function otherHost(path: string, url: string): MediaError {
	return new MediaError(
		'permanent',
		`The file of ${path || 'the item'} is at ${new URL(url).host}, which is not WhatsApp’s`,
		'If you trust that host, enter the link in URL, and the key in Media Key under Options.',
	);
}

/** A page in place of the file. Some hosts answer an expired URL that way. */
export class WebPageInstead extends MediaError {
	/** @param hasId whether the provider has named the file: then the page contradicts it, and may be gone at the next try */
	constructor(subject: string, { host }: FileReply, hasId: boolean) {
		super(
			hasId ? 'temporary' : 'permanent',
			`${subject} could not be downloaded: ${host} sent a web page instead of the file`,
			'Run it again. If this keeps happening, a proxy or firewall may be answering instead of the file host.',
		);
	}
}

export function tooLargeError(subject: string, maxBytes: number): MediaError {
	return new MediaError(
		'permanent',
		`${subject} is larger than the ${maxBytes / MB} MB allowed here`,
		'Raise Maximum Size under Options to accept it.',
	);
}

export function typeNotAllowed(subject: string, mimeType: string, allowed: string[]): MediaError {
	return new MediaError(
		'permanent',
		`${subject} is of type ${mimeType}, which is not allowed here`,
		`Allowed: ${allowed.join(', ')}. Change Allowed MIME Types under Options to accept it.`,
	);
}

export function emptyFileError(subject: string): MediaError {
	return new MediaError(
		'permanent',
		`${subject} is empty (0 bytes)`,
		'Ask the sender to send the file again.',
	);
}

/** @param cause the error that the body ended with */
export function incompleteError(
	subject: string,
	{ received, expected }: { received: number; expected?: number },
	cause?: unknown,
): MediaError {
	return new MediaError(
		'temporary',
		`${subject} was incomplete: ${received} ${expected && expected > received ? `of ${expected} ` : ''}bytes`,
		'The connection ended too early. Run it again.',
		cause instanceof BrokenOff ? cause : {},
	);
}

export function longerThanAnnounced(
	subject: string,
	received: number,
	announced: number,
): MediaError {
	return new MediaError(
		'permanent',
		`${subject} is much longer than announced: ${received} bytes so far, and WhatsApp announced ${announced}`,
		'This may not be the right file. If the item comes from another source, remove its field size.',
	);
}

export function stalledError(subject: string, received: number, { host }: FileReply): MediaError {
	return new MediaError(
		'temporary',
		`${subject} stopped after ${received} bytes: ${host} sent no more data, or almost none`,
		'Run it again. To wait longer for data, raise Timeout under Options.',
	);
}

export function damagedError(subject: string): MediaError {
	return new MediaError(
		'temporary',
		`${subject} was damaged: two downloads differ from each other and from what WhatsApp announced`,
		'Run it again.',
	);
}

export function noHash(subject: string): MediaError {
	return new MediaError(
		'permanent',
		`${subject} came without a hash to compare it with`,
		'If the provider never sends one, switch off Require Hash Match.',
	);
}

export function notAsAnnounced(subject: string, sha256: string, received: Digest): MediaError {
	return new MediaError(
		'permanent',
		`${subject} does not match the hash that WhatsApp announced (SHA-256 ${sha256}, received ${received.sha256})`,
		'The file was identical in two downloads. If you trust it, switch off Require Hash Match.',
	);
}
