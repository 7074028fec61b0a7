import { derivedSecret } from '../deliverySecret';
import type { Provider } from '../provider';
import { credentialForm } from './credentialForm';
import { fileError } from './errors';
import { FILE_DAYS, LATE_FILE_MS } from './fileLifetimes';
import { deleteMedia, isFileUrl, resolve, upload, urlExpiresAt } from './media';
import { parse } from './messages';
import { registration } from './registration';
import { verify } from './webhook';

/** Whapi.Cloud, https://whapi.readme.io/reference. One token is one channel is one WhatsApp number. */
export const whapi: Provider = {
	displayName: 'Whapi.Cloud',
	defaultBaseUrl: 'https://gate.whapi.cloud',
	// Files come from the API itself, or from public links that take no token: s3.eu-central-1.wasabisys.com refuses one.
	mediaHosts: [],
	// It speaks to WhatsApp Web, whose messages give the figure of the sender’s client.
	sizesAreSenders: true,
	credentialForm,
	manualSetup:
		'choose This Phone Number instead. The dashboard cannot set the header that proves a delivery.',
	retention: `Whapi.Cloud keeps files for ${FILE_DAYS} days.`,
	lateFilesMs: LATE_FILE_MS,
	derivedSecrets: (credentials) => [derivedSecret(credentials)],
	verify,
	parse,
	registration,
	resolve,
	isFileUrl,
	urlExpiresAt,
	fileError,
	// No version of its documentation has a limit, and it re-encodes what WhatsApp would not take.
	accepts: [],
	keepsFileNames: true,
	upload,
	delete: deleteMedia,
};
