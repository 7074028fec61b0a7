import { createHmac } from 'node:crypto';
import type { Dialog360Emulator } from '.';
import { type HttpAnswer, send } from '../client';
import type { EmulatorRequest, Reply } from '../server';
import { errors, json } from './errors';

export interface Webhook {
	url: string;
	/** Sent along with each delivery. */
	headers: Record<string, string>;
}

export interface Destination extends Webhook {
	name: string;
}

/** Of destinations besides the main one: A4. */
const MAX_DESTINATIONS = 3;

// -- Setting them: A4

export function getWebhook({ webhook, variants }: Dialog360Emulator): Reply {
	if (webhook) return json(webhook);
	if (variants.noWebhook === 'empty') return json({ url: '', headers: {} });
	throw errors.noWebhook();
}

export async function setWebhook(
	dialog360: Dialog360Emulator,
	request: EmulatorRequest,
): Promise<Reply> {
	const { url, headers = {} } = await read<Webhook>(request);
	checkUrl(url);
	dialog360.webhook = { url, headers };
	return json({ url });
}

export function getList({ variants, destinations }: Dialog360Emulator): Reply {
	if (variants.list === 'off') throw errors.listOff();
	return json({ enabled: true, destinations });
}

/** PUT appends, PATCH changes the one of that name. What happens is "started", and over a moment later. */
export async function changeList(
	dialog360: Dialog360Emulator,
	request: EmulatorRequest,
): Promise<Reply> {
	if (dialog360.variants.list === 'off') throw errors.listOff();
	const { destinations } = dialog360;
	if (request.method === 'PUT') {
		const { destinations: added = [] } = await read<{ destinations: Destination[] }>(request);
		for (const { name, url } of added) {
			checkUrl(url);
			if (!name || destinations.some((one) => one.name === name))
				throw errors.badRequest('Destination names must be unique');
		}
		if (destinations.length + added.length > MAX_DESTINATIONS)
			throw errors.badRequest('Too many destinations');
		destinations.push(...added);
	} else {
		const { name, ...changes } = await read<Destination>(request);
		const found = destinations.find((one) => one.name === name);
		if (!found) throw errors.notFound();
		if (changes.url) checkUrl(changes.url);
		Object.assign(found, changes);
	}
	return json({ message: 'operation started' });
}

async function read<T>(request: EmulatorRequest): Promise<T> {
	try {
		return JSON.parse((await request.read()).toString()) as T;
	} catch {
		throw errors.badRequest('Malformed JSON');
	}
}

/** https, and neither `_` nor a port in the host name. */
function checkUrl(given: string): void {
	const url = URL.canParse(given) ? new URL(given) : undefined;
	if (!url || url.protocol !== 'https:' || url.port || url.hostname.includes('_'))
		throw errors.badRequest('Invalid webhook URL');
}

// -- Delivering: A5

export interface DeliverOptions {
	/** Instead of the webhooks that are set: this URL, entered in the Hub with the credential's secret as header. */
	callback?: string;
	/** Over those of the webhook; null: not even those. */
	headers?: Record<string, string> | null;
}

/** To the main webhook, and after its 200 to those of the list. */
export async function post(
	dialog360: Dialog360Emulator,
	body: string | Buffer,
	options: DeliverOptions,
): Promise<HttpAnswer[]> {
	const { webhook, destinations, variants, credentials } = dialog360;
	const byHand = options.callback && {
		url: options.callback,
		headers: { 'X-Webhook-Secret': credentials.webhookSecret },
	};
	const main = byHand || webhook;
	if (!main) return [];
	const answer = await postTo(dialog360, main, body, options);
	if (byHand || answer.status !== 200 || variants.list === 'off') return [answer];
	return [
		answer,
		...(await Promise.all(
			destinations.map(async (one) => await postTo(dialog360, one, body, options)),
		)),
	];
}

async function postTo(
	{ variants, credentials }: Dialog360Emulator,
	webhook: Webhook,
	body: string | Buffer,
	{ headers }: DeliverOptions,
): Promise<HttpAnswer> {
	const bytes = Buffer.from(body);
	const hmac = createHmac('sha256', credentials.webhookSecret).update(bytes).digest('hex');
	const signature = { none: undefined, bare: hmac, prefixed: `sha256=${hmac}` }[variants.signature];
	return await send(webhook.url, {
		method: 'POST',
		headers: {
			'Content-Type': 'application/json',
			...(signature && { 'x-360dialog-signature': signature }),
			...(headers !== null && webhook.headers),
			...headers,
		},
		body: bytes,
		timeoutMs: variants.webhookTimeout,
	});
}
