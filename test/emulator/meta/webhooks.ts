import { createHmac } from 'node:crypto';
import type { MetaEmulator } from '.';
import { type HttpAnswer, send } from '../client';
import { digits } from '../store';

export interface DeliverOptions {
	/** Default: the callback that is set or subscribed. */
	callback?: string;
	/** What to sign with; default: the app secret. */
	secret?: string;
	/** The whole signature header instead of the right one; null: none. */
	signature?: string | null;
	/** Over the usual ones. */
	headers?: Record<string, string>;
}

/** Posts the body as Meta does, signed over the very bytes: the page /webhooks/create-webhook-endpoint. */
export async function post(
	meta: MetaEmulator,
	callback: string,
	body: string | Buffer,
	options: DeliverOptions,
): Promise<HttpAnswer> {
	const bytes = Buffer.from(body);
	const hmac = createHmac('sha256', options.secret ?? meta.credentials.appSecret)
		.update(bytes)
		.digest('hex');
	const signature = options.signature === undefined ? `sha256=${hmac}` : options.signature;
	return await send(callback, {
		method: 'POST',
		headers: {
			Accept: '*/*',
			'User-Agent': 'facebookexternalua',
			'Content-Type': 'application/json',
			...(signature !== null && { 'X-Hub-Signature-256': signature }),
			...options.headers,
		},
		body: bytes,
		timeoutMs: meta.variants.webhookTimeout,
	});
}

export interface Handshake {
	/** Status 200, and the challenge, the whole challenge and nothing but the challenge. */
	ok: boolean;
	status: number;
	statusText: string;
	body: string;
	/** What curl would have said, if there was no answer. */
	error?: string;
}

/** The GET that proves a callback: the page /webhooks/create-webhook-endpoint. */
export async function handshake(
	meta: MetaEmulator,
	callback: string,
	options: { token?: string; challenge?: string } = {},
): Promise<Handshake> {
	const challenge = options.challenge ?? digits(10);
	const token = encodeURIComponent(options.token ?? meta.credentials.verifyToken);
	const url = `${callback}${callback.includes('?') ? '&' : '?'}hub.mode=subscribe&hub.challenge=${encodeURIComponent(challenge)}&hub.verify_token=${token}`;
	try {
		const { status, statusText, body } = await send(url, {
			method: 'GET',
			headers: {
				Accept: '*/*',
				'User-Agent': 'facebookplatform/1.0 (+http://developers.facebook.com)',
			},
			timeoutMs: meta.variants.webhookTimeout,
		});
		return { ok: status === 200 && body === challenge, status, statusText, body };
	} catch (cause) {
		return {
			ok: false,
			status: 0,
			statusText: '',
			body: '',
			error: curlWords(cause as NodeJS.ErrnoException),
		};
	}
}

function curlWords({ code, message }: NodeJS.ErrnoException): string {
	if (code === 'ETIMEDOUT') return 'curl_errno = 28; curl_error = Operation timed out';
	if (code === 'ECONNREFUSED') return "curl_errno = 7; curl_error = Couldn't connect to server";
	if (code === 'ENOTFOUND') return "curl_errno = 6; curl_error = Couldn't resolve host name";
	return `curl_errno = 56; curl_error = ${message}`;
}
