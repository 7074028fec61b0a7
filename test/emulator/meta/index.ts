import type { HttpAnswer } from '../client';
import { type FaultOrder, Faults } from '../faults';
import { type Bytes, type Clock, digits, MediaStore } from '../store';
import { announcedHash, type VendorEmulator, type VendorOptions, vendorSites } from '../vendor';
import { apiRoute } from './api';
import { control, help } from './control';
import { credentials, defaultTokens, phoneNumbers, type Token } from './credentials';
import { type ErrorName, errorReply, errors, errorsByCode, GraphError, phpJson } from './errors';
import { fileRoute, fileUrl } from './files';
import * as messages from './messages';
import { stage } from './shapes';
import { Subscriptions } from './subscriptions';
import { defaultVariants, type MetaVariants } from './variants';
import * as webhooks from './webhooks';

/** What a fault is ordered on. `subscribe`, `unsubscribe` and `subscriptions` (reading) are of app, account and number alike. */
export type MetaOperation =
	| 'getUrl'
	| 'file'
	| 'upload'
	| 'delete'
	| 'send'
	| 'subscribe'
	| 'unsubscribe'
	| 'subscriptions'
	| 'phoneNumber'
	| 'phoneNumbers'
	| 'account'
	| 'me'
	| 'debugToken'
	| 'appToken'
	| 'unknown';

export interface MetaFault extends FaultOrder<MetaOperation> {
	/** Answer with one of Graph's errors: by its code, or any made with `errors` or `new GraphError`. */
	error?: ErrorName | GraphError;
}

export interface Received {
	mediaId: string;
	/** The element of `messages[]`. */
	message: messages.Item;
	/** The body as delivered, or as it would have been. */
	body: string;
	/** The webhook's answer; absent if nobody is subscribed. */
	answer?: HttpAnswer;
}

const DAY = 86_400_000;

/**
 * Meta's Cloud API: Graph and its file host, and Meta's side of webhooks. It answers as these pages say, below
 * https://developers.facebook.com/documentation/business-messaging/whatsapp: /business-phone-numbers/media (the media page),
 * /support/error-codes, /webhooks/create-webhook-endpoint, /webhooks/overview, /webhooks/override, /webhooks/reference,
 * /no-storage. Where real traffic in public issues and clients differs from them, it answers as the traffic does.
 */
export class MetaEmulator implements VendorEmulator {
	readonly credentials = credentials;
	/** The credential's own, and a second of the same account. */
	readonly phoneNumbers = phoneNumbers;
	readonly secondPhoneNumberId = phoneNumbers[1]!.id;

	/** By the token itself; change one's state, or add more. */
	readonly tokens = new Map<string, Token>();

	readonly store: MediaStore;
	readonly subscriptions = new Subscriptions(this);
	/** Assign to its fields; `reset()` brings the defaults back. */
	readonly variants: MetaVariants = defaultVariants();
	/** Where `receive` and `deliver` go, before any subscription. */
	callback?: string;
	/** What was sent through POST /{phone number}/messages. */
	readonly sent: Array<Record<string, unknown>> = [];

	readonly sites;
	private readonly faults = new Faults();

	constructor(
		readonly clock: Clock,
		options: VendorOptions = {},
	) {
		this.store = new MediaStore({
			clock,
			newId: () => digits(15 + Math.round(Math.random())),
			lifetime: (kind) =>
				this.variants.noStorage ? DAY / 24 : kind === 'inbound' ? 7 * DAY : 30 * DAY,
			defaultOwner: this.credentials.phoneNumberId,
		});
		this.sites = vendorSites(options, {
			vendor: 'meta',
			faults: this.faults,
			control: control(this),
			api: (request) => apiRoute(this, request),
			files: (request) => fileRoute(this, request),
		});
		this.reset();
	}

	/** The origin of Graph, as the client knows it. */
	get url(): string {
		return this.sites.api.origin!;
	}

	/** The origin of the files. */
	get filesUrl(): string {
		return this.sites.files.origin!;
	}

	reset(): void {
		this.store.clear();
		this.subscriptions.clear();
		this.faults.clear();
		this.callback = undefined;
		this.sent.length = 0;
		Object.assign(this.variants, defaultVariants());
		this.tokens.clear();
		for (const [token, what] of defaultTokens()) this.tokens.set(token, what);
	}

	/** Orders that something go wrong, once unless `times` says otherwise. */
	fault({ error, ...order }: MetaFault): void {
		if (!error) return this.faults.add(order);
		const { status, body, headers } = errorReply(
			error instanceof GraphError ? error : errorsByCode[error](),
		);
		this.faults.add({
			...order,
			status,
			body: body as string,
			headers: { ...headers, ...order.headers },
		});
	}

	/** The URL of a file as Graph (`getMedia`) or a webhook would give it. */
	fileUrl(mediaId: string, source: 'getMedia' | 'webhook' = 'getMedia'): string {
		return fileUrl(this, mediaId, source);
	}

	// -- What customers do

	/** A customer sends a file: it is stored, and its webhook is delivered if anybody is to get it. */
	async receive(
		incoming: messages.Incoming & messages.Sender,
		options: webhooks.DeliverOptions = {},
	): Promise<Received> {
		const { mediaId, message } = this.prepare(incoming);
		const body = this.envelope([[this.value([message])]]);
		const callback = options.callback ?? this.callbackFor(incoming.phoneNumberId);
		return {
			mediaId,
			message,
			body,
			...(callback && { answer: await webhooks.post(this, callback, body, options) }),
		};
	}

	/** Anything else that Meta delivers, by its name in test/fixtures/meta; each file in it has these bytes. */
	async receiveShape(
		name: string,
		{ bytes = name as Bytes, phoneNumberId = undefined as string | undefined } = {},
		options: webhooks.DeliverOptions = {},
	): Promise<Omit<Received, 'mediaId' | 'message'> & { mediaIds: string[] }> {
		const { body: staged, mediaIds } = stage(this, name, bytes, phoneNumberId);
		const body = phpJson(staged);
		const callback = options.callback ?? this.callbackFor(phoneNumberId);
		return {
			mediaIds,
			body,
			...(callback && { answer: await webhooks.post(this, callback, body, options) }),
		};
	}

	/** `receive` without the delivery, for messages to be delivered together. */
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
		return messages.message(this, 'text', { body }, sender);
	}

	/** A message of any type: `message('reaction', { message_id, emoji })`. */
	message(type: string, content: messages.Json, sender?: messages.Sender): messages.Item {
		return messages.message(this, type, content, sender);
	}

	/** A message that the vendor does not hand out: `unsupported('image', 131060, 'This message is currently unavailable')`. */
	unsupported(
		kind: string | undefined,
		code: number,
		title: string,
		sender?: messages.Sender,
	): messages.Item {
		return messages.unsupported(this, kind, { code, title }, sender);
	}

	status(state: messages.Status, rest?: messages.Json): messages.Item {
		return messages.status(this, state, rest);
	}

	value(items: messages.Json[], rest?: messages.Json): messages.Json {
		return messages.value(this, items, rest);
	}

	/** The body of a webhook: entries of changes. */
	envelope(entries: messages.Json[][]): string {
		return messages.envelope(this, entries);
	}

	/**
	 * Delivers messages and statuses together, in one change; or a body exactly as it is: a second time, from several values
	 * (`envelope`), or broken.
	 */
	async deliver(
		what: string | Buffer | messages.Json[],
		options: webhooks.DeliverOptions = {},
	): Promise<HttpAnswer & { sent: string }> {
		const body = Array.isArray(what) ? this.envelope([[this.value(what)]]) : what;
		const callback = options.callback ?? this.callbackFor();
		if (!callback) throw new Error('No callback: give one, set meta.callback, or subscribe');
		return { ...(await webhooks.post(this, callback, body, options)), sent: body.toString() };
	}

	/** Proves a callback as Meta does before it is subscribed. */
	async handshake(
		callback: string,
		options?: { token?: string; challenge?: string },
	): Promise<webhooks.Handshake> {
		return await webhooks.handshake(this, callback, options);
	}

	/** How to use it by hand. */
	help(): string {
		return help(this);
	}

	// -- What its own files ask

	private callbackFor(phoneNumberId = this.credentials.phoneNumberId): string | undefined {
		return this.callback ?? this.subscriptions.callbackFor(phoneNumberId);
	}

	displayNumber(phoneNumberId: string): string {
		return (
			this.phoneNumbers.find(({ id }) => id === phoneNumberId)?.display_phone_number ?? ''
		).replace(/\D/g, '');
	}

	tokenOf(authorization: string | undefined): Token | undefined {
		return this.tokens.get(/^(?:Bearer|OAuth) (.*)$/i.exec(authorization ?? '')?.[1] ?? '');
	}

	/** Why this Authorization is not good enough, if so. */
	tokenProblem(authorization: string | undefined): GraphError | undefined {
		if (!authorization) return errors.noToken(this.variants.missingToken);
		const state = this.tokenOf(authorization)?.state;
		if (state === 'expired') return errors.expiredToken(this.clock.now());
		if (state === 'passwordChanged') return errors.passwordChanged();
		if (state === 'loggedOut') return errors.loggedOut();
		if (state === 'valid') return undefined;
		return /^Bearer \d+\|/.test(authorization)
			? errors.wrongTokenSignature()
			: errors.unparsableToken();
	}

	hashOf(mediaId: string, encoding: 'hex' | 'base64'): string | undefined {
		return announcedHash(this.store, mediaId, this.variants.hash)?.toString(encoding);
	}
}

export type { PhoneNumber, Token } from './credentials';
export { errors, GraphError } from './errors';
export { URL_LIFETIME } from './files';
export type { Incoming, Item, Json, Sender } from './messages';
export { type Shape, shape, shapeNames } from './shapes';
export type { MetaVariants } from './variants';
export type { DeliverOptions, Handshake } from './webhooks';
