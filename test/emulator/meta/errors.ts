import { randomBytes } from 'node:crypto';
import type { Reply } from '../server';
import { credentials } from './credentials';

/** What Graph puts into `error`: https://developers.facebook.com/docs/graph-api/guides/error-handling. */
export interface GraphErrorBody {
	message: string;
	type: 'OAuthException' | 'GraphMethodException';
	code: number;
	error_subcode?: number;
	error_data?: { messaging_product: 'whatsapp'; details: string };
	/** Whether another try may help. */
	is_transient?: boolean;
	/** For people, in the language of the token's user. */
	error_user_title?: string;
	error_user_msg?: string;
}

export class GraphError extends Error {
	constructor(
		readonly status: number,
		readonly body: GraphErrorBody,
		readonly headers: Record<string, string> = {},
	) {
		super(body.message);
	}
}

function oauth(
	status: number,
	code: number,
	message: string,
	rest: Partial<GraphErrorBody> = {},
	headers?: Record<string, string>,
): GraphError {
	return new GraphError(status, { message, type: 'OAuthException', code, ...rest }, headers);
}

function whatsapp(
	status: number,
	code: number,
	title: string,
	details: string,
	headers?: Record<string, string>,
): GraphError {
	return oauth(
		status,
		code,
		`(#${code}) ${title}`,
		{ error_data: { messaging_product: 'whatsapp', details } },
		headers,
	);
}

const parameter = (message: string) => oauth(400, 100, `(#100) ${message}`);

/** The MIME types that the upload names when it refuses another, in the order of a recorded answer. */
export const ACCEPTED_MIME_TYPES = [
	'text/plain',
	'video/mp4',
	'video/3gpp',
	'image/jpeg',
	'image/png',
	'image/webp',
	'audio/aac',
	'audio/mp4',
	'audio/mpeg',
	'audio/amr',
	'audio/ogg',
	'audio/opus',
	'application/vnd.ms-powerpoint',
	'application/msword',
	'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
	'application/vnd.openxmlformats-officedocument.presentationml.presentation',
	'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
	'application/pdf',
	'application/vnd.ms-excel',
];

/** Graph's errors, each with the sentence of the page /support/error-codes or of a real log; where marked, a likely one. */
export const errors = {
	/** Unknown, deleted, expired or foreign: Graph does not tell which, and it is never a 404. */
	gone: (method: string, id: string) =>
		new GraphError(400, {
			message:
				`Unsupported ${method.toLowerCase()} request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, ` +
				'or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api',
			type: 'GraphMethodException',
			code: 100,
			error_subcode: 33,
		}),
	/** A path that names nothing; text unconfirmed. */
	unsupported: (method: string) =>
		new GraphError(400, {
			message: `Unsupported ${method.toLowerCase()} request. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api`,
			type: 'GraphMethodException',
			code: 100,
		}),
	nonexistingField: (field: string, nodeType: string) =>
		parameter(`Tried accessing nonexisting field (${field}) on node type (${nodeType})`),
	/** Recorded of DELETE with an ID of two parts. */
	wrongPostId: () => parameter('Invalid post_id parameter'),
	missingParameter: (name: string) => parameter(`The parameter ${name} is required.`),
	wrongMessagingProduct: (value: string) =>
		parameter(`Param messaging_product must be one of {WHATSAPP} - got "${value}".`),
	wrongMimeType: (received: string) =>
		parameter(
			`Param file must be a file with one of the following types: ${ACCEPTED_MIME_TYPES.join(', ')}. Received file of type '${received}'.`,
		),
	/** That it is a 400 is known, its sentence is not. */
	tooLarge: () => parameter('Media file size too big. Max file size we currently support: 100MB.'),
	wrongPhoneNumberId: () =>
		parameter('Param phone_number_id is not a valid whatsapp business phone number id ID'),
	/** A dead media ID, or one of another number, in a message. */
	wrongAttachment: (type: string) =>
		parameter(`Param ${type}['id'] is not a valid whatsapp business account media attachment ID`),
	/** From a real log: https://github.com/chatwoot/chatwoot/issues/12488. */
	notSubscribed: () =>
		parameter(
			'Before override the current callback uri, your app must be subscribed to receive messages for WhatsApp Business Account',
		),
	callbackTooLong: () => parameter('Param callback_url must be no longer than 200 characters'),
	callbackRefused: (why: string) =>
		oauth(400, 2200, `(#2200) Callback verification failed with the following errors: ${why}`),
	appTokenNeeded: () =>
		oauth(400, 15, '(#15) This method must be called with an app access_token.'),

	noToken: (status: 400 | 401 = 401) =>
		oauth(status, 104, 'An access token is required to request this resource.'),
	unparsableToken: () => oauth(401, 190, 'Invalid OAuth access token - Cannot parse access token'),
	/** Of an app token whose secret is not the app's, with this status: https://github.com/facebook/facebook-ios-sdk/issues/2242. */
	wrongTokenSignature: () => oauth(400, 190, 'Invalid OAuth access token signature.'),
	/**
	 * Also where the app does not ask for proofs, and of a token of another app:
	 * https://github.com/facebook/facebook-python-business-sdk/issues/528 (the whole body),
	 * https://github.com/facebookarchive/php-graph-sdk/issues/800, https://github.com/Kdyby/Facebook/pull/22.
	 */
	wrongProof: () =>
		new GraphError(400, {
			message: 'Invalid appsecret_proof provided in the API argument',
			type: 'GraphMethodException',
			code: 100,
		}),
	/** An app with "Require App Secret": https://stape.io/blog/api-calls-from-the-server-require-appsecret-proof-argument (the whole body). */
	proofNeeded: () =>
		new GraphError(400, {
			message: 'API calls from the server require an appsecret_proof argument',
			type: 'GraphMethodException',
			code: 100,
		}),
	expiredToken: (now = Date.now()) =>
		oauth(
			401,
			190,
			`Error validating access token: Session has expired on ${pacific(now - 86_400_000)}. The current time is ${pacific(now)}.`,
			{ error_subcode: 463 },
		),
	passwordChanged: () =>
		oauth(
			401,
			190,
			'Error validating access token: The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons.',
			{ error_subcode: 460 },
		),
	loggedOut: () =>
		oauth(
			401,
			190,
			'Error validating access token: The session is invalid because the user logged out.',
			{ error_subcode: 467 },
		),
	noPermission: () => oauth(403, 10, '(#10) Application does not have permission for this action'),
	noPermission200: () =>
		oauth(
			403,
			200,
			'(#200) You do not have the necessary permissions required to perform this action.',
		),
	blocked: () => oauth(403, 368, '(#368) Temporarily blocked for policies violations'),
	locked: () =>
		whatsapp(
			403,
			131031,
			'Account locked',
			'The WhatsApp Business Account associated with the app has been restricted or disabled.',
		),

	unknown: () => oauth(400, 1, '(#1) An unknown error has occurred.'),
	unavailable: () => oauth(503, 2, '(#2) Service temporarily unavailable'),
	appThrottled: () =>
		oauth(
			400,
			4,
			'(#4) Application request limit reached',
			{},
			{ 'X-App-Usage': '{"call_count":100,"total_cputime":12,"total_time":25}' },
		),
	accountThrottled: () => oauth(400, 80007, '(#80007) Rate limit issues', {}, throttled()),
	/** The sentence of Graph's page on rate limits. */
	accountCalledTooOften: () =>
		oauth(
			400,
			80008,
			'(#80008) There have been too many calls to this WhatsApp Business account. Wait a bit and try again.',
			{},
			throttled(),
		),
	userThrottled: () => oauth(400, 17, '(#17) User request limit reached'),
	pageThrottled: () => oauth(400, 32, '(#32) Page request limit reached'),
	customThrottled: () => oauth(400, 613, '(#613) Calls to this api have exceeded the rate limit.'),
	/** Any error may say of itself that it will be over; text unconfirmed. */
	transient: () =>
		oauth(400, 100, '(#100) Invalid parameter', { error_subcode: 2494102, is_transient: true }),
	/** A bare sentence, explained for people; the explanation's text is unconfirmed. */
	explained: () =>
		oauth(400, 100, 'Invalid parameter', {
			error_subcode: 2388084,
			is_transient: false,
			error_user_title: 'File Too Large',
			error_user_msg: 'The file you selected is too large. Choose a smaller one.',
		}),
	rateLimited: () =>
		oauth(
			400,
			130429,
			'(#130429) Rate limit hit',
			{
				error_data: {
					messaging_product: 'whatsapp',
					details: 'Cloud API message throughput has been reached.',
				},
			},
			throttled(),
		),
	somethingWentWrong: () =>
		whatsapp(
			500,
			131000,
			'Something went wrong',
			'Message failed to send due to an unknown error.',
		),
	serviceUnavailable: () =>
		whatsapp(500, 131016, 'Service unavailable', 'A service is temporarily unavailable.'),
};

/** The errors that need no argument, by the names that a fault is ordered with: code, or code/subcode. */
export const errorsByCode = {
	'1': errors.unknown,
	'2': errors.unavailable,
	'4': errors.appThrottled,
	'10': errors.noPermission,
	'17': errors.userThrottled,
	'32': errors.pageThrottled,
	'104': errors.noToken,
	'190': errors.unparsableToken,
	'190/460': errors.passwordChanged,
	'190/463': errors.expiredToken,
	'190/467': errors.loggedOut,
	'200': errors.noPermission200,
	'368': errors.blocked,
	'613': errors.customThrottled,
	'80007': errors.accountThrottled,
	'80008': errors.accountCalledTooOften,
	'130429': errors.rateLimited,
	'131000': errors.somethingWentWrong,
	'131016': errors.serviceUnavailable,
	'131031': errors.locked,
	explained: errors.explained,
	tooLarge: errors.tooLarge,
	transient: errors.transient,
	wrongPhoneNumberId: errors.wrongPhoneNumberId,
} satisfies Record<string, () => GraphError>;

/** `'190/463'`, `'131016'`, or the number 131016. */
export type ErrorName = keyof typeof errorsByCode | Numeric<keyof typeof errorsByCode>;
type Numeric<Name> = Name extends `${infer Code extends number}` ? Code : never;

export function errorReply(error: GraphError): Reply {
	const { message: sentence, type, code, error_data, error_subcode, ...others } = error.body;
	const word = [104, 190].includes(code) ? 'invalid_token' : 'invalid_request';
	const message = sentence.replace(/[^\x20-\x7e]/g, '?');
	const trace = traceId();
	return {
		status: error.status,
		headers: {
			'Cross-Origin-Resource-Policy': 'cross-origin',
			'X-App-Usage': '{"call_count":0,"total_cputime":0,"total_time":0}',
			'Cache-Control': 'no-store',
			'X-Fb-Request-Id': trace,
			'Proxy-Status': 'http_request_error',
			'Www-Authenticate': `OAuth "Facebook Platform" "${word}" "${message}"`,
			'Content-Type': 'application/json; charset=UTF-8',
			...error.headers,
		},
		body: phpJson({
			error: {
				message: sentence,
				type,
				code,
				...(error_data && { error_data }),
				...(error_subcode && { error_subcode }),
				...others,
				fbtrace_id: trace,
			},
		}),
	};
}

/** JSON as PHP writes it, in answers as in webhooks: `/` and everything beyond ASCII escaped, hex digits in lower case: the page /webhooks/create-webhook-endpoint. */
export function phpJson(value: unknown): string {
	return JSON.stringify(value)
		.replaceAll('/', '\\/')
		.replace(
			/[\u0080-\uffff]/g,
			(char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
		);
}

export function traceId(): string {
	return `A${randomBytes(17).toString('base64url').slice(0, 22)}`;
}

/** As recorded; times in minutes. Successes carry it, too. */
export function accountUsage(figures: {
	call_count: number;
	estimated_time_to_regain_access?: number;
}): Record<string, string> {
	const { call_count, estimated_time_to_regain_access = 0 } = figures;
	const times = { total_cputime: 1, total_time: 1, estimated_time_to_regain_access };
	const usage = { [credentials.businessAccountId]: [{ type: 'whatsapp', call_count, ...times }] };
	return { 'X-Business-Use-Case-Usage': JSON.stringify(usage) };
}

function throttled(): Record<string, string> {
	return accountUsage({ call_count: 100, estimated_time_to_regain_access: 1 });
}

/** `Friday, 30-Jul-21 06:41:07 PDT` */
function pacific(ms: number): string {
	const parts = new Intl.DateTimeFormat('en-US', {
		timeZone: 'America/Los_Angeles',
		weekday: 'long',
		day: '2-digit',
		month: 'short',
		year: '2-digit',
		hour: '2-digit',
		minute: '2-digit',
		second: '2-digit',
		hourCycle: 'h23',
		timeZoneName: 'short',
	}).formatToParts(ms);
	const get = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
	return `${get('weekday')}, ${get('day')}-${get('month')}-${get('year')} ${get('hour')}:${get('minute')}:${get('second')} ${get('timeZoneName')}`;
}
