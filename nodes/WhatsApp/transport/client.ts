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
import type { ApiClient, ApiReply, Provider } from '../providers/provider';
import type { ByteStream } from '../streams';
import { checkUrl } from './checkUrl';
import { CREDENTIAL, readCredentials } from './credentials';
import { isAllowedHost, mayReceiveToken } from './hosts';
import { networkError } from './networkError';
import { redact } from './redact';

/** File hosts turn away clients without a product name (whatsapp-api-js#335 and others). */
const USER_AGENT = 'n8n-nodes-whatsapp-media/1.0';

const MAX_REDIRECTS = 5;

/** How long a server may send nothing, unless the node's *Timeout* says otherwise. */
const DEFAULT_IDLE_TIMEOUT_MS = 60_000;

/** Bytes per millisecond. */
const SLOWEST_UPLOAD = 50;

type Context = IExecuteFunctions | IHookFunctions | ILoadOptionsFunctions | ITriggerFunctions | IWebhookFunctions;

/** Speaks to a provider's API in the name of a credential. Made once per execution: each read of a credential costs n8n milliseconds. */
export interface Client extends ApiClient {
	provider: Provider;
	/** How long a server may send nothing, in milliseconds. */
	idleTimeoutMs: number;
	/**
	 * Opens a file. Redirects are followed by hand, so that no other host is shown the token.
	 * @throws MediaError
	 */
	open: (url: string, options: { withToken: boolean }) => Promise<FileReply>;
}

export interface FileReply {
	status: number;
	headers: ApiReply['headers'];
	body: ByteStream;
	/** Ends the transfer; what was not read will not be. Destroying the body would do so only once more of it comes. */
	abort: () => void;
	/** For messages. */
	host: string;
}

/** @throws MediaError where the credential cannot work */
export async function createClient(context: Context, idleTimeoutMs?: number): Promise<Client> {
	return clientWith(context, await context.getCredentials(CREDENTIAL), idleTimeoutMs);
}

/** A client for a credential that has been read already. */
export function clientWith(context: Context, data: ICredentialDataDecryptedObject, idleTimeoutMs = DEFAULT_IDLE_TIMEOUT_MS): Client {
	const read = readCredentials(data);
	const { provider, credentials } = read;
	const cancelSignal = 'getExecutionCancelSignal' in context ? context.getExecutionCancelSignal() : undefined;
	const request = requester(context, data, idleTimeoutMs, cancelSignal);

	return {
		provider,
		credentials,
		idleTimeoutMs,
		async send({ method, path, query, headers, body }) {
			const invalid = provider.checkCredentials?.(credentials);
			if (invalid) throw invalid;
			// n8n counts the time until the answer begins, the whole upload included.
			const timeout = idleTimeoutMs + Number(headers?.['Content-Length'] ?? 0) / SLOWEST_UPLOAD;
			const options = { method, url: credentials.baseUrl + path, qs: query, headers, body: body as Buffer, timeout };
			const { statusCode: status, headers: replied, body: answer } = await request(options, { withToken: true });
			return { status, headers: replied, body: status >= 400 || answer?.error ? redact(answer, credentials) : answer };
		},
		async open(url, options) {
			let next = checkUrl(url, undefined, (other) => isAllowedHost(other, read));
			let withToken = options.withToken && mayReceiveToken(next, read);
			for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
				const { reply, abort } = await openOnce(request, next, withToken, cancelSignal);
				const target = reply.statusCode >= 300 && reply.statusCode < 400 && reply.headers.location;
				if (!target) return { status: reply.statusCode, headers: reply.headers, body: reply.body, abort, host: next.host };
				abort();
				const from = next;
				next = checkUrl(target, from, (other) => isAllowedHost(other, read));
				withToken &&= next.origin === from.origin;
			}
			throw new MediaError('permanent', `${new URL(url).host} redirects more than ${MAX_REDIRECTS} times`);
		},
	};
}

type Request = ReturnType<typeof requester>;

/** The one place from which requests leave. */
function requester(context: Context, data: ICredentialDataDecryptedObject, timeout: number, cancelSignal?: AbortSignal) {
	const { id, name } = context.getNode().credentials?.[CREDENTIAL] ?? { id: null, name: '' };
	const decrypted = { credentialsDecrypted: { id: id ?? '', name, type: CREDENTIAL, data } };
	return async (options: IHttpRequestOptions, { withToken, signal = cancelSignal }: { withToken: boolean; signal?: AbortSignal }) => {
		const complete: IHttpRequestOptions = {
			timeout,
			...options,
			headers: { 'User-Agent': USER_AGENT, ...options.headers },
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			// Also keeps the helper from holding a whole upload in memory in order to repeat it.
			disableFollowRedirect: true,
			sendCredentialsOnCrossOriginRedirect: false,
			// An accessor, because n8n puts its own signal in the place of a plain value.
			get abortSignal() {
				return signal;
			},
			set abortSignal(_) {},
		};
		try {
			return withToken
				? await context.helpers.httpRequestWithAuthentication.call(context, CREDENTIAL, complete, decrypted)
				: await context.helpers.httpRequest(complete);
		} catch (cause) {
			throw networkError(options.url, cause, cancelSignal);
		}
	};
}

/** One hop of the way to a file. */
async function openOnce(request: Request, url: URL, withToken: boolean, cancelSignal?: AbortSignal) {
	if (cancelSignal?.aborted) throw executionCanceled();
	const transfer = new AbortController();
	// Not AbortSignal.any, which costs as much as to hash the file (docs/benchmarks.md).
	const cancel = () => transfer.abort();
	cancelSignal?.addEventListener('abort', cancel);
	// Unzipping would hide whether the body is as long as the server said.
	const headers = { 'Accept-Encoding': 'identity' };
	const reply = await request({ url: url.href, encoding: 'stream', headers }, { withToken, signal: transfer.signal });
	reply.body.once('close', () => cancelSignal?.removeEventListener('abort', cancel));
	const abort = () => {
		reply.body.on('error', () => {});
		cancel();
	};
	return { reply, abort };
}
