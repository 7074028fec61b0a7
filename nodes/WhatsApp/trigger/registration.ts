import type { IHookFunctions, IWebhookFunctions } from 'n8n-workflow';

import { MediaError, type MediaErrorCode } from '../errors';
import { nodeError } from '../execution/nodeError';
import type { RegistrationScope } from '../providers/provider';
import { createClient } from '../transport/client';
import { MINUTE } from '../units';
import { backoff, retry, wait } from '../waiting';
import { checkWebhookReady } from './readiness';
import { canHaveTest, testPathOf, withoutTestQuery, withTestQuery } from './testForwarding';

/**
 * How a trigger's webhook is registered with the provider and removed again. One rule above all: a callback that is not
 * this node's own is never changed.
 */
export const registrationHooks = {
	async checkExists(this: IHookFunctions): Promise<boolean> {
		// Where there is nothing to register, n8n is to call `create`, which checks the rest.
		return await withRegistration(this, false, async (registration) => {
			const urls = await registration.registeredUrls();
			const isOurs = (url: string) =>
				isSameExceptQuery(url, registration.url) || isForwarding(url, registration);
			return urls.some(isOurs) && (await registration.deliversMessages());
		});
	},

	async create(this: IHookFunctions): Promise<boolean> {
		await checkWebhookReady(this).catch((cause) => {
			throw nodeError(this, withDescriptionInMessage(cause));
		});
		return await withRegistration(this, true, async (registration) => {
			await (this.getMode() === 'manual' ? registerTest : registerProduction)(registration);
			return true;
		});
	},

	/** n8n calls this once for each HTTP method, at the same time, and after errors too: there may be nothing to remove. */
	async delete(this: IHookFunctions): Promise<boolean> {
		return await withRegistration(this, true, async (registration) => {
			await unregister(registration).catch((cause) => {
				if (!isCode(cause, 'credential', 'gone')) throw cause;
				// Without access there is nothing that we could remove. An error here would block n8n: after a test that
				// could not start, the next one would never start, and a workflow whose token has expired would stay published.
				this.logger.warn(`WhatsApp Media Trigger left its webhook unchanged: ${cause.message}`);
			});
			return true;
		});
	},
};

/** Deliveries keep coming while the forwarding is being ended, and where it cannot be. */
const STOP_INTERVAL_MS = MINUTE;

/** The forwardings that were ended a moment ago, by workflow, node and test. */
const stopped = new Set<string>();

/** Ends the forwarding to a test that no longer listens, because its n8n was killed. Tries that once a minute at most. */
export async function stopForwarding(context: IWebhookFunctions, testPath: string): Promise<void> {
	const key = [context.getWorkflow().id, context.getNode().id, testPath].join('/');
	if (stopped.has(key)) return;
	stopped.add(key);
	void wait(STOP_INTERVAL_MS).then(() => stopped.delete(key));
	const registration = await createRegistration(context);
	const urls = (await registration?.registeredUrls()) ?? [];
	if (registration && urls.includes(withTestQuery(registration.url, testPath)))
		await registration.register(registration.url);
}

/** This node's webhook URL, and what the provider can do with it. */
interface NodeRegistration {
	/** The node's own URL: the test URL during a test, the production URL otherwise. */
	url: string;
	/** Whether the provider delivers to one URL only, so that registering one replaces the other. */
	exclusive: boolean;
	/** Where the provider delivers now. */
	registeredUrls: () => Promise<string[]>;
	/** Whether messages are among what goes there. */
	deliversMessages: () => Promise<boolean>;
	register: (url: string) => Promise<void>;
	unregister: (url: string) => Promise<void>;
}

/** Nothing when the user registers the webhook by hand, or the provider has no API for it. */
async function createRegistration(
	context: IHookFunctions | IWebhookFunctions,
): Promise<NodeRegistration | undefined> {
	const scope = context.getNodeParameter('registration') as RegistrationScope | 'manual';
	if (scope === 'manual') return undefined;
	const client = await createClient(context);
	const api = client.provider.registration;
	if (!api) return undefined;
	const wantsPublicLinks = context.getNodeParameter('options.autoDownload', false) as boolean;
	return {
		url: context.getNodeWebhookUrl('default')!,
		exclusive: api.exclusive,
		registeredUrls: async () => await api.registeredUrls(client, scope),
		deliversMessages: async () => (await api.deliversMessages?.(client, scope)) ?? true,
		async register(url) {
			await api.register(client, scope, url);
			if (wantsPublicLinks) await api.enablePublicLinks?.(client);
		},
		async unregister(url) {
			const notice = await api.unregister(client, scope, url);
			if (notice) context.logger.warn(`WhatsApp Media Trigger: ${notice}`);
		},
	};
}

/** Runs a hook. */
async function withRegistration(
	context: IHookFunctions,
	resultWithout: boolean,
	work: (registration: NodeRegistration) => Promise<boolean>,
): Promise<boolean> {
	try {
		const registration = await createRegistration(context);
		return registration ? await work(registration) : resultWithout;
	} catch (cause) {
		throw nodeError(context, withDescriptionInMessage(cause));
	}
}

/** n8n shows the message of a trigger's error, and not its description. */
function withDescriptionInMessage(cause: unknown): unknown {
	if (!(cause instanceof MediaError && cause.description)) return cause;
	const message = `${cause.message}. ${cause.description}`;
	return new MediaError(cause.code, message, '', { status: cause.status });
}

async function registerProduction(registration: NodeRegistration): Promise<void> {
	const current = await currentCallbackUrl(registration);
	if (current && !isSameExceptQuery(current, registration.url)) throw callbackInUseError(current);
	await registration.register(registration.url);
}

async function registerTest(registration: NodeRegistration): Promise<void> {
	const { url, exclusive } = registration;
	const current = await currentCallbackUrl(registration);
	if (!current) return await registration.register(exclusive ? withTestQuery(url) : url);
	if (!canHaveTest(current) || !isOfThisServer(current, registration))
		throw cannotForwardError(current);
	await registration
		.register(withTestQuery(current, new URL(url).pathname))
		.catch(async (cause) => {
			if (!isCode(cause, 'handshake')) throw cause;
			if (nodePath(current) !== nodePath(url)) throw cannotForwardError(current);
			// This node's own production URL does not answer: the workflow is not active.
			await registration.register(withTestQuery(url));
		});
}

async function unregister(registration: NodeRegistration): Promise<void> {
	const { url: own, exclusive } = registration;
	if (!exclusive) return await registration.unregister(own);
	for (const url of await registration.registeredUrls()) {
		if (isForwarding(url, registration)) await restoreProduction(registration, url);
		else if (isSameExceptQuery(url, own)) await registration.unregister(url);
	}
}

const RESTORE_TRIES = 5;
const RESTORE_FIRST_WAIT_MS = 500;

/** Has deliveries go to production only, after they were forwarded to a test. */
async function restoreProduction(registration: NodeRegistration, url: string): Promise<void> {
	const work = async () => await registration.register(withoutTestQuery(url));
	const waitAfter = (cause: unknown, tries: number) =>
		tries < RESTORE_TRIES && !isCode(cause, 'handshake')
			? backoff(tries, RESTORE_FIRST_WAIT_MS)
			: undefined;
	await retry(work, waitAfter).catch(async (cause) => {
		if (!isCode(cause, 'handshake')) throw cause;
		// Production no longer answers: its workflow was deactivated during the test. Another workflow's is not ours to remove,
		// and ends the forwarding itself once it answers again.
		if (nodePath(url) === nodePath(registration.url)) await registration.unregister(url);
	});
}

/** The production URL that the provider delivers to, if it delivers to one only. A test's own URL does not count. */
async function currentCallbackUrl(registration: NodeRegistration): Promise<string | undefined> {
	const [url] = registration.exclusive ? await registration.registeredUrls() : [];
	if (!url) return undefined;
	return testPathOf(url) === '' && isOfThisServer(url, registration)
		? undefined
		: withoutTestQuery(url);
}

/** Whether deliveries to this URL are forwarded to this node's test. */
function isForwarding(url: string, registration: NodeRegistration): boolean {
	const isOurTest = testPathOf(url) === new URL(registration.url).pathname;
	return isOurTest && isOfThisServer(url, registration);
}

function isOfThisServer(url: string, registration: NodeRegistration): boolean {
	return url.startsWith(`${new URL(registration.url).origin}/`);
}

/** Equal but for the query. */
function isSameExceptQuery(url: string, other: string): boolean {
	return url.split('?')[0] === other.split('?')[0];
}

/** `<webhookId>/webhook`, which the test URL and the production URL of a node have in common. */
function nodePath(url: string): string {
	return url.split('?')[0]!.split('/').slice(-2).join('/');
}

function isCode(cause: unknown, ...codes: MediaErrorCode[]): cause is MediaError {
	return cause instanceof MediaError && codes.includes(cause.code);
}

function callbackInUseError(url: string): MediaError {
	return new MediaError(
		'permanent',
		`Deliveries already go to another webhook: ${url.split('?')[0]}`,
		'It was left unchanged. Unpublish the workflow or stop the service behind it, or use another phone number. If Receive Files For is set to an account or app, This Phone Number may still be free.',
	);
}

function cannotForwardError(url: string): MediaError {
	return new MediaError(
		'permanent',
		`Deliveries go to another webhook, and a test would take them away from it: ${url.split('?')[0]}`,
		'It was left unchanged. Test with another phone number, or pin the data of an earlier execution.',
	);
}
