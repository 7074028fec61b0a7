import type { Json } from './read';

/** Where a vendor holds a list of webhooks, which is written as a whole. A webhook without a URL is somebody else's, too. */
export function isAt(webhook: Json, url: string | undefined): boolean {
	return url !== undefined && webhook.url === url;
}

/** The list with our webhook, last. What its earlier entry, or the one that it replaces, has besides is kept. */
export function withOurs(
	webhooks: Json[],
	own: Json & { url: string },
	replaced: string | undefined,
): Json[] {
	const isOurs = (webhook: Json) => isAt(webhook, own.url) || isAt(webhook, replaced);
	const others = webhooks.filter((webhook) => !isOurs(webhook));
	return [...others, { ...webhooks.find(isOurs), ...own }];
}
