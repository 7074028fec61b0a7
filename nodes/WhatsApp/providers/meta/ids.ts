import type { Account, Api } from '../provider';
import { object, objects, text } from '../read';
import { refusal, UNKNOWN_ID } from './refusal';

/** What Meta calls whose IDs these are. */
const ENTITIES: Partial<Record<keyof Account, string>> = { businessAccountId: 'WABA', appId: 'APP' };

/**
 * With those of the needed IDs that the user left empty, as Meta knows them by the phone number and the token. The field's
 * purpose is another, whether the number can send; it names the account and the app in any case. What it does not tell
 * stays empty. Source: WhatsApp → Support → Messaging and calling health status, 2026.
 */
export async function withIds(api: Api, needed: Array<keyof Account>): Promise<Api> {
	const { account } = api;
	const missing = needed.filter((field) => ENTITIES[field] && !account[field]);
	if (!missing.length || !account.phoneNumberId) return api;
	const path = `/${account.apiVersion}/${encodeURIComponent(account.phoneNumberId)}`;
	const reply = await api.send({ method: 'GET', path, query: { fields: 'health_status' } });
	const refused = reply.status === 200 ? undefined : refusal(reply, 'Meta did not tell the account of the phone number', UNKNOWN_ID);
	// "No such field" leaves the IDs to the user.
	if (refused && refused.kind !== 'refused') throw refused;
	const entities = objects(object(object(reply.body).health_status).entities);
	const idOf = (field: keyof Account) => text(entities.find(({ entity_type }) => entity_type === ENTITIES[field])?.id) ?? '';
	return { ...api, account: { ...account, ...Object.fromEntries(missing.map((field) => [field, idOf(field)])) } };
}
