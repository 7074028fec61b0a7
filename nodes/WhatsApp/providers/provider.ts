import type { MediaError } from '../errors';
import type { ByteStream } from '../streams';
import type { MediaMessage } from './mediaMessage';

/**
 * The contract between the nodes and one vendor of WhatsApp. A provider is a plain object of functions: it is handed
 * everything it needs, never sees n8n, and answers in the words below. Its own vendor's words end in its own folder.
 */
export interface Provider {
	/** As a person says it, for forms and messages. */
	displayName: string;
	/** Origin of the API, used where the credential names no other. */
	defaultBaseUrl: string;
	/**
	 * Hosts besides the API's own that may see the access token, always over https. A leading dot stands for the
	 * domain and everything below it.
	 */
	mediaHosts: readonly string[];
	/** Where a person pastes the webhook URL by hand; plain text. */
	manualSetup: string;
	/** How long files are kept, in one sentence. */
	retention: string;
	/** How long after its message a file may still be missing, in milliseconds: until then a 404 is asked again. Absent: a 404 is final. */
	lateFilesMs?: number;

	/** What in the credential cannot work, before a request is made with it. */
	checkCredentials?(credentials: Credentials): MediaError | undefined;

	/** The text that proves that we own the webhook URL, or nothing when this is not a handshake that we should answer. */
	challenge(webhook: Webhook, credentials: Credentials): string | undefined;
	/** Whether the provider really sent this. Never true without a secret to check against. */
	verify(webhook: Webhook, credentials: Credentials): true | VerificationFailure;
	/** Every media message in a verified body. Never throws, whatever the body is. */
	parse(body: unknown): MediaMessage[];

	/** How the provider is told where to deliver; absent where its vendor has no API for that. */
	registration?: Registration;

	/** A connection on which the vendor sends messages as they come; absent where it offers none. */
	live?: LiveConnection;

	/** Where the bytes of a media ID are. @throws MediaRefusal */
	resolve(client: ApiClient, mediaId: string, options?: ResolveOptions): Promise<FileLocation>;
	/** When a URL stops working, read from the URL itself; nothing when it does not say. */
	urlExpiresAt(url: string): string | undefined;
	/** What it means that a file was not served, where the API itself serves files. `what` begins the sentence. */
	fileError?(reply: ApiReply, what: string): MediaError;
	/** What it takes, so that a file is refused before its bytes are sent; empty where the vendor says nothing of it, absent without upload. */
	accepts?: readonly FileKind[];
	/** Whether an uploaded file keeps its name: then the same bytes under another name are another file. */
	keepsFileNames?: true;
	/** @throws MediaRefusal */
	upload(client: ApiClient, file: OutgoingFile): Promise<UploadedMedia>;
	/** @throws MediaRefusal of kind `gone` when there was nothing to delete */
	delete(client: ApiClient, mediaId: string, options?: { phoneNumberId?: string }): Promise<void>;
	/** The numbers that files can be uploaded for. @throws MediaRefusal */
	phoneNumbers?(client: ApiClient): Promise<PhoneNumber[]>;
}

/** What the credential holds, trimmed. Empty strings where the user left a field empty. */
export interface Credentials {
	accessToken: string;
	apiVersion: string;
	appId: string;
	/** Origin (and path, for a relay) of the API, without a slash at the end. */
	baseUrl: string;
	businessAccountId: string;
	phoneNumberId: string;
	verifyToken: string;
	webhookSecret: string;
}

/** What a registration is for, from the narrowest to the widest. A provider that knows no such levels ignores it. */
export type RegistrationScope = 'phoneNumber' | 'account' | 'app';

export interface Registration {
	/** Whether registered URLs take one place from one another, rather than each having its own in a list. */
	exclusive: boolean;
	/** Where the provider delivers now. @throws MediaRefusal */
	currentUrls(client: ApiClient, level: RegistrationScope): Promise<string[]>;
	/**
	 * Has the provider deliver to this URL; where there is one place only, to this instead of what was there. The URL must
	 * already be listening. Doing it twice does no harm.
	 * @throws MediaRefusal of kind `handshake` when the provider tried the URL and did not like the answer
	 */
	register(client: ApiClient, level: RegistrationScope, url: string): Promise<void>;
	/** Ends deliveries to this very URL; any other stays. @throws MediaRefusal */
	unregister(client: ApiClient, level: RegistrationScope, url: string): Promise<void>;
	/** Has the provider put every file that comes at a public address of its own, from now on. @throws MediaRefusal */
	publicLinks?(client: ApiClient): Promise<void>;
}

/** A WebSocket that the vendor opens for an account. */
export interface LiveConnection {
	/** Holds the key; never to be shown. */
	url(credentials: Credentials): string;
	/** Why the account may not connect; nothing when it may. @throws MediaRefusal when that cannot be found out */
	checkAccess(client: ApiClient): Promise<MediaError | undefined>;
	/** Every file in a text frame. Never throws, whatever it holds. */
	parse(frame: string): MediaMessage[];
}

/** A way to call the API in the name of an account. */
export interface ApiClient {
	credentials: Credentials;
	send: Send;
}

/**
 * Sends one authenticated request. Answers whatever the status is; redirects are not followed.
 * @throws MediaRefusal of kind `unreachable` when no answer came
 */
export type Send = (request: ApiRequest) => Promise<ApiReply>;

export interface ApiRequest {
	method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
	/** Below the account's `baseUrl`, starting with a slash. */
	path: string;
	query?: Record<string, string>;
	headers?: Record<string, string>;
	/** Sent instead of the credential's own token. */
	accessToken?: string;
	body?: Buffer | ByteStream | object;
	/** Ends the request. Without it, the end of the execution does. */
	signal?: AbortSignal;
}

export interface ApiReply {
	status: number;
	/** Names in lower case. */
	headers: Record<string, string | undefined>;
	/** Parsed where it was JSON. */
	body: unknown;
}

/** A request that came in on the webhook URL. */
export interface Webhook {
	query: Record<string, unknown>;
	/** Names in lower case. */
	headers: Record<string, string | string[] | undefined>;
	/** Exactly the bytes that came: signatures are made over these. */
	rawBody: Buffer;
}

/** Why a webhook is not believed, for the log of whoever runs n8n. */
export interface VerificationFailure {
	reason: string;
}

export interface ResolveOptions {
	/** Only if the file belongs to this number. */
	phoneNumberId?: string;
	/** The message that brought the file, where known: some vendors tell more of messages than of files. */
	messageId?: string;
	/** Whether type, size, hash and a public address are worth another request. Without: what it takes to fetch the bytes. */
	details?: boolean;
}

/** Where the bytes of a file are, and what is known about them. */
export interface FileLocation {
	url: string;
	/** ISO 8601, UTC; absent when it does not expire or nobody knows. */
	expiresAt?: string;
	/** Whether the file host wants the access token. */
	tokenRequired: boolean;
	mimeType?: string;
	/** Lower-case hex. */
	sha256?: string;
	/** Bytes. */
	size?: number;
	fileName?: string;
}

/** A file on its way out. */
export interface OutgoingFile {
	fileName: string;
	/** Without parameters. */
	mimeType: string;
	/** Bytes. */
	size: number;
	/** The number that it is uploaded for; the account's own where absent. */
	phoneNumberId?: string;
	/** The bytes, once. */
	content: Buffer | ByteStream;
}

/** A kind of file that a vendor takes, and what its files must be. */
export interface FileKind {
	/** As the vendor calls it: image, audio… Several entries may have one name. */
	name: string;
	mimeTypes: readonly string[];
	/** Bytes. */
	maxSize: number;
	/** Of an animated one, where that is another. */
	maxAnimatedSize?: number;
	content?: ContentRules;
	/** All of the above, to follow "takes". */
	inWords: string;
	/** How another file becomes one of these: a sentence or two. */
	convert: string;
}

/** What is inside must be; what is absent may be anything. */
export interface ContentRules {
	/** Pixels, both ways. */
	edge?: number;
	/** Of each colour channel. */
	maxBits?: number;
	colours?: readonly string[];
	/** Empty: it has no video. Not empty: it has one. */
	videoCodecs?: readonly string[];
	audioCodecs?: readonly string[];
	maxAudioTracks?: number;
	maxChannels?: number;
	/** The index of a film had better be at its start; it is taken without. */
	indexFirst?: true;
}

export interface UploadedMedia {
	mediaId: string;
	/** ISO 8601, UTC. */
	expiresAt?: string;
}

export interface PhoneNumber {
	id: string;
	/** How people write it, `+1 555-555-5555`. */
	number: string;
	name?: string;
}
