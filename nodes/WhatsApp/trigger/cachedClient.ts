import type { ICredentialDataDecryptedObject, IWebhookFunctions } from 'n8n-workflow';

import { clientFromData, type Client } from '../transport/client';
import { CREDENTIAL } from '../transport/credentials';
import { SECOND } from '../units';
import { AgingMap } from './agingMap';

/** How long a credential is used without reading it again: a secret that was withdrawn may be believed for so long. */
const MAX_AGE_MS = 10 * SECOND;
const MAX_CREDENTIALS = 500;
/** How often it is read again at most because a delivery failed: anybody can send such deliveries. */
const REREAD_INTERVAL_MS = SECOND;

/** By workflow, node and credential. */
const cache = new AgingMap<ICredentialDataDecryptedObject>(MAX_AGE_MS, MAX_CREDENTIALS);
const reread = new AgingMap<true>(REREAD_INTERVAL_MS, MAX_CREDENTIALS);

/**
 * Checks a delivery with the node's credential. To read a credential takes n8n longer than everything else that a trigger
 * does (docs/benchmarks.md), so it is cached for a moment. It is read again when a delivery fails the check: a new secret counts
 * from the moment that it is saved, or a second later while false deliveries come.
 * @param check what to find out about the delivery
 * @param isPassed whether its result is the one hoped for
 * @returns the result, and the client that it was found with
 */
export async function checkWithCachedClient<T>(
	context: IWebhookFunctions,
	check: (client: Client) => T,
	isPassed: (result: T) => boolean,
): Promise<{ client: Client; result: T }> {
	const { id: node, credentials } = context.getNode();
	const key = [context.getWorkflow().id, node, credentials?.[CREDENTIAL]?.id].join('/');
	const cached = cache.get(key);
	if (cached) {
		const client = clientFromData(context, cached);
		const result = check(client);
		if (isPassed(result) || reread.get(key)) return { client, result };
		reread.set(key, true);
	}
	// The age counts from before the read: the credential may change while n8n reads it.
	const since = performance.now();
	const data = await context.getCredentials(CREDENTIAL);
	cache.set(key, data, since);
	const client = clientFromData(context, data);
	return { client, result: check(client) };
}
