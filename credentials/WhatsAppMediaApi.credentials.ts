import type { ICredentialTestRequest, ICredentialType, INodeProperties } from 'n8n-workflow';

import { addToken } from '../nodes/WhatsApp/account';
import { providers } from '../nodes/WhatsApp/providers';

const onlyMeta = { show: { provider: ['meta'] } };

export class WhatsAppMediaApi implements ICredentialType {
	name = 'whatsAppMediaApi';

	displayName = 'WhatsApp Media API';

	icon = { light: 'file:../nodes/WhatsApp/whatsAppMedia.svg', dark: 'file:../nodes/WhatsApp/whatsAppMedia.dark.svg' } as const;

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
			description:
				'A permanent token: business.facebook.com → Settings → System users → Generate token, with whatsapp_business_messaging and whatsapp_business_management. The one on the API Setup page lasts 24 hours only.',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'Phone Number ID',
			name: 'phoneNumberId',
			type: 'string',
			default: '',
			placeholder: 'e.g. 106540352242922',
			description: 'App Dashboard → WhatsApp → API Setup, below the phone number. Neither the number itself nor the account ID beside it. Needed for uploads.',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'WhatsApp Business Account ID',
			name: 'businessAccountId',
			type: 'string',
			default: '',
			placeholder: 'e.g. 102290129340398',
			description: 'On the same page, beside the phone number ID. Lets you pick the phone number from a list.',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'App ID',
			name: 'appId',
			type: 'string',
			default: '',
			placeholder: 'e.g. 670843887433847',
			description: 'At the top of the App Dashboard. Not needed for manual registration.',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'App Secret',
			name: 'webhookSecret',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			description: 'App Dashboard → App settings → Basic → Show. Proves that a delivery comes from Meta; without it the trigger accepts none.',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'Verify Token',
			name: 'verifyToken',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			description: 'Any text of your own. Enter the same one in App Dashboard → WhatsApp → Configuration → Webhook when you paste the trigger’s URL there.',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'API Version',
			name: 'apiVersion',
			type: 'string',
			default: 'v25.0',
			placeholder: 'e.g. v25.0',
			description: 'Version of the Graph API, as vNN.N. Each lives about two years.',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: '',
			placeholder: 'e.g. https://graph.facebook.com',
			description: 'Only for a relay of your own in front of the API. It is shown the access token.',
		},
		{
			displayName: 'Media Hosts',
			name: 'mediaHosts',
			type: 'string',
			default: '',
			placeholder: 'e.g. media.example.com',
			description: 'Only for a relay of your own: more hosts that may be shown the access token when a file is downloaded, comma-separated',
		},
	];

	authenticate = addToken;

	test: ICredentialTestRequest = {
		request: {
			baseURL: '={{ $credentials.baseUrl || "https://graph.facebook.com" }}',
			url: '=/{{ $credentials.apiVersion }}/{{ $credentials.phoneNumberId.trim() || "me" }}',
			qs: { fields: '={{ $credentials.phoneNumberId.trim() ? "id,display_phone_number,verified_name" : "id" }}' },
			ignoreHttpStatusErrors: true,
		},
		rules: [
			said('error.error_subcode', 463, 'The access token has expired. Tokens from the dashboard last 24 hours: make a permanent one for a System User.'),
			said('error.code', 104, 'The access token is missing. Paste it into the credential.'),
			said('error.code', 190, 'The access token is not valid. Paste it again, whole: it starts with EAA and is neither the app secret nor an ID.'),
			said('error.error_subcode', 33, 'The phone number ID is unknown, or the access token may not use it. Copy Phone Number ID from App Dashboard → WhatsApp → API Setup; the account ID stands right beside it.'),
			said('error.code', 100, 'This is not a phone number ID; it looks like the WhatsApp Business Account ID. The two stand side by side in App Dashboard → WhatsApp → API Setup: exchange them.'),
			said('error.code', 10, 'The access token lacks a permission: it needs whatsapp_business_messaging and whatsapp_business_management.'),
			said('error.code', 200, 'The access token lacks a permission: it needs whatsapp_business_messaging and whatsapp_business_management.'),
			said('error.code', 2, 'Meta is not available right now. Try again in a few minutes.'),
			said('error.code', 4, 'Meta limits this app’s requests right now. Try again in a few minutes.'),
			// Whatever else is not the answer asked for: every good one has an ID.
			said('id', undefined, 'The answer is not one of Meta’s API. Check API Version (like v25.0) and Base URL (empty, unless you run a relay).'),
		],
	};
}

/** A sentence for an answer in which `key` has `value`; n8n shows that of the first rule that fits. */
function said(key: string, value: unknown, message: string) {
	return { type: 'responseSuccessBody' as const, properties: { key, value, message } };
}
