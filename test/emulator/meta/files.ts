import { createHmac } from 'node:crypto';
import type { MetaEmulator } from '.';
import type { EmulatorRequest, Reply, Route } from '../server';
import type { StoredMedia } from '../store';

/** A URL's life in milliseconds, from Graph and in webhooks alike: the media page. */
export const URL_LIFETIME = 5 * 60_000;

const PATH = '/whatsapp_business/attachments/';

/** The temporary URL of a file, at the file host. What a webhook has is not recorded, but stands in Meta's samples. */
export function fileUrl(
	meta: MetaEmulator,
	mediaId: string,
	source: 'getMedia' | 'webhook',
	from = meta.clock.now(),
): string {
	const ext = String(Math.floor((from + URL_LIFETIME) / 1000));
	const names = source === 'webhook' ? WEBHOOK_QUERY : meta.variants.urlQuery;
	const known = { mid: mediaId, ext, source: names.includes('source') ? source : '' };
	const values = { ...known, hash: urlHash(meta, known.mid, known.source, ext) };
	return `${meta.filesUrl}${PATH}?${names.map((name) => `${name}=${values[name]}`).join('&')}`;
}

const WEBHOOK_QUERY = ['mid', 'source', 'ext', 'hash'] as const;

function urlHash(meta: MetaEmulator, ...parts: string[]): string {
	return `AR${createHmac('sha256', meta.credentials.appSecret).update(parts.join(' ')).digest('base64url').slice(0, 40)}`;
}

/** lookaside.fbsbx.com: it looks at the agent, the token and the URL, in this order. */
export function fileRoute(meta: MetaEmulator, request: EmulatorRequest): Route {
	const { mid } = request.query;
	return { operation: 'file', mediaId: mid, answer: () => answer(meta, request) };
}

function answer(meta: MetaEmulator, request: EmulatorRequest): Reply {
	const { mid = '', source = '', ext = '', hash } = request.query;
	if (!isAcceptedAgent(request.headers['user-agent'])) return answerToAgent(meta);
	const { authorization } = request.headers;
	if (meta.tokenProblem(authorization) || !meta.tokenOf(authorization)?.owns) return unauthorized;
	const media = meta.store.live(mid);
	if (request.path !== PATH || hash !== urlHash(meta, mid, source, ext)) return { status: 404 };
	if (meta.clock.now() >= Number(ext) * 1000)
		return meta.variants.expiredUrl === 401 ? unauthorized : { status: meta.variants.expiredUrl };
	return media ? file(meta, media) : { status: 404 };
}

// The body is remembered, not captured.
const unauthorized: Reply = {
	status: 401,
	headers: { 'Content-Type': 'application/json' },
	body: '{"error":{"message":"Authentication Error","code":401}}',
};

function file(meta: MetaEmulator, media: StoredMedia): Reply {
	const { bytes, mimeType, id } = media;
	const hash = createHmac('sha256', 'etag').update(`${id} ${media.createdAt}`).digest();
	return {
		status: 200,
		headers: {
			'Cross-Origin-Resource-Policy': 'cross-origin',
			'Cache-Control': 'private, no-cache, no-store, must-revalidate',
			...disposition(meta, media),
			'Content-Type': mimeType,
		},
		body: bytes,
		chunked: meta.variants.chunkedFiles,
		// A number without quotes, against RFC 9110.
		etag: String(hash.readBigUInt64BE()),
	};
}

/** Recorded for an upload with a plain name, in this spelling; how others are spelled is unknown. */
function disposition(
	{ variants }: MetaEmulator,
	{ kind, fileName = '' }: StoredMedia,
): Record<string, string> {
	const isTold = kind === 'uploaded' || variants.inboundNames === 'told';
	return isTold && /^[\x20-\x7e]+$/.test(fileName)
		? { 'Content-Disposition': `inline;filename=${fileName}` }
		: {};
}

/** Users report that no agent, Node's own fetch and real browsers fail; names of products work, and so do bots that say "compatible". */
function isAcceptedAgent(agent: string | undefined): boolean {
	if (!agent || /^(node|undici)\b/i.test(agent)) return false;
	return !/^Mozilla\//.test(agent) || /\(compatible; /.test(agent);
}

function answerToAgent({ variants: { refusedUserAgent } }: MetaEmulator): Reply {
	if (refusedUserAgent === 401) return unauthorized;
	if (refusedUserAgent === 404) return { status: 404 };
	return {
		status: 200,
		headers: { 'Content-Type': 'text/html; charset=utf-8' },
		body: '<!DOCTYPE html>\n<html><body>Log in to Facebook</body></html>\n',
	};
}
