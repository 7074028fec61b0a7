/** The path of a URL below the API's base URL, with its first slash; empty where the URL leads elsewhere. */
export function pathBelow(baseUrl: string, url: URL): string {
	const base = new URL(`${baseUrl}/`);
	const isBelow = url.origin === base.origin && url.pathname.startsWith(base.pathname);
	return isBelow ? url.pathname.slice(base.pathname.length - 1) : '';
}
