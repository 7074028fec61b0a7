import type { MediaError } from '../errors';
import type { ByteStream } from '../streams';
import type { CredentialForm } from './credentialForm';
import type { Credentials } from './credentials';
import type { FileKind } from './fileKind';
import type { MediaMessage } from './mediaMessage';
import type { OnUnreadable } from './read';
import type { VerificationFailure, Webhook } from './webhook';

export type { Credentials } from './credentials';
export type { VerificationFailure, Webhook } from './webhook';

/**
 * The contract between the nodes and one vendor of WhatsApp. A provider is a plain object of functions: it is handed
 * everything it needs, never sees n8n, and answers in the words below. The vendor's own words stay in the vendor's folder.
 */
export interface Provider {
	/** The vendor's name in forms and error messages. */
	displayName: string;
	/** Origin of the API, used where the field *Base URL* of the credential is empty. Absent where every user has a server. */
	defaultBaseUrl?: string;
	/**
	 * Hosts of files, besides the API's own, that may see the access token, always over https. A leading dot stands for
	 * the domain and everything below it.
	 */
	mediaHosts: readonly string[];
	/** The headers that prove who we are; absent: the token as an OAuth bearer token. */
	authHeaders?(credentials: Credentials): Record<string, string>;
	/** What the credential asks for, and how it is tested. */
	credentialForm: CredentialForm;
	/** What the user does to register the webhook URL by hand, to follow the vendor's name and a colon. Plain text. */
	manualSetup: string;
	/**
	 * The fields of the credential without which a webhook that was set up by hand receives nothing. Absent where no such webhook
	 * works: `manualSetup` says what to do instead.
	 */
	manualNeeds?: ReadonlyArray<keyof Credentials>;
	/** How long files are kept, as a sentence for error messages. */
	retention: string;
	/** For how many milliseconds after its message a file may still be missing: a 404 is tried again. Absent: it is final. */
	lateFilesMs?: number;
	/** Set where the sizes of files are the figures of the sender's own client: they may be anything, and are not relied on. */
	sizesAreSenders?: true;
	/**
	 * Set where files that did not arrive started the workflow before the triggers' version 1.2, which brought the option for
	 * it: nodes of older versions keep starting on them. Not for new providers.
	 */
	unavailableAlwaysStarts?: true;

	/** Why no request can be made with the credential; nothing when all is well. Makes no request itself. */
	checkCredentials?(credentials: Credentials): MediaError | undefined;
	/**
	 * A parameter of the query that proves that the webhook secret belongs to the token. A request that names it without a value
	 * gets it, as that of the credential's test does. Absent where the vendor checks no such thing.
	 */
	secretProof?: { parameter: string; make(credentials: Credentials): string };
	/**
	 * Why the webhook secret is not the one that deliveries are made with, as the vendor says; nothing when it is, and when that
	 * cannot be found out now. Absent where the vendor has no way to tell.
	 */
	checkSecret?(client: ApiClient): Promise<MediaError | undefined>;
	/** Made from the credential, and sent to the API: where an answer repeats one, no error shows it. */
	derivedSecrets?(credentials: Credentials): string[];

	/** The answer to the vendor's check that the webhook URL is ours; nothing when this is none, or a false one. Absent: it has no check. */
	challenge?(webhook: Webhook, credentials: Credentials): string | undefined;
	/** Whether the vendor really sent this request. Never true without a secret to check against. */
	verify(webhook: Webhook, credentials: Credentials): true | VerificationFailure;
	/**
	 * Every media message in a verified body. Never throws, whatever the body is: what cannot be read costs no other message,
	 * and `onUnreadable` is told why.
	 */
	parse(body: unknown, onUnreadable?: OnUnreadable): MediaMessage[];

	/** How the vendor is told where to deliver; absent where it has no API for that. */
	registration?: Registration;
	/** A connection on which the vendor sends messages as they come; absent where it offers none. */
	live?: LiveConnection;

	/** Looks up where the bytes of a media ID are. @throws MediaError */
	resolve(client: ApiClient, mediaId: string, options?: ResolveOptions): Promise<FileLocation>;
	/**
	 * Whether the API itself serves a file at this URL, so that the token may go there to fetch one; absent where it serves
	 * none. A URL can be anybody's: no other path of the API may fit.
	 */
	isFileUrl?(url: URL, credentials: Credentials): boolean;
	/**
	 * The URL at which this credential gets a file, for one that the vendor's messages name: some lead to a host that only the
	 * vendor reaches, or that wants another token. Absent: the same.
	 */
	ownFileUrl?(url: string, credentials: Credentials): string;
	/** When a URL expires (ISO 8601, UTC), read from the URL itself; nothing when it does not say. */
	urlExpiresAt(url: string): string | undefined;
	/**
	 * The error for a file that the API itself did not serve; absent where files come from other hosts. Such URLs never
	 * expire, so that none is looked up again.
	 * @param what the file, as the beginning of a sentence: `Media ID 123`
	 */
	fileError?(reply: ApiReply, what: string): MediaError;
	/**
	 * What may be uploaded, so that a file is checked before its bytes are sent. Empty where the vendor documents no
	 * limits, absent where it has no upload.
	 */
	accepts?: readonly FileKind[];
	/** Set where an uploaded file keeps its name: then the same bytes under another name are another file. */
	keepsFileNames?: true;
	/** @throws MediaError */
	upload(client: ApiClient, file: OutgoingFile): Promise<UploadedMedia>;
	/** @throws MediaError of code `gone` when there was nothing to delete */
	delete(client: ApiClient, mediaId: string, options?: { phoneNumberId?: string }): Promise<void>;
	/** The phone numbers that files can be uploaded for; absent where an account has one. @throws MediaError */
	phoneNumbers?(client: ApiClient): Promise<PhoneNumber[]>;
}

/** Whose deliveries a registration is for, from the narrowest to the widest. A vendor without such scopes ignores it. */
export type RegistrationScope = 'phoneNumber' | 'account' | 'app';

/** Tells the vendor where to deliver. */
export interface Registration {
	/** Whether there is one URL, so that registering another replaces it; else the vendor keeps a list. */
	exclusive: boolean;
	/** The URLs that are registered now. @throws MediaError */
	registeredUrls(client: ApiClient, scope: RegistrationScope): Promise<string[]>;
	/**
	 * Registers this URL, which already listens, in place of another where registration is exclusive. Twice does no harm.
	 * @param replaced the URL, of those that `registeredUrls` named, that gives up its place to this one
	 * @throws MediaError of code `handshake` when the vendor called the URL and did not get the answer that it wants
	 */
	register(
		client: ApiClient,
		scope: RegistrationScope,
		url: string,
		replaced?: string,
	): Promise<void>;
	/** Has a URL take another's place, if that is still registered. Absent where registration is exclusive. @throws MediaError */
	replace?(client: ApiClient, url: string, replaced: string): Promise<void>;
	/** Whether messages are among what goes to the registered URL; absent where nothing else does. @throws MediaError */
	deliversMessages?(client: ApiClient, scope: RegistrationScope): Promise<boolean>;
	/**
	 * Removes this very URL; any other stays, and so does what others had delivered to it. Resolves with a sentence for the log where the vendor has no way to remove it. @throws MediaError
	 */
	unregister(
		client: ApiClient,
		scope: RegistrationScope,
		url: string,
	): Promise<string | undefined | void>;
	/** Has the vendor make a public link for each file that comes from now on. @throws MediaError */
	enablePublicLinks?(client: ApiClient): Promise<void>;
}

/** A WebSocket that the vendor opens for an account. */
export interface LiveConnection {
	/** The URL to connect to. It holds the key: never show it. */
	url(credentials: Credentials): string;
	/** Why the account may not connect; nothing when it may. @throws MediaError when that cannot be found out */
	checkAccess(client: ApiClient): Promise<MediaError | undefined>;
	/** The server opens every connection and closes those that it refuses: whether an account may connect has to be asked before. */
	refusesAfterOpening?: true;
	/** Whether the vendor keeps messages while nobody listens, and hands each to whoever connects first, once. */
	keepsMessages: boolean;
	/** Every file in a text frame. Never throws, whatever it holds; `onUnreadable` is told of what cannot be read. */
	parse(frame: string, onUnreadable?: OnUnreadable): MediaMessage[];
}

/** Calls the API with a credential's token. */
export interface ApiClient {
	credentials: Credentials;
	send: Send;
}

/**
 * Sends one authenticated request. Answers whatever the status is; redirects are not followed.
 * @throws MediaError of code `unreachable` when no answer came
 */
export type Send = (request: ApiRequest) => Promise<ApiReply>;

export interface ApiRequest {
	method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
	/** Below the credential's `baseUrl`, starting with a slash. */
	path: string;
	query?: Record<string, string>;
	headers?: Record<string, string>;
	/** Sent instead of the credential's own token: some requests are made in the name of an app. */
	accessToken?: string;
	body?: Buffer | ByteStream | object;
	/** Ends the request. Without it, the end of the execution does. */
	signal?: AbortSignal;
}

export interface ApiReply {
	status: number;
	/** Names in lower case. */
	headers: Record<string, string | undefined>;
	/** Parsed where it was JSON. That of a success may hold our secrets as data: `redact` takes them out of words of it. */
	body: unknown;
	redact?: (words: string) => string;
}

export interface ResolveOptions {
	/** Fails unless the file belongs to this number, where the vendor can check that. */
	phoneNumberId?: string;
	/** The account that received the file, as its message names it. */
	accountId?: string;
	/** The message that brought the file, where known: some vendors say more about messages than about files. */
	messageId?: string;
	/** Whether type, size, hash and a public link are worth another request; without, the URL is enough. */
	details?: boolean;
}

/** Where the bytes of a file are, and what is known about them. */
export interface FileLocation {
	url: string;
	/** ISO 8601, UTC; absent when it does not expire or the vendor does not say. */
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
	/** The number that it is uploaded for; the credential's own where absent. */
	phoneNumberId?: string;
	/** Can be read once. */
	content: Buffer | ByteStream;
}

/** What an upload got. */
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
