import { sleep, type IHookFunctions, type IWebhookFunctions } from 'n8n-workflow';

import { createClient, type Client } from '../transport/client';
import { nodeError } from '../execution/nodeError';
import { MediaError } from '../errors';
import type { RegistrationScope, Registration } from '../providers/provider';
import { withTest, testPathOf, withoutTest } from './testForwarding';

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
	if (!(cause instanceof MediaError && ['credential', 'gone'].includes(cause.code))) throw cause;
	context.logger.warn(`WhatsApp Media Trigger left its webhook as it is: ${cause.message}`);
}

/** After a delivery to production for a test that nobody listens for any more: its n8n was killed. */
export async function forgetTest(context: IWebhookFunctions, path: string): Promise<void> {
	const place = await registrationOf(context);
	if ((await place?.current())?.some((url) => testPathOf(url) === path)) await place?.register(place.url);
}

/** This node's URL, and the provider's side of it. */
interface NodeRegistration {
	url: string;
	exclusive: boolean;
	current: () => Promise<string[]>;
	register: (url: string) => Promise<void>;
	unregister: (url: string) => Promise<void>;
}

async function activate(place: NodeRegistration): Promise<void> {
	const holder = await currentCallbackUrl(place);
	if (holder && !isSame(holder, place.url)) throw taken(holder);
	await place.register(place.url);
}

async function startTest(place: NodeRegistration): Promise<void> {
	const holder = await currentCallbackUrl(place);
	if (!holder) return await place.register(place.exclusive ? withTest(place.url) : place.url);
	const { origin, pathname } = new URL(place.url);
	if (!holder.startsWith(`${origin}/`)) throw notShared(holder);
	const refused = await place.register(withTest(holder, pathname)).catch((cause) => {
		if (cause instanceof MediaError && cause.code === 'handshake') return cause;
		throw cause;
	});
	if (refused && tail(holder) !== tail(place.url)) throw notShared(holder);
	// This node's own production URL, and it does not answer: the workflow is not active.
	if (refused) await place.register(withTest(place.url));
}

async function release(place: NodeRegistration): Promise<void> {
	if (!place.exclusive) return await place.unregister(place.url);
	for (const url of await place.current()) {
		if (isTestOf(url, place)) await restore(place, url);
		else if (isSame(url, place.url)) await place.unregister(url);
	}
}

/** Waits of the tries to end the detour of deliveries over a test that has ended. */
const RESTORE_WAITS_MS = [500, 1000, 2000, 4000, 0];

async function restore(place: NodeRegistration, url: string): Promise<void> {
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
		if (last instanceof MediaError && last.code === 'handshake') return await place.unregister(url);
		await sleep(wait);
	}
	throw last;
}

/** Whose production is delivered to now. */
async function currentCallbackUrl(place: NodeRegistration): Promise<string | undefined> {
	const [url] = place.exclusive ? await place.current() : [];
	return url && testPathOf(url) !== '' ? withoutTest(url) : undefined;
}

/** Whether production passes deliveries on to this node's test. */
function isTestOf(url: string, place: NodeRegistration): boolean {
	return testPathOf(url) === new URL(place.url).pathname;
}

/** Equal but for the query. */
function isSame(url: string, own: string): boolean {
	return url.split('?')[0] === own.split('?')[0];
}

/** `<webhookId>/webhook`: what the test URL and the production URL of a node have in common. */
function tail(url: string): string {
	return url.split('?')[0]!.split('/').slice(-2).join('/');
}

function taken(holder: string): MediaError {
	return new MediaError(
		'permanent',
		`Deliveries already go to another webhook: ${holder.split('?')[0]}`,
		'It was left as it is. Switch off the workflow or service behind it, or use another phone number. If Registration is for an account or app, This Phone Number may still be free.',
	);
}

function notShared(holder: string): MediaError {
	return new MediaError(
		'permanent',
		`Deliveries go to another webhook, and a test would take them away from it: ${holder.split('?')[0]}`,
		'It was left as it is. Test with another phone number, or pin the data of an earlier execution.',
	);
}

/** Runs a hook with this node's place at the provider; with nothing when the user registers by hand. */
async function asNode(context: IHookFunctions, work: (place?: NodeRegistration) => Promise<boolean>): Promise<boolean> {
	return await registrationOf(context)
		.then(work)
		.catch((cause) => {
			// n8n shows the message of a trigger's error, and not its description.
			const whole = cause instanceof MediaError && cause.description ? new MediaError(cause.code, `${cause.message}. ${cause.description}`, '', { status: cause.status }) : cause;
			throw nodeError(context, whole);
		});
}

async function registrationOf(context: IHookFunctions | IWebhookFunctions): Promise<NodeRegistration | undefined> {
	const level = context.getNodeParameter('registration') as RegistrationScope | 'manual';
	if (level === 'manual') return undefined;
	const client = await createClient(context);
	const { registration } = client.provider;
	const autoDownload = context.getNodeParameter('options.autoDownload', false) as boolean;
	return registration && createRegistration(registration, client, level, context.getNodeWebhookUrl('default')!, autoDownload);
}

function createRegistration(registration: Registration, client: Client, level: RegistrationScope, url: string, autoDownload: boolean): NodeRegistration {
	return {
		url,
		exclusive: registration.exclusive,
		current: async () => await registration.currentUrls(client, level),
		register: async (to) => {
			await registration.register(client, level, to);
			if (autoDownload) await registration.publicLinks?.(client);
		},
		unregister: async (from) => await registration.unregister(client, level, from),
	};
}
