import { sleep, type IHookFunctions, type IWebhookFunctions } from 'n8n-workflow';

import { openAccount, type OpenAccount } from './account';
import { nodeError } from './perItem';
import { MediaRefusal, type Level, type Registration } from './providers/provider';
import { forTest, testOf, withoutTest } from './testDelivery';

/**
 * The life of a trigger's webhook at the provider. One rule above all: a callback that is not this node's own is never
 * taken away.
 */
export const registrationHooks = {
	async checkExists(this: IHookFunctions): Promise<boolean> {
		return await asNode(this, async (place) => !place || (await place.current()).some((url) => isSame(url, place.url) || isTestOf(url, place)));
	},

	async create(this: IHookFunctions): Promise<boolean> {
		return await asNode(this, async (place) => {
			if (place) await (this.getMode() === 'manual' ? startTest(place) : activate(place));
			return true;
		});
	},

	/** n8n calls this for each HTTP method at once, and after whatever went wrong; it may find nothing to do. */
	async delete(this: IHookFunctions): Promise<boolean> {
		return await asNode(this, async (place) => {
			if (place) await release(place).catch((cause) => forgiven(this, cause));
			return true;
		});
	},
};

/**
 * Where the credential does not let us look, there is nothing that we could take away. And an error here would hold n8n up:
 * after a test that could not begin, the next one would never start, and a workflow whose token has expired would stay published.
 */
function forgiven(context: IHookFunctions, cause: unknown): void {
	if (!(cause instanceof MediaRefusal && ['credential', 'gone'].includes(cause.kind))) throw cause;
	context.logger.warn(`WhatsApp Media Trigger left its webhook as it is: ${cause.message}`);
}

/** After a delivery to production for a test that nobody listens for any more: its n8n was killed. */
export async function forgetTest(context: IWebhookFunctions, path: string): Promise<void> {
	const place = await placeOf(context);
	if ((await place?.current())?.some((url) => testOf(url) === path)) await place?.register(place.url);
}

/** This node's URL, and the provider's side of it. */
interface Place {
	url: string;
	exclusive: boolean;
	current: () => Promise<string[]>;
	register: (url: string) => Promise<void>;
	unregister: (url: string) => Promise<void>;
}

async function activate(place: Place): Promise<void> {
	const holder = await holderOf(place);
	if (holder && !isSame(holder, place.url)) throw taken(holder);
	await place.register(place.url);
}

async function startTest(place: Place): Promise<void> {
	const holder = await holderOf(place);
	if (!holder) return await place.register(place.exclusive ? forTest(place.url) : place.url);
	const { origin, pathname } = new URL(place.url);
	if (!holder.startsWith(`${origin}/`)) throw notShared(holder);
	const refused = await place.register(forTest(holder, pathname)).catch((cause) => {
		if (cause instanceof MediaRefusal && cause.kind === 'handshake') return cause;
		throw cause;
	});
	if (refused && tail(holder) !== tail(place.url)) throw notShared(holder);
	// This node's own production URL, and it does not answer: the workflow is not active.
	if (refused) await place.register(forTest(place.url));
}

async function release(place: Place): Promise<void> {
	if (!place.exclusive) return await place.unregister(place.url);
	for (const url of await place.current()) {
		if (isTestOf(url, place)) await restore(place, url);
		else if (isSame(url, place.url)) await place.unregister(url);
	}
}

/** Waits of the tries to end the detour of deliveries over a test that has ended. */
const RESTORE_WAITS_MS = [500, 1000, 2000, 4000, 0];

async function restore(place: Place, url: string): Promise<void> {
	let last: unknown;
	for (const wait of RESTORE_WAITS_MS) {
		const done = await place.register(withoutTest(url)).then(
			() => true,
			(cause) => {
				last = cause;
				return false;
			},
		);
		if (done) return;
		// It no longer answers: its workflow was deactivated during the test.
		if (last instanceof MediaRefusal && last.kind === 'handshake') return await place.unregister(url);
		await sleep(wait);
	}
	throw last;
}

/** Whose production is delivered to now. */
async function holderOf(place: Place): Promise<string | undefined> {
	const [url] = place.exclusive ? await place.current() : [];
	return url && testOf(url) !== '' ? withoutTest(url) : undefined;
}

/** Whether production passes deliveries on to this node's test. */
function isTestOf(url: string, place: Place): boolean {
	return testOf(url) === new URL(place.url).pathname;
}

/** Equal but for the query. */
function isSame(url: string, own: string): boolean {
	return url.split('?')[0] === own.split('?')[0];
}

/** `<webhookId>/webhook`: what the test URL and the production URL of a node have in common. */
function tail(url: string): string {
	return url.split('?')[0]!.split('/').slice(-2).join('/');
}

function taken(holder: string): MediaRefusal {
	return new MediaRefusal(
		'refused',
		`Deliveries already go to another webhook: ${holder.split('?')[0]}`,
		'It was left as it is. Switch off the workflow or service behind it, or use another phone number. If Registration is for an account or app, This Phone Number may still be free.',
	);
}

function notShared(holder: string): MediaRefusal {
	return new MediaRefusal(
		'refused',
		`Deliveries go to another webhook, and a test would take them away from it: ${holder.split('?')[0]}`,
		'It was left as it is. Test with another phone number, or pin the data of an earlier execution.',
	);
}

/** Runs a hook with this node's place at the provider; with nothing when the user registers by hand. */
async function asNode(context: IHookFunctions, work: (place?: Place) => Promise<boolean>): Promise<boolean> {
	return await placeOf(context)
		.then(work)
		.catch((cause) => {
			// n8n shows the message of a trigger's error, and not its description.
			const whole = cause instanceof MediaRefusal && cause.advice ? new MediaRefusal(cause.kind, `${cause.message}. ${cause.advice}`, '', cause.status) : cause;
			throw nodeError(context, whole);
		});
}

async function placeOf(context: IHookFunctions | IWebhookFunctions): Promise<Place | undefined> {
	const level = context.getNodeParameter('registration') as Level | 'manual';
	if (level === 'manual') return undefined;
	const account = await openAccount(context);
	const { registration } = account.provider;
	const autoDownload = context.getNodeParameter('options.autoDownload', false) as boolean;
	return registration && bound(registration, account, level, context.getNodeWebhookUrl('default')!, autoDownload);
}

function bound(registration: Registration, account: OpenAccount, level: Level, url: string, autoDownload: boolean): Place {
	return {
		url,
		exclusive: registration.exclusive,
		current: async () => await registration.registered(account, level),
		register: async (to) => {
			await registration.register(account, level, to);
			if (autoDownload) await registration.publicLinks?.(account);
		},
		unregister: async (from) => await registration.unregister(account, level, from),
	};
}
