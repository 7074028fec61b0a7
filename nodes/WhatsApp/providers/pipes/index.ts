import { presignedUrlExpiresAt } from '../presignedUrl';
import type { Provider } from '../provider';
import { credentialForm } from './credentialForm';
import { FILE_HOURS } from './fileLifetimes';
import { live } from './live';
import { deleteMedia, resolve, upload } from './media';
import { parse } from './messages';
import { verify } from './webhook';

/** Pipes.bot, https://docs.pipes.bot. A proxy to Meta's API: its webhooks are Meta's, with an object `pipes` beside. */
export const pipes: Provider = {
	displayName: 'Pipes.bot',
	defaultBaseUrl: 'https://api.pipes.bot',
	// Files come from storage with presigned URLs, which answers 400 to a request that also carries a token.
	mediaHosts: [],
	credentialForm,
	manualSetup:
		'paste the URL as Webhook URL where you activate the number, or in the App’s settings, with the credential’s Webhook Secret.',
	manualNeeds: ['webhookSecret'],
	retention: `Pipes.bot keeps files for ${FILE_HOURS} hours.`,
	unavailableAlwaysStarts: true,
	verify,
	parse,
	live,
	resolve,
	urlExpiresAt: presignedUrlExpiresAt,
	upload,
	delete: deleteMedia,
};
