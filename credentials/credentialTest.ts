import type { ICredentialTestRequest } from 'n8n-workflow';

import { providers } from '../nodes/WhatsApp/providers';

/** Statuses that stand for themselves: n8n sees an error, and looks for a rule of `whenStatus`. */
const OUTAGES = [500, 502, 503, 504];

const NOT_THE_API =
	'The answer is not one of the provider’s API. Check Base URL: it is empty, unless you run a relay.';

/** What the button *Test* does: a request to the provider, and a sentence for each answer that means trouble. */
export const credentialTest: ICredentialTestRequest = {
	request: testRequest(),
	rules: [
		...metaRules(),
		...pipesRules(),
		...whapiRules(),
		...OUTAGES.map((status) =>
			whenStatus(status, 'The provider is not available right now. Try again in a few minutes.'),
		),
		// The body is a web page, or empty.
		whenBody('0', '<', NOT_THE_API),
		whenBody('length', 0, NOT_THE_API),
		// The type wants rules of one kind; n8n reads each by its own.
	] as Array<ReturnType<typeof whenBody>>,
};

/**
 * One request without side effects for each provider. With every status that is not in `except`, the rules read the body:
 * it says more than the status does.
 */
function testRequest(): ICredentialTestRequest['request'] {
	const baseUrls = Object.fromEntries(
		Object.entries(providers).map(([name, { defaultBaseUrl }]) => [name, defaultBaseUrl]),
	);
	const paths = {
		whapi: '/health?wakeup=false',
		// Nothing else answers without side effects. Only a good key is told that this file does not exist.
		pipes: '/v1/media/download/n8n-credential-test-0',
	};
	const errorStatuses = {
		meta: [404, ...OUTAGES],
		whapi: [402, 403, 404, 429, ...OUTAGES],
		pipes: [401, 429, ...OUTAGES],
	};
	return {
		baseURL: `={{ $credentials.baseUrl || ${byProvider(baseUrls)} }}`,
		url: `={{ ${byProvider(paths)} || '/' + $credentials.apiVersion + '/' + ($credentials.phoneNumberId.trim() || 'me') }}`,
		qs: {
			fields: `={{ $credentials.provider !== 'meta' ? undefined : $credentials.phoneNumberId.trim() ? 'id,display_phone_number,verified_name' : 'id' }}`,
		},
		disableFollowRedirect: true,
		ignoreHttpStatusErrors: {
			ignore: true,
			except: `={{ ${byProvider(errorStatuses)} }}` as unknown as number[],
		},
	};
}

/** Part of an n8n expression: the value for the credential's provider. */
function byProvider(values: Record<string, unknown>): string {
	return `(${JSON.stringify(values)})[$credentials.provider]`;
}

function metaRules() {
	const noPermission =
		'The access token lacks a permission: it needs whatsapp_business_messaging and whatsapp_business_management.';
	return [
		whenBody(
			'error.error_subcode',
			463,
			'The access token has expired. Tokens from the dashboard last 24 hours: make a permanent one for a System User.',
		),
		whenBody('error.code', 104, 'The access token is missing. Paste it into the credential.'),
		whenBody(
			'error.code',
			190,
			'The access token is not valid. Paste it again, whole: it starts with EAA and is neither the app secret nor an ID.',
		),
		whenBody(
			'error.error_subcode',
			33,
			'The phone number ID is unknown, or the access token may not use it. Copy it from your app → WhatsApp → API Setup, below the number; the account ID stands right beside it.',
		),
		whenBody(
			'error.code',
			100,
			'This is not a phone number ID; it looks like the WhatsApp Business Account ID. The two stand side by side in your app → WhatsApp → API Setup: copy the other one.',
		),
		whenBody('error.code', 10, noPermission),
		whenBody('error.code', 200, noPermission),
		whenBody(
			'error.code',
			4,
			'Meta limits this app’s requests right now. Try again in a few minutes.',
		),
		// Every other error of the Graph API has one of these types.
		...['OAuthException', 'GraphMethodException', 'FacebookApiException'].map((type) =>
			whenBody(
				'error.type',
				type,
				'Meta refuses the access token or the IDs. Copy them again, and check API Version (like v25.0).',
			),
		),
	];
}

function pipesRules() {
	const badKey =
		'The API key is not valid. Copy it again, whole, from the Pipes.bot dashboard: it starts with pk_ or ak_live_.';
	return [whenBody('code', 'UNAUTHORIZED', badKey), whenStatus(401, badKey)];
}

function whapiRules() {
	const noChannel =
		'The token belongs to no channel. Copy it again, whole, from the channel’s page at panel.whapi.cloud; with Meta, check Base URL.';
	const notLoggedIn =
		'The token is right, but its channel is not logged in to WhatsApp. Open it at panel.whapi.cloud and scan the QR code with the phone.';
	return [
		whenStatus(404, noChannel),
		// n8n 1 ignores every status, or none.
		whenBody('error.code', 404, noChannel),
		whenBody('error.code', 401, notLoggedIn),
		whenBody('status.text', 'QR', notLoggedIn),
		...['NOT_INIT', 'STOP', 'ERROR', 'SYNC_ERROR'].map((text) =>
			whenBody(
				'status.text',
				text,
				`The token is right, but its channel is not running (${text}). Start it at panel.whapi.cloud.`,
			),
		),
	];
}

/** The test fails with this message when the provider answers with this status. */
function whenStatus(value: number, message: string) {
	return { type: 'responseCode' as const, properties: { value, message } };
}

/** The test fails with this message when `key` of the answer has this value. The first rule that fits counts. */
function whenBody(key: string, value: unknown, message: string) {
	return { type: 'responseSuccessBody' as const, properties: { key, value, message } };
}
