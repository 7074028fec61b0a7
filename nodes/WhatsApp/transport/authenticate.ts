import {
	UserError,
	type ICredentialDataDecryptedObject,
	type IHttpRequestOptions,
} from 'n8n-workflow';

import type { MediaError } from '../errors';
import type { Credentials } from '../providers/provider';
import { checkCredentials, parseCredentials, type ParsedCredentials } from './credentials';
import { mayReceiveToken } from './hosts';

/** n8n's HTTP Request node still makes requests of an older form, which has the address in `uri`. */
type RequestOptions = Omit<IHttpRequestOptions, 'url'> & { url?: string; uri?: string | URL };

/**
 * In both forms. The node follows redirects with every header except Authorization, before its version 4.4 with that one, too:
 * the token would go wherever a redirect leads.
 */
const NO_REDIRECTS = {
	disableFollowRedirect: true,
	followRedirect: false,
	followAllRedirects: false,
};

/**
 * The credential's `authenticate`, which n8n calls for each authenticated request: those of our nodes, and those of its own HTTP
 * Request node. Nothing else attaches the user's token, and this only where the URL may receive it.
 * @throws UserError when the credential cannot work
 */
export async function authenticate(
	data: ICredentialDataDecryptedObject,
	options: IHttpRequestOptions,
): Promise<IHttpRequestOptions> {
	const parsed = parse(data);
	const { provider, credentials } = parsed;
	const url = target(options);
	if (!url || !credentials.accessToken || !mayReceiveToken(url, parsed)) return options;
	const invalid = checkCredentials(parsed);
	if (invalid) throw withoutCode(invalid);
	// A provider's own Authorization wins: some requests are made in the name of the app.
	const proof = provider.authHeaders?.(credentials) ?? bearer(credentials);
	return {
		...options,
		...NO_REDIRECTS,
		...withSecretProof(url, parsed),
		headers: { ...proof, ...options.headers },
	};
}

/** Where n8n will send it: of the two, it takes `url`. */
function target({ url, uri, baseURL }: RequestOptions): URL | undefined {
	const address = String(url ?? uri ?? '');
	return URL.canParse(address, baseURL) ? new URL(address, baseURL) : undefined;
}

/** The address anew where it leaves a place for the proof: n8n's expressions know no HMAC. */
function withSecretProof(url: URL, { provider, credentials }: ParsedCredentials) {
	const { parameter, make } = provider.secretProof ?? {};
	if (!parameter || !make || url.searchParams.get(parameter) !== '') return {};
	const complete = new URL(url);
	complete.searchParams.set(parameter, make(credentials));
	return { url: complete.href, baseURL: undefined };
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
