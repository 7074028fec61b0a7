import { createHmac, randomBytes } from 'node:crypto';
import type { MetaEmulator, MetaOperation } from '.';
import { htmlPage } from '../faults';
import type { EmulatorRequest, Reply, Route } from '../server';
import { account, appToken, debugToken, me, phoneNumber, phoneNumbers } from './account';
import { accountUsage, errorReply, errors, GraphError, phpJson, traceId } from './errors';
import { deleteMedia, getUrl, sendMessage } from './media';
import { type Call, readParams } from './params';
import {
	deleteAccount,
	deleteApp,
	getAccount,
	getApp,
	postAccount,
	postApp,
	postPhoneNumber,
} from './subscriptions';
import { RefusedByProxy, upload } from './upload';

/** Recorded on every answer. */
const ANSWER_HEADERS = {
	Vary: 'Origin',
	'Access-Control-Allow-Origin': '*',
	'Strict-Transport-Security': 'max-age=15552000; preload',
	Pragma: 'no-cache',
	'Cache-Control': 'private, no-cache, no-store, must-revalidate',
	Expires: 'Sat, 01 Jan 2000 00:00:00 GMT',
};

interface Operation {
	name: MetaOperation;
	/** What the token must be allowed; `any`: just be good, `app`: be the app's own, `none`: not be there. */
	needs: 'messaging' | 'management' | 'either' | 'any' | 'app' | 'none';
	mediaId?: string;
	run(meta: MetaEmulator, call: Call): object | Promise<object>;
}

/** The oldest version in use; calls to dead ones are served by it, silently: https://developers.facebook.com/docs/graph-api/guides/versioning. */
const OLDEST_VERSION = 21;

/** graph.facebook.com. The bytes are those of recorded answers. */
export function apiRoute(meta: MetaEmulator, request: EmulatorRequest): Route {
	const [, version = 'v25.0', id = '', edge = ''] =
		/^(?:\/(v\d+\.\d+))?\/?([^/]*)\/?(.*?)\/?$/.exec(request.path) ?? [];
	const call: Call = {
		request,
		method: request.method,
		id,
		version,
		params: () => readParams(request),
	};
	const operation = find(meta, request.method, id, edge);
	const served = Number(version.slice(1)) < OLDEST_VERSION ? `v${OLDEST_VERSION}.0` : version;
	const upgraded = `The call has been auto-upgraded to ${served} as ${version} will be deprecated.`;
	const headers = {
		...ANSWER_HEADERS,
		...(served !== version && { 'X-Ad-Api-Version-Warning': upgraded }),
		'Facebook-Api-Version': served,
		'X-Fb-Request-Id': traceId(),
		'X-Fb-Trace-Id': randomBytes(8).toString('base64').slice(0, 11),
	};
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
		const headers = { 'Content-Type': 'application/json; charset=UTF-8' };
		const counted = operation.needs === 'messaging' ? accountUsage({ call_count: 1 }) : {};
		return { status: 200, headers: { ...headers, ...counted }, body: phpJson(body) };
	} catch (error) {
		if (error instanceof GraphError) return errorReply(error);
		if (error instanceof RefusedByProxy) return htmlPage(413);
		throw error;
	}
}

function find(meta: MetaEmulator, method: string, id: string, edge: string): Operation {
	const { appId, businessAccountId } = meta.credentials;
	const is = (verb: string, ...names: string[]) =>
		method === verb && names.join('/') === [id, edge].filter(Boolean).join('/');

	if (is('GET', 'me')) return { name: 'me', needs: 'any', run: me };
	if (id === 'oauth' && edge === 'access_token')
		return { name: 'appToken', needs: 'none', run: appToken };
	if (is('GET', 'debug_token')) return { name: 'debugToken', needs: 'any', run: debugToken };

	if (is('GET', appId, 'subscriptions'))
		return { name: 'subscriptions', needs: 'app', run: getApp };
	if (is('POST', appId, 'subscriptions')) return { name: 'subscribe', needs: 'app', run: postApp };
	if (is('DELETE', appId, 'subscriptions'))
		return { name: 'unsubscribe', needs: 'app', run: deleteApp };
	if (is('GET', businessAccountId, 'subscribed_apps'))
		return { name: 'subscriptions', needs: 'management', run: getAccount };
	if (is('POST', businessAccountId, 'subscribed_apps'))
		return { name: 'subscribe', needs: 'management', run: postAccount };
	if (is('DELETE', businessAccountId, 'subscribed_apps'))
		return { name: 'unsubscribe', needs: 'management', run: deleteAccount };
	if (is('GET', businessAccountId, 'phone_numbers'))
		return { name: 'phoneNumbers', needs: 'management', run: phoneNumbers };
	if (is('GET', businessAccountId)) return { name: 'account', needs: 'management', run: account };

	if (method === 'POST' && edge === 'media')
		return { name: 'upload', needs: 'messaging', run: upload };
	if (method === 'POST' && edge === 'messages')
		return { name: 'send', needs: 'messaging', run: sendMessage };
	if (meta.phoneNumbers.some((number) => number.id === id) && !edge) {
		if (method === 'GET') return { name: 'phoneNumber', needs: 'either', run: phoneNumber };
		if (method === 'POST') return { name: 'subscribe', needs: 'management', run: postPhoneNumber };
	}
	if (id && !edge && method === 'GET')
		return { name: 'getUrl', needs: 'messaging', mediaId: id, run: getUrl };
	if (id && !edge && method === 'DELETE')
		return { name: 'delete', needs: 'messaging', mediaId: id, run: deleteMedia };
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
	await checkProof(meta, call, header.replace(/^\w+ /, '') || inQuery!);
	if (needs === 'app' && !token.app) throw errors.appTokenNeeded();
	if (needs === 'app' || needs === 'any') return;
	if (!token.owns) throw errors.gone(call.method, call.id);
	const allowed =
		needs === 'either'
			? token.scopes.length > 0
			: token.scopes.includes(`whatsapp_business_${needs}`);
	if (!allowed)
		throw meta.variants.missingPermission === 10 ? errors.noPermission() : errors.noPermission200();
}

/** HMAC-SHA256 of the token under the app's secret: https://developers.facebook.com/docs/graph-api/guides/secure-requests. */
async function checkProof(meta: MetaEmulator, call: Call, token: string): Promise<void> {
	const { appsecret_proof: given = call.request.query.appsecret_proof } = isMultipart(call)
		? {}
		: await call.params();
	if (given === undefined) {
		if (meta.variants.requireAppSecret) throw errors.proofNeeded();
		return;
	}
	const secret = meta.tokens.get(token)?.ofOtherApp ? 'of another app' : meta.credentials.appSecret;
	const proof = createHmac('sha256', secret).update(token).digest('hex');
	if (given !== proof) throw errors.wrongProof();
}

/** A file is not read before its time. */
const isMultipart = ({ request }: Call) =>
	(request.headers['content-type'] ?? '').startsWith('multipart/');
