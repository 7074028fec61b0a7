import { MediaError } from '../errors';
import type { ApiClient, Credentials, Registration } from './provider';
import { text, type Json } from './read';

/** What somebody wants the list to be. Called again where others have changed it meanwhile. */
export type EditList = (webhooks: Json[]) => Json[];

/** A vendor's list of webhooks, which is written as a whole. */
export interface WebhookList {
	/** @throws MediaError */
	read(client: ApiClient): Promise<Json[]>;
	/** Writes what `edit` makes of the list, unless that is the list already, and loses none that others write meanwhile. @throws MediaError */
	change(client: ApiClient, edit: EditList): Promise<void>;
	/** @param earlier our entry until now, of which everything else is kept; `{}` where there was none */
	ownWebhook(earlier: Json, url: string, credentials: Credentials): Json;
	/** Whether a webhook delivers what we need, and proves it: any other of ours is to be registered anew. */
	isSound(webhook: Json, credentials: Credentials): boolean;
}

export function listRegistration({ read, change, ownWebhook, isSound }: WebhookList) {
	/** The list with our webhook, last. */
	const withOurs =
		({ credentials }: ApiClient, url: string, replaced?: string): EditList =>
		(webhooks) => {
			const isOurs = (webhook: Json) => isAt(webhook, url) || isAt(webhook, replaced);
			const own = ownWebhook(webhooks.find(isOurs) ?? {}, url, credentials);
			return [...webhooks.filter((webhook) => !isOurs(webhook)), own];
		};
	return {
		exclusive: false,

		async registeredUrls(client) {
			const webhooks = await read(client);
			return webhooks
				.filter((webhook) => isSound(webhook, client.credentials))
				.flatMap(({ url }) => text(url) ?? []);
		},

		async register(client, _scope, url, replaced) {
			await change(client, withOurs(client, url, replaced));
		},

		async replace(client, url, replaced) {
			const edit = withOurs(client, url, replaced);
			await change(client, (webhooks) =>
				webhooks.some((webhook) => isAt(webhook, replaced)) ? edit(webhooks) : webhooks,
			);
		},

		async unregister(client, _scope, url) {
			await change(client, (webhooks) => webhooks.filter((webhook) => !isAt(webhook, url)));
		},
	} satisfies Registration;
}

/** A webhook without a URL is somebody else's, too. */
function isAt(webhook: Json, url: string | undefined): boolean {
	return url !== undefined && webhook.url === url;
}

/** In whatever order. */
export function isSameList(some: Json[], others: Json[]): boolean {
	return some.length === others.length && some.every((webhook) => includes(others, webhook));
}

export function includes(webhooks: Json[], webhook: Json): boolean {
	return webhooks.some((one) => JSON.stringify(one) === JSON.stringify(webhook));
}

/** @param whose `the session` */
export function keepsChanging(whose: string): MediaError {
	return new MediaError(
		'temporary',
		`Something else keeps changing the webhooks of ${whose}`,
		'Publish the workflow again in a minute.',
	);
}
