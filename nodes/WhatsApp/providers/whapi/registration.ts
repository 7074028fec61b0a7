import { sleep } from 'n8n-workflow';

import { MediaError } from '../../errors';
import type { Credentials, ApiClient, ApiReply, Registration } from '../provider';
import { object, objects, text, type Json } from '../read';
import { apiError } from './errors';
import { deliverySecret, SECRET_HEADER } from './webhook';

/**
 * A channel has a list of webhooks, which PATCH /settings takes whole: read, change, write. Two who do that at the same
 * time write over one another, and what is lost may be somebody else's. Within this process they take turns. Between
 * processes, the reply helps: it tells what was there before the write (`before_update`), so that a writer sees what it
 * wrote over, and puts it back. It may so put back what was just taken away; therefore who takes away looks again.
 */
export const registration: Registration = {
	exclusive: false,

	/** Only webhooks that deliver what we need and prove it: one with the secret of an earlier token is to be registered anew. */
	async currentUrls(client) {
		const { webhooks } = await settings(client);
		return objects(webhooks).filter((webhook) => isSound(webhook, client.credentials)).flatMap(({ url }) => text(url) ?? []);
	},

	async register(client, _level, url) {
		await change(client, (webhooks) => {
			const old = webhooks.find((webhook) => webhook.url === url);
			return [...webhooks.filter((webhook) => webhook.url !== url), { ...old, url, ...delivery(client.credentials) }];
		});
	},

	async unregister(client, _level, url) {
		for (let tries = 0; tries < TRIES; tries++) {
			await change(client, (webhooks) => webhooks.filter((webhook) => webhook.url !== url));
			await sleep(LOOK_AGAIN_MS);
			const { webhooks } = await settings(client);
			if (!objects(webhooks).some((webhook) => webhook.url === url)) return;
		}
	},

	/** Auto Download, for all types that it has words for. Whether `media` is merged or replaced is not documented, so it is sent whole. */
	async publicLinks(client) {
		const media = object((await settings(client)).media);
		if (DOWNLOADED.every((type) => Array.isArray(media.auto_download) && media.auto_download.includes(type))) return;
		const reply = await client.send({ method: 'PATCH', path: '/settings', body: { media: { ...media, auto_download: DOWNLOADED } } });
		if (reply.status !== 200) throw refused(reply);
	},
};

/**
 * Mode body: the others change the path or the HTTP method. Events must be named: the default is one that no longer
 * exists. Source: openapi.yaml 1.8.7; help desk, "Webhooks".
 */
function delivery(credentials: Credentials) {
	return { events: [{ type: 'messages', method: 'post' }], mode: 'body', headers: { [SECRET_HEADER]: deliverySecret(credentials) } };
}

function isSound({ events, mode, headers }: Json, credentials: Credentials): boolean {
	const wanted = objects(events).some(({ type, method }) => type === 'messages' && method === 'post');
	return wanted && mode === 'body' && object(headers)[SECRET_HEADER] === deliverySecret(credentials);
}

const DOWNLOADED = ['image', 'audio', 'voice', 'video', 'document', 'sticker'];

/** As many writers at once are reckoned with. */
const TRIES = 20;

const MAX_WAIT_MS = 300;

/** Longer than others have between reading and writing. */
const LOOK_AGAIN_MS = 1000;

/** The last of those who change a channel, by its token. */
const turns = new Map<string, Promise<unknown>>();

async function change(client: ApiClient, edit: (webhooks: Json[]) => Json[]): Promise<void> {
	const { accessToken } = client.credentials;
	const turn = (turns.get(accessToken) ?? Promise.resolve()).then(async () => await changeNow(client, edit));
	const over = turn.catch(() => {}).then(() => {
		if (turns.get(accessToken) === over) turns.delete(accessToken);
	});
	turns.set(accessToken, over);
	await turn;
}

async function changeNow(client: ApiClient, edit: (webhooks: Json[]) => Json[]): Promise<void> {
	let seen = objects((await settings(client)).webhooks);
	let wanted = edit(seen);
	for (let tries = 0; tries < TRIES; tries++) {
		if (isEqual(wanted, seen)) return;
		const reply = await client.send({ method: 'PATCH', path: '/settings', body: { webhooks: wanted } });
		if (reply.status !== 200) throw refused(reply);
		const { before_update, after_update } = object(reply.body);
		const before = objects(object(before_update).webhooks);
		const written = objects(object(after_update).webhooks);
		const lost = before.filter((webhook) => !has(seen, webhook) && !has(written, webhook));
		if (!lost.length) return;
		// Of a webhook that somebody changed meanwhile, we wrote the old state.
		const isOld = (webhook: Json) => !has(before, webhook) && lost.some(({ url }) => url === webhook.url);
		wanted = edit([...written.filter((webhook) => !isOld(webhook)), ...lost]);
		seen = written;
		await sleep(Math.random() * MAX_WAIT_MS);
	}
	throw new MediaError('temporary', 'The webhooks of the Whapi.Cloud channel are being changed by others all the time', 'Activate the workflow again in a minute.');
}

function has(webhooks: Json[], webhook: Json): boolean {
	return webhooks.some((one) => JSON.stringify(one) === JSON.stringify(webhook));
}

function isEqual(some: Json[], others: Json[]): boolean {
	return some.length === others.length && some.every((webhook) => has(others, webhook));
}

async function settings(client: ApiClient): Promise<Json> {
	const reply = await client.send({ method: 'GET', path: '/settings' });
	if (reply.status !== 200) throw refused(reply);
	return object(reply.body);
}

function refused(reply: ApiReply): MediaError {
	return apiError(reply, 'The webhooks of the Whapi.Cloud channel could not be changed');
}
