import type { WahaEmulator, WahaOperation } from '.';
import type { EmulatorRequest, Reply, Route } from '../server';
import { errorReply, errors, json, noRoute, WahaError } from './errors';
import { localFile } from './files';
import { mediaOf, storedMessage } from './messages';
import { checkSession, getSession, putSession } from './sessions';

interface Operation {
	name: WahaOperation;
	mediaId?: string;
	/** Whether it is to be had without a key. */
	open?: boolean;
	run(): Reply | Promise<Reply>;
}

/** The server: B1, B2 and B5. */
export function apiRoute(waha: WahaEmulator, request: EmulatorRequest): Route {
	const { name, mediaId, open, run } = find(waha, request);
	return {
		operation: name,
		mediaId,
		async answer() {
			try {
				if (!open) authorize(waha, request);
				return await run();
			} catch (error) {
				if (error instanceof WahaError) return errorReply(error);
				throw error;
			}
		},
	};
}

/** The header, and since 2026.4 the query. */
function authorize(waha: WahaEmulator, { headers, query }: EmulatorRequest): void {
	const key = headers['x-api-key'] ?? query['x-api-key'];
	if (key !== waha.credentials.accessToken) throw errors.unauthorized();
}

function find(waha: WahaEmulator, request: EmulatorRequest): Operation {
	const { method } = request;
	const path = decodeURIComponent(request.path);
	if (method === 'GET' && path === '/ping')
		return { name: 'ping', open: true, run: () => json({ message: 'pong' }) };
	if (method === 'GET' && path === '/api/server/version')
		return { name: 'version', run: () => version(waha) };

	const session = /^\/api\/sessions\/([^/]+)\/?$/.exec(path)?.[1];
	if (session && method === 'GET')
		return { name: 'session', run: () => (checkSession(waha, session), getSession(waha, request)) };
	if (session && method === 'PUT')
		return {
			name: 'changeSession',
			run: async () => (checkSession(waha, session), await putSession(waha, request)),
		};

	const [, of = '', chat = '', mediaId = ''] =
		/^\/api\/([^/]+)\/chats\/([^/]+)\/messages\/([^/]+)$/.exec(path) ?? [];
	if (mediaId && method === 'GET')
		return {
			name: 'message',
			mediaId,
			run: () => (checkSession(waha, of), message(waha, chat, mediaId, request)),
		};

	const name = /^\/api\/files\/(?:[^/]+\/)?([^/]+)$/.exec(path)?.[1];
	if (name && method === 'GET')
		return {
			name: 'file',
			mediaId: name.replace(/\.\w+$/, ''),
			open: waha.variants.publicFiles,
			run: () => localFile(waha, name),
		};
	return {
		name: 'unknown',
		run() {
			throw noRoute(method, request.path);
		},
	};
}

function version({ version, variants: { engine, tier } }: WahaEmulator): Reply {
	return json({
		version,
		engine: engine === 'none' ? 'WEBJS' : engine,
		tier: tier === 'PLUS' ? 'PLUS' : 'CORE',
		browser: null,
	});
}

/** GET …/messages/{id}?downloadMedia=true: the message, with its file fetched once more. B5. */
function message(waha: WahaEmulator, chat: string, id: string, { query }: EmulatorRequest): Reply {
	if (waha.status !== 'WORKING') throw errors.notWorking(waha.session, waha.status);
	const known = waha.messages.get(id) ?? storedMessage(waha, id);
	if (!known || (chat !== 'all' && !id.includes(`_${chat}_`))) throw errors.messageNotFound();
	if (known.hasMedia !== true) return json(known);
	if (waha.variants.tier === 'OLD_CORE') throw errors.plusOnly();
	// What WhatsApp itself no longer has is no longer in the store of the session either.
	if (!waha.store.live(id)) throw errors.messageNotFound();
	return json({ ...known, media: mediaOf(waha, id, query.downloadMedia === 'true') });
}
