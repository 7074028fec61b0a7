import { MediaError, TRY_AGAIN_SOON } from '../errors';
import { retryAfterMs } from '../providers/read';
import type { FileReply } from '../transport/client';
import { MB } from '../units';
import type { Digest } from './hashingStream';

/** What a download that fails tells the user. `subject` names the file and begins each sentence: `Media ID 123`. */

export function nothingToDownload(): MediaError {
	return new MediaError(
		'permanent',
		'There is neither a media ID nor a URL',
		'Put WhatsApp Media Trigger before this node, or fill in Media ID.',
	);
}

/** @param retention how long the provider keeps files, in one sentence */
export function notServed(
	subject: string,
	{ status, host, headers }: FileReply,
	retention: string,
): MediaError {
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
			`Either the access token in the credential is not valid for it, or the file has expired. ${retention}`,
			facts,
		);
	const isTemporary = status >= 500 || status === 429;
	return new MediaError(
		isTemporary ? 'temporary' : 'permanent',
		`${subject} could not be downloaded: ${host} answered with HTTP ${status}`,
		isTemporary ? TRY_AGAIN_SOON : 'Check the field URL.',
		facts,
	);
}

export function webPageInstead(subject: string, { host }: FileReply): MediaError {
	return new MediaError(
		'permanent',
		`${subject} could not be downloaded: ${host} sent a web page instead of the file`,
		'Run it again. If it stays so, a proxy or firewall between n8n and the file host may be answering in its place.',
	);
}

export function tooLarge(subject: string, maxBytes: number): MediaError {
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

export function emptyFile(subject: string): MediaError {
	return new MediaError(
		'permanent',
		`${subject} is empty (0 bytes)`,
		'Ask the sender to send the file again.',
	);
}

export function incomplete(subject: string, received: number, expected?: number): MediaError {
	return new MediaError(
		'temporary',
		`${subject} came incomplete: ${received} ${expected ? `of ${expected} ` : ''}bytes`,
		'The connection ended too early. Run it again.',
	);
}

export function stalled(subject: string, received: number, { host }: FileReply): MediaError {
	return new MediaError(
		'temporary',
		`${subject} stopped coming after ${received} bytes: ${host} is silent`,
		'Run it again. Timeout under Options says how long to wait for more.',
	);
}

export function damaged(subject: string): MediaError {
	return new MediaError(
		'temporary',
		`${subject} came damaged: two downloads differ from each other and from what WhatsApp announced`,
		'Run it again.',
	);
}

export function notAsAnnounced(
	subject: string,
	announced: { sha256?: string; size?: number },
	received: Digest,
): MediaError {
	return new MediaError(
		'permanent',
		announced.sha256
			? `${subject} does not match the hash that WhatsApp announced (SHA-256 ${announced.sha256}, received ${received.sha256})`
			: `${subject} has ${received.size} bytes, where WhatsApp announced ${announced.size}`,
		'The same bytes came twice. If you trust them, switch off Require Hash Match.',
	);
}
