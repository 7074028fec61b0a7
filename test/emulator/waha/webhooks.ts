import { createHmac, randomBytes } from 'node:crypto';
import type { WahaEmulator } from '.';
import { type HttpAnswer, send } from '../client';
import type { Item } from './messages';
import type { Webhook } from './sessions';

export interface DeliverOptions {
	/** Instead of the webhooks in the session's configuration: this URL, as `WHATSAPP_HOOK_URL` would set it. */
	callback?: string;
	/** What to sign with; default: the key of the webhook, or with a callback that of `WHATSAPP_HOOK_HMAC_KEY`. */
	secret?: string;
	/** The whole signature header instead of the right one; null: none, as without a key. */
	signature?: string | null;
	/** Over the usual ones. */
	headers?: Record<string, string> | null;
}

export interface Event {
	name: string;
	body: string;
}

/** The events of a message: `message.any` for every one, `message` for those that others sent. B2. */
export function eventsOf(waha: WahaEmulator, message: Item): Event[] {
	const names = message.fromMe === true ? ['message.any'] : ['message', 'message.any'];
	return names.map((name) => ({ name, body: envelope(waha, name, message) }));
}

/** B2, keys in its order. */
export function envelope(waha: WahaEmulator, event: string, payload: object): string {
	const { engine, tier } = waha.variants;
	const named = engine === 'none' ? 'WEBJS' : engine;
	return JSON.stringify({
		id: `evt_${randomBytes(13).toString('hex')}`,
		timestamp: waha.clock.now(),
		event,
		session: waha.session,
		metadata: waha.config.metadata ?? {},
		me: waha.me,
		payload,
		engine: named,
		environment: {
			version: waha.version,
			engine: named,
			tier: tier === 'PLUS' ? 'PLUS' : 'CORE',
			browser: null,
		},
	});
}

/** Posts a message's events to everyone who asked for them. */
export async function post(
	waha: WahaEmulator,
	events: Event[],
	options: DeliverOptions,
): Promise<HttpAnswer[]> {
	const global: Webhook[] = options.callback
		? [
				{
					url: options.callback,
					events: ['message'],
					hmac: { key: waha.credentials.webhookSecret },
				},
			]
		: [];
	const webhooks = options.callback ? global : (waha.config.webhooks ?? []);
	const due = webhooks.flatMap((webhook) =>
		events
			.filter(({ name }) => webhook.events.includes(name) || webhook.events.includes('*'))
			.map(({ body }) => ({ webhook, body })),
	);
	return await Promise.all(
		due.map(async ({ webhook, body }) => await postTo(waha, webhook, body, options)),
	);
}

export async function postTo(
	waha: WahaEmulator,
	{ url, hmac, customHeaders }: Pick<Webhook, 'url' | 'hmac' | 'customHeaders'>,
	body: string | Buffer,
	options: DeliverOptions,
): Promise<HttpAnswer> {
	const bytes = Buffer.from(body);
	const key = options.secret ?? hmac?.key;
	const right = key ? createHmac('sha512', key).update(bytes).digest('hex') : null;
	const signature = options.signature === undefined ? right : options.signature;
	return await send(url, {
		method: 'POST',
		headers: {
			Accept: 'application/json, text/plain, */*',
			'Content-Type': 'application/json',
			'User-Agent': `WAHA/${waha.version}`,
			'X-Webhook-Request-Id': randomBytes(13).toString('hex'),
			'X-Webhook-Timestamp': String(waha.clock.now()),
			...(signature !== null && {
				'X-Webhook-Hmac': signature,
				'X-Webhook-Hmac-Algorithm': 'sha512',
			}),
			...Object.fromEntries((customHeaders ?? []).map(({ name, value }) => [name, value])),
			...options.headers,
		},
		body: bytes,
		timeoutMs: waha.variants.webhookTimeout,
	});
}
