import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';

/** What a client asks with, before anything is answered. */
export interface UpgradeRequest {
	incoming: IncomingMessage;
	socket: Duplex;
	/** What came after the request's headers. */
	head: Buffer;
}

const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });

/** The emulator's side of one WebSocket, with the ways in which a connection goes wrong. */
export class WebSocketConnection {
	/** What the client sent, as text. */
	readonly received: string[] = [];
	/** Pings that the client sent. */
	pings = 0;
	onClose?: () => void;
	private readonly socket: Duplex;
	private webSocket!: WebSocket;
	private frozen = false;

	/** Takes the connection over with status 101. */
	constructor({ incoming, socket, head }: UpgradeRequest) {
		this.socket = socket;
		server.handleUpgrade(incoming, socket, head, (webSocket) => (this.webSocket = webSocket));
		this.webSocket.on('message', (data) => this.received.push(String(data)));
		this.webSocket.on('ping', () => this.pings++);
		this.webSocket.on('close', () => this.onClose?.());
		this.webSocket.on('error', () => {});
	}

	get open(): boolean {
		return this.webSocket.readyState === this.webSocket.OPEN;
	}

	send(text: string): void {
		if (this.open && !this.frozen) this.webSocket.send(text);
	}

	/** Starts the closing handshake. */
	close(code?: number, reason?: string): void {
		if (!this.frozen) this.webSocket.close(code, reason);
	}

	/** Closes without the closing handshake, as when a cable is cut. */
	drop(): void {
		this.webSocket.terminate();
	}

	/** Keeps the connection open, but sends nothing and ignores what comes: not even a ping is answered. */
	freeze(): void {
		this.frozen = true;
		this.socket.removeAllListeners('data').on('data', () => {});
	}
}
