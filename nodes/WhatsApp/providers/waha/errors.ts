import { MediaError, shorten } from '../../errors';
import type { ApiReply } from '../provider';
import { object, text } from '../read';
import { replyError, shownWords, type Meaning } from '../replyError';

/**
 * The error that a reply without success means. Its body is NestJS's, `{"message","error"?,"statusCode"}`, or
 * `{"error","session","status","expected"}` of a session that is not running.
 * @param what what was tried, as the beginning of a sentence: `Media ID 123 could not be looked up`
 */
export function apiError(reply: ApiReply, what: string): MediaError {
	const { message, error, status: session } = object(reply.body);
	const sentence = text(message) ?? text(error) ?? '';
	const words = sentence ? `WAHA says "${firstLine(reply, sentence)}"` : 'no explanation';
	const said = `${words} (HTTP ${reply.status})`;
	const meaning = meaningOf(reply.status, sentence, text(session));
	return replyError(reply, { what, said }, meaning, NOT_WAHA);
}

function meaningOf(status: number, sentence: string, session?: string): Meaning | undefined {
	if (status === 401) return ['credential', WRONG_KEY];
	if (status === 403) return ['credential', NO_ACCESS];
	// "The feature is available only in Plus version …"
	if (/plus version/i.test(sentence)) return ['permanent', PLUS];
	if (status === 404)
		return /session/i.test(sentence)
			? ['credential', `WAHA has no such session. ${NO_SESSION}`]
			: ['gone', NO_MESSAGE];
	return session
		? ['temporary', SESSION_PROBLEMS.get(session) ?? 'Wait until the session is WORKING.']
		: undefined;
}

const WRONG_KEY =
	'The API key in the credential does not belong to this WAHA. It is WAHA_API_KEY (or WHATSAPP_API_KEY) of its container. If that is not set, WAHA prints a new one each time it starts.';
const NO_ACCESS =
	'The API key in the credential has no access to this session, or lacks a permission. Check Session in the credential, or use another key.';
const PLUS =
	'This is the free WAHA from before version 2026.6.1. Update it to a newer version, which can do this.';
export const NO_SESSION = 'Check Session in the credential; WAHA’s Dashboard lists the sessions.';
const NO_MESSAGE =
	'Use the field mediaId of the trigger: it is the ID of a message. With the engine NOWEB, switch its store on (config.noweb.store.enabled).';
export const NOT_WAHA =
	'Check Base URL in the credential: something other than WAHA may be answering there.';

const PASSKEY = 'Follow the steps for the passkey in WAHA’s Dashboard.';

/** What to do about a session that waits for a person, by its status. Every other it leaves by itself. */
export const SESSION_PROBLEMS = new Map([
	['SCAN_QR_CODE', 'Open WAHA’s Dashboard and log in to WhatsApp with the phone.'],
	['PASSKEY_REQUIRED', PASSKEY],
	['PASSKEY_CONFIRMATION_REQUIRED', PASSKEY],
	['STOPPED', 'Start the session in WAHA’s Dashboard.'],
	['FAILED', 'Restart the session in WAHA’s Dashboard, or log in again.'],
]);

/**
 * Why WAHA has no file.
 * @param error a text, or an error of gRPC, Axios, Boom or OpenSSL
 * @param what what was tried, as the beginning of a sentence
 */
export function fileError(reply: ApiReply, error: unknown, what: string): MediaError {
	const { details, message, reason, output } = object(error);
	const { message: boom } = object(object(output).payload);
	const sentences = [error, details, boom, message, reason].flatMap((one) => text(one) ?? []);
	const title = `${what}: WAHA says "${firstLine(reply, sentences[0] ?? 'no reason given')}"`;
	if (sentences.some((sentence) => /decrypt/i.test(sentence)))
		return new MediaError('permanent', title, 'Ask the sender to send the file again.');
	// Asked again later, WhatsApp has given such files after all (WAHA issues 2085, 2131).
	const description =
		'WhatsApp did not give WAHA the file. Run it again later, or ask the sender to send it again.';
	return new MediaError('temporary', title, description);
}

function firstLine(reply: ApiReply, sentence: string): string {
	return shorten(shownWords(reply, sentence.split('\n')[0]!));
}
