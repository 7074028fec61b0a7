import type { IHttpRequestOptions } from 'n8n-workflow';

import { executionCanceledError, MediaError } from '../errors';
import type { ApiReply } from '../providers/provider';
import type { ByteStream } from '../streams';
import { checkUrl } from './checkUrl';

const MAX_REDIRECTS = 5;

export interface FileReply {
	status: number;
	/** Names in lower case. */
	headers: ApiReply['headers'];
	/**
	 * Bytes in the whole body; unknown when the server sends it in chunks. n8n's helper unzips a body that comes compressed, though
	 * nobody asked for that, and hides that it did: then this is the length before. A body that breaks off is an error.
	 */
	length?: number;
	body: ByteStream;
	/** Stops the transfer. To destroy the body is not enough: that takes effect only when more of it arrives. */
	abort: () => void;
	/** The host that answered, after all redirects; for error messages. */
	host: string;
}

/** Sends one request through n8n's helpers, and answers whatever the status is. */
export type Request = <Body>(
	options: IHttpRequestOptions,
	{ withToken, signal }: RequestOptions,
) => Promise<{ statusCode: number; headers: ApiReply['headers']; body: Body }>;

interface RequestOptions {
	withToken: boolean;
	/** Ends the request. */
	signal?: AbortSignal;
}

interface Access {
	/** Whether files may be fetched from this URL even inside a private network. */
	isAllowed: (url: URL) => boolean;
	mayReceiveToken: (url: URL) => boolean;
	/** Besides our own, to every host that is asked. */
	headers?: Record<string, string>;
}

/** The token goes to the first host only, and only when that may receive it. */
export async function fetchFile(
	request: Request,
	url: string,
	{ isAllowed, mayReceiveToken, headers }: Access,
	cancelSignal?: AbortSignal,
): Promise<FileReply> {
	let current = checkUrl(url, undefined, isAllowed);
	let withToken = mayReceiveToken(current);
	for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
		const reply = await openOnce(request, current, { withToken, headers }, cancelSignal);
		const target = reply.status >= 300 && reply.status < 400 && reply.headers.location;
		if (!target) return reply;
		reply.abort();
		const next = checkUrl(target, current, isAllowed);
		withToken &&= next.origin === current.origin;
		current = next;
	}
	const { host } = new URL(url);
	throw new MediaError('permanent', `${host} redirects more than ${MAX_REDIRECTS} times`);
}

async function openOnce(
	request: Request,
	url: URL,
	{ withToken, headers: more }: { withToken: boolean; headers?: Record<string, string> },
	cancelSignal?: AbortSignal,
): Promise<FileReply> {
	if (cancelSignal?.aborted) throw executionCanceledError();
	const transfer = new AbortController();
	// Not AbortSignal.any, which costs as much as to hash the file (docs/benchmarks.md).
	const cancel = () => transfer.abort();
	cancelSignal?.addEventListener('abort', cancel);
	// Unzipping would hide whether the body is as long as the server said.
	const headers = { 'Accept-Encoding': 'identity', ...more };
	const options = { url: url.href, encoding: 'stream' as const, headers };
	const reply = await request<ByteStream>(options, { withToken, signal: transfer.signal });
	reply.body.once('close', () => cancelSignal?.removeEventListener('abort', cancel));
	const abort = () => {
		reply.body.on('error', () => {});
		cancel();
	};
	return {
		status: reply.statusCode,
		headers: reply.headers,
		length: Number(reply.headers['content-length']) || undefined,
		body: reply.body,
		abort,
		host: url.host,
	};
}
