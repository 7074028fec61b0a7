import { MediaError } from '../../errors';
import { unexpectedAnswer } from '../unexpectedAnswer';
import type { ApiClient, ApiReply, ApiRequest, Credentials, RegistrationScope } from '../provider';
import { object, objects, text, type Json } from '../read';
import { apiError, graphError, UNKNOWN_ID } from '../cloudApi/errors';
import { graphPath } from './ids';
import { verifyToken } from './webhook';

/** How the webhook URL of one scope is read, set and taken away. */
interface Scope {
	/** As the option of *Receive Files For* is called. */
	displayName: string;
	/** The fields of the credential without which it cannot be read. */
	requiredFields: Array<keyof Credentials>;
	read(client: ApiClient): Promise<string | undefined>;
	/** Whether messages go there; absent where they always do. */
	deliversMessages?(client: ApiClient): Promise<boolean>;
	write(client: ApiClient, url: string): Promise<ApiReply>;
	clear(client: ApiClient): Promise<ApiReply>;
}

/** The field of the app's subscription that deliveries of files come from. */
const MESSAGES = 'messages';

export const SCOPES: Record<RegistrationScope, Scope> = {
	phoneNumber: {
		displayName: 'This Phone Number',
		requiredFields: ['phoneNumberId'],
		async read(client) {
			const { phoneNumberId } = client.credentials;
			const reply = await get(client, graphPath(client, phoneNumberId), {
				fields: 'webhook_configuration',
			});
			const { id, webhook_configuration: urls } = object(reply.body);
			if (text(id) !== phoneNumberId) throw notMeta(reply);
			return text(object(urls).phone_number);
		},
		write: async (client, url) => await postPhoneNumber(client, callback(client, url)),
		clear: async (client) => await postPhoneNumber(client, { override_callback_uri: '' }),
	},

	account: {
		displayName: 'This WhatsApp Business Account',
		requiredFields: ['businessAccountId', 'appId'],
		read: async (client) => text((await subscribedApp(client))?.override_callback_uri),
		write: async (client, url) => await postSubscribedApps(client, callback(client, url)),
		// Without a URL it takes the override away and leaves the subscription; DELETE would take both.
		clear: async (client) => await postSubscribedApps(client, {}),
	},

	app: {
		displayName: 'The Whole App',
		requiredFields: ['appId', 'webhookSecret'],
		read: async (client) => text((await appSubscription(client))?.callback_url),
		async write(client, url) {
			// Fields that somebody ticked in the dashboard stay subscribed.
			const fields = await subscribedFields(client);
			return await sendAsApp(client, {
				method: 'POST',
				body: {
					object: 'whatsapp_business_account',
					callback_url: url,
					verify_token: verifyToken(client.credentials),
					fields: [...new Set([...fields, MESSAGES])].join(','),
				},
			});
		},
		deliversMessages: async (client) => (await subscribedFields(client)).includes(MESSAGES),
		// Without `fields` it takes away all of them, and the URL.
		async clear(client) {
			const others = (await subscribedFields(client)).filter((name) => name !== MESSAGES);
			const query = {
				object: 'whatsapp_business_account',
				...(others.length && { fields: MESSAGES }),
			};
			return await sendAsApp(client, { method: 'DELETE', query });
		},
	},
};

/** Without this nothing is delivered at all, and no override is taken. A second POST would take an override away. */
export async function subscribeToAccount(client: ApiClient): Promise<void> {
	if (!client.credentials.businessAccountId || (await subscribedApp(client))) return;
	const reply = await postSubscribedApps(client, {});
	if (reply.status !== 200)
		throw apiError(reply, 'The app could not be subscribed to the WhatsApp Business Account');
}

/** Our app among those subscribed to the account. Without an App ID to know it by, any counts as ours. */
async function subscribedApp(client: ApiClient) {
	const { appId, businessAccountId } = client.credentials;
	const reply = await get(client, graphPath(client, businessAccountId, 'subscribed_apps'));
	return dataOf(reply).find(
		(app) => !appId || text(object(app.whatsapp_business_api_data).id) === appId,
	);
}

async function appSubscription(client: ApiClient) {
	const reply = await sendAsApp(client, { method: 'GET' });
	if (reply.status !== 200) throw registrationError(reply, 'app');
	return dataOf(reply).find((entry) => entry.object === 'whatsapp_business_account');
}

async function subscribedFields(client: ApiClient): Promise<string[]> {
	const fields = objects((await appSubscription(client))?.fields);
	return fields.flatMap(({ name }) => text(name) ?? []);
}

/** Subscriptions of the app answer to the app's own token, not to a user's. */
async function sendAsApp(client: ApiClient, request: Omit<ApiRequest, 'path'>): Promise<ApiReply> {
	const { appId, webhookSecret } = client.credentials;
	return await client.send({
		...request,
		path: graphPath(client, appId, 'subscriptions'),
		accessToken: `${appId}|${webhookSecret}`,
	});
}

async function get(client: ApiClient, path: string, query?: Record<string, string>) {
	const reply = await client.send({ method: 'GET', path, query });
	if (reply.status !== 200)
		throw apiError(reply, 'Could not read Meta’s current webhook', UNKNOWN_ID);
	return reply;
}

/** A list, which is there when it is empty, too. */
function dataOf(reply: ApiReply): Json[] {
	const { data } = object(reply.body);
	if (!Array.isArray(data)) throw notMeta(reply);
	return objects(data);
}

function notMeta(reply: ApiReply): MediaError {
	return unexpectedAnswer(reply, 'Could not read Meta’s current webhook', 'Meta');
}

async function postPhoneNumber(client: ApiClient, configuration: object): Promise<ApiReply> {
	const path = graphPath(client, client.credentials.phoneNumberId);
	return await client.send({
		method: 'POST',
		path,
		body: { webhook_configuration: configuration },
	});
}

async function postSubscribedApps(client: ApiClient, body: object): Promise<ApiReply> {
	const path = graphPath(client, client.credentials.businessAccountId, 'subscribed_apps');
	return await client.send({ method: 'POST', path, body });
}

function callback({ credentials }: ApiClient, url: string) {
	return { override_callback_uri: url, verify_token: verifyToken(credentials) };
}

/** Why Meta did not take a webhook URL. */
export function registrationError(reply: ApiReply, scope: RegistrationScope): MediaError {
	const what = `Meta did not accept the webhook URL for ${SCOPES[scope].displayName}`;
	const error = graphError(reply);
	if (error?.message.includes('your app must be subscribed'))
		return new MediaError(
			'permanent',
			`${what}: the app is not subscribed to the WhatsApp Business Account`,
			'Enter WhatsApp Business Account ID in the credential: then the trigger subscribes it for you.',
			{ status: reply.status },
		);
	// 190 is "Invalid OAuth access token signature", of the token that is made of the two.
	if (error?.code === 15 || (scope === 'app' && error?.code === 190))
		return new MediaError(
			'credential',
			`${what}: App ID and App Secret do not belong together`,
			'Copy both from App Dashboard → App settings → Basic.',
			{ status: reply.status },
		);
	return apiError(reply, what, UNKNOWN_ID);
}
