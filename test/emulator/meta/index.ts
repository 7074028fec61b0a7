import type { HttpAnswer } from '../client';
import { type FaultOrder, Faults } from '../faults';
import type { Site } from '../server';
import { type Bytes, type Clock, digits, MediaStore } from '../store';
import { credentials, defaultTokens, phoneNumbers, type Token } from './account';
import { control, help } from './control';
import { type ErrorName, errorReply, errors, errorsByCode, GraphError, phpJson } from './errors';
import { fileRoute, fileUrl } from './files';
import { graphRoute } from './graph';
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

export interface MetaOptions {
	/** The origins to play under, such as `https://graph.facebook.com`; default: the local addresses. */
	graphOrigin?: string;
	filesOrigin?: string;
	/** Local ports; default: any that are free. */
	graphPort?: number;
	filesPort?: number;
}

export interface Received {
	mediaId: string;
	/** The element of `messages[]`. */
	message: webhooks.Item;
	/** The body as delivered, or as it would have been. */
	body: string;
	/** The webhook's answer; absent if nobody is subscribed. */
	answer?: HttpAnswer;
}

const DAY = 86_400_000;

/** Meta's Cloud API: Graph and its file host, and Meta's side of webhooks. */
export class MetaEmulator {
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

	readonly sites: { graph: Site; files: Site };
	private readonly faults = new Faults();

	constructor(
		readonly clock: Clock,
		options: MetaOptions = {},
	) {
		this.store = new MediaStore({
			clock,
			newId: () => digits(15 + Math.round(Math.random())),
			lifetime: (kind) => (this.variants.noStorage ? DAY / 24 : kind === 'inbound' ? 7 * DAY : 30 * DAY),
			defaultOwner: this.credentials.phoneNumberId,
		});
		const common = { vendor: 'meta', faults: this.faults, control: control(this) };
		this.sites = {
			graph: { ...common, port: options.graphPort ?? 0, origin: options.graphOrigin, route: (request) => graphRoute(this, request) },
			files: { ...common, port: options.filesPort ?? 0, origin: options.filesOrigin, route: (request) => fileRoute(this, request) },
		};
		this.reset();
	}

	/** The origin of Graph, as the client knows it. */
	get url(): string {
		return this.sites.graph.origin!;
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
		const { status, body, headers } = errorReply(error instanceof GraphError ? error : errorsByCode[error]());
		this.faults.add({ ...order, status, body: body as string, headers: { ...headers, ...order.headers } });
	}

	/** The URL of a file as Graph (`getMedia`) or a webhook would give it. */
	fileUrl(mediaId: string, source: 'getMedia' | 'webhook' = 'getMedia'): string {
		return fileUrl(this, mediaId, source);
	}

	// -- What customers do

	/** A customer sends a file: it is stored, and its webhook is delivered if anybody is to get it. */
	async receive(incoming: webhooks.Incoming & webhooks.Sender, options: webhooks.DeliverOptions = {}): Promise<Received> {
		const { mediaId, message } = this.prepare(incoming);
		const body = this.envelope([[this.value([message])]]);
		const callback = options.callback ?? this.callbackFor(incoming.phoneNumberId);
		return { mediaId, message, body, ...(callback && { answer: await webhooks.post(this, callback, body, options) }) };
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
		return { mediaIds, body, ...(callback && { answer: await webhooks.post(this, callback, body, options) }) };
	}

	/** `receive` without the delivery, for messages to be delivered together. */
	prepare(incoming: webhooks.Incoming & webhooks.Sender): { mediaId: string; message: webhooks.Item } {
		return webhooks.mediaMessage(this, incoming);
	}

	text(body: string, sender?: webhooks.Sender): webhooks.Item {
		return webhooks.message(this, 'text', { body }, sender);
	}

	/** A message of any type: `message('reaction', { message_id, emoji })`. */
	message(type: string, content: webhooks.Json, sender?: webhooks.Sender): webhooks.Item {
		return webhooks.message(this, type, content, sender);
	}

	status(state: 'sent' | 'delivered' | 'read' | 'failed', rest?: webhooks.Json): webhooks.Item {
		return webhooks.status(this, state, rest);
	}

	value(items: webhooks.Json[], rest?: webhooks.Json): webhooks.Json {
		return webhooks.value(this, items, rest);
	}

	/** The body of a webhook: entries of changes. */
	envelope(entries: webhooks.Json[][]): string {
		return webhooks.envelope(this, entries);
	}

	/**
	 * Delivers messages and statuses together, in one change; or a body exactly as it is: a second time, from several values
	 * (`envelope`), or broken.
	 */
	async deliver(what: string | Buffer | webhooks.Json[], options: webhooks.DeliverOptions = {}): Promise<HttpAnswer & { sent: string }> {
		const body = Array.isArray(what) ? this.envelope([[this.value(what)]]) : what;
		const callback = options.callback ?? this.callbackFor();
		if (!callback) throw new Error('No callback: give one, set meta.callback, or subscribe');
		return { ...(await webhooks.post(this, callback, body, options)), sent: body.toString() };
	}

	/** Proves a callback as Meta does before it is subscribed. */
	async handshake(callback: string, options?: { token?: string; challenge?: string }): Promise<webhooks.Handshake> {
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
		return (this.phoneNumbers.find(({ id }) => id === phoneNumberId)?.display_phone_number ?? '').replace(/\D/g, '');
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
		return state === 'valid' ? undefined : errors.unparsableToken();
	}

	hashOf(mediaId: string, encoding: 'hex' | 'base64'): string | undefined {
		if (this.variants.hash === 'absent') return undefined;
		const hash = Buffer.from(this.store.get(mediaId)!.sha256);
		if (this.variants.hash === 'wrong') hash[0] = hash[0]! ^ 0xff;
		return hash.toString(encoding);
	}
}

export type { PhoneNumber, Token } from './account';
export { errors, GraphError } from './errors';
export { URL_LIFETIME } from './files';
export { type Shape, shape, shapeNames } from './shapes';
export type { MetaVariants } from './variants';
export type { DeliverOptions, Handshake, Incoming, Item, Json, Sender } from './webhooks';
