import { MediaError } from '../../errors';
import type { Credentials, ApiClient, ApiReply, RegistrationScope, Registration } from '../provider';
import { object, objects, text } from '../read';
import { withIds } from './ids';
import { checkCredentials } from './media';
import { graphError, apiError, UNKNOWN_ID } from './errors';
import { verifyToken } from './webhook';

/**
 * Meta delivers to one URL: the phone number's own, else the account's, else the app's. The first two are "overrides" of the
 * third. Before it takes a URL it calls it, and waits for the answer. Source: Cloud API → Webhooks → Override, March 2026.
 */
export const registration: Registration = {
	exclusive: true,

	async currentUrls(given, level) {
		const url = await PLACES[level].read(await withIds(given, PLACES[level].needs));
		return url ? [url] : [];
	},

	async register(given, level, url) {
		const { needs, write } = PLACES[level];
		const client = await withIds(given, ['businessAccountId', 'appId']);
		demand(client.credentials, level, [...needs, 'webhookSecret']);
		checkUrl(url);
		await subscribe(client);
		const reply = await write(client, url);
		if (object(reply.body).success === true || object(reply.body).success === 'true') return;
		throw explained(reply, level);
	},

	async unregister(given, level, url) {
		const place = PLACES[level];
		const client = await withIds(given, place.needs);
		if ((await place.read(client)) !== url) return;
		const reply = await place.clear(client);
		if (reply.status !== 200) throw apiError(reply, 'Meta did not take the webhook URL away');
	},
};

/** Source: Cloud API → Webhooks → Override. */
const MAX_URL_LENGTH = 200;

interface Place {
	needs: Array<keyof Credentials>;
	read(client: ApiClient): Promise<string | undefined>;
	write(client: ApiClient, url: string): Promise<ApiReply>;
	clear(client: ApiClient): Promise<ApiReply>;
}

const PLACES: Record<RegistrationScope, Place> = {
	phoneNumber: {
		needs: ['phoneNumberId'],
		async read(client) {
			demand(client.credentials, 'phoneNumber', this.needs);
			const body = await get(client, client.credentials.phoneNumberId, { fields: 'webhook_configuration' });
			return text(object(body.webhook_configuration).phone_number);
		},
		write: async (client, url) =>
			await post(client, client.credentials.phoneNumberId, {
				webhook_configuration: { override_callback_uri: url, verify_token: verifyToken(client.credentials) },
			}),
		clear: async (client) => await post(client, client.credentials.phoneNumberId, { webhook_configuration: { override_callback_uri: '' } }),
	},

	account: {
		needs: ['businessAccountId', 'appId'],
		async read(client) {
			demand(client.credentials, 'account', this.needs);
			return text((await subscribedApp(client))?.override_callback_uri);
		},
		write: async (client, url) =>
			await post(client, `${client.credentials.businessAccountId}/subscribed_apps`, {
				override_callback_uri: url,
				verify_token: verifyToken(client.credentials),
			}),
		// Without a URL it takes the override away and leaves the subscription; DELETE would take both.
		clear: async (client) => await post(client, `${client.credentials.businessAccountId}/subscribed_apps`, {}),
	},

	app: {
		needs: ['appId', 'webhookSecret'],
		async read(client) {
			return text((await appSubscription(client))?.callback_url);
		},
		async write(client, url) {
			// Fields that somebody ticked in the dashboard stay subscribed.
			const fields = objects((await appSubscription(client))?.fields).flatMap(({ name }) => text(name) ?? []);
			return await client.send({
				method: 'POST',
				path: appPath(client),
				headers: asApp(client.credentials),
				body: {
					object: 'whatsapp_business_account',
					callback_url: url,
					verify_token: verifyToken(client.credentials),
					fields: [...new Set([...fields, 'messages'])].join(','),
				},
			});
		},
		clear: async (client) =>
			await client.send({ method: 'DELETE', path: appPath(client), headers: asApp(client.credentials), query: { object: 'whatsapp_business_account' } }),
	},
};

/** Without this nothing is delivered at all, and no override is taken. A second POST would take an override away. */
async function subscribe(client: ApiClient): Promise<void> {
	if (!client.credentials.businessAccountId || (await subscribedApp(client))) return;
	const reply = await post(client, `${client.credentials.businessAccountId}/subscribed_apps`, {});
	if (reply.status !== 200) throw apiError(reply, 'The app could not be subscribed to the WhatsApp Business Account');
}

/** Our app among those subscribed to the account. Without an App ID to know it by, any counts as ours. */
async function subscribedApp(client: ApiClient) {
	const { appId, businessAccountId } = client.credentials;
	const apps = objects((await get(client, `${businessAccountId}/subscribed_apps`)).data);
	return apps.find((app) => !appId || text(object(app.whatsapp_business_api_data).id) === appId);
}

async function appSubscription(client: ApiClient) {
	demand(client.credentials, 'app', PLACES.app.needs);
	const reply = await client.send({ method: 'GET', path: appPath(client), headers: asApp(client.credentials) });
	if (reply.status !== 200) throw explained(reply, 'app');
	return objects(object(reply.body).data).find((entry) => entry.object === 'whatsapp_business_account');
}

/** Subscriptions of the app answer to the app itself, not to a user's token. */
function asApp({ appId, webhookSecret }: Credentials) {
	return { Authorization: `Bearer ${appId}|${webhookSecret}` };
}

function appPath({ credentials }: ApiClient): string {
	return `/${credentials.apiVersion}/${encodeURIComponent(credentials.appId)}/subscriptions`;
}

async function get(client: ApiClient, path: string, query?: Record<string, string>) {
	const reply = await client.send({ method: 'GET', path: `/${client.credentials.apiVersion}/${path}`, query });
	if (reply.status !== 200) throw apiError(reply, 'Meta did not tell where it delivers now', UNKNOWN_ID);
	return object(reply.body);
}

async function post(client: ApiClient, path: string, body: object) {
	return await client.send({ method: 'POST', path: `/${client.credentials.apiVersion}/${path}`, body });
}

const FIELD_NAMES: Partial<Record<keyof Credentials, string>> = {
	phoneNumberId: 'Phone Number ID',
	businessAccountId: 'WhatsApp Business Account ID',
	appId: 'App ID',
	webhookSecret: 'App Secret',
};

const LEVEL_NAMES: Record<RegistrationScope, string> = {
	phoneNumber: 'This Phone Number',
	account: 'This WhatsApp Business Account',
	app: 'The Whole App',
};

function demand(credentials: Credentials, level: RegistrationScope, fields: Array<keyof Credentials>): void {
	const refused = checkCredentials(credentials);
	if (refused) throw refused;
	const missing = [...new Set(fields)].filter((field) => !credentials[field]).map((field) => FIELD_NAMES[field]);
	if (missing.length)
		throw new MediaError(
			'credential',
			`Registration for "${LEVEL_NAMES[level]}" needs ${missing.join(' and ')} in the credential`,
			'Open the credential; each field says where its value is found.',
		);
}

function checkUrl(url: string): void {
	if (!url.startsWith('https://'))
		throw new MediaError(
			'handshake',
			`Meta delivers to https addresses only, and this n8n’s address is ${new URL(url).origin}. Set n8n’s environment variable WEBHOOK_URL to its public https address`,
			'On your own computer, use a tunnel.',
		);
	if (url.length > MAX_URL_LENGTH)
		throw new MediaError(
			'handshake',
			`Meta takes webhook URLs of up to ${MAX_URL_LENGTH} characters, and this one has ${url.length}: ${url}`,
			'Give n8n a shorter address.',
		);
}

function explained(reply: ApiReply, level: RegistrationScope): MediaError {
	const what = `Meta did not take the webhook URL for "${LEVEL_NAMES[level]}"`;
	if (graphError(reply)?.message.includes('your app must be subscribed'))
		return new MediaError(
			'permanent',
			`${what}: the app is not subscribed to the WhatsApp Business Account`,
			'Fill in WhatsApp Business Account ID in the credential, and it is done for you.',
			{ status: reply.status },
		);
	if (graphError(reply)?.code === 15)
		return new MediaError('credential', `${what}: App ID and App Secret do not belong together`, 'Copy both from App Dashboard → App settings → Basic.', { status: reply.status });
	return apiError(reply, what, UNKNOWN_ID);
}
