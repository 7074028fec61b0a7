import {
	relayBaseUrl,
	tokenField,
	webhookSecretField,
	type CredentialForm,
} from '../credentialForm';

const BAD_KEY =
	'The API key is not valid. Copy and paste the complete key from the Pipes.bot dashboard: it starts with pk_ or ak_live_.';

export const credentialForm: CredentialForm = {
	fields: [
		{
			...tokenField,
			placeholder: 'e.g. pk_…',
			description:
				'It starts with pk_ for a pool number, and with ak_live_ for a number of your own',
			hint: 'From the Pipes.bot dashboard',
		},
		{
			...webhookSecretField,
			description:
				'Proves that a message comes from Pipes.bot. WhatsApp Media Trigger needs it; WhatsApp Media Stream Trigger does not.',
			triggerNeeds: true,
			hint: 'Needed for the trigger: make up at least 16 characters, and enter the same in the Pipes.bot dashboard beside the webhook URL',
		},
		relayBaseUrl,
	],
	test: {
		// Nothing else answers without side effects. Only a good key is told that this file does not exist.
		path: `'/v1/media/download/n8n-credential-test-0'`,
		errorStatuses: [429],
		problems: [
			{ body: ['code', 'UNAUTHORIZED'], message: BAD_KEY },
			{ body: ['error.code', 'UNAUTHORIZED'], message: BAD_KEY },
		],
	},
};
