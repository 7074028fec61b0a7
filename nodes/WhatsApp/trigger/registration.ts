import type { IHookFunctions, IWebhookFunctions } from 'n8n-workflow';

import { MediaError, type MediaErrorCode } from '../errors';
import { nodeError } from '../execution/nodeError';
import { MINUTE } from '../units';
import { backoff, retry, wait } from '../waiting';
import { AgingMap } from './agingMap';
import {
	createRegistration,
	isForwarding,
	isOfThisNode,
	isOfThisServer,
	isSameExceptQuery,
	type NodeRegistration,
} from './nodeRegistration';
import { checkWebhookReady } from './publishChecks';
import { callbackInUseError, cannotForwardError, otherTestError } from './registrationErrors';
import { canHaveTest, testPathOf, withoutTestQuery, withTestQuery } from './testForwarding';
import { onPublished, onUnpublished } from './downloads';

/**
 * How a trigger's webhook is registered with the provider and removed again. One rule above all: a callback that is not
 * this node's own is never changed.
 */
export const registrationHooks = {
	async checkExists(this: IHookFunctions): Promise<boolean> {
		onPublished(this);
		// Where there is nothing to register, n8n is to call `create`, which checks the rest.
		return await withRegistration(this, false, async (registration) => {
			// In a list, a test that was killed may have left its own URL beside production's, and a forwarding that nobody does.
			if (!registration.exclusive && this.getMode() === 'manual') return false;
			const isOurs = (url: string) =>
				isSameExceptQuery(url, registration.url) || isForwarding(url, registration);
			const urls = await registration.registeredUrls();
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
		onUnpublished(this);
		listening.delete(this.getNodeWebhookUrl('default')!);
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
	const forwarding = registration && withTestQuery(registration.url, testPath);
	if (forwarding && urls.includes(forwarding))
		await registration.replace(registration.url, forwarding);
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
	const { url, exclusive } = registration;
	const urls = await registration.registeredUrls();
	if (!exclusive) return await registerInList(registration, urls);
	const [place] = urls;
	const current = productionUrl(place, registration);
	if (current && !isSameExceptQuery(current, url)) throw callbackInUseError(current, registration);
	await registration.register(url, place);
}

/** Where this node's test listens, production takes its place and forwards to it: beside it, one message would start both. */
async function registerInList(registration: NodeRegistration, urls: string[]): Promise<void> {
	const { url } = registration;
	const test = urls.find(
		(one) => isOfThisNode(one, registration) && one !== url && listening.get(one) !== undefined,
	);
	await registration.register(test ? withTestQuery(url, new URL(test).pathname) : url, test);
}

/**
 * The tests of this process that listen, with the name of their workflow, by their URL. n8n ends each after two minutes. Our own
 * tests forget them, as n8n does when it is killed.
 */
export const listening = new AgingMap<string>(2 * MINUTE, 1000);

async function registerTest(registration: NodeRegistration): Promise<void> {
	const { url, workflow, exclusive } = registration;
	await (exclusive ? takePlace(registration) : takePlaceInList(registration));
	listening.set(url, workflow);
}

/** Has production forward to the test, where the provider delivers to one URL only. */
async function takePlace(registration: NodeRegistration): Promise<void> {
	const { url } = registration;
	const [place] = await registration.registeredUrls();
	const otherTest = place && testUrlOf(place, registration);
	const otherWorkflow = otherTest && otherTest !== url ? listening.get(otherTest) : undefined;
	if (otherWorkflow !== undefined) throw otherTestError(otherWorkflow);
	const current = productionUrl(place, registration);
	if (!current) return await registration.register(withTestQuery(url), place);
	if (!canHaveTest(current) || !isOfThisServer(current, registration))
		throw cannotForwardError(current, registration);
	await registration
		.register(withTestQuery(current, new URL(url).pathname), place)
		.catch(async (cause) => {
			if (!isCode(cause, 'handshake')) throw cause;
			if (!isOfThisNode(current, registration)) throw cannotForwardError(current, registration);
			// This node's own production URL does not answer: the workflow is not active.
			await registration.register(withTestQuery(url), place);
		});
}

/**
 * In a list, every trigger has a place of its own. That of this node's production forwards to the test: beside it, the test
 * would show what starts production, too. Beside it all the same where production does not answer: better twice than never.
 */
async function takePlaceInList(registration: NodeRegistration): Promise<void> {
	const { url } = registration;
	const urls = await registration.registeredUrls();
	const place = urls.find((one) => isProductionOf(one, registration));
	const production = place && withoutTestQuery(place);
	if (!place || !production) return await registration.register(url);
	if (!(await registration.listens(production))) {
		if (place !== production) await registration.replace(production, place);
		return await registration.register(url);
	}
	// Of a test that was killed before the workflow was published.
	if (urls.includes(url)) await registration.unregister(url);
	const forwarding = withTestQuery(production, new URL(url).pathname);
	if (place !== forwarding) await registration.register(forwarding, place);
}

/** Whether this is the production URL of the node that is tested. */
function isProductionOf(url: string, registration: NodeRegistration): boolean {
	const bare = withoutTestQuery(url);
	return canHaveTest(bare) && bare !== registration.url && isOfThisNode(bare, registration);
}

async function unregister(registration: NodeRegistration): Promise<void> {
	const { url: own, exclusive } = registration;
	const left = new Set<string>();
	for (const url of await registration.registeredUrls()) {
		if (isForwarding(url, registration)) await restoreProduction(registration, url);
		else if (exclusive ? isSameExceptQuery(url, own) : withoutTestQuery(url) === own) left.add(url);
	}
	// A list may hold it with a secret that has changed since: then it is not among those that are registered. And it goes
	// last: a test that ends at this moment may put production back.
	if (!exclusive || left.size) {
		left.delete(own);
		left.add(own);
	}
	for (const url of left) await registration.unregister(url);
}

const RESTORE_TRIES = 5;
const RESTORE_FIRST_WAIT_MS = 500;

/** Has deliveries go to production only, after they were forwarded to a test. */
async function restoreProduction(registration: NodeRegistration, url: string): Promise<void> {
	const work = async () => await registration.replace(withoutTestQuery(url), url);
	const waitAfter = (cause: unknown, tries: number) =>
		tries < RESTORE_TRIES && !isCode(cause, 'handshake')
			? backoff(tries, RESTORE_FIRST_WAIT_MS)
			: undefined;
	await retry(work, waitAfter).catch(async (cause) => {
		if (!isCode(cause, 'handshake')) throw cause;
		// Production no longer answers: its workflow was deactivated during the test. Another workflow's is not ours to remove,
		// and ends the forwarding itself once it answers again.
		if (isOfThisNode(url, registration)) await registration.unregister(url);
	});
}

/** The production URL that deliveries to this URL are for. A test's own URL of this n8n does not count. */
function productionUrl(
	url: string | undefined,
	registration: NodeRegistration,
): string | undefined {
	const isTest = url && testPathOf(url) === '' && isOfThisServer(url, registration);
	return url && !isTest ? withoutTestQuery(url) : undefined;
}

/** Where the test of this n8n listens that gets the deliveries to this URL. */
function testUrlOf(url: string, registration: NodeRegistration): string | undefined {
	const path = isOfThisServer(url, registration) ? testPathOf(url) : undefined;
	return path ? new URL(path, url).href : path === '' ? withoutTestQuery(url) : undefined;
}

function isCode(cause: unknown, ...codes: MediaErrorCode[]): cause is MediaError {
	return cause instanceof MediaError && codes.includes(cause.code);
}
