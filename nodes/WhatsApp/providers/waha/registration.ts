import { sleep } from 'n8n-workflow';

import { MediaError } from '../../errors';
import { deliverySecret } from '../deliverySecret';
import { inTurn } from '../inTurn';
import { notOurAnswer } from '../notOurAnswer';
import type { ApiClient, ApiReply, Credentials, Registration } from '../provider';
import { object, objects, text, type Json } from '../read';
import { isAt, withOurs } from '../webhookList';
import { apiError } from './errors';
import { sessionOf, sessionPath } from './media';

/**
 * A session's list of webhooks stands inside its configuration, which PUT takes whole: what is not sent is gone, and the session
 * stops and starts. So everything that was read is written back, nothing is written that is there already, and the list is
 * read again after each write, which may have met somebody else's.
 * Source: waha.devlike.pro, Sessions → Update a session; its code, sessions.controller.ts.
 */
export const registration: Registration = {
	exclusive: false,

	/** Only webhooks that deliver what we need and prove it: any other of ours is to be registered anew. */
	async registeredUrls(client) {
		const webhooks = webhooksOf(await session(client));
		return webhooks
			.filter((webhook) => isSound(webhook, client.credentials))
			.flatMap(({ url }) => text(url) ?? []);
	},

	async register(client, _scope, url, replaced) {
		const isOurs = (webhook: Json) => isAt(webhook, url) || isAt(webhook, replaced);
		await change(client, {
			isDone(webhooks) {
				const found = webhooks.filter(isOurs);
				return (
					found.length > 0 &&
					found.every((one) => one.url === url && isSound(one, client.credentials))
				);
			},
			edit: (webhooks) => withOurs(webhooks, ownWebhook(url, client.credentials), replaced),
		});
	},

	async replace(client, url, replaced) {
		await change(client, {
			isDone: (webhooks) => !webhooks.some((webhook) => isAt(webhook, replaced)),
			edit: (webhooks) => withOurs(webhooks, ownWebhook(url, client.credentials), replaced),
		});
	},

	async unregister(client, _scope, url) {
		const others = (webhooks: Json[]) => webhooks.filter((webhook) => webhook.url !== url);
		await change(client, {
			isDone: (webhooks) => others(webhooks).length === webhooks.length,
			edit: others,
		});
	},
};

/** `message.any` includes `message`: with both, everything would come twice. */
const EVENTS = ['message.any'];

function ownWebhook(url: string, credentials: Credentials) {
	return { url, events: EVENTS, hmac: { key: deliverySecret(credentials) } };
}

function isSound({ events, hmac }: Json, credentials: Credentials): boolean {
	return (
		JSON.stringify(events) === JSON.stringify(EVENTS) &&
		object(hmac).key === deliverySecret(credentials)
	);
}

const TRIES = 5;

const MAX_WAIT_MS = 1000;

interface Change {
	isDone(webhooks: Json[]): boolean;
	edit(webhooks: Json[]): Json[];
}

async function change(client: ApiClient, { isDone, edit }: Change): Promise<void> {
	await inTurn(client.credentials.baseUrl + sessionPath(client.credentials), async () => {
		for (let tries = 0; tries < TRIES; tries++) {
			const { config, apps } = await session(client);
			const webhooks = webhooksOf({ config });
			if (isDone(webhooks)) return;
			if (tries) await sleep(Math.random() * MAX_WAIT_MS);
			const body = {
				config: { ...object(config), webhooks: edit(webhooks) },
				...(Array.isArray(apps) && { apps }),
			};
			const reply = await client.send({
				method: 'PUT',
				path: sessionPath(client.credentials),
				body,
			});
			if (reply.status >= 300) throw refused(reply);
		}
		throw new MediaError(
			'temporary',
			'Something else keeps changing the webhooks of the WAHA session',
			'Publish the workflow again in a minute.',
		);
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
	if (!isSession) throw notOurAnswer(reply, READ_FAILED, 'WAHA');
	return found;
}

const READ_FAILED = 'The webhooks of the WAHA session could not be read';

function refused(reply: ApiReply): MediaError {
	return apiError(reply, 'The webhooks of the WAHA session could not be changed');
}
