import { sleep } from 'n8n-workflow';

import { MediaError } from '../../errors';
import { deliverySecret } from '../deliverySecret';
import { oneAtATime } from '../oneAtATime';
import { unexpectedAnswer } from '../unexpectedAnswer';
import type { ApiClient, ApiReply } from '../provider';
import { object, objects, text, type Json } from '../read';
import { isSameList, keepsChanging, listRegistration, type EditList } from '../webhookList';
import { apiError } from './errors';
import { sessionOf, sessionPath } from './media';

/**
 * A session's list of webhooks stands inside its configuration, which PUT takes whole: what is not sent is gone, and the session
 * stops and starts. So everything that was read is written back, nothing is written that is there already, and the list is
 * read again after each write, which may have met somebody else's.
 * Source: waha.devlike.pro, Sessions → Update a session; its code, sessions.controller.ts.
 */
export const registration = listRegistration({
	read: async (client) => webhooksOf(await session(client)),
	change,
	ownWebhook: (earlier, url, credentials) => ({
		...earlier,
		url,
		events: EVENTS,
		hmac: { ...object(earlier.hmac), key: deliverySecret(credentials) },
	}),
	isSound: ({ events, hmac }, credentials) =>
		JSON.stringify(events) === JSON.stringify(EVENTS) &&
		object(hmac).key === deliverySecret(credentials),
});

/** `message.any` includes `message`: with both, everything would come twice. */
const EVENTS = ['message.any'];

const TRIES = 5;

const MAX_WAIT_MS = 1000;

async function change(client: ApiClient, edit: EditList): Promise<void> {
	const path = sessionPath(client.credentials);
	await oneAtATime(client.credentials.baseUrl + path, async () => {
		for (let tries = 0; tries < TRIES; tries++) {
			const { config, apps } = await session(client);
			const webhooks = webhooksOf({ config });
			const wanted = edit(webhooks);
			if (isSameList(wanted, webhooks)) return;
			if (tries) await sleep(Math.random() * MAX_WAIT_MS);
			const body = {
				config: { ...object(config), webhooks: wanted },
				...(Array.isArray(apps) && { apps }),
			};
			const reply = await client.send({ method: 'PUT', path, body });
			if (reply.status >= 300) throw refused(reply);
		}
		throw keepsChanging('the WAHA session');
	});
}

function webhooksOf({ config }: Json): Json[] {
	return objects(object(config).webhooks);
}

/** With its apps, where this version lists them: they too are replaced by what is sent. */
async function session(client: ApiClient): Promise<Json> {
	const reply = await client.send({
		method: 'GET',
		path: sessionPath(client.credentials),
		query: { expand: 'apps' },
	});
	if (reply.status !== 200) throw refused(reply);
	const found = object(reply.body);
	const isSession = found.name === sessionOf(client.credentials) && text(found.status);
	if (!isSession) throw unexpectedAnswer(reply, READ_FAILED, 'WAHA');
	return found;
}

const READ_FAILED = 'The webhooks of the WAHA session could not be read';

function refused(reply: ApiReply): MediaError {
	return apiError(reply, 'The webhooks of the WAHA session could not be changed');
}
