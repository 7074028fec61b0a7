import { SECOND } from '../../units';
import { wait } from '../../waiting';
import { derivedSecret, SECRET_HEADER } from '../deliverySecret';
import { oneAtATime } from '../oneAtATime';
import { unexpectedAnswer } from '../unexpectedAnswer';
import type { ApiClient, ApiReply, Credentials, Registration } from '../provider';
import { object, objects, type Json } from '../read';
import {
	includes,
	isSameList,
	keepsChanging,
	listRegistration,
	type EditList,
} from '../webhookList';
import { apiError } from './errors';

/** Enough for as many processes that change the webhooks at the same time. */
const MAX_ATTEMPTS = 20;

/** The wait between two attempts is random, so that two processes do not collide for ever. */
const MAX_WAIT_MS = 300;

/** Longer than another process takes from reading the webhooks to writing them. */
const CHECK_AFTER_MS = SECOND;

/** All types that the setting `auto_download` has words for. */
const AUTO_DOWNLOAD_TYPES = ['image', 'audio', 'voice', 'video', 'document', 'sticker'];

/**
 * A channel has a list of webhooks, which PATCH /settings takes whole: read, edit, write. When two do that at the same time,
 * one overwrites the other's webhook. Within this process, one update waits for the other. Between processes, the reply
 * helps: it holds the list from before the write (`before_update`), so that a writer sees what it has overwritten, and puts
 * it back. That may also put back a webhook that was just removed; therefore whoever removes one checks again later.
 */
export const registration: Registration = {
	...listRegistration({
		read: async (client) => objects((await getSettings(client)).webhooks),
		change: updateWebhooks,
		ownWebhook,
		isSound,
	}),

	async unregister(client, _scope, url) {
		for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
			await updateWebhooks(client, (webhooks) => webhooks.filter((webhook) => webhook.url !== url));
			await wait(CHECK_AFTER_MS);
			const { webhooks } = await getSettings(client);
			if (!objects(webhooks).some((webhook) => webhook.url === url)) return;
		}
	},

	/** Auto Download. Whether `media` is merged or replaced is not documented, so that it is sent whole. */
	async enablePublicLinks(client) {
		const media = object((await getSettings(client)).media);
		const current: unknown[] = Array.isArray(media.auto_download) ? media.auto_download : [];
		if (AUTO_DOWNLOAD_TYPES.every((type) => current.includes(type))) return;
		await patchSettings(client, { media: { ...media, auto_download: AUTO_DOWNLOAD_TYPES } });
	},
};

/**
 * Mode body: the others change the path or the HTTP method. Events must be named: the default is one that no longer
 * exists. Source: openapi.yaml 1.8.7; help desk, "Webhooks".
 */
function ownWebhook(earlier: Json, url: string, credentials: Credentials): Json {
	return {
		...earlier,
		url,
		events: [{ type: 'messages', method: 'post' }],
		mode: 'body',
		headers: { [SECRET_HEADER]: derivedSecret(credentials) },
	};
}

/** Whether a webhook delivers messages, with the secret of the credential's token and not of an earlier one. */
function isSound({ events, mode, headers }: Json, credentials: Credentials): boolean {
	const hasMessages = objects(events).some(
		({ type, method }) => type === 'messages' && method === 'post',
	);
	const secret = object(headers)[SECRET_HEADER];
	return hasMessages && mode === 'body' && secret === derivedSecret(credentials);
}

/** Updates the webhooks of a channel, one update at a time. */
async function updateWebhooks(client: ApiClient, edit: EditList): Promise<void> {
	await oneAtATime(client.credentials.accessToken, async () => await writeWebhooks(client, edit));
}

async function writeWebhooks(client: ApiClient, edit: EditList): Promise<void> {
	let seen = objects((await getSettings(client)).webhooks);
	let wanted = edit(seen);
	for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
		if (isSameList(wanted, seen)) return;
		const { before_update, after_update } = await patchSettings(client, { webhooks: wanted });
		const before = objects(object(before_update).webhooks);
		const written = objects(object(after_update).webhooks);
		const lost = before.filter(
			(webhook) => !includes(seen, webhook) && !includes(written, webhook),
		);
		if (!lost.length) return;
		// Of a webhook that somebody edited meanwhile, we have written the old state.
		const isOld = (webhook: Json) =>
			!includes(before, webhook) && lost.some(({ url }) => url === webhook.url);
		wanted = edit([...written.filter((webhook) => !isOld(webhook)), ...lost]);
		seen = written;
		await wait(Math.random() * MAX_WAIT_MS);
	}
	throw keepsChanging('the Whapi.Cloud channel');
}

async function getSettings(client: ApiClient): Promise<Json> {
	const reply = await client.send({ method: 'GET', path: '/settings' });
	return bodyOf(reply, ['webhooks', 'media', 'callback_persist']);
}

async function patchSettings(client: ApiClient, settings: object): Promise<Json> {
	const reply = await client.send({ method: 'PATCH', path: '/settings', body: settings });
	return bodyOf(reply, ['before_update', 'after_update']);
}

/** @param fields of which the answer has at least one */
function bodyOf(reply: ApiReply, fields: string[]): Json {
	const what = 'The webhooks of the Whapi.Cloud channel could not be changed';
	if (reply.status !== 200) throw apiError(reply, what);
	const body = object(reply.body);
	if (!fields.some((field) => field in body)) throw unexpectedAnswer(reply, what, 'Whapi.Cloud');
	return body;
}
