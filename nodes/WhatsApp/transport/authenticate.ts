import type { ICredentialDataDecryptedObject, IHttpRequestOptions } from 'n8n-workflow';

import { parseCredentials } from './credentials';
import { mayReceiveToken } from './hosts';

/**
 * The credential's `authenticate`, which n8n calls for each authenticated request. Nothing else attaches the token, and
 * this only where the URL may receive it.
 * @throws MediaError when the credential cannot work
 */
export async function authenticate(
	data: ICredentialDataDecryptedObject,
	options: IHttpRequestOptions,
): Promise<IHttpRequestOptions> {
	const parsed = parseCredentials(data);
	const { provider, credentials } = parsed;
	const url = new URL(options.url, options.baseURL);
	if (!credentials.accessToken || !mayReceiveToken(url, parsed)) return options;
	const invalid = provider.checkCredentials?.(credentials);
	if (invalid) throw invalid;
	// A provider's own Authorization wins: some requests are made in the name of the app.
	const headers = { Authorization: `Bearer ${credentials.accessToken}`, ...options.headers };
	return { ...options, headers };
}
