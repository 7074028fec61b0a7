import type { Provider } from '../provider';
import { deleteMedia, resolve, upload, urlExpiresAt } from './media';
import { fileError } from './errors';
import { registration } from './registration';
import { challenge, parse, verify } from './webhook';

/** Whapi.Cloud, https://whapi.readme.io/reference. One token is one channel is one WhatsApp number. */
export const whapi: Provider = {
	displayName: 'Whapi.Cloud',
	defaultBaseUrl: 'https://gate.whapi.cloud',
	// Files come from the API itself, or from public links that take no token: s3.eu-central-1.wasabisys.com refuses one.
	mediaHosts: [],
	manualSetup:
		'not from the dashboard, which cannot set the header that proves a delivery; choose another Registration.',
	retention: 'Whapi.Cloud keeps files for 30 days.',
	lateFilesMs: 15_000,
	challenge,
	verify,
	parse,
	registration,
	resolve,
	urlExpiresAt,
	fileError: fileError,
	// No version of its documentation has a limit, and it encodes anew what WhatsApp would not take.
	accepts: [],
	keepsFileNames: true,
	upload,
	delete: deleteMedia,
};
