import type { ICredentialDataDecryptedObject, IWebhookFunctions } from 'n8n-workflow';

import { clientFromData, type Client } from '../transport/client';
import { CREDENTIAL } from '../transport/credentials';

/** How long a trigger goes by what it has read: a secret that was withdrawn may be believed for so long. */
const MAX_AGE_MS = 10_000;
const MAX_CREDENTIALS = 500;

/** By workflow, node and credential, oldest first. */
const cache = new Map<string, { at: number; data: ICredentialDataDecryptedObject }>();

/**
 * Checks a delivery with the client of its credential. Reading the credential takes n8n more time than all else that a
 * trigger does (numbers in docs/benchmarks.md), so it is cached for a moment. It is read again at once when the delivery
 * fails the check, so that a secret counts from the moment it is changed.
 * @param check what is to be found out about the delivery
 * @param passed whether the answer is the hoped-for one
 */
export async function withCachedClient<T>(
	context: IWebhookFunctions,
	check: (client: Client) => T,
	passed: (answer: T) => boolean,
): Promise<{ client: Client; answer: T }> {
	const { id: node, credentials } = context.getNode();
	const key = [context.getWorkflow().id, node, credentials?.[CREDENTIAL]?.id].join('/');
	const cached = cache.get(key);
	if (cached && performance.now() - cached.at < MAX_AGE_MS) {
		const client = clientFromData(context, cached.data);
		const answer = check(client);
		if (passed(answer)) return { client, answer };
	}
	cache.delete(key);
	// Counted from before it is read: it may change while n8n reads it.
	const at = performance.now();
	const data = await context.getCredentials(CREDENTIAL);
	cache.set(key, { at, data });
	if (cache.size > MAX_CREDENTIALS) cache.delete(cache.keys().next().value!);
	const client = clientFromData(context, data);
	return { client, answer: check(client) };
}
