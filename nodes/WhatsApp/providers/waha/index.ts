import type { Provider } from '../provider';
import { credentialForm } from './credentialForm';
import { deliverySecret } from '../deliverySecret';
import { presignedUrlExpiresAt } from '../presignedUrl';
import { live } from './live';
import { deleteMedia, isFileUrl, ownFileUrl, resolve, upload } from './media';
import { parse } from './messages';
import { registration } from './registration';
import { verify } from './webhook';

/** WAHA, https://waha.devlike.pro: a server of the user's own that speaks to WhatsApp Web. One session is one WhatsApp number. */
export const waha: Provider = {
	displayName: 'WAHA (WhatsApp HTTP API)',
	// Its files come from the server itself, or from an S3 bucket of the user's with presigned URLs, which take no key.
	mediaHosts: [],
	// The message's own, from the protocol (`fileLength`).
	sizesAreSenders: true,
	authHeaders: ({ accessToken }) => ({ 'X-Api-Key': accessToken }),
	credentialForm,
	manualSetup:
		'Dashboard → Sessions → Configuration → Webhooks. Add the URL with the event message.any, and the credential’s Webhook Secret as HMAC key.',
	manualNeeds: ['webhookSecret'],
	retention:
		'WAHA keeps a file for three minutes (WHATSAPP_FILES_LIFETIME), and gets it again when its message is asked for.',
	derivedSecrets: (credentials) => [deliverySecret(credentials)],
	verify,
	parse,
	registration,
	live,
	resolve,
	isFileUrl,
	ownFileUrl,
	urlExpiresAt: presignedUrlExpiresAt,
	upload,
	delete: deleteMedia,
};
