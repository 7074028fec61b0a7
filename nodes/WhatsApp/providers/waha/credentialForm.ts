import { tokenField, webhookSecretField, type CredentialForm } from '../credentialForm';
import { SESSION_PROBLEMS } from './errors';

export const credentialForm: CredentialForm = {
	fields: [
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			required: true,
			placeholder: 'e.g. http://waha:3000',
			description:
				'The address at which n8n reaches your WAHA. If both run in one compose file, use the service name, not localhost.',
			hint: 'Where WAHA’s Dashboard opens, without /dashboard',
		},
		{
			...tokenField,
			description:
				'The server’s key, or a key for this session that may read it and, for WhatsApp Media Trigger, change its settings',
			hint: 'WAHA_API_KEY of the WAHA container. If that is not set, WAHA prints a key when it starts.',
		},
		{
			displayName: 'Session',
			name: 'phoneNumberId',
			placeholder: 'e.g. default',
			description: 'The name of the session. Each session belongs to one WhatsApp number.',
			hint: 'Leave it empty for the session default',
		},
		{
			...webhookSecretField,
			description:
				'Proves that a message comes from WAHA. If it is empty, the trigger makes one from the API key. WhatsApp Media Stream Trigger needs none.',
			hint: 'Only for a trigger with Manual: make up at least 16 characters, and enter the same in WAHA as the HMAC key of the webhook',
		},
	],
	test: {
		path: `'/api/sessions/' + ($credentials.phoneNumberId.trim() || 'default')`,
		problems: [
			{
				body: ['statusCode', 401],
				message:
					'The API key is not valid. Copy and paste the complete key: WAHA_API_KEY of the WAHA container.',
			},
			{
				body: ['statusCode', 403],
				message: 'The API key has no access to this session. Check Session, or use another key.',
			},
			{
				body: ['statusCode', 404],
				message:
					'The API key is correct, but there is no session with this name. Check Session; WAHA’s Dashboard lists them.',
			},
			...Array.from(SESSION_PROBLEMS, ([status, whatToDo]) => ({
				body: ['status', status] as [string, string],
				message: `The API key is right, but the status of the session is ${status}. ${whatToDo}`,
			})),
		],
	},
};
