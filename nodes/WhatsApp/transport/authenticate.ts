import type { ICredentialDataDecryptedObject, IHttpRequestOptions } from 'n8n-workflow';

import { readCredentials } from './credentials';
import { mayReceiveToken } from './hosts';

/** The credential's `authenticate`: adds the token where it belongs and nowhere else. The only place that does. */
export async function authenticate(data: ICredentialDataDecryptedObject, options: IHttpRequestOptions): Promise<IHttpRequestOptions> {
	const read = readCredentials(data);
	const { provider, credentials } = read;
	if (!credentials.accessToken || !mayReceiveToken(new URL(options.url, options.baseURL), read)) return options;
	const invalid = provider.checkCredentials?.(credentials);
	if (invalid) throw invalid;
	// An API that wants another proof than the token, such as the app's own, says so itself.
	return { ...options, headers: { Authorization: `Bearer ${credentials.accessToken}`, ...options.headers } };
}
