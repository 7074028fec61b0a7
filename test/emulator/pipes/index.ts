import type { HttpAnswer } from '../client';
import { type FaultOrder, Faults } from '../faults';
import { type Clock, MediaStore } from '../store';
import { type VendorEmulator, type VendorOptions, vendorSites } from '../vendor';
import { apiRoute } from './api';
import { control, help } from './control';
import { type ErrorName, errorReply, errors, PipesError } from './errors';
import { fileRoute, presigned } from './files';
import * as messages from './messages';
import { Stream } from './stream';
import { defaultVariants, type PipesVariants } from './variants';
import * as webhooks from './webhooks';

/** What a fault is ordered on. `download` is the API's redirect, `file` the storage. */
export type PipesOperation = 'download' | 'file' | 'unknown';

export interface PipesFault extends FaultOrder<PipesOperation> {
	/** Answer with one of the vendor's errors. */
	error?: ErrorName | PipesError;
}

export interface Received {
	/** Empty when the file is unavailable. */
	mediaId: string;
	message: messages.Item;
	/** The webhook's body as delivered, or as it would have been. */
	body: string;
	/** The webhook's answer; absent without a webhook, or when it did not answer. */
	answer?: HttpAnswer;
}

const HOUR = 3_600_000;

/**
 * Pipes.bot: its API, its storage, its webhooks and its WebSocket. One pool number. It answers as the pages below
 * https://docs.pipes.bot/docs say: /websocket, /websocket/messages, /websocket/offline-queuing, /webhooks, /webhooks/payload,
 * /webhooks/security, /webhooks/retries, /receiving-media, /byon/webhook-delivery; and as Pipes.bot's own client does,
 * https://github.com/pipes-bot/claude-plugins (plugins/whatsapp/server.ts).
 */
export class PipesEmulator implements VendorEmulator {
	readonly credentials = {
		accessToken: 'pk_Zr4vK8mWq2TnYx6LbHs9dJf3GcPu7aEe',
		webhookSecret: 'emulator-webhook-secret-of-32-by',
		phoneNumberId: 'pn_5kQ2vT8xWm',
		phoneNumber: '15550783881',
	};
	/** What the storage's URLs are signed with; nobody's business but its own. */
	readonly storageKey = '6f1d0e9c8b7a5f4e3d2c1b0a99887766';

	readonly store: MediaStore;
	readonly stream = new Stream(this);
	/** Assign to its fields; `reset()` brings the defaults back. */
	readonly variants: PipesVariants = defaultVariants();
	/** The webhook of the dashboard, if any. */
	callback?: string;

	readonly sites;
	private readonly faults = new Faults();

	constructor(
		readonly clock: Clock,
		options: VendorOptions = {},
	) {
		this.store = new MediaStore({
			clock,
			newId: messages.newMediaId,
			lifetime: () => 48 * HOUR,
			defaultOwner: this.credentials.phoneNumberId,
		});
		const sites = vendorSites(options, {
			vendor: 'pipes',
			faults: this.faults,
			control: control(this),
			api: (request) => apiRoute(this, request),
			files: (request) => fileRoute(this, request),
		});
		this.sites = {
			...sites,
			api: { ...sites.api, upgrade: this.stream.upgrade.bind(this.stream) },
		};
	}

	/** The origin of the API, as the client knows it. */
	get url(): string {
		return this.sites.api.origin!;
	}

	/** The origin of the storage. */
	get filesUrl(): string {
		return this.sites.files.origin!;
	}

	reset(): void {
		this.store.clear();
		this.stream.reset();
		this.faults.clear();
		this.callback = undefined;
		Object.assign(this.variants, defaultVariants());
	}

	/** Orders that something go wrong, once unless `times` says otherwise. */
	fault({ error, ...order }: PipesFault): void {
		if (!error) return this.faults.add(order);
		this.faults.add({
			...order,
			...errorReply(
				error instanceof PipesError ? error : errors[error](),
				this.variants.errorShape,
			),
		});
	}

	/** A file's presigned URL, as the API redirects to it. */
	fileUrl(mediaId: string): string {
		return presigned(this, mediaId);
	}

	// -- What customers do

	/** A customer sends a file: it is stored, and delivered to the webhook; without one, or if it refuses, to the WebSocket. */
	async receive(
		incoming: messages.Incoming & messages.Sender,
		options: webhooks.DeliverOptions = {},
	): Promise<Received> {
		const { mediaId, message } = this.prepare(incoming);
		const answer = await this.deliver(message, options);
		return { mediaId, message, body: JSON.stringify(message.body), ...(answer && { answer }) };
	}

	/** The same without the delivery. */
	prepare(incoming: messages.Incoming & messages.Sender): {
		mediaId: string;
		message: messages.Item;
	} {
		return messages.mediaMessage(this, incoming);
	}

	async receiveText(text: string, sender?: messages.Sender, options: webhooks.DeliverOptions = {}) {
		return await this.deliver(this.text(text, sender), options);
	}

	text(body: string, sender?: messages.Sender): messages.Item {
		return messages.message(this, 'text', { body }, sender, undefined, body);
	}

	/** A message of any type: `message('reaction', { message_id, emoji })`. */
	message(type: string, content: messages.Json, sender?: messages.Sender): messages.Item {
		return messages.message(this, type, content, sender);
	}

	/** Delivers a message; or a webhook's body exactly as it is. */
	async deliver(
		what: messages.Item | string | Buffer,
		options: webhooks.DeliverOptions = {},
	): Promise<HttpAnswer | undefined> {
		const callback = options.callback ?? this.callback;
		const raw = typeof what === 'string' || Buffer.isBuffer(what);
		const answer =
			callback &&
			(await webhooks
				.post(this, callback, raw ? what : JSON.stringify(what.body), options)
				.catch(() => undefined));
		const accepted = answer && answer.status >= 200 && answer.status < 300;
		if (!raw && (!accepted || this.variants.delivery === 'both')) this.stream.push(what);
		return answer || undefined;
	}

	/** How to use it by hand. */
	help(): string {
		return help(this);
	}
}

export { errors, PipesError } from './errors';
export { URL_LIFETIME } from './files';
export type { Incoming, Item, Json, Sender } from './messages';
export type { PipesVariants } from './variants';
export type { DeliverOptions } from './webhooks';
