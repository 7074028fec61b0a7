import { parseIncomingMessage } from '@n8n/backend-network';
import type { Request } from 'express';
import { jsonParse } from 'n8n-workflow';
import { parse as parseQuery } from 'node:querystring';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';

/** n8n's default N8N_PAYLOAD_SIZE_MAX. */
const MAX_BYTES = 16 * 1024 * 1024;

export class HttpError extends Error {
	constructor(
		readonly status: number,
		message: string,
	) {
		super(message);
	}
}

/**
 * n8n/dist/middlewares/body-parser.js, as webhook-helpers.js `parseRequestBody` calls it. Express's own parsers cannot
 * stand in: n8n keeps the raw bytes, picks what it reads by the node's version, and leaves unknown encodings as they are.
 */
export async function parseBody(req: Request, nodeVersion: number, keepRaw: boolean) {
	parseIncomingMessage(req);
	const { contentType = '', encoding } = req;
	const parsable =
		/^(application\/json|text\/plain|application\/x-www-form-urlencoded)|[/+]xml$/.test(
			contentType,
		);
	if (
		(nodeVersion === 1 && keepRaw) ||
		(nodeVersion > 1 && !parsable) ||
		contentType.startsWith('multipart/')
	)
		return;

	const sent = await buffer(req);
	const inflated = { gzip: promisify(gunzip), deflate: promisify(inflate) }[
		req.headers['content-encoding'] ?? ''
	];
	req.rawBody = inflated ? await inflated(sent) : sent;
	if (req.rawBody.length > MAX_BYTES) throw new HttpError(413, 'request entity too large');
	const text = req.rawBody.toString(encoding).replace(/^\uFEFF/, '');
	if (!text) return;
	try {
		if (contentType === 'application/json') req.body = jsonParse(text);
		else if (contentType === 'application/x-www-form-urlencoded') req.body = parseQuery(text);
		else if (contentType === 'text/plain') req.body = text;
	} catch {
		throw new HttpError(422, 'Failed to parse request body');
	}
}
