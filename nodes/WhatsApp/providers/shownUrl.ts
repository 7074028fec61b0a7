/** A URL as errors and logs show it: where it leads, without the password and the query that it may hold. */
export function shownUrl(url: string): string {
	return url.replace(/[?#].*$/s, '').replace(/^([^/]*\/\/)[^/]*@/, '$1');
}
