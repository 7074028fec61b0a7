import type { WhapiEmulator } from '.';
import { type HttpAnswer, send } from '../client';
import type { Json } from './messages';
import type { Webhook } from './settings';

export interface DeliverOptions {
	/** Instead of the webhooks in the settings: this URL, in mode body. */
	callback?: string;
	/** Over the webhook's own ones; null: not even those. */
	headers?: Record<string, string> | null;
}

/** The kind of thing that happened, and the verb that says how. */
export interface Event {
	type: string;
	method: 'post' | 'put' | 'patch' | 'delete';
}

/** The body in mode body, keys in the order of the help desk's samples. */
export function envelope(whapi: WhapiEmulator, content: Json, event: Event): string {
	return JSON.stringify({
		...content,
		event: { type: event.type, [whapi.variants.eventKey]: event.method },
		channel_id: whapi.credentials.channelId,
	});
}

/** Posts the body to everyone who asked for such events. */
export async function post(
	whapi: WhapiEmulator,
	body: string | Buffer,
	event: Event,
	options: DeliverOptions,
): Promise<HttpAnswer[]> {
	const webhooks = options.callback
		? [{ url: options.callback }]
		: whapi.settings.webhooks.filter((webhook) => wants(webhook, event));
	return await Promise.all(
		webhooks.map(
			async (webhook) => await postTo(whapi, webhook, Buffer.from(body), event, options),
		),
	);
}

function wants({ events = [] }: Webhook, event: Event): boolean {
	return events.some(({ type, method }) => type === event.type && method === event.method);
}

/** Mode path appends the event and the verb to the path, mode method the event, and takes the verb as its own. */
async function postTo(
	whapi: WhapiEmulator,
	webhook: Webhook,
	body: Buffer,
	{ type, method }: Event,
	{ headers }: DeliverOptions,
): Promise<HttpAnswer> {
	const added = { path: `/${type}/${method}`, method: `/${type}`, body: '' }[
		webhook.mode ?? 'body'
	];
	return await send(`${webhook.url}${added}`, {
		method: webhook.mode === 'method' ? method.toUpperCase() : 'POST',
		headers: {
			Accept: 'application/json, text/plain, */*',
			'Content-Type': 'application/json',
			'User-Agent': 'axios/1.7.9',
			...(headers !== null && webhook.headers),
			...headers,
		},
		body,
		timeoutMs: whapi.variants.webhookTimeout,
	});
}
