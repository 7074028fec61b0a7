import type { Dialog360Emulator, Dialog360Operation } from '.';
import type { EmulatorRequest, Reply, Route } from '../server';
import { Dialog360Error, errorReply, errors, json } from './errors';
import { changeList, getList, getWebhook, setWebhook } from './webhooks';

const HOUR = 3_600_000;

interface Operation {
	name: Dialog360Operation;
	mediaId?: string;
	run(): Reply | Promise<Reply>;
}

/** waba-v2.360dialog.io: A1 to A4. */
export function apiRoute(dialog360: Dialog360Emulator, request: EmulatorRequest): Route {
	const { name, mediaId, run } = find(dialog360, request);
	return {
		operation: name,
		mediaId,
		async answer() {
			try {
				// Nothing else counts: no bearer, no query.
				if (request.headers['d360-api-key'] !== dialog360.credentials.accessToken)
					throw errors.unauthorized();
				return await run();
			} catch (error) {
				if (error instanceof Dialog360Error) return errorReply(error);
				throw error;
			}
		},
	};
}

function find(dialog360: Dialog360Emulator, request: EmulatorRequest): Operation {
	const { method, path, query } = request;
	const is = (verb: string, name: string) => verb === method && name === path;
	if (is('GET', '/v1/configs/webhook'))
		return { name: 'webhook', run: () => getWebhook(dialog360) };
	if (is('POST', '/v1/configs/webhook'))
		return { name: 'setWebhook', run: async () => await setWebhook(dialog360, request) };
	if (is('GET', '/multi_webhook')) return { name: 'list', run: () => getList(dialog360) };
	if (is('PUT', '/multi_webhook') || is('PATCH', '/multi_webhook'))
		return { name: 'changeList', run: async () => await changeList(dialog360, request) };

	if (is('POST', '/media'))
		return { name: 'upload', run: async () => await upload(dialog360, request) };
	if (is('GET', '/whatsapp_business/attachments/'))
		return { name: 'file', mediaId: query.mid, run: async () => await file(dialog360, request) };
	const mediaId = /^\/([^/]+)$/.exec(path)?.[1];
	if (mediaId && method === 'GET')
		return { name: 'getUrl', mediaId, run: async () => await lookUp(dialog360, mediaId, request) };
	if (mediaId && method === 'DELETE')
		return {
			name: 'delete',
			mediaId,
			run: async () => await asMeta(dialog360, request, `/${mediaId}`),
		};
	return {
		name: 'unknown',
		run() {
			throw errors.notFound();
		},
	};
}

/** The same request as Meta gets it: another host, a version in the path, 360dialog's own token. */
function metaRequest(
	{ meta }: Dialog360Emulator,
	request: EmulatorRequest,
	path: string,
): EmulatorRequest {
	const headers = { ...request.headers, authorization: `Bearer ${meta.credentials.accessToken}` };
	return Object.create(request, {
		path: { value: path },
		headers: { value: headers },
	}) as EmulatorRequest;
}

async function asMeta(
	dialog360: Dialog360Emulator,
	request: EmulatorRequest,
	path: string,
): Promise<Reply> {
	const route = await dialog360.meta.sites.api.route(
		metaRequest(dialog360, request, `/v25.0${path}`),
	);
	const { headers, ...reply } = await route.answer();
	return { ...reply, headers: { 'Content-Type': headers?.['Content-Type'] ?? 'application/json' } };
}

async function upload(dialog360: Dialog360Emulator, request: EmulatorRequest): Promise<Reply> {
	return await asMeta(dialog360, request, `/${dialog360.meta.credentials.phoneNumberId}/media`);
}

/** In the order of the documentation. The URL is Meta's own, which takes Meta's token only. */
async function lookUp(
	dialog360: Dialog360Emulator,
	mediaId: string,
	request: EmulatorRequest,
): Promise<Reply> {
	const { failedLookUps, clock, variants } = dialog360;
	while (failedLookUps.length && failedLookUps[0]! <= clock.now() - HOUR) failedLookUps.shift();
	if (failedLookUps.length >= variants.allowedFailures) throw errors.blocked(variants.blocked);
	const reply = /^\d+$/.test(mediaId)
		? await asMeta(dialog360, request, `/${mediaId}`)
		: errorReply(errors.badRequest('Media ID must be numeric'));
	if (reply.status >= 400) {
		failedLookUps.push(clock.now());
		return reply;
	}
	const { messaging_product, url, mime_type, sha256, file_size, id } = JSON.parse(
		String(reply.body),
	);
	return json({ messaging_product, url, mime_type, sha256, file_size, id });
}

/** Meta's file under this host: the same path and query. */
async function file(dialog360: Dialog360Emulator, request: EmulatorRequest): Promise<Reply> {
	const route = await dialog360.meta.sites.files.route(
		metaRequest(dialog360, request, request.path),
	);
	return await route.answer();
}
