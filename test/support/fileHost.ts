import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A file host that answers as a test wants: where the vendors' emulators answer too well. */
export interface FileHost {
	origin: string;
	/** Replaces what it answered before, and forgets the requests. */
	answer: (listener: RequestListener) => void;
	/** Oldest first. */
	requests: IncomingMessage[];
	close: () => Promise<void>;
}

export async function startFileHost(): Promise<FileHost> {
	const requests: IncomingMessage[] = [];
	let listener: RequestListener = (_request, response) => response.end();
	const server = createServer((request, response) => {
		requests.push(request);
		listener(request, response);
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		answer(next) {
			requests.length = 0;
			listener = next;
		},
		requests,
		async close() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
