import { MediaError } from '../../errors';
import type {
	ApiClient,
	ApiReply,
	Credentials,
	Registration,
	RegistrationScope,
} from '../provider';
import { object } from '../read';
import { requireFields } from './credentials';
import { apiError } from '../cloudApi/errors';
import { withIds } from './ids';
import { registrationError, SCOPES, subscribeToAccount } from './scopes';

/** Source: Cloud API → Webhooks → Override. */
const MAX_URL_LENGTH = 200;

/**
 * Meta delivers to one URL: the phone number's own, else the account's, else the app's. The first two are "overrides" of the
 * third. Before Meta accepts a URL, it sends a GET to it, and waits for the answer. Source: Cloud API → Webhooks → Override, March 2026.
 */
export const registration: Registration = {
	exclusive: true,

	async registeredUrls(client, scope) {
		const url = await SCOPES[scope].read(await completeClient(client, scope));
		return url ? [url] : [];
	},

	async register(client, scope, url) {
		const complete = await withIds(client, ['businessAccountId', 'appId']);
		checkFields(complete.credentials, scope, [...SCOPES[scope].requiredFields, 'webhookSecret']);
		checkUrl(url);
		await subscribeToAccount(complete);
		const reply = await SCOPES[scope].write(complete, url);
		if (!isDone(reply)) throw registrationError(reply, scope);
	},

	async deliversMessages(client, scope) {
		const { deliversMessages } = SCOPES[scope];
		return deliversMessages ? await deliversMessages(await completeClient(client, scope)) : true;
	},

	async unregister(client, scope, url) {
		const complete = await completeClient(client, scope);
		if ((await SCOPES[scope].read(complete)) !== url) return;
		const reply = await SCOPES[scope].clear(complete);
		if (!isDone(reply)) throw apiError(reply, 'Meta could not remove the webhook URL');
	},
};

function isDone({ body }: ApiReply): boolean {
	const { success } = object(body);
	return success === true || success === 'true';
}

/** Adds the IDs that this scope needs to the credentials. @throws MediaError where a field is empty */
async function completeClient(client: ApiClient, scope: RegistrationScope): Promise<ApiClient> {
	const { requiredFields } = SCOPES[scope];
	const complete = await withIds(client, requiredFields);
	checkFields(complete.credentials, scope, requiredFields);
	return complete;
}

function checkFields(
	credentials: Credentials,
	scope: RegistrationScope,
	fields: Array<keyof Credentials>,
): void {
	requireFields(
		credentials,
		fields,
		`To receive files for “${SCOPES[scope].displayName}”, the trigger`,
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
			`Meta accepts webhook URLs of up to ${MAX_URL_LENGTH} characters, and this one has ${url.length}: ${url}`,
			'Give n8n a shorter address.',
		);
}
