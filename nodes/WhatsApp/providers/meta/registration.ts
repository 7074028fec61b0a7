import { MediaRefusal, type Account, type Api, type ApiReply, type Level, type Registration } from '../provider';
import { object, objects, text } from '../read';
import { withIds } from './ids';
import { checkAccount } from './media';
import { graphRefusal, refusal, UNKNOWN_ID } from './refusal';
import { verifyToken } from './webhook';

/**
 * Meta delivers to one URL: the phone number's own, else the account's, else the app's. The first two are "overrides" of the
 * third. Before it takes a URL it calls it, and waits for the answer. Source: Cloud API → Webhooks → Override, March 2026.
 */
export const registration: Registration = {
	exclusive: true,

	async registered(given, level) {
		const url = await PLACES[level].read(await withIds(given, PLACES[level].needs));
		return url ? [url] : [];
	},

	async register(given, level, url) {
		const { needs, write } = PLACES[level];
		const api = await withIds(given, ['businessAccountId', 'appId']);
		demand(api.account, level, [...needs, 'webhookSecret']);
		checkUrl(url);
		await subscribe(api);
		const reply = await write(api, url);
		if (object(reply.body).success === true || object(reply.body).success === 'true') return;
		throw explained(reply, level);
	},

	async unregister(given, level, url) {
		const place = PLACES[level];
		const api = await withIds(given, place.needs);
		if ((await place.read(api)) !== url) return;
		const reply = await place.clear(api);
		if (reply.status !== 200) throw refusal(reply, 'Meta did not take the webhook URL away');
	},
};

/** Source: Cloud API → Webhooks → Override. */
const MAX_URL_LENGTH = 200;

interface Place {
	needs: Array<keyof Account>;
	read(api: Api): Promise<string | undefined>;
	write(api: Api, url: string): Promise<ApiReply>;
	clear(api: Api): Promise<ApiReply>;
}

const PLACES: Record<Level, Place> = {
	phoneNumber: {
		needs: ['phoneNumberId'],
		async read(api) {
			demand(api.account, 'phoneNumber', this.needs);
			const body = await get(api, api.account.phoneNumberId, { fields: 'webhook_configuration' });
			return text(object(body.webhook_configuration).phone_number);
		},
		write: async (api, url) =>
			await post(api, api.account.phoneNumberId, {
				webhook_configuration: { override_callback_uri: url, verify_token: verifyToken(api.account) },
			}),
		clear: async (api) => await post(api, api.account.phoneNumberId, { webhook_configuration: { override_callback_uri: '' } }),
	},

	account: {
		needs: ['businessAccountId', 'appId'],
		async read(api) {
			demand(api.account, 'account', this.needs);
			return text((await subscribedApp(api))?.override_callback_uri);
		},
		write: async (api, url) =>
			await post(api, `${api.account.businessAccountId}/subscribed_apps`, {
				override_callback_uri: url,
				verify_token: verifyToken(api.account),
			}),
		// Without a URL it takes the override away and leaves the subscription; DELETE would take both.
		clear: async (api) => await post(api, `${api.account.businessAccountId}/subscribed_apps`, {}),
	},

	app: {
		needs: ['appId', 'webhookSecret'],
		async read(api) {
			return text((await appSubscription(api))?.callback_url);
		},
		async write(api, url) {
			// Fields that somebody ticked in the dashboard stay subscribed.
			const fields = objects((await appSubscription(api))?.fields).flatMap(({ name }) => text(name) ?? []);
			return await api.send({
				method: 'POST',
				path: appPath(api),
				headers: asApp(api.account),
				body: {
					object: 'whatsapp_business_account',
					callback_url: url,
					verify_token: verifyToken(api.account),
					fields: [...new Set([...fields, 'messages'])].join(','),
				},
			});
		},
		clear: async (api) =>
			await api.send({ method: 'DELETE', path: appPath(api), headers: asApp(api.account), query: { object: 'whatsapp_business_account' } }),
	},
};

/** Without this nothing is delivered at all, and no override is taken. A second POST would take an override away. */
async function subscribe(api: Api): Promise<void> {
	if (!api.account.businessAccountId || (await subscribedApp(api))) return;
	const reply = await post(api, `${api.account.businessAccountId}/subscribed_apps`, {});
	if (reply.status !== 200) throw refusal(reply, 'The app could not be subscribed to the WhatsApp Business Account');
}

/** Our app among those subscribed to the account. Without an App ID to know it by, any counts as ours. */
async function subscribedApp(api: Api) {
	const { appId, businessAccountId } = api.account;
	const apps = objects((await get(api, `${businessAccountId}/subscribed_apps`)).data);
	return apps.find((app) => !appId || text(object(app.whatsapp_business_api_data).id) === appId);
}

async function appSubscription(api: Api) {
	demand(api.account, 'app', PLACES.app.needs);
	const reply = await api.send({ method: 'GET', path: appPath(api), headers: asApp(api.account) });
	if (reply.status !== 200) throw explained(reply, 'app');
	return objects(object(reply.body).data).find((entry) => entry.object === 'whatsapp_business_account');
}

/** Subscriptions of the app answer to the app itself, not to a user's token. */
function asApp({ appId, webhookSecret }: Account) {
	return { Authorization: `Bearer ${appId}|${webhookSecret}` };
}

function appPath({ account }: Api): string {
	return `/${account.apiVersion}/${encodeURIComponent(account.appId)}/subscriptions`;
}

async function get(api: Api, path: string, query?: Record<string, string>) {
	const reply = await api.send({ method: 'GET', path: `/${api.account.apiVersion}/${path}`, query });
	if (reply.status !== 200) throw refusal(reply, 'Meta did not tell where it delivers now', UNKNOWN_ID);
	return object(reply.body);
}

async function post(api: Api, path: string, body: object) {
	return await api.send({ method: 'POST', path: `/${api.account.apiVersion}/${path}`, body });
}

const FIELD_NAMES: Partial<Record<keyof Account, string>> = {
	phoneNumberId: 'Phone Number ID',
	businessAccountId: 'WhatsApp Business Account ID',
	appId: 'App ID',
	webhookSecret: 'App Secret',
};

const LEVEL_NAMES: Record<Level, string> = {
	phoneNumber: 'This Phone Number',
	account: 'This WhatsApp Business Account',
	app: 'The Whole App',
};

function demand(account: Account, level: Level, fields: Array<keyof Account>): void {
	const refused = checkAccount(account);
	if (refused) throw refused;
	const missing = [...new Set(fields)].filter((field) => !account[field]).map((field) => FIELD_NAMES[field]);
	if (missing.length)
		throw new MediaRefusal(
			'credential',
			`Registration for "${LEVEL_NAMES[level]}" needs ${missing.join(' and ')} in the credential`,
			'Open the credential; each field says where its value is found.',
		);
}

function checkUrl(url: string): void {
	if (!url.startsWith('https://'))
		throw new MediaRefusal(
			'handshake',
			`Meta delivers to https addresses only, and this n8n’s address is ${new URL(url).origin}. Set n8n’s environment variable WEBHOOK_URL to its public https address`,
			'On your own computer, use a tunnel.',
		);
	if (url.length > MAX_URL_LENGTH)
		throw new MediaRefusal(
			'handshake',
			`Meta takes webhook URLs of up to ${MAX_URL_LENGTH} characters, and this one has ${url.length}: ${url}`,
			'Give n8n a shorter address.',
		);
}

function explained(reply: ApiReply, level: Level): MediaRefusal {
	const what = `Meta did not take the webhook URL for "${LEVEL_NAMES[level]}"`;
	if (graphRefusal(reply)?.message.includes('your app must be subscribed'))
		return new MediaRefusal(
			'refused',
			`${what}: the app is not subscribed to the WhatsApp Business Account`,
			'Fill in WhatsApp Business Account ID in the credential, and it is done for you.',
			reply.status,
		);
	if (graphRefusal(reply)?.code === 15)
		return new MediaRefusal('credential', `${what}: App ID and App Secret do not belong together`, 'Copy both from App Dashboard → App settings → Basic.', reply.status);
	return refusal(reply, what, UNKNOWN_ID);
}
