import { createHmac } from 'node:crypto';
import type { MetaEmulator } from '.';
import type { EmulatorRequest, Reply, Route } from '../server';
import type { StoredMedia } from '../store';

/** A URL's life in milliseconds, from Graph and in webhooks alike: the media page. */
export const URL_LIFETIME = 5 * 60_000;

const PATH = '/whatsapp_business/attachments/';

/** The temporary URL of a file, at the file host. */
export function fileUrl(
	meta: MetaEmulator,
	mediaId: string,
	source: 'getMedia' | 'webhook',
	from = meta.clock.now(),
): string {
	const ext = String(Math.floor((from + URL_LIFETIME) / 1000));
	return `${meta.filesUrl}${PATH}?mid=${mediaId}&source=${source}&ext=${ext}&hash=${urlHash(meta, mediaId, source, ext)}`;
}

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
	return media ? file(meta, media, request.headers.range) : { status: 404 };
}

// The body is remembered, not captured.
const unauthorized: Reply = {
	status: 401,
	headers: { 'Content-Type': 'application/json' },
	body: '{"error":{"message":"Authentication Error","code":401}}',
};

function file(meta: MetaEmulator, { bytes, mimeType }: StoredMedia, range?: string): Reply {
	const headers = { 'Content-Type': mimeType };
	const wanted = /^bytes=(\d*)-(\d*)$/.exec(range ?? '');
	if (!wanted || (!wanted[1] && !wanted[2]))
		return { status: 200, headers, body: bytes, chunked: meta.variants.chunkedFiles };
	const start = wanted[1] ? Number(wanted[1]) : Math.max(bytes.size - Number(wanted[2]), 0);
	const end = wanted[1] && wanted[2] ? Math.min(Number(wanted[2]) + 1, bytes.size) : bytes.size;
	if (start >= end) return { status: 416, headers: { 'Content-Range': `bytes */${bytes.size}` } };
	return {
		status: 206,
		headers: { ...headers, 'Content-Range': `bytes ${start}-${end - 1}/${bytes.size}` },
		body: {
			size: end - start,
			read: (from = 0, to = end - start) => bytes.read(start + from, start + to),
		},
	};
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
