import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface HttpAnswer {
	status: number;
	/** The reason phrase, such as `Not Found`. */
	statusText: string;
	headers: IncomingHttpHeaders;
	body: string;
}

/**
 * Where public origins really are: `https://n8n.example` → `http://127.0.0.1:5678`. Vendors call https addresses only, and the
 * n8n of a test has none.
 */
export const hostOverrides = new Map<string, string>();

/** The request that a vendor makes to a webhook: exactly these headers and bytes, no redirects, its own connection. */
export function send(
	publicUrl: string,
	options: { method: string; headers: Record<string, string>; body?: Buffer; timeoutMs: number },
): Promise<HttpAnswer> {
	return new Promise((resolve, reject) => {
		const { origin } = new URL(publicUrl);
		const url = (hostOverrides.get(origin) ?? origin) + publicUrl.slice(origin.length);
		const { body = Buffer.alloc(0), headers } = options;
		const start = url.startsWith('https:') ? httpsRequest : httpRequest;
		const request = start(url, {
			method: options.method,
			agent: false,
			headers:
				options.method === 'GET' ? headers : { ...headers, 'Content-Length': String(body.length) },
		});
		const timer = setTimeout(
			() => request.destroy(Object.assign(new Error('Operation timed out'), { code: 'ETIMEDOUT' })),
			options.timeoutMs,
		);
		request.on('close', () => clearTimeout(timer));
		request.on('error', reject);
		request.on('response', (response) => {
			const pieces: Buffer[] = [];
			response.on('data', (piece: Buffer) => pieces.push(piece));
			response.on('error', reject);
			response.on('end', () =>
				resolve({
					status: response.statusCode ?? 0,
					statusText: response.statusMessage ?? '',
					headers: response.headers,
					body: Buffer.concat(pieces).toString(),
				}),
			);
		});
		request.end(body);
	});
}
