import type { ReadCredentials } from './credentials';

/** Whether a request to this URL may carry the access token. */
export function mayReceiveToken(url: URL, { provider, credentials, ownMediaHosts }: ReadCredentials): boolean {
	return url.origin === new URL(credentials.baseUrl).origin || [...provider.mediaHosts, ...ownMediaHosts].some((host) => covers(host, url));
}

/** Whether this URL may be fetched although it leads into a private network: the credential names its host. */
export function isAllowedHost(url: URL, read: ReadCredentials): boolean {
	return url.hostname === new URL(read.credentials.baseUrl).hostname || mayReceiveToken(url, read);
}

/** A host (`files.example.com`), a domain with all below it (`.example.com`), or an origin (`http://127.0.0.1:4011`). */
function covers(host: string, url: URL): boolean {
	if (host.includes('://')) return url.origin === host.replace(/\/+$/, '');
	if (url.protocol !== 'https:') return false;
	return url.host === host || (host.startsWith('.') && (url.host.endsWith(host) || url.host === host.slice(1)));
}
