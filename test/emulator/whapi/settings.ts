import { errors } from './errors';

export interface Webhook {
	url: string;
	events?: Array<{ type: string; method: string }>;
	mode?: 'body' | 'path' | 'method';
	/** Sent along with each delivery; at most five. */
	headers?: Record<string, string>;
	[more: string]: unknown;
}

export interface Settings {
	webhooks: Webhook[];
	media: { auto_download?: string[]; init_avatars?: boolean };
	[more: string]: unknown;
}

export function defaultSettings(): Settings {
	return {
		callback_backoff_delay_ms: 3000,
		max_callback_backoff_delay_ms: 900_000,
		callback_persist: true,
		media: { auto_download: [], init_avatars: true },
		webhooks: [],
		offline_mode: false,
		full_history: false,
	};
}

const MAX_HEADERS = 5;

/** PATCH /settings: fields that are not sent stay, fields that are sent are replaced, arrays whole. */
export function patched(
	before: Settings,
	patch: unknown,
	mediaSettings: 'replaced' | 'merged',
): Settings {
	if (typeof patch !== 'object' || patch === null || Array.isArray(patch))
		throw errors.badRequest('Settings must be an object');
	const after: Settings = { ...before, ...structuredClone(patch) };
	if (mediaSettings === 'merged') after.media = { ...before.media, ...after.media };
	if (!Array.isArray(after.webhooks)) throw errors.badRequest('webhooks must be an array');
	after.webhooks = after.webhooks.map(complete);
	return after;
}

/** The default event is one of the deprecated names, which nobody wants. */
function complete(webhook: Webhook): Webhook {
	if (typeof webhook?.url !== 'string' || !URL.canParse(webhook.url))
		throw errors.badRequest('webhooks.url must be a valid uri');
	if (Object.keys(webhook.headers ?? {}).length > MAX_HEADERS)
		throw errors.badRequest(`webhooks.headers must have at most ${MAX_HEADERS} properties`);
	return {
		...webhook,
		events: webhook.events ?? [{ type: 'message', method: 'put' }],
		mode: webhook.mode ?? 'body',
	};
}

/** The top-level fields that differ. */
export function changes(before: Settings, after: Settings): string[] {
	return Object.keys(after).filter(
		(name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
	);
}
