import type { ParsedCredentials } from './credentials';

/** Whether a request to this URL may carry the access token. */
export function mayReceiveToken(url: URL, parsed: ParsedCredentials): boolean {
	const { provider, credentials, ownMediaHosts } = parsed;
	if (url.origin === new URL(credentials.baseUrl).origin) return true;
	return [...provider.mediaHosts, ...ownMediaHosts].some((host) => matches(url, host));
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
