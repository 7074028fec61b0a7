import type { HttpAnswer } from '../client';
import { type FaultOrder, Faults } from '../faults';
import { type Clock, MediaStore } from '../store';
import {
	announcedHash,
	omitUndefined,
	type VendorEmulator,
	type VendorOptions,
	vendorSites,
} from '../vendor';
import { apiRoute } from './api';
import { control, help } from './control';
import { type ErrorName, errorReply, errors, WhapiError } from './errors';
import { fileRoute } from './files';
import * as messages from './messages';
import { defaultSettings, type Settings } from './settings';
import { defaultVariants, type WhapiVariants } from './variants';
import * as webhooks from './webhooks';

/** What a fault is ordered on. `file` is the public storage, `media` the bytes from the gate. */
export type WhapiOperation =
	| 'settings'
	| 'changeSettings'
	| 'health'
	| 'list'
	| 'media'
	| 'upload'
	| 'delete'
	| 'message'
	| 'file'
	| 'unknown';

export interface WhapiFault extends FaultOrder<WhapiOperation> {
	/** Answer with one of the vendor's errors. */
	error?: ErrorName | WhapiError;
}

export interface Received {
	mediaId: string;
	/** The element of `messages[]`. */
	message: messages.Item;
	/** The body as delivered, or as it would have been. */
	body: string;
	/** The first webhook's answer; absent if nobody asked for messages. */
	answer?: HttpAnswer;
	/** All of them, in the order of the settings. */
	answers: HttpAnswer[];
}

const DAY = 86_400_000;
const NEW_MESSAGE: webhooks.Event = { type: 'messages', method: 'post' };

/**
 * Whapi.Cloud: its API (the gate), its public storage, and its side of webhooks. One channel, one number. It answers as the
 * vendor's specification says, https://github.com/Whapi-Cloud/whatsapp-api-docs (openapi.yaml, 1.8.7); its help desk,
 * https://support.whapi.cloud, adds what webhooks look like and how Auto Download works.
 */
export class WhapiEmulator implements VendorEmulator {
	readonly credentials = {
		accessToken: 'aW7vQ2kXbT9mRz4LpN6sYc1HdJ8fGu3E',
		channelId: 'MANTIS-M72HC',
		phoneNumber: '15550783881',
	};

	readonly store: MediaStore;
	/** By message ID: for GET /messages/{id}. */
	readonly messages = new Map<string, messages.Item>();
	/** Media that Auto Download has put into the public storage. */
	readonly linked = new Set<string>();
	settings: Settings = defaultSettings();
	/** Whether the channel is logged in to WhatsApp. */
	authorized = true;
	/** How often a call to /health started the channel, for want of wakeup=false. */
	woken = 0;
	/** Assign to its fields; `reset()` brings the defaults back. */
	readonly variants: WhapiVariants = defaultVariants();
	/** Where `receive` and `deliver` go instead of the settings' webhooks, without their headers. */
	callback?: string;

	readonly sites;
	private readonly faults = new Faults();

	constructor(
		readonly clock: Clock,
		options: VendorOptions = {},
	) {
		this.store = new MediaStore({
			clock,
			newId: ({ mimeType }) => messages.newMediaId(mimeType),
			lifetime: () => 30 * DAY,
			defaultOwner: this.credentials.channelId,
		});
		this.sites = vendorSites(options, {
			vendor: 'whapi',
			faults: this.faults,
			control: control(this),
			api: (request) => apiRoute(this, request),
			files: (request) => fileRoute(this, request),
		});
	}

	/** The origin of the gate, as the client knows it. */
	get url(): string {
		return this.sites.api.origin!;
	}

	/** The origin of the public storage. */
	get filesUrl(): string {
		return this.sites.files.origin!;
	}

	reset(): void {
		this.store.clear();
		this.messages.clear();
		this.linked.clear();
		this.faults.clear();
		this.settings = defaultSettings();
		this.authorized = true;
		this.woken = 0;
		this.callback = undefined;
		Object.assign(this.variants, defaultVariants());
	}

	/** Orders that something go wrong, once unless `times` says otherwise. */
	fault({ error, ...order }: WhapiFault): void {
		if (!error) return this.faults.add(order);
		this.faults.add({
			...order,
			...errorReply(error instanceof WhapiError ? error : errors[error]()),
		});
	}

	/** The public address of a file, as the help desk's samples have it. */
	link(mediaId: string): string {
		return `${this.filesUrl}/in-files/${this.credentials.phoneNumber}/${mediaId}.${mediaId.split('-')[0]}`;
	}

	/** `MediaFile` of the specification. */
	mediaFile(mediaId: string): messages.Json {
		const { id, mimeType, bytes, fileName, createdAt } = this.store.get(mediaId)!;
		const link = this.linked.has(id) ? this.link(id) : undefined;
		const timestamp = Math.floor(createdAt / 1000);
		const hash = announcedHash(this.store, id, this.variants.hash);
		return omitUndefined({
			id,
			link,
			mime_type: mimeType,
			file_size: bytes.size,
			file_name: fileName,
			sha256: hash?.toString('base64'),
			timestamp,
		});
	}

	// -- What customers do

	/** A customer sends a file: it is stored, and delivered to whoever asked for messages. */
	async receive(
		incoming: messages.Incoming & messages.Sender,
		options: webhooks.DeliverOptions = {},
	): Promise<Received> {
		const { mediaId, message } = this.prepare(incoming);
		const { sent: body, answers } = await this.deliver([message], options);
		return { mediaId, message, body, answer: answers[0], answers };
	}

	/** The same without the delivery, for messages to be delivered together. */
	prepare(incoming: messages.Incoming & messages.Sender): {
		mediaId: string;
		message: messages.Item;
	} {
		return messages.mediaMessage(this, incoming);
	}

	async receiveText(text: string, sender?: messages.Sender, options: webhooks.DeliverOptions = {}) {
		return await this.deliver([this.text(text, sender)], options);
	}

	text(body: string, sender?: messages.Sender): messages.Item {
		return this.message('text', { body }, sender);
	}

	/** A message of any type: `message('link_preview', { … })`. */
	message(type: string, content: messages.Json, sender?: messages.Sender): messages.Item {
		return messages.message(this, type, content, sender);
	}

	/** The body of a webhook of messages, or of anything else: `envelope({ statuses: […] }, { type: 'statuses', method: 'post' })`. */
	envelope(content: messages.Json[] | messages.Json, event = NEW_MESSAGE): string {
		return webhooks.envelope(this, Array.isArray(content) ? { messages: content } : content, event);
	}

	/** Delivers messages, or a body exactly as it is. */
	async deliver(
		what: string | Buffer | messages.Json[],
		options: webhooks.DeliverOptions & { event?: webhooks.Event } = {},
	) {
		const { event = NEW_MESSAGE, ...rest } = options;
		const body = Array.isArray(what) ? this.envelope(what, event) : what;
		const answers = await webhooks.post(this, body, event, { callback: this.callback, ...rest });
		return { sent: body.toString(), answers, status: answers[0]?.status };
	}

	/** A status of a message that the channel sent; its timestamp is a string, unlike a message's. */
	status(state: 'sent' | 'delivered' | 'read' | 'failed'): messages.Json {
		const codes = { failed: 0, sent: 2, delivered: 3, read: 4 };
		return {
			id: 'sent-1',
			code: codes[state],
			status: state,
			recipient_id: '16505551234@s.whatsapp.net',
			timestamp: String(Math.floor(this.clock.now() / 1000)),
		};
	}

	/** How to use it by hand. */
	help(): string {
		return help(this);
	}
}

export { errors, WhapiError } from './errors';
export type { Incoming, Item, Json, Sender } from './messages';
export type { Settings, Webhook } from './settings';
export type { WhapiVariants } from './variants';
export type { DeliverOptions, Event } from './webhooks';
