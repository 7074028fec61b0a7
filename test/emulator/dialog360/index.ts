import type { HttpAnswer } from '../client';
import { type FaultOrder, Faults } from '../faults';
import { MetaEmulator } from '../meta';
import type { Incoming, Item, Json, Sender } from '../meta';
import type { Clock, MediaStore } from '../store';
import { type VendorEmulator, type VendorOptions, vendorSites } from '../vendor';
import { apiRoute } from './api';
import { control, help } from './control';
import { Dialog360Error, type ErrorName, errorReply, namedReply } from './errors';
import { fileRoute } from './files';
import { defaultVariants, type Dialog360Variants } from './variants';
import * as webhooks from './webhooks';

/** What a fault is ordered on. `file` is the file under the API's host, `metaFile` Meta's own. */
export type Dialog360Operation =
	| 'getUrl'
	| 'file'
	| 'metaFile'
	| 'upload'
	| 'delete'
	| 'webhook'
	| 'setWebhook'
	| 'list'
	| 'changeList'
	| 'unknown';

export interface Dialog360Fault extends FaultOrder<Dialog360Operation> {
	/** Answer with one of the vendor's errors, or one of Meta's. */
	error?: ErrorName | Dialog360Error;
}

export interface Received {
	mediaId: string;
	/** The element of `messages[]`. */
	message: Item;
	/** The body as delivered, or as it would have been. */
	body: string;
	/** The main webhook's answer; absent if none is set. */
	answer?: HttpAnswer;
	/** All of them: the main one first. */
	answers: HttpAnswer[];
}

/** Meta's own, where 360dialog's number has its files. */
const META_FILES = 'https://lookaside.fbsbx.com';

/** 360dialog: one number of Meta's, behind a host, a key and webhooks of its own. */
export class Dialog360Emulator implements VendorEmulator {
	readonly credentials = {
		accessToken: 'Yb7Kx2QpV9mTfR4nJc8ZsLwD_AK',
		webhookSecret: 'emulator-secret-of-360dialog',
	};
	/** Meta, which nobody but 360dialog speaks to here: it has no port of its own. */
	readonly meta: MetaEmulator;
	webhook?: webhooks.Webhook;
	/** The list of more webhooks. */
	destinations: webhooks.Destination[] = [];
	/** When look-ups failed, oldest first. */
	failedLookUps: number[] = [];
	/** Assign to its fields; `reset()` brings the defaults back. */
	readonly variants: Dialog360Variants = defaultVariants();
	/** A webhook that was entered in the Hub: `receive` and `deliver` go there instead of to those that are set. */
	callback?: string;

	readonly sites;
	private readonly faults = new Faults();

	constructor(
		readonly clock: Clock,
		options: VendorOptions = {},
	) {
		this.meta = new MetaEmulator(clock, { filesOrigin: META_FILES });
		this.sites = vendorSites(
			{ ...options, filesOrigin: META_FILES },
			{
				vendor: 'dialog360',
				faults: this.faults,
				control: control(this),
				api: (request) => apiRoute(this, request),
				files: fileRoute,
			},
		);
	}

	/** The origin of the API, as the client knows it. */
	get url(): string {
		return this.sites.api.origin!;
	}

	/** The origin of Meta's files, which a client of 360dialog has no business at. */
	get filesUrl(): string {
		return this.sites.files.origin!;
	}

	get store(): MediaStore {
		return this.meta.store;
	}

	reset(): void {
		this.meta.reset();
		this.faults.clear();
		this.webhook = undefined;
		this.destinations = [];
		this.failedLookUps.length = 0;
		this.callback = undefined;
		Object.assign(this.variants, defaultVariants());
	}

	/** Orders that something go wrong, once unless `times` says otherwise. */
	fault({ error, ...order }: Dialog360Fault): void {
		if (!error) return this.faults.add(order);
		this.faults.add({
			...order,
			...(error instanceof Dialog360Error ? errorReply(error) : namedReply(error)),
		});
	}

	// -- What customers do

	/** A customer sends a file: it is stored, and its webhook is delivered if one is set. */
	async receive(
		incoming: Incoming & Sender,
		options: webhooks.DeliverOptions = {},
	): Promise<Received> {
		const { mediaId, message } = this.prepare(incoming);
		const { sent: body, answers } = await this.deliver([message], options);
		return { mediaId, message, body, answer: answers[0], answers };
	}

	/** The same without the delivery, for messages to be delivered together. */
	prepare(incoming: Incoming & Sender): { mediaId: string; message: Item } {
		return this.meta.prepare(incoming);
	}

	async receiveText(text: string, sender?: Sender, options: webhooks.DeliverOptions = {}) {
		return await this.deliver([this.text(text, sender)], options);
	}

	text(body: string, sender?: Sender): Item {
		return this.meta.text(body, sender);
	}

	/** Delivers messages together, in one change; or a body exactly as it is. */
	async deliver(what: string | Buffer | Json[], options: webhooks.DeliverOptions = {}) {
		const body = Array.isArray(what) ? this.meta.envelope([[this.meta.value(what)]]) : what;
		const answers = await webhooks.post(this, body, { callback: this.callback, ...options });
		return { sent: body.toString(), answers, status: answers[0]?.status };
	}

	/** How to use it by hand. */
	help(): string {
		return help(this);
	}
}

export { Dialog360Error, errors } from './errors';
export type { Dialog360Variants } from './variants';
export type { DeliverOptions, Destination, Webhook } from './webhooks';
