import type { IHookFunctions, IWebhookFunctions } from 'n8n-workflow';

import { oneAtATime } from '../providers/oneAtATime';
import type { RegistrationScope } from '../providers/provider';
import { createClient } from '../transport/client';
import { SECOND } from '../units';
import { IS_THERE, IS_THERE_HEADER, testPathOf } from './testForwarding';

/** This node's webhook URL, and what the provider can do with it. */
export interface NodeRegistration {
	/** The node's own URL: the test URL during a test, the production URL otherwise. */
	url: string;
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
		url: context.getNodeWebhookUrl('default')!,
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
export function isOfThisServer(url: string, registration: NodeRegistration): boolean {
	if (!URL.canParse(url)) return false;
	const { href: n8n } = new URL('../../', registration.url);
	const [other = ''] = new URL(url).href.split(/[?#]/);
	if (!other.startsWith(n8n)) return false;
	const [endpoint = '', ...path] = other.slice(n8n.length).split('/');
	// A trigger's webhook, whatever N8N_ENDPOINT_WEBHOOK says, or one of n8n's other nodes.
	return (path.length === 2 && path[1] === 'webhook') || /^webhook(?:-test)?$/.test(endpoint);
}

/** Equal but for the query. */
export function isSameExceptQuery(url: string, other: string): boolean {
	return url.split('?')[0] === other.split('?')[0];
}

/** `<webhookId>/webhook`, which the test URL and the production URL of a node have in common. */
export function nodePath(url: string): string {
	return url.split('?')[0]!.split('/').slice(-2).join('/');
}
