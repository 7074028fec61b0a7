import type { ICredentialTestRequest, ICredentialType, INodeProperties } from 'n8n-workflow';

import { authenticate } from '../nodes/WhatsApp/transport/authenticate';
import { providers } from '../nodes/WhatsApp/providers';

const onlyMeta = { show: { provider: ['meta'] } };
const onlyWhapi = { show: { provider: ['whapi'] } };
const onlyPipes = { show: { provider: ['pipes'] } };

/** Picks the value for the credential's provider, in an expression. */
const byProvider = (values: Record<string, unknown>) => `(${JSON.stringify(values)})[$credentials.provider]`;

const baseUrls = Object.fromEntries(Object.entries(providers).map(([name, { defaultBaseUrl }]) => [name, defaultBaseUrl]));

const OUTAGES = [500, 502, 503, 504];

export class WhatsAppMediaApi implements ICredentialType {
	name = 'whatsAppMediaApi';

	displayName = 'WhatsApp Media API';

	icon = { light: 'file:../nodes/WhatsApp/icons/whatsAppMedia.svg', dark: 'file:../nodes/WhatsApp/icons/whatsAppMedia.dark.svg' } as const;

	documentationUrl = 'https://github.com/n8n-nodes-whatsapp-media/n8n-nodes-whatsapp-media#credential';

	// `authenticate` keeps the token to the provider's hosts, which is narrower than these fields could say.
	hideDomainRestrictionFields = true;

	properties: INodeProperties[] = [
		{
			displayName: 'Provider',
			name: 'provider',
			type: 'options',
			options: Object.entries(providers).map(([value, { displayName }]) => ({ name: displayName, value })),
			default: 'meta',
			description: 'Where your WhatsApp number is connected',
		},
		{
			displayName: 'Access Token',
			name: 'accessToken',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			placeholder: 'e.g. EAAG…',
			description: 'A permanent token of a System User that has your app and your WhatsApp account. The token on the API Setup page works too, for 24 hours.',
			hint: 'business.facebook.com → Settings → System users → Generate token, with whatsapp_business_messaging and whatsapp_business_management',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'Token',
			name: 'accessToken',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			description: 'The API token of the channel. One token is one channel is one WhatsApp number.',
			hint: 'panel.whapi.cloud → your channel',
			displayOptions: onlyWhapi,
		},
		{
			displayName: 'API Key',
			name: 'accessToken',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			placeholder: 'e.g. pk_…',
			description: 'It starts with pk_ for a pool number, and with ak_live_ for a number of your own',
			hint: 'From the Pipes.bot dashboard',
			displayOptions: onlyPipes,
		},
		{
			displayName: 'App Secret',
			name: 'webhookSecret',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			description: 'Proves that a message comes from Meta. Without it the trigger accepts none.',
			hint: 'Needed for the trigger: developers.facebook.com → My Apps → your app → App settings → Basic → Show',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'Webhook Secret',
			name: 'webhookSecret',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			description: 'Proves that a message comes from Pipes.bot. Without it WhatsApp Media Trigger accepts none; WhatsApp Media Stream Trigger needs none.',
			hint: 'Needed for the trigger: make up 16 or more characters, and enter the same in the Pipes.bot dashboard beside the webhook URL',
			displayOptions: onlyPipes,
		},
		{
			displayName: 'Phone Number ID',
			name: 'phoneNumberId',
			type: 'string',
			default: '',
			placeholder: 'e.g. 106540352242922',
			description: 'The ID of the WhatsApp number that receives and sends. Neither the number itself nor the account ID beside it.',
			hint: 'Needed for the trigger and for uploads: your app → WhatsApp → API Setup, below the number',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'That is all most people need. The fields below may stay as they are.',
			name: 'restNotice',
			type: 'notice',
			default: '',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'WhatsApp Business Account ID',
			name: 'businessAccountId',
			type: 'string',
			default: '',
			placeholder: 'e.g. 102290129340398',
			description: 'Looked up by the phone number ID where it is empty. You find it beside that, on the same page.',
			hint: 'Only without Phone Number ID',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'App ID',
			name: 'appId',
			type: 'string',
			default: '',
			placeholder: 'e.g. 670843887433847',
			description: 'Looked up by the phone number ID where it is empty. You find it at the top of the App Dashboard.',
			hint: 'Only without Phone Number ID',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'Verify Token',
			name: 'verifyToken',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			description: 'Meta asks the trigger for it once, when you paste the trigger’s URL into your app → WhatsApp → Configuration → Webhook',
			hint: 'Only for a trigger with Manual registration: make up any text, and enter the same at Meta beside the URL',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'API Version',
			name: 'apiVersion',
			type: 'string',
			default: 'v25.0',
			placeholder: 'e.g. v25.0',
			description: 'Version of Meta’s Graph API. Each lives about two years.',
			hint: 'Leave it as it is',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: '',
			placeholder: 'e.g. https://relay.example.com',
			hint: 'Leave it empty, unless you run a relay',
			description: 'Only for a relay of your own in front of the API. It is shown the access token.',
		},
		{
			displayName: 'Media Hosts',
			name: 'mediaHosts',
			type: 'string',
			default: '',
			placeholder: 'e.g. media.example.com',
			description: 'Only for a relay of your own: more hosts that may be shown the access token when a file is downloaded, comma-separated',
			hint: 'Leave it empty, unless you run a relay',
			displayOptions: onlyMeta,
		},
	];

	authenticate = authenticate;

	test: ICredentialTestRequest = {
		request: {
			baseURL: `={{ $credentials.baseUrl || ${byProvider(baseUrls)} }}`,
			url: `={{ ${byProvider({
				whapi: '/health?wakeup=false',
				// Nothing else answers without side effects; that this file is unknown, only an account with a good key is told.
				pipes: '/v1/media/download/n8n-credential-test-0',
			})} || '/' + $credentials.apiVersion + '/' + ($credentials.phoneNumberId.trim() || 'me') }}`,
			qs: {
				fields: `={{ $credentials.provider !== 'meta' ? undefined : $credentials.phoneNumberId.trim() ? 'id,display_phone_number,verified_name' : 'id' }}`,
			},
			disableFollowRedirect: true,
			// Statuses that are told apart by themselves. With every other, the body has the say.
			ignoreHttpStatusErrors: {
				ignore: true,
				except: `={{ ${byProvider({ meta: [404, ...OUTAGES], whapi: [402, 403, 404, 429, ...OUTAGES], pipes: [401, 429, ...OUTAGES] })} }}` as unknown as number[],
			},
		},
		rules: [
			said('error.error_subcode', 463, 'The access token has expired. Tokens from the dashboard last 24 hours: make a permanent one for a System User.'),
			said('error.code', 104, 'The access token is missing. Paste it into the credential.'),
			said('error.code', 190, 'The access token is not valid. Paste it again, whole: it starts with EAA and is neither the app secret nor an ID.'),
			said('error.error_subcode', 33, 'The phone number ID is unknown, or the access token may not use it. Copy it from your app → WhatsApp → API Setup, below the number; the account ID stands right beside it.'),
			said('error.code', 100, 'This is not a phone number ID; it looks like the WhatsApp Business Account ID. The two stand side by side in your app → WhatsApp → API Setup: copy the other one.'),
			said('error.code', 10, 'The access token lacks a permission: it needs whatsapp_business_messaging and whatsapp_business_management.'),
			said('error.code', 200, 'The access token lacks a permission: it needs whatsapp_business_messaging and whatsapp_business_management.'),
			said('error.code', 4, 'Meta limits this app’s requests right now. Try again in a few minutes.'),
			// What every other refusal of Graph has in common.
			...['OAuthException', 'GraphMethodException', 'FacebookApiException'].map((type) =>
				said('error.type', type, 'Meta refuses the access token or the IDs. Copy them again, and check API Version (like v25.0).'),
			),
			answered(404, NO_CHANNEL),
			// n8n 1 ignores every status, or none.
			said('error.code', 404, NO_CHANNEL),
			said('code', 'UNAUTHORIZED', BAD_KEY),
			said('error.code', 401, NOT_LOGGED_IN),
			said('status.text', 'QR', NOT_LOGGED_IN),
			...['NOT_INIT', 'STOP', 'ERROR', 'SYNC_ERROR'].map((text) =>
				said('status.text', text, `The token is right, but its channel is not running (${text}). Start it at panel.whapi.cloud.`),
			),
			answered(401, BAD_KEY),
			...OUTAGES.map((status) => answered(status, 'The provider is not available right now. Try again in a few minutes.')),
			// A body that is a page, or nothing.
			said('0', '<', NOT_THE_API),
			said('length', 0, NOT_THE_API),
			// The type wants rules of one kind; n8n reads each by its own.
		] as Array<ReturnType<typeof said>>,
	};
}

const NO_CHANNEL = 'The token belongs to no channel. Copy it again, whole, from the channel’s page at panel.whapi.cloud; with Meta, check Base URL.';

const BAD_KEY = 'The API key is not valid. Copy it again, whole, from the Pipes.bot dashboard: it starts with pk_ or ak_live_.';

const NOT_LOGGED_IN = 'The token is right, but its channel is not logged in to WhatsApp. Open it at panel.whapi.cloud and scan the QR code with the phone.';

const NOT_THE_API = 'The answer is not one of the provider’s API. Check Base URL: it is empty, unless you run a relay.';

/** A sentence for a status that is not left to the body. */
function answered(status: number, message: string) {
	return { type: 'responseCode' as const, properties: { value: status, message } };
}

/** A sentence for an answer in which `key` has `value`; n8n shows that of the first rule that fits. */
function said(key: string, value: unknown, message: string) {
	return { type: 'responseSuccessBody' as const, properties: { key, value, message } };
}
