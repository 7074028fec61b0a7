import {
	relayBaseUrl,
	tokenField,
	webhookSecretField,
	type CredentialForm,
} from '../credentialForm';
import { SECRET_HEADER } from '../deliverySecret';

export const credentialForm: CredentialForm = {
	fields: [
		{
			...tokenField,
			description: 'Each key belongs to one WhatsApp number',
			hint: '360dialog Hub → your number → API key → Generate. A new key replaces the old one.',
		},
		{
			...webhookSecretField,
			description:
				'Proves that a message comes from 360dialog. If it is empty, the trigger makes one from the key. Partners may enter their platform secret.',
			hint: `Only for a trigger with Manual: make up at least 16 characters, and enter the same in the Hub as header ${SECRET_HEADER} beside the webhook URL`,
		},
		relayBaseUrl,
	],
	test: {
		// 404 is a good answer too: no webhook is set yet.
		path: `'/v1/configs/webhook'`,
		errorStatuses: [401],
		problems: [
			{
				status: 401,
				message:
					'The API key is not valid. Copy and paste the complete key from the 360dialog Hub → your number → API key. A new key replaces the old one.',
			},
		],
	},
};
