import { once } from 'node:events';
import {
	createServer,
	type IncomingHttpHeaders,
	type IncomingMessage,
	type Server,
	type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex, Writable } from 'node:stream';
import { type Fault, type Faults, replaces } from './faults';
import { rangeOf } from './ranges';
import { type Content, toContent } from './store';
import type { UpgradeRequest } from './webSocket';

/** One request as an origin saw it; what tests assert on. */
export interface RecordedRequest {
	vendor: string;
	/** The vendor's operation, by the name that faults use. */
	operation: string;
	mediaId?: string;
	method: string;
	/** Absolute, with the origin that the client meant. */
	url: string;
	/** The Host header, without the port where that goes without saying. */
	host: string;
	path: string;
	query: Record<string, string>;
	headers: IncomingHttpHeaders;
	/** Bytes of body that arrived. */
	bodySize: number;
	/** Bytes of body that were answered with, so far. */
	bytesSent: number;
	/** The body as text, when the handler read it and it is small. */
	body?: string;
	/** What was answered; 0 if nothing (yet). */
	status: number;
	/** Resolves when the answer is complete or the client has left. */
	over: Promise<unknown>;
}

/** A request as handlers get it. */
export interface EmulatorRequest extends RecordedRequest {
	/** The whole body, read at the first call. */
	read(): Promise<Buffer>;
}

export interface Reply {
	status: number;
	headers?: Record<string, string>;
	body?: string | Buffer | Content;
	/** Send without Content-Length. */
	chunked?: boolean;
	/** Of a file that is served in ranges, too. */
	etag?: string;
}

/** An answer of the emulator itself, for people to read. */
export function readable(value: unknown): Reply {
	return {
		status: 200,
		headers: { 'Content-Type': 'application/json' },
		body: `${JSON.stringify(value, null, 2)}\n`,
	};
}

/** What a request is about, known from its line and headers alone, and how it is answered. */
export interface Route {
	operation: string;
	mediaId?: string;
	answer(): Reply | Promise<Reply>;
}

/** One origin of a vendor. */
export interface Site {
	vendor: string;
	/** The port to listen on; 0: any. */
	port: number;
	/** The origin that it plays; default: the address that it listens on. Set by `listen` then. */
	origin?: string;
	faults?: Faults;
	route(request: EmulatorRequest): Route | Promise<Route>;
	/** A request for a WebSocket: takes the connection over, or answers on it. */
	upgrade?(request: RecordedRequest, asked: UpgradeRequest): void;
	/** What the emulator itself answers under `/_emulator/<name>` of this origin: no vendor has such paths. */
	control: Record<string, (request: EmulatorRequest) => Reply | Promise<Reply>>;
}

const RECORDED_BODY = 64 * 1024;

/** HTTP for all vendors: listens, tells origins apart, records every request, plays faults. */
export class EmulatorServer {
	readonly requests: RecordedRequest[] = [];
	private readonly servers: Server[] = [];
	private readonly sites: Site[] = [];
	/** WebSockets, which the HTTP server no longer closes. */
	private readonly upgraded = new Set<Duplex>();

	/** `rehost` puts a body on another origin and returns its URL there, for redirects. */
	constructor(private readonly rehost: (body: Content, mimeType: string) => string) {}

	/** Starts listening for the site and returns the local address, such as `http://127.0.0.1:4010`. */
	async listen(site: Site): Promise<string> {
		// Neither a slow upload nor a pause between two requests is a reason to hang up.
		const server = createServer(
			{ requestTimeout: 0, keepAliveTimeout: 60_000 },
			(request, response) => {
				this.handle(site, request, response).catch((error: unknown) => fail(response, error));
			},
		);
		server.on('upgrade', (incoming, socket, head) =>
			this.upgrade(site, { incoming, socket, head }),
		);
		server.listen(site.port, '127.0.0.1');
		await once(server, 'listening');
		const local = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
		site.origin ??= local;
		this.servers.push(server);
		this.sites.push(site);
		return local;
	}

	async close(): Promise<void> {
		for (const socket of this.upgraded) socket.destroy();
		await Promise.all(
			this.servers.map(async (server) => {
				const closed = once(server, 'close');
				server.close();
				server.closeAllConnections();
				await closed;
			}),
		);
	}

	private async handle(
		listener: Site,
		incoming: IncomingMessage,
		response: ServerResponse,
	): Promise<void> {
		// A connection that the client breaks is the client's affair; the handlers see it as the end of what they read or write.
		incoming.on('error', () => {});
		response.on('error', () => {});

		const { site, record } = this.describe(listener, incoming, response);
		let body: Promise<Buffer> | undefined;
		const request: EmulatorRequest = Object.assign(record, {
			read: () => (body ??= readBody(incoming, record)),
		});
		Object.defineProperty(request, 'read', { enumerable: false });

		const control = /^\/_emulator\/(\w+)$/.exec(record.path)?.[1];
		if (control) return await write(response, await this.control(site, control, request));

		this.requests.push(record);
		const route = await site.route(request);
		record.operation = route.operation;
		record.mediaId = route.mediaId;
		const fault = site.faults?.take(route.operation, route.mediaId) ?? {};
		if (!fault.early) await request.read();
		const instead = replaces(fault) ? { status: fault.status ?? 200 } : undefined;
		const whole = !instead || fault.effect ? await route.answer() : instead;
		const { range, 'if-range': ifRange } = incoming.headers;
		const answer = rangeOf(whole, fault.ignoreRange ? undefined : range, ifRange as string);
		if (fault.delay) await pause(fault.delay, response);
		if (fault.reset) return void incoming.socket.resetAndDestroy();
		const reply = this.applyFault(instead ?? answer, fault);
		record.status = reply.status;
		await write(response, reply, fault, (bytes) => (record.bytesSent += bytes));
		incoming.resume();
	}

	private upgrade(listener: Site, asked: UpgradeRequest): void {
		const { incoming, socket } = asked;
		socket.on('error', () => {});
		const { site, record } = this.describe(listener, incoming, socket);
		this.requests.push(record);
		if (!site.upgrade)
			return void socket.end(
				'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
			);
		this.upgraded.add(socket);
		socket.once('close', () => this.upgraded.delete(socket));
		site.upgrade(record, asked);
	}

	/** What the request's line and headers say, and whom the client meant. */
	private describe(
		listener: Site,
		incoming: IncomingMessage,
		outgoing: Writable,
	): { site: Site; record: RecordedRequest } {
		const host = (incoming.headers.host ?? '').replace(/:(80|443)$/, '');
		// A proxy in front may send every host to one port: the Host header, not the port, says whom the client meant.
		const named = this.sites.find(({ origin }) => new URL(origin!).host === host);
		const site = named ?? listener;
		const url = new URL(incoming.url ?? '/', named?.origin ?? `http://${host || 'unknown'}`);
		const record: RecordedRequest = {
			vendor: site.vendor,
			operation: 'unknown',
			method: incoming.method ?? '',
			url: url.href,
			host,
			path: url.pathname,
			query: Object.fromEntries(url.searchParams),
			headers: incoming.headers,
			bodySize: 0,
			bytesSent: 0,
			status: 0,
			over: new Promise((resolve) => outgoing.once('close', resolve)),
		};
		return { site, record };
	}

	private async control(site: Site, name: string, request: EmulatorRequest): Promise<Reply> {
		const handler = site.control[name];
		try {
			return handler
				? await handler(request)
				: { status: 404, body: `The emulator knows ${Object.keys(site.control).join(', ')}\n` };
		} catch (error) {
			return { status: 500, body: `${String(error)}\n` };
		}
	}

	private applyFault(reply: Reply, fault: Fault): Reply {
		const headers = { ...reply.headers, ...fault.headers };
		let content = toContent(fault.body ?? reply.body ?? '');
		if (fault.truncateAt !== undefined) content = start(content, fault.truncateAt);
		if (fault.wrongBytes)
			content = wrong(content, fault.wrongBytes === 'changing' ? ++this.wrongAnswers : 1);
		if (!fault.redirect) return { ...reply, headers, body: content };
		const location =
			fault.redirect === 'thirdParty'
				? this.rehost(content, headers['Content-Type'] ?? '')
				: fault.redirect;
		return { status: fault.status ?? 302, headers: { Location: location, ...fault.headers } };
	}

	private wrongAnswers = 0;
}

/** With a declared length the buffer is made once and filled, so that a body of 100 MB takes 100 MB. */
async function readBody(incoming: IncomingMessage, record: RecordedRequest): Promise<Buffer> {
	let body = Buffer.allocUnsafe(Number(incoming.headers['content-length'] ?? 0));
	for await (const piece of incoming as AsyncIterable<Buffer>) {
		const size = record.bodySize + piece.length;
		if (size > body.length)
			body = Buffer.concat([body.subarray(0, record.bodySize)], Math.max(size, body.length * 2));
		piece.copy(body, record.bodySize);
		record.bodySize = size;
	}
	body = body.subarray(0, record.bodySize);
	if (body.length <= RECORDED_BODY) record.body = body.toString();
	return body;
}

async function write(
	response: ServerResponse,
	reply: Reply,
	fault: Fault = {},
	onSent: (bytes: number) => void = () => {},
): Promise<void> {
	const content = toContent(reply.body ?? '');
	const headers: Record<string, string> = { ...reply.headers };
	if (fault.contentLength !== undefined)
		Object.assign(headers, { 'Content-Length': String(fault.contentLength), Connection: 'close' });
	else if (!reply.chunked && !fault.endless) headers['Content-Length'] = String(content.size);
	response.writeHead(reply.status, headers);
	response.flushHeaders();

	const isCut = fault.cutAt !== undefined || (fault.cutAfter ?? Infinity) < content.size;
	const cutAt = fault.cutAt ?? (isCut ? fault.cutAfter! / content.size : undefined);
	const stopAt = cutAt ?? fault.stallAt;
	const sent = stopAt === undefined ? content : start(content, stopAt);
	for (const piece of slowly(sent.read(), fault.trickle)) {
		onSent(piece.bytes.length);
		if (!(await push(response, piece.bytes))) return;
		if (piece.waitMs) await pause(piece.waitMs, response);
	}
	while (fault.endless) if (!(await push(response, Buffer.alloc(64 * 1024)))) return;
	if (fault.stallAt !== undefined) return await pause(Infinity, response);
	// What was written still goes out before the connection closes.
	if (isCut) return void response.socket?.end();
	response.end();
}

/** Waits while the client is slow; false when it has gone. */
async function push(response: ServerResponse, piece: Buffer): Promise<boolean> {
	if (response.destroyed) return false;
	if (response.write(piece)) return true;
	const waiting = new AbortController();
	await Promise.race(
		['drain', 'close'].map((event) =>
			once(response, event, { signal: waiting.signal }).catch(() => {}),
		),
	);
	waiting.abort();
	return !response.destroyed;
}

/** The pieces of a body; of its first bytes each one alone, with a pause behind it. */
function* slowly(pieces: Iterable<Buffer>, trickle = { bytes: 0, everyMs: 0 }) {
	let left = trickle.bytes;
	for (const piece of pieces) {
		const count = Math.min(left, piece.length);
		left -= count;
		for (let at = 0; at < count; at++)
			yield { bytes: piece.subarray(at, at + 1), waitMs: trickle.everyMs };
		yield { bytes: piece.subarray(count), waitMs: 0 };
	}
}

/** At most until the client leaves. */
async function pause(ms: number, response: ServerResponse): Promise<void> {
	await new Promise<void>((resolve) => {
		if (response.destroyed) return resolve();
		const end = () => {
			clearTimeout(timer);
			response.off('close', end);
			resolve();
		};
		const timer = ms === Infinity ? undefined : setTimeout(end, ms);
		response.once('close', end);
	});
}

function start(content: Content, fraction: number): Content {
	const size = Math.floor(content.size * fraction);
	return { size, read: (from = 0, to = size) => content.read(from, Math.min(to, size)) };
}

function wrong(content: Content, key: number): Content {
	return {
		size: content.size,
		*read(from, to) {
			for (const piece of content.read(from, to)) {
				const other = Buffer.from(piece);
				other[0] = (other[0] ?? 0) ^ (((key - 1) % 255) + 1);
				yield other;
			}
		},
	};
}

/** A mistake in the emulator should look like one; a client that left should not look like anything. */
function fail(response: ServerResponse, error: unknown): void {
	if (response.headersSent || response.destroyed) return void response.destroy();
	response
		.writeHead(500, { 'Content-Type': 'text/plain' })
		.end(`The emulator failed: ${error instanceof Error ? error.stack : String(error)}\n`);
}
