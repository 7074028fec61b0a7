import { MediaError, TRY_AGAIN_SOON, type MediaErrorCode } from '../../errors';
import { MINUTE } from '../../units';
import type { ApiReply } from '../provider';
import { object, retryAfterMs, text } from '../read';
import { inOrder, NOT_THE_API, shownWords } from '../replyError';
import { RECEIVED_FILE_DAYS, UPLOADED_FILE_DAYS } from './fileLifetimes';

/**
 * Codes by what they mean for us. Meta says to build on the code, not on the HTTP status: code 1 comes with a 400, and
 * code 3 (a missing capability) with a 500. Source: WhatsApp → Support → Error codes, November 2025; for 17, 32, 613 and
 * 80008, Graph API → Overview → Rate limiting.
 */
const TEMPORARY = new Set([
	1, 2, 4, 17, 32, 613, 80007, 80008, 130429, 131000, 131016, 131056, 131057, 133004,
]);
const CREDENTIAL = new Set([0, 3, 10, 104, 190, 131005]);
/** Subcode of "object does not exist, or you may not see it"; Meta does not tell the two apart. */
const UNKNOWN_OBJECT = 33;

const UNKNOWN_MEDIA = `The file may be deleted or too old: Meta keeps received files for ${RECEIVED_FILE_DAYS} days and uploaded ones for ${UPLOADED_FILE_DAYS}. Otherwise it belongs to another phone number, or the access token has no access to it. Test messages from Meta’s dashboard refer to files that do not exist.`;

/** What to do where the unknown ID is no file's, but one in the credential. */
export const UNKNOWN_ID =
	'Check Phone Number ID in the credential: don’t enter the phone number itself. The System User of the access token must have the WhatsApp account.';

/** Of an app whose setting "Require App Secret" is on. */
export const PROOF_NEEDED = 'API calls from the server require an appsecret_proof argument';
export const ALLOW_UNSIGNED =
	'In its App Dashboard, switch off Require App Secret (App settings → Advanced → Security).';

/** "Callback verification failed with the following errors: …" */
const HANDSHAKE = 2200;

/** The error that a reply of Graph holds; nothing when it holds none, such as a proxy's page. */
export function graphError(reply: ApiReply) {
	const error = object(object(reply.body).error);
	const code = Number(error.code);
	if (!Number.isInteger(code)) return undefined;
	const subcode = Number(error.error_subcode) || undefined;
	// `error_data` is an object or, from some edges, a plain text.
	const details = text(object(error.error_data).details) ?? text(error.error_data);
	// A link to the general documentation helps nobody, and pushes our own description out of sight.
	const reason = text(error.message)?.replace(
		/\.? Please read the Graph API documentation at \S+$/,
		'',
	);
	// Beside a bare "Invalid parameter", Meta's explanation for people, in their language.
	const explanation = [text(error.error_user_title), text(error.error_user_msg)];
	const sentences = new Set([reason, details, ...explanation].filter(Boolean));
	const sentence = [...sentences].join(' — ');
	return {
		code,
		subcode,
		isTransient: error.is_transient === true,
		message: text(error.message) ?? '',
		sentence: sentence || 'no reason given',
	};
}

/**
 * The error that a reply without success means.
 * @param what what was tried, as the beginning of a sentence: `Media ID 123 could not be looked up`
 * @param unknownId what to do about an ID that Meta does not know
 */
export function apiError(reply: ApiReply, what: string, unknownId = UNKNOWN_MEDIA): MediaError {
	const facts = { status: reply.status, retryAfterMs: requestedWaitMs(reply) };
	const error = graphError(reply);
	if (!error) {
		const isTemporary = reply.status >= 500 || reply.status === 429;
		return new MediaError(
			isTemporary ? 'temporary' : 'permanent',
			`${what}: the API answered with HTTP ${reply.status} and no explanation`,
			isTemporary ? TRY_AGAIN_SOON : NOT_THE_API,
			facts,
		);
	}
	const { code, description } = explain(error, unknownId);
	const number = error.subcode ? `${error.code}/${error.subcode}` : error.code;
	const says = `Meta says "${shownWords(reply, error.sentence)}"`;
	// Its sentence names three causes and a page for developers: ours comes first.
	if (code === 'gone')
		return new MediaError(
			code,
			`${what}: not found (code ${number})`,
			unknownId === UNKNOWN_MEDIA ? `${description} ${says}.` : description,
			facts,
		);
	const said = `${says} (code ${number})`;
	return new MediaError(code, ...inOrder({ what, said }, [code, description]), facts);
}

/** Headers in which Meta counts calls by account, or by app. */
const USAGE_HEADERS = ['x-business-use-case-usage', 'x-app-usage'];

/** Rarely `Retry-After`; mostly minutes, of several the longest: `{"<id>":[{"estimated_time_to_regain_access":1}]}`. */
function requestedWaitMs({ headers }: ApiReply): number | undefined {
	const usage = USAGE_HEADERS.map((name) => headers[name] ?? '').join(' ');
	const minutes = [...usage.matchAll(/"estimated_time_to_regain_access"\s*:\s*"?(\d+)/g)];
	// Where nothing is to be waited for, the headers say 0.
	const longest = Math.max(0, ...minutes.map(([, number]) => Number(number))) * MINUTE;
	return retryAfterMs(headers['retry-after']) ?? (longest || undefined);
}

interface Explanation {
	code: MediaErrorCode;
	description: string;
}

function explain(
	{ code, subcode, isTransient, sentence }: NonNullable<ReturnType<typeof graphError>>,
	unknownId: string,
): Explanation {
	if (isTransient || TEMPORARY.has(code))
		return {
			code: 'temporary',
			description: 'Meta calls this temporary. Run it again later, with fewer files at a time.',
		};
	if (code === 100 && subcode === UNKNOWN_OBJECT) return { code: 'gone', description: unknownId };
	if (code === 190)
		return {
			code: 'credential',
			description:
				subcode === 463
					? 'The access token in the credential has expired. Tokens from the dashboard last 24 hours: create a permanent one for a System User (business.facebook.com → Settings → System users).'
					: 'The access token in the credential is not valid. Copy and paste the complete token: it starts with EAA, and is neither the app secret nor an ID.',
		};
	if (CREDENTIAL.has(code) || (code >= 200 && code < 300))
		return {
			code: 'credential',
			description:
				'The access token in the credential lacks a permission. Give its System User the app and the WhatsApp account, with whatsapp_business_messaging and whatsapp_business_management, and create a new token.',
		};
	if (sentence.startsWith(PROOF_NEEDED))
		return {
			code: 'credential',
			description: `The app accepts signed requests only. ${ALLOW_UNSIGNED}`,
		};
	if (code === HANDSHAKE) return { code: 'handshake', description: handshakeDescription(sentence) };
	return {
		code: 'permanent',
		description: 'Fix the problem that Meta describes, then run it again.',
	};
}

/** Meta tells what its own request to our URL met: a status line, or curl's error. */
function handshakeDescription(sentence: string): string {
	const status = /HTTP Status Code = (\d+)/.exec(sentence)?.[1];
	if (/curl_errno = 28/.test(sentence))
		return 'n8n did not answer Meta in time. Check that the webhook URL can be reached from the internet.';
	if (status === '404')
		return 'Meta reached a server that does not know this webhook. Check that WEBHOOK_URL of n8n is its public address, and that the proxy passes GET requests on.';
	if (status === '403')
		return 'n8n refused the verify token. Check that nothing between Meta and n8n changes the query of the URL.';
	if (status === '200')
		return 'Something else answered instead of n8n. Check the proxy in front of it.';
	if (status === '0' || !status)
		return 'Meta could not connect to n8n. Its address must be public, with https and a valid certificate.';
	return `Meta got HTTP ${status} from n8n's address. Check the proxy in front of it.`;
}
