import type { ICredentialType, INodeProperties } from 'n8n-workflow';

import { authenticate } from '../nodes/WhatsApp/transport/authenticate';
import { providers } from '../nodes/WhatsApp/providers';
import { credentialTest } from './credentialTest';

const onlyMeta = { show: { provider: ['meta'] } };
const onlyWhapi = { show: { provider: ['whapi'] } };
const onlyPipes = { show: { provider: ['pipes'] } };

export class WhatsAppMediaApi implements ICredentialType {
	name = 'whatsAppMediaApi';

	displayName = 'WhatsApp Media API';

	icon = {
		light: 'file:../nodes/WhatsApp/icons/whatsAppMedia.svg',
		dark: 'file:../nodes/WhatsApp/icons/whatsAppMedia.dark.svg',
	} as const;

	documentationUrl =
		'https://github.com/n8n-nodes-whatsapp-media/n8n-nodes-whatsapp-media#credential';

	// `authenticate` keeps the token to the provider's hosts, which is narrower than these fields could say.
	hideDomainRestrictionFields = true;

	properties: INodeProperties[] = [
		{
			displayName: 'Provider',
			name: 'provider',
			type: 'options',
			options: Object.entries(providers).map(([value, { displayName }]) => ({
				name: displayName,
				value,
			})),
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
				'A permanent token of a System User that has your app and your WhatsApp account. The token on the API Setup page works too, for 24 hours.',
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
			description:
				'It starts with pk_ for a pool number, and with ak_live_ for a number of your own',
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
			description:
				'Proves that a message comes from Pipes.bot. Without it WhatsApp Media Trigger accepts none; WhatsApp Media Stream Trigger needs none.',
			hint: 'Needed for the trigger: make up 16 or more characters, and enter the same in the Pipes.bot dashboard beside the webhook URL',
			displayOptions: onlyPipes,
		},
		{
			displayName: 'Phone Number ID',
			name: 'phoneNumberId',
			type: 'string',
			default: '',
			placeholder: 'e.g. 106540352242922',
			description:
				'The ID of the WhatsApp number that receives and sends. Neither the number itself nor the account ID beside it.',
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
			description:
				'Looked up by the phone number ID where it is empty. You find it beside that, on the same page.',
			hint: 'Only without Phone Number ID',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'App ID',
			name: 'appId',
			type: 'string',
			default: '',
			placeholder: 'e.g. 670843887433847',
			description:
				'Looked up by the phone number ID where it is empty. You find it at the top of the App Dashboard.',
			hint: 'Only without Phone Number ID',
			displayOptions: onlyMeta,
		},
		{
			displayName: 'Verify Token',
			name: 'verifyToken',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			description:
				'Meta asks the trigger for it once, when you paste the trigger’s URL into your app → WhatsApp → Configuration → Webhook',
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
			description:
				'Only for a relay of your own in front of the API. It is shown the access token.',
		},
		{
			displayName: 'Media Hosts',
			name: 'mediaHosts',
			type: 'string',
			default: '',
			placeholder: 'e.g. media.example.com',
			description:
				'Only for a relay of your own: more hosts that may be shown the access token when a file is downloaded, comma-separated',
			hint: 'Leave it empty, unless you run a relay',
			displayOptions: onlyMeta,
		},
	];

	authenticate = authenticate;

	test = credentialTest;
}
