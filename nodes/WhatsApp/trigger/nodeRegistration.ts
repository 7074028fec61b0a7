import { NodeHelpers, type IHookFunctions, type IWebhookFunctions } from 'n8n-workflow';

import { oneAtATime } from '../providers/oneAtATime';
import type { RegistrationScope } from '../providers/provider';
import { createClient } from '../transport/client';
import { SECOND } from '../units';
import { IS_THERE, IS_THERE_HEADER, testPathOf } from './testForwarding';

/** This node's webhook URL, and what the provider can do with it. */
export interface NodeRegistration {
	/** The node's own URL: the test URL during a test, the production URL otherwise. */
	url: string;
	/** Its test URL and its production URL, in the spelling of `URL.href`. */
	urls: string[];
	/** What the URLs of this n8n's webhooks begin with, of tests and in production. */
	endpoints: string[];
	/** The workflow's name. */
	workflow: string;
	/** Whether the provider delivers to one URL only, so that registering one replaces the other. */
	exclusive: boolean;
	/** Where the provider delivers now. */
	registeredUrls: () => Promise<string[]>;
	/** Whether messages are among what goes there. */
	deliversMessages: () => Promise<boolean>;
	/** @param replaced the URL, among those registered, that gives up its place to this one */
	register: (url: string, replaced?: string) => Promise<void>;
	/** Has a URL take the place of another, if that is still registered: its workflow may be unpublished at this moment. */
	replace: (url: string, replaced: string) => Promise<void>;
	/** Whether a trigger says that it listens at a production URL. Where n8n does not reach itself there, nobody can say. */
	listens: (url: string) => Promise<boolean>;
	unregister: (url: string) => Promise<void>;
}

/** Nothing when the user registers the webhook by hand, or the provider has no API for it. */
export async function createRegistration(
	context: IHookFunctions | IWebhookFunctions,
): Promise<NodeRegistration | undefined> {
	const scope = context.getNodeParameter('registration') as RegistrationScope | 'manual';
	if (scope === 'manual') return undefined;
	const client = await createClient(context);
	const api = client.provider.registration;
	if (!api) return undefined;
	const { baseUrl, accessToken, phoneNumberId } = client.credentials;
	// A list's provider takes care of that itself.
	const alone = async <T>(work: () => Promise<T>): Promise<T> =>
		await (api.exclusive
			? oneAtATime([baseUrl, accessToken, phoneNumberId].join('\n'), work)
			: work());
	const wantsPublicLinks = context.getNodeParameter('options.autoDownload', false) as boolean;
	return {
		...ownUrls(context),
		workflow: context.getWorkflow().name ?? '',
		exclusive: api.exclusive,
		registeredUrls: async () => await api.registeredUrls(client, scope),
		deliversMessages: async () => (await api.deliversMessages?.(client, scope)) ?? true,
		listens: async (url) => await listens(context, url),
		async replace(url, replaced) {
			if (api.replace) return await api.replace(client, url, replaced);
			await alone(async () => {
				const urls = await api.registeredUrls(client, scope);
				if (urls.includes(replaced)) await api.register(client, scope, url, replaced);
			});
		},
		async register(url, replaced) {
			await alone(async () => await api.register(client, scope, url, replaced));
			if (wantsPublicLinks) await api.enablePublicLinks?.(client);
		},
		async unregister(url) {
			const notice = await alone(async () => await api.unregister(client, scope, url));
			if (notice) context.logger.warn(`WhatsApp Media Trigger: ${notice}`);
		},
	};
}

async function listens(context: IHookFunctions | IWebhookFunctions, url: string): Promise<boolean> {
	const reply = await context.helpers
		.httpRequest({
			method: 'GET',
			url,
			headers: { [IS_THERE_HEADER]: '?' },
			timeout: ANSWER_MS,
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			disableFollowRedirect: true,
		})
		.catch(() => undefined);
	return reply?.statusCode === 200 && reply.body === IS_THERE;
}

const ANSWER_MS = 5 * SECOND;

/** Whether deliveries to this URL are forwarded to this node's test. */
export function isForwarding(url: string, registration: NodeRegistration): boolean {
	const isOurTest = testPathOf(url) === new URL(registration.url).pathname;
	return isOurTest && isOfThisServer(url, registration);
}

/** Whether a webhook is one of this n8n: on one host there may be several, each below a path of its own. */
export function isOfThisServer(url: string, { endpoints }: NodeRegistration): boolean {
	const bare = comparable(url);
	return endpoints.some((endpoint) => bare?.startsWith(endpoint));
}

/** Whether this is the node's own webhook, of its test or in production, with any query. */
export function isOfThisNode(url: string, { urls }: NodeRegistration): boolean {
	const bare = comparable(url);
	return bare !== undefined && urls.includes(bare);
}

function ownUrls(
	context: IHookFunctions | IWebhookFunctions,
): Pick<NodeRegistration, 'url' | 'urls' | 'endpoints'> {
	const url = context.getNodeWebhookUrl('default')!;
	const all = [urlInMode(context, false), urlInMode(context, true)];
	// Where an n8n does not tell, its own names for the two endpoints; other names are then not known.
	if (all[0] === all[1]) {
		all.push(url.replace(/\/webhook(?:-test)?\//, '/webhook/'));
		all.push(url.replace(/\/webhook(?:-test)?\//, '/webhook-test/'));
	}
	const urls = all.flatMap((one) => comparable(one) ?? []);
	const path = NodeHelpers.getNodeWebhookPath(
		context.getWorkflow().id!,
		context.getNode(),
		WEBHOOK_PATH,
	);
	const end = new URL(path, 'http://n8n/').pathname;
	return {
		url,
		urls,
		endpoints: urls.flatMap((one) =>
			one.endsWith(end) ? one.slice(0, one.length - end.length + 1) : [],
		),
	};
}

/** `path` in the trigger's description. */
const WEBHOOK_PATH = 'webhook';

/**
 * A hook is told the URL of its own mode only. How many parts the other one has, or on which host it is, depends on settings
 * of n8n. n8n's hook context looks the mode up here (n8n-core 2.41, hook-context.js).
 */
export function urlInMode(context: IHookFunctions | IWebhookFunctions, isTest: boolean): string {
	const other = Object.create(context, { webhookData: { value: { isTest } } }) as typeof context;
	return other.getNodeWebhookUrl('default')!;
}

/** Without its query, in the one spelling that all URLs have here; nothing where it is no URL. */
function comparable(url: string): string | undefined {
	return URL.canParse(url) ? new URL(url).href.split(/[?#]/)[0] : undefined;
}

/** Equal but for the query. */
export function isSameExceptQuery(url: string, other: string): boolean {
	return url.split('?')[0] === other.split('?')[0];
}
