import { MediaError, shorten } from '../../errors';
import { checkMediaId } from '../mediaId';
import { unexpectedAnswer } from '../unexpectedAnswer';
import type { Credentials, ApiClient } from '../provider';
import { object, objects, text } from '../read';
import { apiError, UNKNOWN_ID } from '../cloudApi/errors';

/** What Meta calls whose IDs these are. */
const ENTITIES: Partial<Record<keyof Credentials, string>> = {
	businessAccountId: 'WABA',
	appId: 'APP',
};

/** Of files, numbers, accounts and apps. A word in its place names something else: `me` is the app itself. */
const ID = /^\d{1,32}$/;

/**
 * The path of what an ID names, and of what belongs to it: `/v25.0/123/media`.
 * @throws MediaError when it is no ID
 */
export function graphPath({ credentials }: ApiClient, id: string, edge?: string): string {
	if (!ID.test(id))
		throw new MediaError(
			'permanent',
			`"${shorten(id)}" is not a Meta ID`,
			'Meta’s IDs are digits only. Check the IDs in the credential, and Phone Number under Options.',
		);
	return `/${credentials.apiVersion}/${id}${edge ? `/${edge}` : ''}`;
}

/** The path of a file. @throws MediaError when that is no media ID */
export function mediaPath(client: ApiClient, mediaId: string): string {
	checkMediaId(mediaId, { vendor: 'Meta', shape: ID, inWords: 'digits only' });
	return graphPath(client, mediaId);
}

/**
 * The client with those of the needed IDs that the user left empty, as Meta knows them by the phone number and the token.
 * The field's purpose is another, whether the number can send; it names the account and the app in any case. An ID that it
 * does not name stays empty. Source: WhatsApp → Support → Messaging and calling health status, 2026.
 * @throws MediaError where the token may not read the phone number
 */
export async function withIds(
	client: ApiClient,
	needed: Array<keyof Credentials>,
): Promise<ApiClient> {
	const { credentials } = client;
	const missing = needed.filter((field) => ENTITIES[field] && !credentials[field]);
	if (!missing.length || !credentials.phoneNumberId) return client;
	const reply = await client.send({
		method: 'GET',
		path: graphPath(client, credentials.phoneNumberId),
		query: { fields: 'health_status' },
	});
	const what = 'Could not read the account of the phone number from Meta';
	if (reply.status === 200 && text(object(reply.body).id) !== credentials.phoneNumberId)
		throw unexpectedAnswer(reply, what, 'Meta');
	if (reply.status !== 200) {
		const error = apiError(reply, what, UNKNOWN_ID);
		// "No such field" leaves the IDs to the user.
		if (error.code !== 'permanent') throw error;
	}
	const entities = objects(object(object(reply.body).health_status).entities);
	const idOf = (field: keyof Credentials) =>
		text(entities.find(({ entity_type }) => entity_type === ENTITIES[field])?.id) ?? '';
	const found = Object.fromEntries(missing.map((field) => [field, idOf(field)]));
	return { ...client, credentials: { ...credentials, ...found } };
}
