import { MediaError } from '../errors';
import { checkUrl } from './checkUrl';
import { openReply, type FileReply, type Request } from './openReply';

const MAX_REDIRECTS = 5;

interface Access {
	/** Whether files may be fetched from this URL even inside a private network. */
	isAllowed: (url: URL) => boolean;
	mayReceiveToken: (url: URL) => boolean;
	/** Throws where a redirect to this URL is not to be followed. */
	checkRedirect?: (url: URL) => void;
	/** Besides our own, to every host that is asked. */
	headers?: Record<string, string>;
}

/** The token goes to the first host only, and only to the addresses there that may receive it. */
export async function fetchFile(
	request: Request,
	url: string,
	{ isAllowed, mayReceiveToken, checkRedirect, headers }: Access,
	cancelSignal?: AbortSignal,
): Promise<FileReply> {
	let current = checkUrl(url, undefined, isAllowed);
	let withToken = mayReceiveToken(current);
	for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
		// Unzipping would hide whether the body is as long as the server said.
		const options = {
			url: current.href,
			headers: { 'Accept-Encoding': 'identity', ...headers },
		};
		const reply = await openReply(request, options, { withToken, signal: cancelSignal });
		const target = reply.status >= 300 && reply.status < 400 && reply.headers.location;
		if (!target) return reply;
		reply.abort();
		const next = checkUrl(target, current, isAllowed);
		checkRedirect?.(next);
		withToken &&= next.origin === current.origin && mayReceiveToken(next);
		current = next;
	}
	const { host } = new URL(url);
	throw new MediaError('permanent', `${host} redirects more than ${MAX_REDIRECTS} times`);
}
