import { accepts } from '../cloudApi/accepts';
import { RECEIVED_FILE_DAYS, UPLOADED_FILE_DAYS } from '../cloudApi/fileLifetimes';
import { urlExpiresAt } from '../cloudApi/media';
import type { Provider } from '../provider';
import { checkSecret, secretProof } from './appSecret';
import { credentialForm } from './credentialForm';
import { checkCredentials } from './credentials';
import { deleteMedia, phoneNumbers, resolve, upload } from './media';
import { parse } from './messages';
import { registration } from './registration';
import { challenge, verify, verifyToken } from './webhook';

/** Meta's WhatsApp Cloud API, https://developers.facebook.com/documentation/business-messaging/whatsapp */
export const meta: Provider = {
	displayName: 'Meta Cloud API',
	defaultBaseUrl: 'https://graph.facebook.com',
	// Files come from lookaside.fbsbx.com; the other domains are Meta's own CDNs, seen in related APIs. Not all of
	// facebook.com: below it are more names of the API.
	mediaHosts: [
		'.fbsbx.com',
		'.fbcdn.net',
		'lookaside.facebook.com',
		'.whatsapp.net',
		'.cdnwhatsapp.net',
	],
	credentialForm,
	manualSetup:
		'App Dashboard → WhatsApp → Configuration → Webhook → Edit. Paste the URL as Callback URL, enter the credential’s Verify Token, and subscribe to messages.',
	retention: `Meta keeps received files for ${RECEIVED_FILE_DAYS} days and uploaded ones for ${UPLOADED_FILE_DAYS}.`,
	manualNeeds: ['webhookSecret', 'verifyToken'],
	checkCredentials,
	secretProof,
	checkSecret,
	derivedSecrets: (credentials) => [verifyToken(credentials), secretProof.make(credentials)],
	challenge,
	verify,
	parse,
	registration,
	resolve,
	urlExpiresAt,
	accepts,
	upload,
	delete: deleteMedia,
	phoneNumbers,
};
