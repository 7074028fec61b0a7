import type {
	ICredentialDataDecryptedObject,
	IExecuteFunctions,
	IHookFunctions,
	IHttpRequestOptions,
	ILoadOptionsFunctions,
	ITriggerFunctions,
	IWebhookFunctions,
} from 'n8n-workflow';

import { executionCanceled, MediaError } from '../errors';
import type { ApiClient, ApiReply, ApiRequest, Credentials, Provider } from '../providers/provider';
import type { ByteStream } from '../streams';
import { SECOND } from '../units';
import { checkUrl } from './checkUrl';
import {
	checkCredentials,
	checkToken,
	CREDENTIAL,
	parseCredentials,
	type ParsedCredentials,
} from './credentials';
import { isAllowedHost, mayFetchWithToken } from './hosts';
import { networkError } from './networkError';
import { redact } from './redact';

/** Some file hosts reject clients without a product name (whatsapp-api-js#335 and others). */
const USER_AGENT = 'n8n-nodes-whatsapp-media/1.0';

const MAX_REDIRECTS = 5;

/** How long a server may send nothing, unless the node's *Timeout* says otherwise. */
export const DEFAULT_IDLE_TIMEOUT_MS = 60 * SECOND;

/** The slowest upload that is not given up, in bytes per millisecond. */
const MIN_UPLOAD_SPEED = 50;

type Context =
	| IExecuteFunctions
	| IHookFunctions
	| ILoadOptionsFunctions
	| ITriggerFunctions
	| IWebhookFunctions;

/** Speaks to a provider's API with one credential. Made once per execution: each read of a credential costs n8n milliseconds. */
export interface Client extends ApiClient {
	provider: Provider;
	/** How long a server may send nothing, in milliseconds. */
	idleTimeoutMs: number;
	/** Aborted when the execution is cancelled. Absent outside executions. */
	cancelSignal?: AbortSignal;
	/**
	 * Opens a file, whatever the status of the answer. Redirects are followed by hand, so that no other host is shown the token.
	 * @param options.withToken whether the file host wants the token; a host that may not receive it gets none
	 * @throws MediaError of code `unreachable` when there is no answer, `permanent` when the URL may not be fetched
	 */
	open: (url: string, options: { withToken: boolean }) => Promise<FileReply>;
}

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

/**
 * Reads the node's credential and makes a client for it.
 * @throws MediaError of code `credential` when no provider is chosen
 */
export async function createClient(context: Context, idleTimeoutMs?: number): Promise<Client> {
	return clientFromData(context, await context.getCredentials(CREDENTIAL), idleTimeoutMs);
}

/** The same, for a credential that has been read already. */
export function clientFromData(
	context: Context,
	data: ICredentialDataDecryptedObject,
	idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS,
): Client {
	const parsed = parseCredentials(data);
	const { provider, credentials } = parsed;
	const cancelSignal =
		'getExecutionCancelSignal' in context ? context.getExecutionCancelSignal() : undefined;
	const request = requester(context, data, idleTimeoutMs);
	return {
		provider,
		credentials,
		idleTimeoutMs,
		cancelSignal,
		async send(apiRequest) {
			const invalid =
				checkCredentials(parsed) ?? checkToken(apiRequest.accessToken ?? '', 'A secret');
			if (invalid) throw invalid;
			const { signal = cancelSignal } = apiRequest;
			const options = requestOptions(apiRequest, credentials, idleTimeoutMs);
			const reply = await request(options, { withToken: true, signal });
			const isError = reply.statusCode >= 400 || reply.body?.error;
			return {
				status: reply.statusCode,
				headers: reply.headers,
				body: isError ? redact(reply.body, credentials) : reply.body,
			};
		},
		async open(url, { withToken }) {
			const openOne = async (target: URL, authenticated: boolean) =>
				await openOnce(request, target, authenticated, cancelSignal);
			return await followRedirects(openOne, parsed, url, withToken);
		},
	};
}

/** A request to the API, as n8n's helper takes it; `authenticate` adds the credential's token where it has none. */
function requestOptions(
	{ method, path, query, headers, body, accessToken }: ApiRequest,
	{ baseUrl }: Credentials,
	idleTimeoutMs: number,
): IHttpRequestOptions {
	const ownToken = accessToken && { Authorization: `Bearer ${accessToken}` };
	// n8n counts the time until the answer begins, the whole upload included.
	const uploadMs = Number(headers?.['Content-Length'] ?? 0) / MIN_UPLOAD_SPEED;
	return {
		method,
		url: baseUrl + path,
		qs: query,
		headers: { ...headers, ...ownToken },
		body: body as Buffer,
		timeout: idleTimeoutMs + uploadMs,
	};
}

/** The token goes to the first host only, and only when that may receive it. */
async function followRedirects(
	openOne: (url: URL, withToken: boolean) => Promise<FileReply>,
	parsed: ParsedCredentials,
	url: string,
	wantsToken: boolean,
): Promise<FileReply> {
	const isAllowed = (other: URL) => isAllowedHost(other, parsed);
	let current = checkUrl(url, undefined, isAllowed);
	let withToken = wantsToken && mayFetchWithToken(current, parsed);
	for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
		const reply = await openOne(current, withToken);
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

interface RequestOptions {
	withToken: boolean;
	/** Ends the request. */
	signal?: AbortSignal;
}

type Request = ReturnType<typeof requester>;

/** All requests leave from here. */
function requester(context: Context, data: ICredentialDataDecryptedObject, timeout: number) {
	const { id, name } = context.getNode().credentials?.[CREDENTIAL] ?? { id: null, name: '' };
	const credentialsDecrypted = { id: id ?? '', name, type: CREDENTIAL, data };
	return async (options: IHttpRequestOptions, { withToken, signal }: RequestOptions) => {
		const complete: IHttpRequestOptions = {
			timeout,
			...options,
			headers: { 'User-Agent': USER_AGENT, ...options.headers },
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			// Also keeps the helper from holding a whole upload in memory in order to repeat it.
			disableFollowRedirect: true,
			sendCredentialsOnCrossOriginRedirect: false,
			// An accessor, because n8n overwrites a plain value with its own signal.
			get abortSignal() {
				return signal;
			},
			set abortSignal(_) {},
		};
		const { helpers } = context;
		try {
			if (!withToken) return await helpers.httpRequest(complete);
			return await helpers.httpRequestWithAuthentication.call(context, CREDENTIAL, complete, {
				credentialsDecrypted,
			});
		} catch (cause) {
			throw networkError(options.url, cause, signal);
		}
	};
}

async function openOnce(
	request: Request,
	url: URL,
	withToken: boolean,
	cancelSignal?: AbortSignal,
): Promise<FileReply> {
	if (cancelSignal?.aborted) throw executionCanceled();
	const transfer = new AbortController();
	// Not AbortSignal.any, which costs as much as to hash the file (docs/benchmarks.md).
	const cancel = () => transfer.abort();
	cancelSignal?.addEventListener('abort', cancel);
	// Unzipping would hide whether the body is as long as the server said.
	const headers = { 'Accept-Encoding': 'identity' };
	const options = { url: url.href, encoding: 'stream' as const, headers };
	const reply = await request(options, { withToken, signal: transfer.signal });
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
