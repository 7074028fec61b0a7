import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { RecordedRequest } from './server';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** The server's side of one WebSocket (RFC 6455), as far as an emulator needs it: no extensions, no messages in several frames. */
export class WebSocketConnection {
	/** What the client sent, as text. */
	readonly received: string[] = [];
	/** Pings that the client sent. */
	pings = 0;
	/** Half-open: the socket stays, and nobody is at home. */
	frozen = false;
	onText?: (text: string) => void;
	onClose?: () => void;
	private rest: Buffer = Buffer.alloc(0);

	/** Takes the connection over with status 101. */
	constructor(
		request: RecordedRequest,
		private readonly socket: Duplex,
	) {
		const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64');
		socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
		request.status = 101;
		socket.on('data', (bytes: Buffer) => this.frozen || this.read(bytes));
		socket.once('close', () => this.onClose?.());
	}

	get open(): boolean {
		return !this.socket.destroyed && this.socket.writable;
	}

	send(text: string): void {
		this.frame(OPCODES.text, Buffer.from(text));
	}

	sendBinary(bytes: Buffer): void {
		this.frame(OPCODES.binary, bytes);
	}

	ping(): void {
		this.frame(OPCODES.ping, Buffer.alloc(0));
	}

	/** Says goodbye; the client's goodbye closes the socket. */
	close(code = 1000, reason = ''): void {
		const body = Buffer.alloc(2 + Buffer.byteLength(reason));
		body.writeUInt16BE(code);
		body.write(reason, 2);
		this.frame(OPCODES.close, body);
	}

	/** As a cable that is cut. */
	drop(): void {
		this.socket.destroy();
	}

	/** Bytes as they are: no frame, or half of one. */
	raw(bytes: Buffer): void {
		if (this.open) this.socket.write(bytes);
	}

	private frame(opcode: number, body: Buffer): void {
		if (this.frozen || !this.open) return;
		const length = body.length < 126 ? Buffer.of(body.length) : body.length < 65_536 ? Buffer.alloc(3, 126) : Buffer.alloc(9, 127);
		if (length.length === 3) length.writeUInt16BE(body.length, 1);
		if (length.length === 9) length.writeBigUInt64BE(BigInt(body.length), 1);
		this.socket.write(Buffer.concat([Buffer.of(0x80 | opcode), length, body]));
	}

	private read(bytes: Buffer): void {
		this.rest = Buffer.concat([this.rest, bytes]);
		for (;;) {
			const frame = readFrame(this.rest);
			if (!frame) return;
			this.rest = this.rest.subarray(frame.size);
			this.handle(frame.opcode, frame.body);
		}
	}

	private handle(opcode: number, body: Buffer): void {
		if (opcode === OPCODES.text) {
			this.received.push(body.toString());
			this.onText?.(body.toString());
		}
		if (opcode === OPCODES.ping) {
			this.pings++;
			this.frame(OPCODES.pong, body);
		}
		if (opcode === OPCODES.close) {
			this.frame(OPCODES.close, body.subarray(0, 2));
			this.socket.end();
		}
	}
}

/** The first frame of what arrived, unmasked; nothing while it is not whole. */
function readFrame(bytes: Buffer): { opcode: number; body: Buffer; size: number } | undefined {
	if (bytes.length < 2) return undefined;
	const short = bytes[1]! & 0x7f;
	const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
	const masked = (bytes[1]! & 0x80) !== 0;
	const start = 2 + extra + (masked ? 4 : 0);
	if (bytes.length < start) return undefined;
	const length = extra === 2 ? bytes.readUInt16BE(2) : extra === 8 ? Number(bytes.readBigUInt64BE(2)) : short;
	if (bytes.length < start + length) return undefined;
	const mask = masked ? bytes.subarray(start - 4, start) : Buffer.alloc(4);
	const body = bytes.subarray(start, start + length).map((byte, at) => byte ^ mask[at % 4]!);
	return { opcode: bytes[0]! & 0x0f, body: Buffer.from(body), size: start + length };
}
