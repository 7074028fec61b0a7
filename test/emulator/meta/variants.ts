const MB = 1024 * 1024;

/** The facts that no source settles, or that differ from account to account, as switches. The defaults are the likeliest. */
export interface MetaVariants {
	/** `file_size` of an answer: real traffic has numbers, the media page has strings. */
	fileSize: 'number' | 'string';
	/** Encoding of `sha256` in the answer to GET: hex in real traffic. */
	getHash: 'hex' | 'base64';
	/** Encoding of `sha256` in webhooks: base64 in real traffic. */
	webhookHash: 'base64' | 'hex';
	/** `mime_type` in the answer to GET, with its parameters (`; codecs=opus`) or without: no source says. */
	getMimeType: 'full' | 'bare';
	/** Whether `sha256` is that of the bytes; nobody proved that it always is. */
	hash: 'right' | 'wrong' | 'absent';
	/** The file host on a URL past its expiry: 404 is on the media page, 401 was seen. */
	expiredUrl: 401 | 403 | 404 | 410;
	/** The file host on a User-Agent that it does not accept; `html` is a page with status 200. */
	refusedUserAgent: 404 | 401 | 'html';
	/** Graph without a token: 401 in Meta's OpenAPI file, 400 elsewhere. */
	missingToken: 401 | 400;
	/** GET of inbound media with its own phone_number_id; `refused` is https://github.com/chatwoot/chatwoot/issues/13317. */
	phoneNumberIdOnInbound: 'ok' | 'refused';
	/** The query of the URL that GET gives, in its order: that of the recording, others have `source`, and `ext,hash,mid`. */
	urlQuery: ReadonlyArray<'mid' | 'source' | 'ext' | 'hash'>;
	/** Whether the file host tells the name of what a customer sent, as it does of uploads: no source says. */
	inboundNames: 'told' | 'absent';
	/** Files without a Content-Length. */
	chunkedFiles: boolean;
	/**
	 * Largest upload in bytes, by the first half of the MIME type. The media page has them. Stickers count as documents: a WebP
	 * of 2 MB was taken, though the page says 500 KB.
	 */
	uploadLimits: Record<'image' | 'audio' | 'video' | 'document', number>;
	/** The answer to a larger one: a Graph error of code 100, or the HTML of a proxy with status 413. */
	tooLarge: 'error' | 'html413';
	/** An account's ID asked for a phone number's fields: Graph's usual answer, or 100/33. */
	accountAsPhoneNumber: 'nonexistingField' | 'gone';
	/** Whether a phone number's `health_status` names its account and app, or Graph does not know the field. */
	healthStatus: 'known' | 'unknown';
	/** The code for a token without the permission that a call needs: the page /support/error-codes has both. */
	missingPermission: 10 | 200;
	/**
	 * What must be subscribed before Meta accepts an override of the callback: the account in the real logs of
	 * https://github.com/chatwoot/chatwoot/issues/12488; third parties say the app, too.
	 */
	overrideNeeds: 'account' | 'accountAndApp' | 'nothing';
	/** The app's setting "Require App Secret": every call takes a proof. */
	requireAppSecret: boolean;
	/** A "no storage" number: media live an hour, uploads as long as their ttl_minutes says: the page /no-storage. */
	noStorage: boolean;
	/** Milliseconds that a webhook has for its answer; undocumented. */
	webhookTimeout: number;
}

export function defaultVariants(): MetaVariants {
	return {
		fileSize: 'number',
		getHash: 'hex',
		getMimeType: 'full',
		webhookHash: 'base64',
		hash: 'right',
		expiredUrl: 404,
		refusedUserAgent: 404,
		missingToken: 401,
		phoneNumberIdOnInbound: 'ok',
		urlQuery: ['mid', 'ext', 'hash'],
		inboundNames: 'absent',
		chunkedFiles: false,
		uploadLimits: {
			image: 5 * MB,
			audio: 16 * MB,
			video: 16 * MB,
			document: 100 * MB,
		},
		tooLarge: 'error',
		accountAsPhoneNumber: 'nonexistingField',
		healthStatus: 'known',
		missingPermission: 10,
		overrideNeeds: 'account',
		requireAppSecret: false,
		noStorage: false,
		webhookTimeout: 10_000,
	};
}
