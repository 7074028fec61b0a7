import type {
	ICredentialDataDecryptedObject,
	IExecuteFunctions,
	IHookFunctions,
	IHttpRequestOptions,
	ILoadOptionsFunctions,
	ITriggerFunctions,
	IWebhookFunctions,
} from 'n8n-workflow';

import { MediaError } from '../errors';
import type { ApiClient, ApiRequest, Credentials, Provider } from '../providers/provider';
import { object } from '../providers/read';
import { SECOND } from '../units';
import {
	checkCredentials,
	checkFilled,
	checkToken,
	CREDENTIAL,
	parseCredentials,
} from './credentials';
import { fetchFile } from './fetchFile';
import { isAllowedHost, mayFetchWithToken } from './hosts';
import { networkError } from './networkError';
import { openReply, type FileReply, type Request } from './openReply';
import { readAnswer } from './readAnswer';
import { redact } from './redact';

/** Some file hosts reject clients without a product name (whatsapp-api-js#335 and others). */
const USER_AGENT = 'n8n-nodes-whatsapp-media/1.0';

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

export type { FileReply } from './openReply';

/** Fetches files. */
export interface FileClient {
	/** How long a server may send nothing, in milliseconds. */
	idleTimeoutMs: number;
	/** Aborted when the execution is cancelled. Absent outside executions. */
	cancelSignal?: AbortSignal;
	/**
	 * Opens a file, whatever the status of the answer. Redirects are followed by hand, so that a redirect target on another host never gets the token.
	 * @param options.withToken whether the file host wants the token; a host that may not receive it gets none
	 * @throws MediaError of code `unreachable` when there is no answer, `permanent` when the URL may not be fetched
	 */
	open: (url: string, options: OpenOptions) => Promise<FileReply>;
}

export interface OpenOptions {
	withToken: boolean;
	/** Throws where a redirect to this URL is not to be followed. */
	checkRedirect?: (url: URL) => void;
	/** Besides our own, to every host that is asked. */
	headers?: Record<string, string>;
	/** Ends the request and its answer. Without it, `cancelSignal` does. */
	signal?: AbortSignal;
}

/** Speaks to a provider's API with one credential. Made once per execution: each read of a credential costs n8n milliseconds. */
export interface Client extends ApiClient, FileClient {
	provider: Provider;
}

/** Whether the user has chosen a credential in the node. */
export function hasCredential(context: Context): boolean {
	return Boolean(context.getNode().credentials?.[CREDENTIAL]);
}

/** A client without a credential: no request carries a token, and no host inside a private network is allowed. */
export function createFileClient(
	context: IExecuteFunctions,
	idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS,
): FileClient {
	const request = requester(context, {}, idleTimeoutMs);
	const cancelSignal = context.getExecutionCancelSignal();
	const access = { isAllowed: () => false, mayReceiveToken: () => false };
	return {
		idleTimeoutMs,
		cancelSignal,
		open: async (url, { headers, checkRedirect, signal = cancelSignal }) =>
			await fetchFile(request, url, { ...access, headers, checkRedirect }, signal),
	};
}

/**
 * Reads the node's credential and makes a client for it.
 * @throws MediaError of code `credential` when the node has none, or no provider is chosen in it
 */
export async function createClient(
	context: Context,
	idleTimeoutMs?: number,
	cancelSignal?: AbortSignal,
): Promise<Client> {
	const data = await context.getCredentials(CREDENTIAL).catch((cause) => {
		throw hasCredential(context) ? cause : noCredential();
	});
	return clientFromData(context, data, idleTimeoutMs, cancelSignal);
}

/**
 * The same, for a credential that has been read already.
 * @param cancelSignal ends its transfers; default: the end of the execution does
 */
export function clientFromData(
	context: Context,
	data: ICredentialDataDecryptedObject,
	idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS,
	cancelSignal = 'getExecutionCancelSignal' in context
		? context.getExecutionCancelSignal()
		: undefined,
): Client {
	const parsed = parseCredentials(data);
	const { provider, credentials } = parsed;
	const request = requester(context, data, idleTimeoutMs);
	return {
		provider,
		credentials,
		idleTimeoutMs,
		cancelSignal,
		async send(apiRequest) {
			const invalid =
				checkFilled(parsed) ??
				checkCredentials(parsed) ??
				checkToken(apiRequest.accessToken ?? '', 'A secret');
			if (invalid) throw invalid;
			const { signal = cancelSignal } = apiRequest;
			const options = requestOptions(apiRequest, credentials, idleTimeoutMs);
			const reply = await openReply(request, options, { withToken: true, signal });
			const body = await readAnswer(reply, options.url, { timeoutMs: idleTimeoutMs, signal });
			const { status, headers } = reply;
			const isError = status >= 300 || object(body).error;
			return isError
				? { status, headers, body: redact(body, parsed) }
				: { status, headers, body, redact: (words) => redact(words, parsed) };
		},
		async open(url, { withToken, headers, checkRedirect, signal = cancelSignal }) {
			const invalid = withToken && checkCredentials(parsed);
			if (invalid) throw invalid;
			const access = {
				headers,
				checkRedirect,
				isAllowed: (other: URL) => isAllowedHost(other, parsed),
				mayReceiveToken: (other: URL) => withToken && mayFetchWithToken(other, parsed),
			};
			return await fetchFile(request, url, access, signal);
		},
	};
}

/** The same client, whose requests and transfers end with this signal. */
export function endedBy(signal: AbortSignal, client: Client): Client {
	return {
		...client,
		cancelSignal: signal,
		send: async (request) => await client.send({ ...request, signal: request.signal ?? signal }),
		open: async (url, options) =>
			await client.open(url, { ...options, signal: options.signal ?? signal }),
	};
}

function noCredential(): MediaError {
	return new MediaError(
		'credential',
		'The node has no credential',
		'Choose one in the node. Only encrypted files that come with their media key need none.',
	);
}

/** A request to the API, as n8n's helper takes it; `authenticate` adds the credential's token unless the request carries an Authorization header. */
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

/** All requests leave from here. */
function requester(
	context: Context,
	data: ICredentialDataDecryptedObject,
	timeout: number,
): Request {
	const { id, name } = context.getNode().credentials?.[CREDENTIAL] ?? { id: null, name: '' };
	const credentialsDecrypted = { id: id ?? '', name, type: CREDENTIAL, data };
	return async (options, { withToken, signal }) => {
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
