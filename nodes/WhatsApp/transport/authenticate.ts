import {
	UserError,
	type ICredentialDataDecryptedObject,
	type IHttpRequestOptions,
} from 'n8n-workflow';

import type { MediaError } from '../errors';
import type { Credentials } from '../providers/provider';
import { checkCredentials, parseCredentials } from './credentials';
import { mayReceiveToken } from './hosts';

/**
 * The credential's `authenticate`, which n8n calls for each authenticated request. Nothing else attaches the user's token,
 * and this only where the URL may receive it.
 * @throws UserError when the credential cannot work
 */
export async function authenticate(
	data: ICredentialDataDecryptedObject,
	options: IHttpRequestOptions,
): Promise<IHttpRequestOptions> {
	const parsed = parse(data);
	const { provider, credentials } = parsed;
	const url = new URL(options.url, options.baseURL);
	if (!credentials.accessToken || !mayReceiveToken(url, parsed)) return options;
	const invalid = checkCredentials(parsed);
	if (invalid) throw withoutCode(invalid);
	// A provider's own Authorization wins: some requests are made in the name of the app.
	const proof = provider.authHeaders?.(credentials) ?? bearer(credentials);
	return { ...options, headers: { ...proof, ...options.headers } };
}

function bearer({ accessToken }: Credentials) {
	return { Authorization: `Bearer ${accessToken}` };
}

function parse(data: ICredentialDataDecryptedObject) {
	try {
		return parseCredentials(data);
	} catch (cause) {
		throw withoutCode(cause as MediaError);
	}
}

/** n8n's credential test shows the `code` of an error, where it has one, instead of its message. */
function withoutCode({ message, description }: MediaError): UserError {
	return new UserError(message, { description });
}
