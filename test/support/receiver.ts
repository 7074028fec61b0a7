import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface ReceivedRequest {
	method: string;
	/** Path and query. */
	url: string;
	headers: IncomingHttpHeaders;
	body: Buffer;
}

/** A local HTTP server that keeps every request, oldest first, and answers with an empty body. */
export interface Receiver {
	/** `http://127.0.0.1:<port>`, without a slash at its end. */
	url: string;
	requests: ReceivedRequest[];
	/** What it answers; 200 by default, and again after `reset`. */
	status: number;
	/** Forgets the requests. */
	reset(): void;
	close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
	const server = createServer(async (request, response) => {
		const { method = '', url = '', headers } = request;
		receiver.requests.push({ method, url, headers, body: await buffer(request) });
		response.writeHead(receiver.status).end();
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const receiver: Receiver = {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		requests: [],
		status: 200,
		reset() {
			Object.assign(receiver, { requests: [], status: 200 });
		},
		async close() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
	return receiver;
}
