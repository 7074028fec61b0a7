import type { Credentials, ApiClient } from '../provider';
import { object, objects, text } from '../read';
import { apiError, UNKNOWN_ID } from './errors';

/** What Meta calls whose IDs these are. */
const ENTITIES: Partial<Record<keyof Credentials, string>> = { businessAccountId: 'WABA', appId: 'APP' };

/**
 * With those of the needed IDs that the user left empty, as Meta knows them by the phone number and the token. The field's
 * purpose is another, whether the number can send; it names the account and the app in any case. What it does not tell
 * stays empty. Source: WhatsApp → Support → Messaging and calling health status, 2026.
 */
export async function withIds(client: ApiClient, needed: Array<keyof Credentials>): Promise<ApiClient> {
	const { credentials } = client;
	const missing = needed.filter((field) => ENTITIES[field] && !credentials[field]);
	if (!missing.length || !credentials.phoneNumberId) return client;
	const path = `/${credentials.apiVersion}/${encodeURIComponent(credentials.phoneNumberId)}`;
	const reply = await client.send({ method: 'GET', path, query: { fields: 'health_status' } });
	const refused = reply.status === 200 ? undefined : apiError(reply, 'Meta did not tell the account of the phone number', UNKNOWN_ID);
	// "No such field" leaves the IDs to the user.
	if (refused && refused.code !== 'permanent') throw refused;
	const entities = objects(object(object(reply.body).health_status).entities);
	const idOf = (field: keyof Credentials) => text(entities.find(({ entity_type }) => entity_type === ENTITIES[field])?.id) ?? '';
	return { ...client, credentials: { ...credentials, ...Object.fromEntries(missing.map((field) => [field, idOf(field)])) } };
}
