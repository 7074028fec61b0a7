import { sleep } from 'n8n-workflow';

import type { Client } from '../transport/client';
import { MediaError } from '../errors';
import type { MediaMessage } from '../providers/mediaMessage';
import type { LiveConnection } from '../providers/provider';

/** In milliseconds. */
export const timing = {
	/** A connection that is not open by then will not be. */
	opening: 10_000,
	/**
	 * A connection that was silent for so long is renewed. The runtime's WebSocket answers pings but does not show them, so a
	 * dead connection looks like a quiet one; what comes between the two, the provider keeps for the next.
	 */
	silence: 3 * 60_000,
	/** Waits between tries: at random up to a bound that doubles, from the first to the last. */
	firstWait: 1_000,
	lastWait: 120_000,
};

export interface Listener {
	received: (messages: MediaMessage[]) => void;
	/** The provider refuses the account for good; nothing more will come. */
	refused: (refusal: MediaError) => void;
}

export interface Listening {
	/** Settles when the connection is first open; rejects with a MediaRefusal when it is not to be had. */
	ready: Promise<void>;
	close: () => void;
}

/** By account: a provider hands each message to one connection, so all workflows of an account share theirs. */
const connections = new Map<string, Connection>();

/**
 * Listens on the account's live connection, which opens with its first listener and closes with its last.
 * @throws MediaRefusal when there can be none
 */
export function listen(client: Client, listener: Listener): Listening {
	const { live, displayName } = client.provider;
	if (!live) throw new MediaError('permanent', `${displayName} has no live connection`, 'Use WhatsApp Media Trigger, which receives through a webhook.');
	if (typeof WebSocket === 'undefined')
		throw new MediaError('permanent', 'A live connection needs n8n on Node.js 22 or newer', 'Use WhatsApp Media Trigger, or update Node.js.');
	const url = live.url(client.credentials);
	let connection = connections.get(url);
	if (!connection) {
		connection = new Connection(client, live, url, () => connections.delete(url));
		connections.set(url, connection);
	}
	return connection.add(listener);
}

class Connection {
	private readonly listeners = new Set<Listener>();
	private readonly ready: Promise<void>;
	private setReady!: { open: () => void; failed: (refusal: MediaError) => void };
	/** Nobody listens any more. */
	private isAbandoned = false;
	/** Resolves when nobody listens any more. */
	private readonly abandoned: Promise<void>;
	private abandon!: () => void;

	constructor(
		private readonly client: Client,
		private readonly live: LiveConnection,
		private readonly url: string,
		private readonly onEnd: () => void,
	) {
		this.ready = new Promise((open, failed) => (this.setReady = { open, failed }));
		this.ready.catch(() => {});
		this.abandoned = new Promise((resolve) => {
			this.abandon = () => {
				this.isAbandoned = true;
				resolve();
			};
		});
		void this.keepOpen();
	}

	add(listener: Listener): Listening {
		this.listeners.add(listener);
		const close = () => {
			this.listeners.delete(listener);
			if (this.listeners.size) return;
			this.onEnd();
			this.abandon();
		};
		return { ready: this.ready, close };
	}

	/** One session after the other, until the last listener leaves or the provider refuses the account. */
	private async keepOpen(): Promise<void> {
		let everOpen = false;
		for (let failures = 0; !this.isAbandoned; ) {
			const wasOpen = await this.session();
			if (this.isAbandoned) return;
			if (wasOpen) failures = 0;
			everOpen ||= wasOpen;
			if (!wasOpen) {
				// A WebSocket does not tell why it was refused; the API does.
				const objection = await this.live.checkAccess(this.client).catch((cause: MediaError) => cause);
				if (!everOpen) return this.fail(objection ?? notReachable(this.client));
				if (objection?.code === 'credential') return this.end(objection);
			}
			const bound = Math.min(timing.lastWait, timing.firstWait * 2 ** failures++);
			await Promise.race([sleep(Math.random() * bound), this.abandoned]);
		}
	}

	/** From opening a socket to its end. Answers whether it ever was open. */
	private async session(): Promise<boolean> {
		const socket = new WebSocket(this.url);
		let opened = false;
		let last = Date.now();
		const ended = new Promise<void>((resolve) => {
			socket.addEventListener('close', () => resolve());
			socket.addEventListener('error', () => resolve());
		});
		socket.addEventListener('open', () => {
			opened = true;
			last = Date.now();
			this.setReady.open();
		});
		socket.addEventListener('message', ({ data }) => {
			last = Date.now();
			const messages = typeof data === 'string' ? this.live.parse(data) : [];
			if (messages.length) for (const listener of this.listeners) listener.received(messages);
		});
		const over = Promise.race([ended.then(() => true), this.abandoned.then(() => true)]);
		for (;;) {
			const limit = opened ? timing.silence : timing.opening;
			const left = last + limit - Date.now();
			if (left <= 0 || (await Promise.race([over, sleep(left).then(() => false)]))) break;
		}
		socket.close();
		return opened;
	}

	/** It never was open: those who wait for that are told. */
	private fail(refusal: MediaError): void {
		this.onEnd();
		this.setReady.failed(refusal);
		this.abandon();
	}

	/** It was open, and never will be again. */
	private end(refusal: MediaError): void {
		this.onEnd();
		for (const listener of this.listeners) listener.refused(refusal);
		this.abandon();
	}
}

function notReachable({ credentials, provider }: Client): MediaError {
	return new MediaError(
		'unreachable',
		`${provider.displayName} did not open a live connection at ${new URL(credentials.baseUrl).host}`,
		'Check that this n8n may connect to it: a firewall or proxy may not let WebSockets through.',
	);
}
