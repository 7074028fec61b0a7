import { accepts } from '../cloudApi/accepts';
import { RECEIVED_FILE_DAYS, UPLOADED_FILE_DAYS } from '../cloudApi/fileLifetimes';
import { urlExpiresAt } from '../cloudApi/media';
import { deliverySecret, SECRET_HEADER } from '../deliverySecret';
import type { Provider } from '../provider';
import { credentialForm } from './credentialForm';
import { deleteMedia, isFileUrl, ownFileUrl, resolve, upload } from './media';
import { parse } from './messages';
import { registration } from './registration';
import { verify } from './webhook';

/** 360dialog, https://docs.360dialog.com: Meta's Cloud API behind a host of its own. One key is one phone number. */
export const dialog360: Provider = {
	displayName: '360dialog',
	defaultBaseUrl: 'https://waba-v2.360dialog.io',
	// Files come through the API's host. Meta's own refuses the key, and must never see it.
	mediaHosts: [],
	authHeaders: ({ accessToken }) => ({ 'D360-API-KEY': accessToken }),
	credentialForm,
	manualSetup: `Hub → your number → Webhook URL. Paste the URL, and add the header ${SECRET_HEADER} with the credential’s Webhook Secret.`,
	manualNeeds: ['webhookSecret'],
	retention: `Meta keeps received files for ${RECEIVED_FILE_DAYS} days and uploaded ones for ${UPLOADED_FILE_DAYS}.`,
	derivedSecrets: (credentials) => [deliverySecret(credentials)],
	verify,
	parse,
	registration,
	resolve,
	isFileUrl,
	ownFileUrl,
	urlExpiresAt,
	accepts,
	upload,
	delete: deleteMedia,
};
