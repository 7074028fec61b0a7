import type { IHttpRequestOptions } from 'n8n-workflow';

import { executionCanceledError } from '../errors';
import type { ApiReply } from '../providers/provider';
import type { ByteStream } from '../streams';

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

/** Sends a request, and opens the body of its answer as a stream. */
export async function openReply(
	request: Request,
	options: IHttpRequestOptions,
	{ withToken, signal }: RequestOptions,
): Promise<FileReply> {
	if (signal?.aborted) throw executionCanceledError();
	const transfer = new AbortController();
	// Not AbortSignal.any, which costs as much as to hash the file (docs/benchmarks.md).
	const cancel = () => transfer.abort();
	signal?.addEventListener('abort', cancel);
	const stopListening = () => signal?.removeEventListener('abort', cancel);
	const reply = await request<ByteStream>(
		{ ...options, encoding: 'stream' },
		{ withToken, signal: transfer.signal },
	).catch((cause) => {
		stopListening();
		throw cause;
	});
	reply.body.once('close', stopListening);
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
		host: new URL(options.url).host,
	};
}
