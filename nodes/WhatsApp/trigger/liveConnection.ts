import { MediaError } from '../errors';
import type { MediaMessage } from '../providers/mediaMessage';
import type { ApiClient, LiveConnection } from '../providers/provider';
import type { Client } from '../transport/client';
import { MINUTE, SECOND } from '../units';
import { backoff, wait } from '../waiting';

/** In milliseconds. Tests shorten them. */
export const timing = {
	/** A connection that is not open after this time has failed. */
	openTimeout: 10 * SECOND,
	/**
	 * A connection on which nothing arrives for this time is replaced. The runtime's WebSocket answers pings without showing
	 * them, so a dead connection looks like a quiet one. Where the provider keeps nothing for later, the new connection is open
	 * before the old one is closed.
	 */
	idleTimeout: 3 * MINUTE,
	/** The wait before a new connection is random. Its upper bound starts here and doubles after each failure. */
	firstWait: SECOND,
	longestWait: 2 * MINUTE,
};

/** The code with which a server closes a connection that it does not allow (RFC 6455, 7.4.1). */
const POLICY_VIOLATION = 1008;

export interface Listener {
	onMessages: (messages: MediaMessage[]) => void;
	/** A message came that cannot be read. */
	onUnreadable: (cause: Error) => void;
	/** The provider no longer lets the account connect. Nothing more will arrive. */
	onAccessLost: (error: MediaError) => void;
}

export interface Subscription {
	/** Resolves when the connection is first open, or closed before that. Rejects with a MediaError when it cannot be opened. */
	ready: Promise<void>;
	/** The last subscription of an account closes the connection: no socket, request or timer of it goes on. */
	close: () => void;
}

/** By URL, which holds the key. A provider hands each message to one connection, so all workflows of an account share theirs. */
const connections = new Map<string, Connection>();

/**
 * Listens on the account's live connection, which opens with its first listener and closes with its last.
 * @throws MediaError of code `permanent` when the provider or this version of Node has no live connection
 */
export function listen(client: Client, listener: Listener): Subscription {
	const { live, displayName } = client.provider;
	if (!live) {
		throw new MediaError(
			'permanent',
			`${displayName} has no live connection`,
			'Use WhatsApp Media Trigger, which receives through a webhook.',
		);
	}
	if (typeof WebSocket === 'undefined') {
		throw new MediaError(
			'permanent',
			'A live connection needs n8n on Node.js 22 or newer',
			'Use WhatsApp Media Trigger, or update Node.js.',
		);
	}
	const url = live.url(client.credentials);
	let connection = connections.get(url);
	if (!connection) {
		connection = new Connection(client, live, url);
		connections.set(url, connection);
		connection.signal.addEventListener('abort', () => connections.delete(url));
	}
	return connection.add(listener);
}

interface SocketEnd {
	/** Whether it was ever open, and is not one that the server closed because it refuses us. */
	wasOpen: boolean;
	/** The socket, still open, where nothing has arrived on it for long. */
	replaceable?: WebSocket;
}

class Connection {
	private readonly listeners = new Set<Listener>();
	private readonly closing = new AbortController();
	/** Aborted when the connection is closed for good. */
	readonly signal = this.closing.signal;
	private hasBeenOpen = false;
	private readonly ready: Promise<void>;
	private onReady!: () => void;
	private onFailure!: (error: MediaError) => void;

	constructor(
		private readonly client: Client,
		private readonly live: LiveConnection,
		private readonly url: string,
	) {
		this.ready = new Promise((resolve, reject) => {
			this.onReady = resolve;
			this.onFailure = reject;
		});
		// Listeners that closed before it failed do not wait for it.
		this.ready.catch(() => {});
		this.signal.addEventListener('abort', () => this.onReady());
		this.keepOpen().catch((cause: MediaError) => this.fail(cause));
	}

	add(listener: Listener): Subscription {
		this.listeners.add(listener);
		const close = () => {
			this.listeners.delete(listener);
			if (!this.listeners.size) this.closing.abort();
		};
		return { ready: this.ready, close };
	}

	/**
	 * Opens one socket after the other, until the connection is closed.
	 * @throws MediaError when it is no use to go on
	 */
	private async keepOpen(): Promise<void> {
		if (this.live.refusesAfterOpening) await this.checkAccess();
		let quiet: WebSocket | undefined;
		for (let failures = 0; !this.signal.aborted; failures++) {
			const { wasOpen, replaceable } = await this.holdSocket(quiet);
			quiet = replaceable;
			if (quiet) continue;
			if (wasOpen) failures = 0;
			else if (!this.signal.aborted) await this.checkAccess();
			if (!this.hasBeenOpen && !this.signal.aborted) throw noConnection(this.client);
			const longest = backoff(failures + 1, timing.firstWait, timing.longestWait);
			await wait(Math.random() * longest, this.signal);
		}
		quiet?.close();
	}

	/**
	 * Opens a socket and stays until it ends.
	 * @param previous one that is to be closed as soon as this one is open
	 */
	private async holdSocket(previous?: WebSocket): Promise<SocketEnd> {
		const socket = new WebSocket(this.url);
		const ended = new AbortController();
		const end = () => ended.abort();
		let isRefused = false;
		socket.addEventListener('close', ({ code }) => {
			isRefused = code === POLICY_VIOLATION;
			end();
		});
		socket.addEventListener('error', end);
		this.signal.addEventListener('abort', end);
		let wasOpen = false;
		let lastActive = Date.now();
		socket.addEventListener('open', () => {
			wasOpen = this.hasBeenOpen = true;
			lastActive = Date.now();
			previous?.close();
			this.onReady();
		});
		socket.addEventListener('message', ({ data }) => {
			lastActive = Date.now();
			this.receive(data);
		});
		while (!ended.signal.aborted) {
			const timeout = wasOpen ? timing.idleTimeout : timing.openTimeout;
			const left = lastActive + timeout - Date.now();
			if (left <= 0) break;
			await wait(left, ended.signal);
		}
		this.signal.removeEventListener('abort', end);
		previous?.close();
		const isQuiet = wasOpen && !ended.signal.aborted;
		if (isQuiet && !this.live.keepsMessages) return { wasOpen, replaceable: socket };
		socket.close();
		return { wasOpen: wasOpen && !isRefused };
	}

	private receive(frame: unknown): void {
		if (typeof frame !== 'string') return;
		// Listeners of one account share the connection. All are told, since each has a log of its own workflow.
		const messages = this.live.parse(frame, (cause) => {
			for (const listener of this.listeners) listener.onUnreadable(cause);
		});
		if (!messages.length) return;
		for (const listener of this.listeners) listener.onMessages(messages);
	}

	/**
	 * A WebSocket does not tell why it was not opened; the API does.
	 * @throws MediaError when the account may not connect; before the first connection also when that is not known
	 */
	private async checkAccess(): Promise<void> {
		const { credentials, send } = this.client;
		const client: ApiClient = {
			credentials,
			send: async (request) => await send({ ...request, signal: this.signal }),
		};
		const error = await this.live.checkAccess(client).catch((cause: MediaError) => cause);
		if (!this.hasBeenOpen && error) throw error;
		if (error?.code === 'credential') throw error;
	}

	private fail(error: MediaError): void {
		if (this.signal.aborted) return;
		this.onFailure(error);
		if (this.hasBeenOpen) for (const listener of this.listeners) listener.onAccessLost(error);
		this.closing.abort();
	}
}

function noConnection({ credentials, provider }: Client): MediaError {
	return new MediaError(
		'unreachable',
		`${provider.displayName} did not open a live connection at ${new URL(credentials.baseUrl).host}`,
		'Check that n8n can connect to it: a firewall or proxy may block WebSockets.',
	);
}
