import { randomBytes } from 'node:crypto';
import type { MetaEmulator, MetaOperation } from '.';
import { htmlPage } from '../faults';
import { type Part, readParts } from '../formParts';
import type { EmulatorRequest, Reply, Route } from '../server';
import { appToken as issuedToken } from './account';
import { ACCEPTED_MIME_TYPES, errorReply, errors, GraphError, phpJson } from './errors';
import { fileUrl } from './files';
import { wamid } from './webhooks';

type Params = Record<string, unknown>;

interface Call {
	request: EmulatorRequest;
	method: string;
	/** The object that the path names. */
	id: string;
	/** With the leading `v`. */
	version: string;
	/** Query and body together; a body of JSON, of a form or of parts. */
	params(): Promise<Params>;
}

interface Operation {
	name: MetaOperation;
	/** What the token must be allowed; `any`: just be good, `app`: be the app's own, `none`: not be there. */
	needs: 'messaging' | 'management' | 'either' | 'any' | 'app' | 'none';
	mediaId?: string;
	run(meta: MetaEmulator, call: Call): object | Promise<object>;
}

/** The oldest version in use; calls to dead ones are served by it, silently: section 6. */
const OLDEST_VERSION = 21;

/** graph.facebook.com: sections 1, 5 and 8, and section 9 for the bytes. */
export function graphRoute(meta: MetaEmulator, request: EmulatorRequest): Route {
	const [, version = 'v25.0', id = '', edge = ''] = /^(?:\/(v\d+\.\d+))?\/?([^/]*)\/?(.*?)\/?$/.exec(request.path) ?? [];
	const call: Call = { request, method: request.method, id, version, params: () => readParams(request) };
	const operation = find(meta, request.method, id, edge);
	const served = Number(version.slice(1)) < OLDEST_VERSION ? `v${OLDEST_VERSION}.0` : version;
	const headers = { 'facebook-api-version': served, 'x-fb-request-id': randomBytes(12).toString('base64url'), 'Cache-Control': 'private, no-cache, no-store, must-revalidate' };
	return {
		operation: operation.name,
		mediaId: operation.mediaId,
		async answer() {
			const reply = await run(meta, operation, call);
			return { ...reply, headers: { ...headers, ...reply.headers } };
		},
	};
}

async function run(meta: MetaEmulator, operation: Operation, call: Call): Promise<Reply> {
	try {
		await authorize(meta, operation, call);
		const body = await operation.run(meta, call);
		return { status: 200, headers: { 'Content-Type': 'application/json; charset=UTF-8' }, body: phpJson(body) };
	} catch (error) {
		if (error instanceof GraphError) return errorReply(error);
		if (error instanceof RefusedByProxy) return htmlPage(413);
		throw error;
	}
}

class RefusedByProxy extends Error {}

function find(meta: MetaEmulator, method: string, id: string, edge: string): Operation {
	const { appId, businessAccountId } = meta.credentials;
	const is = (verb: string, ...names: string[]) => method === verb && names.join('/') === [id, edge].filter(Boolean).join('/');

	if (is('GET', 'me')) return { name: 'me', needs: 'any', run: me };
	if (id === 'oauth' && edge === 'access_token') return { name: 'appToken', needs: 'none', run: appToken };
	if (is('GET', 'debug_token')) return { name: 'debugToken', needs: 'any', run: debugToken };

	if (is('GET', appId, 'subscriptions')) return { name: 'subscriptions', needs: 'app', run: getApp };
	if (is('POST', appId, 'subscriptions')) return { name: 'subscribe', needs: 'app', run: postApp };
	if (is('DELETE', appId, 'subscriptions')) return { name: 'unsubscribe', needs: 'app', run: deleteApp };
	if (is('GET', businessAccountId, 'subscribed_apps')) return { name: 'subscriptions', needs: 'management', run: getAccount };
	if (is('POST', businessAccountId, 'subscribed_apps')) return { name: 'subscribe', needs: 'management', run: postAccount };
	if (is('DELETE', businessAccountId, 'subscribed_apps')) return { name: 'unsubscribe', needs: 'management', run: deleteAccount };
	if (is('GET', businessAccountId, 'phone_numbers')) return { name: 'phoneNumbers', needs: 'management', run: phoneNumbers };
	if (is('GET', businessAccountId)) return { name: 'account', needs: 'management', run: account };

	if (method === 'POST' && edge === 'media') return { name: 'upload', needs: 'messaging', run: upload };
	if (method === 'POST' && edge === 'messages') return { name: 'send', needs: 'messaging', run: sendMessage };
	if (meta.phoneNumbers.some((number) => number.id === id) && !edge) {
		if (method === 'GET') return { name: 'phoneNumber', needs: 'either', run: phoneNumber };
		if (method === 'POST') return { name: 'subscribe', needs: 'management', run: postPhoneNumber };
	}
	if (id && !edge && method === 'GET') return { name: 'getUrl', needs: 'messaging', mediaId: id, run: getUrl };
	if (id && !edge && method === 'DELETE') return { name: 'delete', needs: 'messaging', mediaId: id, run: deleteMedia };
	return {
		name: 'unknown',
		needs: 'any',
		run() {
			throw id ? errors.gone(method, id) : errors.unsupported(method);
		},
	};
}

// -- Who calls

async function authorize(meta: MetaEmulator, { needs }: Operation, call: Call): Promise<void> {
	if (needs === 'none') return;
	const header = call.request.headers.authorization ?? '';
	const inQuery = header ? undefined : ((await call.params()).access_token as string | undefined);
	const problem = meta.tokenProblem(header || (inQuery && `Bearer ${inQuery}`));
	if (problem) throw problem;
	const token = meta.tokenOf(header || `Bearer ${inQuery}`)!;
	if (needs === 'app' && !token.app) throw errors.appTokenNeeded();
	if (needs === 'app' || needs === 'any') return;
	if (!token.owns) throw errors.gone(call.method, call.id);
	const allowed = needs === 'either' ? token.scopes.length > 0 : token.scopes.includes(`whatsapp_business_${needs}`);
	if (!allowed) throw meta.variants.missingPermission === 10 ? errors.noPermission() : errors.noPermission200();
}

// -- Media: section 1

async function upload(meta: MetaEmulator, { request, id, method }: Call): Promise<object> {
	if (!meta.phoneNumbers.some((number) => number.id === id)) throw errors.gone(method, id);
	const parts = await partsOf(request);
	const field = (name: string) => parts.find((part) => part.name === name)?.bytes.toString() ?? request.query[name];
	const product = field('messaging_product');
	if (!product) throw errors.missingParameter('messaging_product');
	if (product !== 'whatsapp') throw errors.wrongMessagingProduct(product);
	const file = parts.find((part) => part.name === 'file');
	if (!file) throw errors.missingParameter('file');
	// The part's own type counts, whatever the field `type` says, and it must be bare: `audio/ogg; codecs=opus` is refused.
	const mimeType = file.mimeType ?? 'application/octet-stream';
	if (!ACCEPTED_MIME_TYPES.includes(mimeType)) throw errors.wrongMimeType(mimeType);
	if (file.bytes.length > limitFor(meta, mimeType)) throw meta.variants.tooLarge === 'error' ? errors.tooLarge() : new RefusedByProxy();
	const minutes = Number(field('ttl_minutes'));
	const lifetime = meta.variants.noStorage && minutes ? minutes * 60_000 : undefined;
	return { id: meta.store.add({ bytes: file.bytes, mimeType, fileName: file.fileName, owner: id, lifetime }) };
}

function limitFor({ variants: { uploadLimits } }: MetaEmulator, mimeType: string): number {
	if (mimeType === 'image/webp') return uploadLimits.sticker;
	const family = mimeType.split('/')[0];
	return family === 'image' || family === 'audio' || family === 'video' ? uploadLimits[family] : uploadLimits.document;
}

function getUrl(meta: MetaEmulator, call: Call): object {
	const media = mediaOf(meta, call);
	// The order of real answers, not the documentation's.
	const all = {
		url: fileUrl(meta, media.id, 'getMedia'),
		mime_type: meta.variants.getMimeType === 'full' ? media.mimeType : bare(media.mimeType),
		sha256: meta.hashOf(media.id, meta.variants.getHash),
		file_size: meta.variants.fileSize === 'number' ? media.bytes.size : String(media.bytes.size),
		id: media.id,
		messaging_product: 'whatsapp',
	};
	return call.request.query.fields ? select(all, call.request.query.fields) : all;
}

function bare(mimeType: string): string {
	return mimeType.split(';')[0]!;
}

function deleteMedia(meta: MetaEmulator, call: Call): object {
	mediaOf(meta, call).deleted = true;
	return { success: true };
}

function mediaOf(meta: MetaEmulator, { method, id, request }: Call) {
	const media = meta.store.live(id);
	if (!media) throw errors.gone(method, id);
	const number = request.query.phone_number_id;
	const refused = media.kind === 'inbound' && meta.variants.phoneNumberIdOnInbound === 'refused';
	if (number !== undefined && (number !== media.owner || refused)) throw errors.wrongPhoneNumberId();
	return media;
}

/** No more than the check that a sent media ID lives, and belongs to the sending number: section 1.5, row 18. */
async function sendMessage(meta: MetaEmulator, { id, method, params }: Call): Promise<object> {
	if (!meta.phoneNumbers.some((number) => number.id === id)) throw errors.gone(method, id);
	const message = await params();
	if (!message.messaging_product) throw errors.missingParameter('messaging_product');
	const type = String(message.type ?? 'text');
	const mediaId = (message[type] as Params | undefined)?.id;
	if (mediaId !== undefined && meta.store.live(String(mediaId))?.owner !== id) throw errors.wrongAttachment(type);
	meta.sent.push({ phoneNumberId: id, ...message });
	const to = String(message.to);
	return {
		messaging_product: 'whatsapp',
		contacts: [{ input: to, wa_id: to.replace(/\D/g, '') }],
		messages: [{ id: wamid() }],
	};
}

// -- Subscriptions: section 5

function getApp({ subscriptions: { app } }: MetaEmulator): object {
	if (!app) return { data: [] };
	const fields = app.fields.map((name) => ({ name, version: app.version }));
	return { data: [{ object: 'whatsapp_business_account', callback_url: app.url, active: true, fields }] };
}

async function postApp({ subscriptions }: MetaEmulator, { params, version }: Call): Promise<object> {
	const { object, callback_url, verify_token, fields } = await params();
	if (object !== 'whatsapp_business_account') throw errors.missingParameter('object');
	if (!callback_url) throw errors.missingParameter('callback_url');
	// Graph takes a list written as JSON, too: n8n's own trigger sends `["messages"]`.
	const list = String(fields ?? '').startsWith('[') ? parseJson(String(fields)) : fields;
	const names = Array.isArray(list) ? list.map(String) : String(list ?? '').split(',').filter(Boolean);
	await subscriptions.setApp({ url: String(callback_url), verifyToken: String(verify_token ?? '') }, names, version);
	return { success: true };
}

async function deleteApp({ subscriptions }: MetaEmulator, { params }: Call): Promise<object> {
	const { fields } = await params();
	const { app } = subscriptions;
	if (app && fields) app.fields = app.fields.filter((name) => !String(fields).split(',').includes(name));
	if (!fields || !app?.fields.length) subscriptions.app = undefined;
	return { success: true };
}

function getAccount({ subscriptions, credentials }: MetaEmulator): object {
	const entry = (id: string, name: string, callback?: string) => ({
		whatsapp_business_api_data: { link: `https://www.facebook.com/games/?app_id=${id}`, name, id },
		...(callback && { override_callback_uri: callback }),
	});
	const own = subscriptions.subscribed ? [entry(credentials.appId, 'n8n', subscriptions.account?.url)] : [];
	return { data: [...own, ...subscriptions.otherApps.map(({ id, name, callback }) => entry(id, name, callback))] };
}

async function postAccount({ subscriptions }: MetaEmulator, { params }: Call): Promise<object> {
	const { override_callback_uri: url, verify_token } = await params();
	if (url) {
		await subscriptions.setAccount({ url: String(url), verifyToken: String(verify_token ?? '') });
	} else {
		// A bare POST subscribes, and takes an override away.
		subscriptions.subscribed = true;
		subscriptions.account = undefined;
	}
	return { success: true };
}

function deleteAccount({ subscriptions }: MetaEmulator): object {
	subscriptions.subscribed = false;
	subscriptions.account = undefined;
	return { success: true };
}

async function postPhoneNumber({ subscriptions }: MetaEmulator, { params, id, method }: Call): Promise<object> {
	const given = (await params()).webhook_configuration;
	const { override_callback_uri: url, verify_token } = ((typeof given === 'string' ? JSON.parse(given) : given) ?? {}) as Params;
	if (url === undefined) throw errors.unsupported(method);
	if (url === '') subscriptions.phoneNumbers.delete(id);
	else await subscriptions.setPhoneNumber(id, { url: String(url), verifyToken: String(verify_token ?? '') });
	return { success: true };
}

// -- Accounts and tokens: section 8

function phoneNumber({ phoneNumbers: numbers, subscriptions, credentials, variants }: MetaEmulator, { id, request }: Call): object {
	const number = numbers.find((one) => one.id === id)!;
	const configuration = {
		phone_number: subscriptions.phoneNumbers.get(id)?.url,
		whatsapp_business_account: subscriptions.account?.url,
		application: subscriptions.app?.url,
	};
	const health = [['PHONE_NUMBER', id], ['WABA', credentials.businessAccountId], ['BUSINESS', '506914307656634'], ['APP', credentials.appId]];
	const health_status = { can_send_message: 'AVAILABLE', entities: health.map(([entity_type, id]) => ({ entity_type, id, can_send_message: 'AVAILABLE' })) };
	const rest = { health_status, code_verification_status: 'VERIFIED', platform_type: 'CLOUD_API', throughput: { level: 'STANDARD' } };
	const fields = request.query.fields ?? 'verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,throughput';
	if (fields === 'health_status' && variants.healthStatus === 'unknown') throw errors.nonexistingField(fields, 'WhatsAppBusinessPhoneNumber');
	return select({ ...number, ...rest, webhook_configuration: configuration }, fields);
}

function phoneNumbers({ phoneNumbers: numbers }: MetaEmulator, { request }: Call): object {
	const data = numbers.map((number) => (request.query.fields ? select({ ...number }, request.query.fields) : number));
	return { data, paging: { cursors: { before: 'QVFIUjRYd', after: 'QVFIUmZAx' } } };
}

/** The account's ID where a phone number's belongs is a usual slip, so its answer matters. */
function account({ credentials, variants }: MetaEmulator, { id, method, request }: Call): object {
	const all: Params = { name: 'Jaspers Market', timezone_id: '1', currency: 'USD', message_template_namespace: '6f1d2d4c_8a37_4c1e_9c0b_2f5a7e3b9d10', id: credentials.businessAccountId };
	const { fields } = request.query;
	const strange = fields?.split(',').find((field) => !(field in all));
	if (strange) throw variants.accountAsPhoneNumber === 'gone' ? errors.gone(method, id) : errors.nonexistingField(strange, 'WhatsAppBusinessAccount');
	return select(all, fields ?? 'name,timezone_id,message_template_namespace');
}

function me(): object {
	return { name: 'n8n system user', id: '122101234567890123' };
}

async function appToken({ credentials }: MetaEmulator, { params }: Call): Promise<object> {
	const { client_id, client_secret } = await params();
	if (client_id !== credentials.appId) {
		throw new GraphError(400, { message: 'Error validating application. Cannot get application info due to a system error.', type: 'OAuthException', code: 101 });
	}
	if (client_secret !== credentials.appSecret) throw new GraphError(400, { message: 'Error validating client secret.', type: 'OAuthException', code: 1 });
	return { access_token: issuedToken, token_type: 'bearer' };
}

function debugToken(meta: MetaEmulator, { request }: Call): object {
	const asked = `Bearer ${request.query.input_token}`;
	const problem = meta.tokenProblem(asked);
	if (problem) {
		const { code, message, error_subcode } = problem.body;
		return { data: { error: { code, message, ...(error_subcode && { subcode: error_subcode }) }, is_valid: false, scopes: [] } };
	}
	const { appId, businessAccountId } = meta.credentials;
	const { scopes, app, owns } = meta.tokenOf(asked)!;
	if (app) return { data: { app_id: appId, type: 'APP', application: 'n8n', expires_at: 0, is_valid: true, scopes: [] } };
	return {
		data: {
			app_id: appId,
			type: 'SYSTEM_USER',
			application: 'n8n',
			data_access_expires_at: 0,
			expires_at: 0,
			is_valid: true,
			issued_at: 1767225600,
			scopes,
			granular_scopes: scopes.map((scope) => ({ scope, target_ids: owns ? [businessAccountId] : [] })),
			user_id: '122101234567890123',
		},
	};
}

// -- Reading requests

/** Graph's field selection: in the order asked, `id` always and at the end. Absent values stay away. */
function select(all: Params, fields: string): Params {
	const names = fields.split(',').map((name) => name.trim());
	return Object.fromEntries([...names.filter((name) => name in all && name !== 'id'), 'id'].map((name) => [name, all[name]]));
}

async function partsOf(request: EmulatorRequest): Promise<Part[]> {
	try {
		return await readParts(request);
	} catch {
		// What Graph makes of a broken form is unknown; like PHP, the emulator finds no parameter in it.
		return [];
	}
}

async function readParams(request: EmulatorRequest): Promise<Params> {
	const type = request.headers['content-type'] ?? '';
	const query: Params = { ...request.query };
	if (type.startsWith('multipart/')) return { ...query, ...Object.fromEntries((await partsOf(request)).map(({ name, bytes }) => [name, bytes.toString()])) };
	const text = (await request.read()).toString();
	if (type.includes('json')) return { ...query, ...(parseJson(text) as Params) };
	return { ...query, ...Object.fromEntries(new URLSearchParams(text)) };
}

function parseJson(text: string): unknown {
	try {
		return text ? JSON.parse(text) : {};
	} catch {
		return {};
	}
}
