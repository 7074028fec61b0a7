import type { HttpAnswer } from '../client';
import { type FaultOrder, Faults } from '../faults';
import { type Clock, MediaStore } from '../store';
import { type VendorEmulator, type VendorOptions, vendorSites } from '../vendor';
import { apiRoute } from './api';
import { control, help } from './control';
import { type ErrorName, errorReply, errors, WahaError } from './errors';
import { fetchFile, fileRoute } from './files';
import * as messages from './messages';
import { defaultApps, defaultConfig, type Json, type SessionConfig } from './sessions';
import { Stream } from './stream';
import { defaultVariants, type WahaVariants } from './variants';
import * as webhooks from './webhooks';

/** What a fault is ordered on. `message` is the look-up, `file` the server's own files, `storage` S3. */
export type WahaOperation =
	'ping' | 'version' | 'session' | 'changeSession' | 'message' | 'file' | 'storage' | 'unknown';

export interface WahaFault extends FaultOrder<WahaOperation> {
	/** Answer with one of the vendor's errors. */
	error?: ErrorName | WahaError;
}

export interface Received {
	/** The ID of the message. */
	mediaId: string;
	message: messages.Item;
	/** The body as delivered, or as it would have been. */
	body: string;
	/** The first webhook's answer; absent if nobody asked for messages. */
	answer?: HttpAnswer;
	/** All of them, in the order of the configuration. */
	answers: HttpAnswer[];
}

const DAY = 86_400_000;

/** WAHA: a server with one session, its files, its webhooks and its WebSocket. */
export class WahaEmulator implements VendorEmulator {
	readonly credentials = {
		accessToken: '321b2d5c0ff04a7a8a4e0d9b7c6f5e21',
		webhookSecret: 'emulator-hmac-key-of-waha',
		phoneNumber: '15550783881',
	};
	readonly session = 'default';
	readonly version = '2026.8.2';
	readonly me = {
		id: '15550783881@c.us',
		pushName: 'Jaspers Market',
		lid: '100000000000009@lid',
		jid: '15550783881:9@s.whatsapp.net',
	};

	/** Files by message ID, as WhatsApp has them. */
	readonly store: MediaStore;
	/** The ID that the next file in the store gets. */
	nextId?: string;
	/** By ID, without their files. */
	readonly messages = new Map<string, messages.Item>();
	/** Files that the server has fetched, by name. */
	readonly files = new Map<string, { mediaId: string; expiresAt: number }>();
	config: SessionConfig = defaultConfig();
	apps: Json[] = defaultApps();
	/** Set: the session stays in this state. */
	stuck?: 'STOPPED' | 'SCAN_QR_CODE' | 'FAILED';
	/** How often the session was stopped and started. */
	restarts = 0;
	private workingAt = 0;
	readonly stream = new Stream(this);
	/** Assign to its fields; `reset()` brings the defaults back. */
	readonly variants: WahaVariants = defaultVariants();
	/** The webhook of the environment (`WHATSAPP_HOOK_URL`), if any: `receive` and `deliver` go there instead of to the session's webhooks. */
	callback?: string;

	readonly sites;
	private readonly faults = new Faults();

	constructor(
		readonly clock: Clock,
		options: VendorOptions = {},
	) {
		this.store = new MediaStore({
			clock,
			newId: () => this.takeId(),
			lifetime: () => 30 * DAY,
			defaultOwner: this.session,
		});
		const sites = vendorSites(options, {
			vendor: 'waha',
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

	/** The origin of the server, as the client knows it. */
	get url(): string {
		return this.sites.api.origin!;
	}

	/** The origin of S3. */
	get filesUrl(): string {
		return this.sites.files.origin!;
	}

	get status(): string {
		return this.stuck ?? (this.clock.now() < this.workingAt ? 'STARTING' : 'WORKING');
	}

	restart(): void {
		this.restarts++;
		this.workingAt = this.clock.now() + this.variants.restart;
	}

	reset(): void {
		this.store.clear();
		this.messages.clear();
		this.files.clear();
		this.stream.reset();
		this.faults.clear();
		this.config = defaultConfig();
		this.apps = defaultApps();
		this.stuck = undefined;
		this.restarts = 0;
		this.workingAt = 0;
		this.callback = undefined;
		Object.assign(this.variants, defaultVariants());
	}

	/** Orders that something go wrong, once unless `times` says otherwise. */
	fault({ error, ...order }: WahaFault): void {
		if (!error) return this.faults.add(order);
		this.faults.add({
			...order,
			...errorReply(error instanceof WahaError ? error : errors[error]()),
		});
	}

	/** Fetches the file of a message, as for a webhook, and returns its URL. */
	fileUrl(mediaId: string): string {
		return fetchFile(this, mediaId);
	}

	// -- What customers do

	/** A customer sends a file: it is stored, and delivered to whoever asked for messages, and to the WebSocket. */
	async receive(
		incoming: messages.Incoming & messages.Sender,
		options: webhooks.DeliverOptions = {},
	): Promise<Received> {
		const { mediaId, message } = this.prepare(incoming);
		const { sent: body, answers } = await this.deliver(message, options);
		return { mediaId, message, body, answer: answers[0], answers };
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
		return messages.textMessage(this, body, sender);
	}

	/** The body of an event: `envelope('message.ack', { … })`. */
	envelope(event: string, payload: object): string {
		return webhooks.envelope(this, event, payload);
	}

	/** Delivers a message; or a body exactly as it is, to the callback or every webhook. */
	async deliver(what: messages.Item | string | Buffer, options: webhooks.DeliverOptions = {}) {
		const given = { callback: this.callback, ...options };
		if (typeof what === 'string' || Buffer.isBuffer(what)) {
			const own = { url: given.callback ?? '', hmac: { key: this.credentials.webhookSecret } };
			const targets = given.callback ? [own] : (this.config.webhooks ?? []);
			const answers = await Promise.all(
				targets.map(async (webhook) => await webhooks.postTo(this, webhook, what, given)),
			);
			return { sent: what.toString(), answers, status: answers[0]?.status };
		}
		const events = webhooks.eventsOf(this, what);
		this.stream.push(events);
		const answers = await webhooks.post(this, events, given);
		return { sent: events[0]!.body, answers, status: answers[0]?.status };
	}

	/** How to use it by hand. */
	help(): string {
		return help(this);
	}

	private takeId(): string {
		const id = this.nextId ?? `false_16505551234@c.us_${messages.newId()}`;
		this.nextId = undefined;
		return id;
	}
}

export { errors, WahaError } from './errors';
export { URL_LIFETIME } from './files';
export type { Incoming, Item, Sender } from './messages';
export type { SessionConfig, Webhook } from './sessions';
export type { WahaVariants } from './variants';
export type { DeliverOptions } from './webhooks';
