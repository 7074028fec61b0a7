import type { MetaEmulator } from '.';
import { type GraphError, errors } from './errors';

interface Callback {
	url: string;
	verifyToken: string;
}

/** Who gets the webhooks: section 5. One callback per app, one override per account and per number. */
export class Subscriptions {
	/** The app's own callback. */
	app?: Callback & { fields: string[]; version: string };
	/** Whether the app is subscribed to the account: without it, nothing is delivered and no override is taken. */
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
		const { ok, status, statusText, error } = await this.meta.handshake(url, { token: verifyToken });
		if (!ok) throw refusal(status, statusText, error);
	}

	clear(): void {
		this.app = undefined;
		this.subscribed = false;
		this.account = undefined;
		this.phoneNumbers.clear();
		this.otherApps.length = 0;
	}
}

/** A wrong answer is told by its status line, no answer by curl's words. */
function refusal(status: number, statusText: string, error?: string): GraphError {
	return errors.callbackRefused(error ? `${error}; HTTP Status Code = 0` : `HTTP Status Code = ${status}; HTTP Message = ${statusText}`);
}
