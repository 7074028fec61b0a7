import type { ParsedCredentials } from './credentials';

/** Whether a request to this URL may carry the access token: one to the API, or for a file. */
export function mayReceiveToken(url: URL, parsed: ParsedCredentials): boolean {
	return isBelowOrigin(url, parsed.credentials.baseUrl) || mayFetchWithToken(url, parsed);
}

/**
 * Whether a file may be fetched from this URL with the access token. A URL field can hold anybody's URL, and an API answers a
 * GET with settings and secrets, too: of its paths only those count at which the provider says that it serves files.
 */
export function mayFetchWithToken(url: URL, parsed: ParsedCredentials): boolean {
	const { provider, credentials, ownMediaHosts } = parsed;
	if (provider.isFileUrl?.(url, credentials)) return true;
	if (isBelowOrigin(url, provider.defaultBaseUrl)) return false;
	// A relay may serve files beside the API: then the user has named it as both.
	if (ownMediaHosts.some((host) => matches(url, host))) return true;
	if (isBelowOrigin(url, credentials.baseUrl)) return false;
	return provider.mediaHosts.some((host) => matches(url, host));
}

function isBelowOrigin(url: URL, base: string | undefined): boolean {
	return Boolean(base) && url.origin === new URL(base!).origin;
}

/** Whether files may be fetched from this URL even inside a private network: the credential names its host. */
export function isAllowedHost(url: URL, parsed: ParsedCredentials): boolean {
	return (
		url.hostname === new URL(parsed.credentials.baseUrl).hostname || mayReceiveToken(url, parsed)
	);
}

/**
 * @param host a host (`files.example.com`), a domain with everything below it (`.example.com`), both over https only, or
 * an origin (`http://127.0.0.1:4011`)
 */
function matches(url: URL, host: string): boolean {
	if (host.includes('://')) return url.origin === host.replace(/\/+$/, '');
	if (url.protocol !== 'https:') return false;
	const isBelow = host.startsWith('.') && (url.host.endsWith(host) || url.host === host.slice(1));
	return isBelow || url.host === host;
}
