import { relayBaseUrl, tokenField, type CredentialForm } from '../credentialForm';

const NOT_LOGGED_IN =
	'The token is correct, but its channel is not logged in to WhatsApp. Open it at panel.whapi.cloud and scan the QR code with the phone.';

export const credentialForm: CredentialForm = {
	fields: [
		{
			...tokenField,
			displayName: 'Token',
			description: 'The API token of the channel. Each token belongs to one channel and number.',
			hint: 'panel.whapi.cloud → your channel',
		},
		relayBaseUrl,
	],
	test: {
		path: `'/health?wakeup=false'`,
		errorStatuses: [402, 403, 429],
		problems: [
			{
				body: ['error.code', 404],
				message:
					'The token belongs to no channel. Copy and paste the complete token from the channel’s page at panel.whapi.cloud.',
			},
			{ body: ['error.code', 401], message: NOT_LOGGED_IN },
			{ body: ['status.text', 'QR'], message: NOT_LOGGED_IN },
			...['NOT_INIT', 'STOP', 'ERROR', 'SYNC_ERROR'].map((state) => ({
				body: ['status.text', state] as [string, string],
				message: `The token is correct, but its channel is not running (${state}). Start it at panel.whapi.cloud.`,
			})),
		],
	},
};
