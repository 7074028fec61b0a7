import { createHmac } from 'node:crypto';
import type { PipesEmulator } from '.';
import { type HttpAnswer, send } from '../client';

export interface DeliverOptions {
	/** Default: `callback` of the emulator, if any. */
	callback?: string;
	/** What to sign with; default: the webhook secret. */
	secret?: string;
	/** The whole signature header instead of the right one; null: none, as without a secret. */
	signature?: string | null;
	/** Over the usual ones. */
	headers?: Record<string, string>;
}

/** Posts a body, signed: the page /webhooks/security. */
export async function post(
	pipes: PipesEmulator,
	callback: string,
	body: string | Buffer,
	options: DeliverOptions,
): Promise<HttpAnswer> {
	const bytes = Buffer.from(body);
	const secret = options.secret ?? pipes.credentials.webhookSecret;
	const signature =
		options.signature === undefined
			? createHmac('sha256', secret).update(bytes).digest('hex')
			: options.signature;
	return await send(callback, {
		method: 'POST',
		headers: {
			'Content-Type': 'application/json',
			'User-Agent': 'Pipes-Webhook/1.0',
			...(signature !== null && { 'X-Pipes-Signature': signature }),
			...options.headers,
		},
		body: bytes,
		timeoutMs: pipes.variants.webhookTimeout,
	});
}
