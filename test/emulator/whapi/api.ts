import type { WhapiEmulator, WhapiOperation } from '.';
import type { EmulatorRequest, Reply, Route } from '../server';
import { errorReply, errors, json, WhapiError } from './errors';
import { changes, patched } from './settings';
import { readJson, upload } from './upload';

interface Operation {
	name: WhapiOperation;
	mediaId?: string;
	run(): Reply | Promise<Reply>;
}

/** gate.whapi.cloud: media, settings, health and messages. */
export function apiRoute(whapi: WhapiEmulator, request: EmulatorRequest): Route {
	const { name, mediaId, run } = find(whapi, request);
	return {
		operation: name,
		mediaId,
		async answer() {
			try {
				authorize(whapi, request);
				return await run();
			} catch (error) {
				if (error instanceof WhapiError) return errorReply(error);
				throw error;
			}
		},
	};
}

/** One token is one channel, so a bad one has no channel. The token in the query is in the specification too. */
function authorize(whapi: WhapiEmulator, { headers, query }: EmulatorRequest): void {
	const token = /^Bearer (.*)$/i.exec(headers.authorization ?? '')?.[1] ?? query.token;
	if (token !== whapi.credentials.accessToken) throw errors.channelNotFound();
}

function find(whapi: WhapiEmulator, request: EmulatorRequest): Operation {
	const [, collection = '', id = ''] = /^\/([^/]+)(?:\/([^/]+))?\/?$/.exec(request.path) ?? [];
	const mediaId = decodeURIComponent(id);
	const what = `${request.method} /${collection}${id && '/id'}`;
	if (what === 'GET /settings') return { name: 'settings', run: () => json(whapi.settings) };
	if (what === 'PATCH /settings')
		return { name: 'changeSettings', run: async () => await changeSettings(whapi, request) };
	if (what === 'GET /health') return { name: 'health', run: () => health(whapi, request) };
	if (what === 'GET /media') return { name: 'list', run: () => list(whapi, request) };
	if (what === 'GET /media/id') return { name: 'media', mediaId, run: () => media(whapi, mediaId) };
	if (what === 'POST /media')
		return { name: 'upload', run: async () => await upload(whapi, request) };
	if (what === 'DELETE /media/id')
		return { name: 'delete', mediaId, run: () => deleteMedia(whapi, mediaId) };
	if (what === 'GET /messages/id') return { name: 'message', run: () => message(whapi, mediaId) };
	return {
		name: 'unknown',
		run() {
			throw errors.notFound();
		},
	};
}

// -- Settings and health

async function changeSettings(whapi: WhapiEmulator, request: EmulatorRequest): Promise<Reply> {
	const before = whapi.settings;
	whapi.settings = patched(before, await readJson(request), whapi.variants.mediaSettings);
	return json({
		before_update: before,
		after_update: whapi.settings,
		changes: changes(before, whapi.settings),
	});
}

function health(whapi: WhapiEmulator, { query }: EmulatorRequest): Reply {
	if (query.wakeup !== 'false') whapi.woken++;
	const { channelId, phoneNumber } = whapi.credentials;
	const status = { code: whapi.authorized ? 4 : 3, text: whapi.authorized ? 'AUTH' : 'QR' };
	return json({
		channel_id: channelId,
		uptime: 86_400,
		version: '1.8.7',
		ip: '127.0.0.1',
		status,
		...(whapi.authorized && { user: { id: phoneNumber, name: 'Jaspers Market' } }),
	});
}

// -- Media

function media(whapi: WhapiEmulator, mediaId: string): Reply {
	if (!whapi.authorized) throw errors.unauthorized();
	const media = whapi.store.live(mediaId);
	const early =
		media?.kind === 'inbound' && whapi.clock.now() < media.createdAt + whapi.variants.lateBy;
	if (!media || early) throw errors.mediaNotFound();
	return {
		status: 200,
		headers: { 'Content-Type': media.mimeType },
		body: media.bytes,
		chunked: whapi.variants.chunkedFiles,
	};
}

function list(whapi: WhapiEmulator, { query }: EmulatorRequest): Reply {
	const [count, offset] = [Number(query.count ?? 100), Number(query.offset ?? 0)];
	if (!(count >= 1 && count <= 500)) throw errors.badRequest('count must be between 1 and 500');
	const files = whapi.store.list().filter(({ id }) => whapi.store.live(id));
	if (query.sort !== 'asc') files.reverse();
	return json({
		files: files.slice(offset, offset + count).map(({ id }) => whapi.mediaFile(id)),
		count: Math.min(count, files.length),
		total: files.length,
		offset,
	});
}

function deleteMedia(whapi: WhapiEmulator, mediaId: string): Reply {
	const media = whapi.store.live(mediaId);
	if (!media) throw errors.mediaNotFound();
	media.deleted = true;
	return json({ success: true });
}

function message(whapi: WhapiEmulator, id: string): Reply {
	const found = whapi.messages.get(id);
	if (!found) throw errors.messageNotFound();
	return json(found);
}
