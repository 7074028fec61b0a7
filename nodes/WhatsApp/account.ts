import type {
	ICredentialDataDecryptedObject,
	IExecuteFunctions,
	IHookFunctions,
	IHttpRequestOptions,
	ILoadOptionsFunctions,
	ITriggerFunctions,
	IWebhookFunctions,
} from 'n8n-workflow';

import { checkAddress } from './address';
import { providers } from './providers';
import { MediaRefusal, type Account, type Api, type ApiReply, type ByteStream, type Provider } from './providers/provider';

export const CREDENTIAL = 'whatsAppMediaApi';

/** File hosts turn away clients without a product name (whatsapp-api-js#335 and others). */
const USER_AGENT = 'n8n-nodes-whatsapp-media/1.0';

type Context = IExecuteFunctions | IHookFunctions | ILoadOptionsFunctions | ITriggerFunctions | IWebhookFunctions;

/** An account at a provider, ready for use. Read once per execution: each read of a credential costs n8n milliseconds. */
export interface OpenAccount extends Api {
	provider: Provider;
	/** How long a server may be silent, in milliseconds. */
	maxSilence: number;
	/** Opens a file. Redirects are followed by hand, so that no other host is shown the token. @throws MediaRefusal */
	open: (url: string, tokenRequired: boolean) => Promise<FileReply>;
}

export interface FileReply {
	status: number;
	headers: ApiReply['headers'];
	body: ByteStream;
	/** Ends the transfer; what was not read will not be. Destroying the body would do so only once more of it comes. */
	abandon: () => void;
	/** For messages. */
	host: string;
}

export async function openAccount(context: Context, maxSilence?: number): Promise<OpenAccount> {
	return accountOf(context, await context.getCredentials(CREDENTIAL), maxSilence);
}

/** How long a trigger goes by what it has read: a secret that was withdrawn may be believed for so long. */
const REMEMBERED_MS = 10_000;
const REMEMBERED = 500;

/** By workflow, node and credential, oldest first. */
const remembered = new Map<string, { at: number; data: ICredentialDataDecryptedObject }>();

/**
 * The account for a delivery: reading the credential takes n8n more time than all else that a trigger does (numbers in
 * docs/benchmarks.md), so it is remembered for a moment. It is read again at once when it does not fit the delivery, so
 * that a secret counts from the moment it is changed.
 */
export async function accountFor(context: IWebhookFunctions, fits: (account: OpenAccount) => boolean): Promise<OpenAccount> {
	const { id: node, credentials } = context.getNode();
	const key = [context.getWorkflow().id, node, credentials?.[CREDENTIAL]?.id].join('/');
	const known = remembered.get(key);
	if (known && performance.now() - known.at < REMEMBERED_MS) {
		const account = accountOf(context, known.data);
		if (fits(account)) return account;
	}
	remembered.delete(key);
	// Counted from before it is read: it may change while n8n reads it.
	const at = performance.now();
	const data = await context.getCredentials(CREDENTIAL);
	remembered.set(key, { at, data });
	if (remembered.size > REMEMBERED) remembered.delete(remembered.keys().next().value!);
	return accountOf(context, data);
}

function accountOf(context: Context, data: ICredentialDataDecryptedObject, maxSilence = MAX_SILENCE): OpenAccount {
	const { provider, account, trusts, knows } = readCredential(data);
	const { id, name } = context.getNode().credentials?.[CREDENTIAL] ?? { id: null, name: '' };
	const decrypted = { credentialsDecrypted: { id: id ?? '', name, type: CREDENTIAL, data } };
	const abortSignal = 'getExecutionCancelSignal' in context ? context.getExecutionCancelSignal() : undefined;

	/** The one place from which requests leave. */
	async function request(options: IHttpRequestOptions, withToken: boolean, signal = abortSignal) {
		const complete: IHttpRequestOptions = {
			timeout: maxSilence,
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
			throw unreachable(options.url, cause, abortSignal);
		}
	}

	return {
		provider,
		account,
		maxSilence,
		async send({ method, path, query, headers, body }) {
			const refused = provider.checkAccount?.(account);
			if (refused) throw refused;
			// n8n counts the time until the answer begins, the whole upload included.
			const timeout = maxSilence + Number(headers?.['Content-Length'] ?? 0) / SLOWEST_UPLOAD;
			const reply = await request({ method, url: account.baseUrl + path, qs: query, headers, body: body as Buffer, timeout }, true);
			const { statusCode: status, headers: given, body: said } = reply;
			return { status, headers: given, body: status >= 400 || said?.error ? withoutSecrets(said, account) : said };
		},
		async open(url, tokenRequired) {
			let next = checkAddress(url, undefined, knows);
			let withToken = tokenRequired && trusts(next);
			for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
				if (abortSignal?.aborted) throw canceled();
				const transfer = new AbortController();
				// Not AbortSignal.any, which costs as much as to hash the file (docs/benchmarks.md).
				const end = () => transfer.abort();
				abortSignal?.addEventListener('abort', end);
				// Unzipping would hide whether the body is as long as the server said.
				const headers = { 'Accept-Encoding': 'identity' };
				const reply = await request({ url: next.href, encoding: 'stream', headers }, withToken, transfer.signal);
				reply.body.once('close', () => abortSignal?.removeEventListener('abort', end));
				const abandon = () => {
					reply.body.on('error', () => {});
					end();
				};
				const target = reply.statusCode >= 300 && reply.statusCode < 400 && reply.headers.location;
				if (!target) return { status: reply.statusCode, headers: reply.headers, body: reply.body, abandon, host: next.host };
				abandon();
				const from = next;
				next = checkAddress(target, from, knows);
				withToken &&= next.origin === from.origin;
			}
			throw new MediaRefusal('refused', `${new URL(url).host} redirects more than ${MAX_REDIRECTS} times`);
		},
	};
}

const MAX_REDIRECTS = 5;

const MAX_SILENCE = 60_000;

/** Bytes per millisecond. */
const SLOWEST_UPLOAD = 50;

/** In words, also because n8n replaces a message that contains one of these codes by a general one. */
const NETWORK_WORDS: Record<string, string> = {
	ECONNREFUSED: 'it refuses connections',
	ECONNRESET: 'the connection was closed',
	ENOTFOUND: 'its name is unknown',
	EAI_AGAIN: 'its name could not be looked up',
	ETIMEDOUT: 'no answer in time',
	ECONNABORTED: 'no answer in time',
	EHOSTUNREACH: 'there is no way to it',
	DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted',
	UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted',
	SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted',
	CERT_HAS_EXPIRED: 'its certificate has expired',
};

/** Shorter ones would be found in any text. */
const SECRET_LENGTH = 8;

/** An API's refusal without our secrets: some repeat the token that they refuse (Graph: "Malformed access token …"), and errors are saved. */
export function withoutSecrets<T>(refusal: T, { accessToken, webhookSecret, verifyToken }: Account): T {
	const secrets = [accessToken, webhookSecret, verifyToken].filter(({ length }) => length >= SECRET_LENGTH);
	const clean = (text: string) => secrets.reduce((all, secret) => all.replaceAll(secret, '…'), text);
	return JSON.parse(JSON.stringify(refusal ?? null), (_, value) => (typeof value === 'string' ? clean(value) : value)) as T;
}

/** The credential's `authenticate`: adds the token where it belongs and nowhere else. */
export async function addToken(
	data: ICredentialDataDecryptedObject,
	options: IHttpRequestOptions,
): Promise<IHttpRequestOptions> {
	const { provider, account, trusts } = readCredential(data);
	if (!account.accessToken || !trusts(new URL(options.url, options.baseURL))) return options;
	const refused = provider.checkAccount?.(account);
	if (refused) throw refused;
	// An API that wants another proof than the token, such as the app's own, says so itself.
	return { ...options, headers: { Authorization: `Bearer ${account.accessToken}`, ...options.headers } };
}

/** The only reader of the credential's fields. */
function readCredential(data: ICredentialDataDecryptedObject) {
	// White space comes along when a secret is copied; none of these values can hold any.
	const field = (name: string) => String(data[name] ?? '').replace(/\s+/g, '');
	const provider = providers[field('provider')];
	if (!provider)
		throw new MediaRefusal('credential', 'The credential names no provider', 'Open the credential and choose one.');
	const account: Account = {
		accessToken: field('accessToken'),
		apiVersion: field('apiVersion'),
		appId: field('appId'),
		baseUrl: (field('baseUrl') || provider.defaultBaseUrl).replace(/\/+$/, ''),
		businessAccountId: field('businessAccountId'),
		phoneNumberId: field('phoneNumberId'),
		verifyToken: field('verifyToken'),
		webhookSecret: field('webhookSecret'),
	};
	const ownHosts = String(data.mediaHosts ?? '').split(/[\s,;]+/).filter(Boolean);
	const trusts = (url: URL) =>
		url.origin === new URL(account.baseUrl).origin || [...provider.mediaHosts, ...ownHosts].some((host) => covers(host, url));
	const knows = (url: URL) => url.hostname === new URL(account.baseUrl).hostname || trusts(url);
	return { provider, account, trusts, knows };
}

/** A host (`files.example.com`), a domain with all below it (`.example.com`), or an origin (`http://127.0.0.1:4011`). */
function covers(host: string, url: URL): boolean {
	if (host.includes('://')) return url.origin === host.replace(/\/+$/, '');
	if (url.protocol !== 'https:') return false;
	return url.host === host || (host.startsWith('.') && (url.host.endsWith(host) || url.host === host.slice(1)));
}

/** n8n counts an execution as canceled, rather than failed, by this word in the message. */
export function canceled(): MediaRefusal {
	return new MediaRefusal('unreachable', 'The execution was canceled');
}

/** Built anew from what is safe to show: the helper's own error carries the request, token included. */
function unreachable(url: string, cause: unknown, abortSignal?: AbortSignal): MediaRefusal {
	if (abortSignal?.aborted) return canceled();
	const { host } = new URL(url);
	const { httpCode, code } = cause as { httpCode?: string; code?: string };
	const reason = NETWORK_WORDS[code ?? httpCode ?? ''];
	return new MediaRefusal(
		'unreachable',
		`${host} could not be reached${reason ? `: ${reason}` : ''}`,
		'Check that this n8n may connect to it (firewall, proxy, DNS) and that Base URL in the credential is right.',
	);
}
