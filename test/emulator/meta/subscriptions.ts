import type { MetaEmulator } from '.';
import { type GraphError, errors } from './errors';
import { type Call, type Params, parseJson } from './params';

interface Callback {
	url: string;
	verifyToken: string;
}

/** Who gets the webhooks: the page /webhooks/override. One callback per app, one override per account and per number. */
export class Subscriptions {
	/** The app's own callback. */
	app?: Callback & { fields: string[]; version: string };
	/** Whether the app is subscribed to the account: without it, nothing is delivered and no override is accepted. */
	subscribed = false;
	account?: Callback;
	/** By phone number ID. */
	readonly phoneNumbers = new Map<string, Callback>();
	/** Other vendors' apps on the same account, which a GET of the account lists too. */
	readonly otherApps: Array<{ id: string; name: string; callback?: string }> = [];

	constructor(private readonly meta: MetaEmulator) {}

	/** Where a message to this number goes: number before account before app. */
	callbackFor(phoneNumberId: string): string | undefined {
		if (!this.subscribed) return undefined;
		const app = this.app?.fields.includes('messages') ? this.app.url : undefined;
		return this.phoneNumbers.get(phoneNumberId)?.url ?? this.account?.url ?? app;
	}

	/** Calls the URL back, while the caller waits, and keeps it only if the answer is right. */
	async setApp(callback: Callback, fields: string[], version: string): Promise<void> {
		await this.prove(callback);
		this.app = { ...callback, fields, version };
	}

	async setAccount(callback: Callback): Promise<void> {
		this.requireSubscription();
		await this.prove(callback);
		this.account = callback;
	}

	async setPhoneNumber(phoneNumberId: string, callback: Callback): Promise<void> {
		this.requireSubscription();
		await this.prove(callback);
		this.phoneNumbers.set(phoneNumberId, callback);
	}

	private requireSubscription(): void {
		const { overrideNeeds } = this.meta.variants;
		if (overrideNeeds === 'nothing') return;
		const app = overrideNeeds === 'account' || this.app?.fields.includes('messages');
		if (!this.subscribed || !app) throw errors.notSubscribed();
	}

	private async prove({ url, verifyToken }: Callback): Promise<void> {
		if (url.length > 200) throw errors.callbackTooLong();
		const { ok, status, statusText, error } = await this.meta.handshake(url, {
			token: verifyToken,
		});
		if (!ok) throw handshakeError(status, statusText, error);
	}

	clear(): void {
		this.app = undefined;
		this.subscribed = false;
		this.account = undefined;
		this.phoneNumbers.clear();
		this.otherApps.length = 0;
	}
}

/** Meta quotes the status line of a wrong answer, and curl's words when there was none. */
function handshakeError(status: number, statusText: string, error?: string): GraphError {
	return errors.callbackRefused(
		error
			? `${error}; HTTP Status Code = 0`
			: `HTTP Status Code = ${status}; HTTP Message = ${statusText}`,
	);
}

// -- What Graph answers

export function getApp({ subscriptions: { app } }: MetaEmulator): object {
	if (!app) return { data: [] };
	const fields = app.fields.map((name) => ({ name, version: app.version }));
	return {
		data: [{ object: 'whatsapp_business_account', callback_url: app.url, active: true, fields }],
	};
}

export async function postApp(
	{ subscriptions }: MetaEmulator,
	{ params, version }: Call,
): Promise<object> {
	const { object, callback_url, verify_token, fields } = await params();
	if (object !== 'whatsapp_business_account') throw errors.missingParameter('object');
	if (!callback_url) throw errors.missingParameter('callback_url');
	// Graph takes a list written as JSON, too: n8n's own trigger sends `["messages"]`.
	const list = String(fields ?? '').startsWith('[') ? parseJson(String(fields)) : fields;
	const names = Array.isArray(list)
		? list.map(String)
		: String(list ?? '')
				.split(',')
				.filter(Boolean);
	await subscriptions.setApp(
		{ url: String(callback_url), verifyToken: String(verify_token ?? '') },
		names,
		version,
	);
	return { success: true };
}

export async function deleteApp(
	{ subscriptions }: MetaEmulator,
	{ params }: Call,
): Promise<object> {
	const { fields } = await params();
	const { app } = subscriptions;
	if (app && fields)
		app.fields = app.fields.filter((name) => !String(fields).split(',').includes(name));
	if (!fields || !app?.fields.length) subscriptions.app = undefined;
	return { success: true };
}

export function getAccount({ subscriptions, credentials }: MetaEmulator): object {
	const entry = (id: string, name: string, callback?: string) => ({
		whatsapp_business_api_data: { link: `https://www.facebook.com/games/?app_id=${id}`, name, id },
		...(callback && { override_callback_uri: callback }),
	});
	const own = subscriptions.subscribed
		? [entry(credentials.appId, 'n8n', subscriptions.account?.url)]
		: [];
	return {
		data: [
			...own,
			...subscriptions.otherApps.map(({ id, name, callback }) => entry(id, name, callback)),
		],
	};
}

export async function postAccount(
	{ subscriptions }: MetaEmulator,
	{ params }: Call,
): Promise<object> {
	const { override_callback_uri: url, verify_token } = await params();
	if (url) {
		await subscriptions.setAccount({ url: String(url), verifyToken: String(verify_token ?? '') });
	} else {
		// A bare POST subscribes, and takes an override away.
		subscriptions.subscribed = true;
		subscriptions.account = undefined;
	}
	return { success: true };
}

export function deleteAccount({ subscriptions }: MetaEmulator): object {
	subscriptions.subscribed = false;
	subscriptions.account = undefined;
	return { success: true };
}

export async function postPhoneNumber(
	{ subscriptions }: MetaEmulator,
	{ params, id, method }: Call,
): Promise<object> {
	const given = (await params()).webhook_configuration;
	const { override_callback_uri: url, verify_token } = ((typeof given === 'string'
		? JSON.parse(given)
		: given) ?? {}) as Params;
	if (url === undefined) throw errors.unsupported(method);
	if (url === '') subscriptions.phoneNumbers.delete(id);
	else
		await subscriptions.setPhoneNumber(id, {
			url: String(url),
			verifyToken: String(verify_token ?? ''),
		});
	return { success: true };
}
