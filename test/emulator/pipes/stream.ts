import { randomUUID } from 'node:crypto';
import type { PipesEmulator } from '.';
import type { RecordedRequest } from '../server';
import { type UpgradeRequest, WebSocketConnection } from '../webSocket';
import type { Item } from './messages';

/** Messages kept per sender while nobody is connected; the oldest goes first: the page /websocket/offline-queuing. */
const QUEUE_LENGTH = 100;
const QUEUE_LIFETIME = 24 * 60 * 60_000;

interface Connection {
	socket: WebSocketConnection;
	/** Set for a connection that asked for one conversation only. */
	conversationId?: string;
	poolNumberId?: string;
}

/** wss://api.pipes.bot/ws: the page /websocket. */
export class Stream {
	/** Those that are open, oldest first. */
	readonly connections: Connection[] = [];
	/** Answer the next requests for a connection with this instead. */
	refuse?: number;
	private queue: Array<{ item: Item; expiresAt: number }> = [];
	private draining?: NodeJS.Timeout;

	constructor(private readonly pipes: PipesEmulator) {}

	upgrade(request: RecordedRequest, asked: UpgradeRequest): void {
		request.operation = 'stream';
		const { apiKey, conversationId, poolNumberId } = request.query;
		const status = this.refusedWith(request.path, apiKey, conversationId);
		if (status) {
			request.status = status;
			return void asked.socket.end(
				`HTTP/1.1 ${status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
			);
		}
		const connection = { socket: new WebSocketConnection(asked), conversationId, poolNumberId };
		request.status = 101;
		this.connections.push(connection);
		connection.socket.onClose = () =>
			this.connections.splice(this.connections.indexOf(connection), 1);
		const scope = conversationId ? { scope: 'conversation', conversationId } : { scope: 'user' };
		connection.socket.send(
			JSON.stringify({
				type: 'connected',
				userId: 'user_emulator',
				connectionId: randomUUID(),
				...scope,
			}),
		);
		// The queue goes to whoever comes first and asks for everything: nobody acknowledges anything.
		if (!conversationId) this.drain();
	}

	/** Delivers, or queues when nobody is there. */
	push(item: Item): void {
		const listeners = this.connections.filter((one) => one.socket.open && wants(one, item));
		const user = listeners.filter(({ conversationId }) => !conversationId);
		const chosen =
			this.pipes.variants.fanOut === 'all'
				? listeners
				: [...listeners.filter(({ conversationId }) => conversationId), ...user.slice(0, 1)];
		if (!chosen.length) return this.enqueue(item);
		for (const { socket } of chosen) socket.send(JSON.stringify(item.event));
	}

	/** Texts to every connection, as they are: garbage frames. */
	send(text: string): void {
		for (const { socket } of this.connections) socket.send(text);
	}

	/** Ends every connection: without a close frame, or with one. */
	drop(code?: number, reason?: string): void {
		for (const { socket } of [...this.connections]) {
			if (code === undefined) socket.drop();
			else socket.close(code, reason);
		}
	}

	/** Keeps every connection open that is open now, but sends nothing on it and ignores what comes. */
	freeze(): void {
		for (const { socket } of this.connections) socket.freeze();
	}

	get queued(): Item[] {
		const now = this.pipes.clock.now();
		return this.queue.filter(({ expiresAt }) => now < expiresAt).map(({ item }) => item);
	}

	reset(): void {
		clearInterval(this.draining);
		this.draining = undefined;
		this.refuse = undefined;
		this.queue = [];
		this.drop();
	}

	/** The status that refuses the connection; nothing when it may open. */
	private refusedWith(path: string, apiKey = '', conversationId?: string): number | undefined {
		if (path !== '/ws') return 404;
		if (this.refuse) return this.refuse;
		if (apiKey !== this.pipes.credentials.accessToken) return 401;
		return conversationId?.startsWith('conv_') === false ? 403 : undefined;
	}

	private enqueue(item: Item): void {
		this.queue.push({ item, expiresAt: this.pipes.clock.now() + QUEUE_LIFETIME });
		const ofSender = this.queue.filter((one) => one.item.from === item.from);
		if (ofSender.length > QUEUE_LENGTH) this.queue.splice(this.queue.indexOf(ofSender[0]!), 1);
	}

	/** One by one, to the connection that is there at the time. */
	private drain(): void {
		this.draining ??= setInterval(() => this.drainOne(), this.pipes.variants.drainInterval);
		this.drainOne();
	}

	private drainOne(): void {
		const item = this.queued[0];
		const connection = this.connections.find((one) => !one.conversationId && one.socket.open);
		if (!item || !connection) {
			clearInterval(this.draining);
			this.draining = undefined;
			return;
		}
		this.queue = this.queue.filter((one) => one.item !== item);
		connection.socket.send(JSON.stringify(item.event));
	}
}

function wants({ conversationId, poolNumberId }: Connection, { event: { data } }: Item): boolean {
	return (
		(!conversationId || conversationId === data.conversationId) &&
		(!poolNumberId || poolNumberId === data.poolNumberId)
	);
}
