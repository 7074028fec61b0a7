/** Up to where a text in quotation marks or brackets goes on. JSON inside a text may write `\\/` for a slash. */
const URLS = /\b[a-z][a-z0-9+.-]{1,20}:[\\/]{2,8}[^\s"'<>]+/gi;
const QUERIES = /\?[\w.~%[\]-]{1,100}=[^\s"'<>]+/g;

/** What a vendor says, without passwords and queries of URLs: those of storage let whoever has them read the file. */
export function withoutQueries(words: string): string {
	return words.replace(URLS, shownUrl).replace(QUERIES, '');
}

/** A URL as errors and logs show it: where it leads, without the password and the query that it may hold. */
export function shownUrl(url: string): string {
	return url.replace(/[?#].*$/s, '').replace(/^([^\\/]*[\\/]{2,8})[^\\/]*@/, '$1');
}
