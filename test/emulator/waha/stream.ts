import type { WahaEmulator } from '.';
import type { RecordedRequest } from '../server';
import { type UpgradeRequest, WebSocketConnection } from '../webSocket';
import type { Event } from './webhooks';

interface Connection {
	socket: WebSocketConnection;
	session: string;
	events: string[];
}

/** ws://host/ws: B6. Nothing is kept for those who are not there. */
export class Stream {
	/** Those that are open, oldest first. */
	readonly connections: Connection[] = [];
	/** Answer the next requests for a connection with this instead. */
	refuse?: number;

	constructor(private readonly waha: WahaEmulator) {}

	upgrade(request: RecordedRequest, asked: UpgradeRequest): void {
		request.operation = 'stream';
		const refused = this.refuse ?? (request.path === '/ws' ? undefined : 404);
		if (refused) {
			request.status = refused;
			return void asked.socket.end(
				`HTTP/1.1 ${refused} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
			);
		}
		const socket = new WebSocketConnection(asked);
		request.status = 101;
		const query = new URL(request.url).searchParams;
		// A bad key is let in, and then sent away.
		if (query.get('x-api-key') !== this.waha.credentials.accessToken)
			return socket.close(1008, 'Unauthorized');
		const events = query.getAll('events').flatMap((one) => one.split(','));
		const connection = { socket, session: query.get('session') ?? '*', events };
		this.connections.push(connection);
		socket.onClose = () => this.connections.splice(this.connections.indexOf(connection), 1);
	}

	push(events: Event[]): void {
		for (const { socket, session, events: wanted } of this.connections) {
			if (session !== '*' && session !== this.waha.session) continue;
			for (const { name, body } of events)
				if (wanted.includes(name) || wanted.includes('*')) socket.send(body);
		}
	}

	/** Texts to every connection, as they are: garbage frames. */
	send(text: string): void {
		for (const { socket } of this.connections) socket.send(text);
	}

	/** Every connection dies without goodbye, or with one. */
	drop(code?: number, reason?: string): void {
		for (const { socket } of [...this.connections]) {
			if (code === undefined) socket.drop();
			else socket.close(code, reason);
		}
	}

	/** Every connection that is open now stays open, and nothing comes or is heard any more. */
	freeze(): void {
		for (const { socket } of this.connections) socket.freeze();
	}

	reset(): void {
		this.refuse = undefined;
		this.drop();
	}
}
