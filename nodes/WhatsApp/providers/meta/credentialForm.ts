import { ALLOW_UNSIGNED, PROOF_NEEDED } from '../cloudApi/errors';
import { COPY_APP_SECRET, secretProof, WRONG_PROOF } from './appSecret';
import { relayBaseUrl, tokenField, type CredentialForm } from '../credentialForm';

const NO_PERMISSION =
	'The access token lacks a permission: it needs whatsapp_business_messaging and whatsapp_business_management.';

export const credentialForm: CredentialForm = {
	fields: [
		{
			...tokenField,
			displayName: 'Access Token',
			placeholder: 'e.g. EAAG…',
			description:
				'A permanent token of a System User that has your app and your WhatsApp account. The token on the API Setup page works too, for 24 hours.',
			hint: 'business.facebook.com → Settings → System users → Generate token, with whatsapp_business_messaging and whatsapp_business_management',
		},
		{
			displayName: 'App Secret',
			name: 'webhookSecret',
			isSecret: true,
			description:
				'Proves that a message comes from Meta. Without it, the trigger refuses every message.',
			triggerNeeds: true,
			hint: 'Needed for the trigger: developers.facebook.com → My Apps → your app → App settings → Basic → Show',
		},
		{
			displayName: 'Phone Number ID',
			name: 'phoneNumberId',
			placeholder: 'e.g. 106540352242922',
			description:
				'The ID of the WhatsApp number that receives and sends. Don’t enter the phone number, or the account ID beside it.',
			triggerNeeds: true,
			hint: 'Needed for the trigger and for uploads: your app → WhatsApp → API Setup, below the number',
		},
		{
			notice: 'That is all most people need. You can leave the fields below as they are.',
			name: 'restNotice',
		},
		{
			displayName: 'WhatsApp Business Account ID',
			name: 'businessAccountId',
			placeholder: 'e.g. 102290129340398',
			description:
				'If it is empty, it is looked up by the phone number ID. It is on the same page, beside that ID.',
			hint: 'Only needed if Phone Number ID is empty',
		},
		{
			displayName: 'App ID',
			name: 'appId',
			placeholder: 'e.g. 670843887433847',
			description:
				'If it is empty, it is looked up by the phone number ID. It is at the top of the App Dashboard.',
			hint: 'Only needed if Phone Number ID is empty',
		},
		{
			displayName: 'Verify Token',
			name: 'verifyToken',
			isSecret: true,
			description:
				'Meta asks the trigger for it once, when you paste the trigger’s URL into your app → WhatsApp → Configuration → Webhook',
			hint: 'Only for a trigger with Manual: make up any text, and enter the same text at Meta beside the URL',
		},
		{
			displayName: 'API Version',
			name: 'apiVersion',
			default: 'v25.0',
			placeholder: 'e.g. v25.0',
			description: 'Version of Meta’s Graph API. Each version works for about two years.',
			hint: 'Keep the default',
		},
		relayBaseUrl,
		{
			displayName: 'Media Hosts',
			name: 'mediaHosts',
			placeholder: 'e.g. media.example.com',
			description:
				'Only if you run your own relay: more hosts that may receive the access token when a file is downloaded, comma-separated',
			hint: 'Leave it empty unless you run a relay',
		},
	],
	test: {
		path:
			`'/' + $credentials.apiVersion + '/' + ($credentials.phoneNumberId.trim() ? $credentials.phoneNumberId.trim() + '?fields=id,display_phone_number,verified_name' : 'me?fields=id')` +
			` + (($credentials.webhookSecret || '').trim() ? '&${secretProof.parameter}=' : '')`,
		errorStatuses: [404],
		problems: [
			{
				body: ['error.error_subcode', 463],
				message:
					'The access token has expired. Tokens from the dashboard last 24 hours. Create a permanent one for a System User.',
			},
			{
				body: ['error.code', 104],
				message: 'The access token is missing. Paste it into the credential.',
			},
			{
				body: ['error.code', 190],
				message:
					'The access token is not valid. Copy and paste the complete token: it starts with EAA, and is neither the app secret nor an ID.',
			},
			{
				body: ['error.error_subcode', 33],
				message:
					'The phone number ID is unknown, or the token has no access to it. Copy it from your app → WhatsApp → API Setup, below the number. Don’t enter the phone number, or the account ID beside it.',
			},
			{
				body: ['error.message', WRONG_PROOF],
				message: `The App Secret does not belong to the app of this access token. ${COPY_APP_SECRET}`,
			},
			{
				body: ['error.message', PROOF_NEEDED],
				message: `The app accepts signed requests only. ${ALLOW_UNSIGNED}`,
			},
			{
				body: ['error.code', 100],
				message:
					'This is not a phone number ID. It looks like the WhatsApp Business Account ID: the two are side by side in your app → WhatsApp → API Setup. Copy the other one.',
			},
			{ body: ['error.code', 10], message: NO_PERMISSION },
			{ body: ['error.code', 200], message: NO_PERMISSION },
			{
				body: ['error.code', 4],
				message: 'Meta is limiting this app’s requests right now. Try again in a few minutes.',
			},
			// Every other error of the Graph API has one of these types.
			...['OAuthException', 'GraphMethodException', 'FacebookApiException'].map((type) => ({
				body: ['error.type', type] as [string, string],
				message:
					'Meta refuses the access token or the IDs. Copy them again, and check API Version (like v25.0).',
			})),
		],
	},
};
