import {
	type CustomerFile,
	type Emulator,
	type EmulatorOptions,
	type Vendor,
	VENDORS,
} from '../emulator';
import type { Dialog360Operation } from '../emulator/dialog360';
import type { MetaOperation } from '../emulator/meta';
import type { PipesOperation } from '../emulator/pipes';
import type { WahaOperation } from '../emulator/waha';
import type { WhapiOperation } from '../emulator/whapi';

/**
 * What differs between the vendors, for every suite, the demo and the bench: none of them asks for a vendor by name. A new
 * vendor is one more entry, and the compiler says what it lacks.
 */
export interface VendorFacts {
	/** As the demo calls it. */
	title: string;
	/** Where the vendor's API and its files really are. */
	origins: { apiOrigin: string; filesOrigin: string };
	/** A frame of the live connection, where the vendor has one. */
	liveFrame?(emulator: Emulator, file: CustomerFile): object;
	/** Whether every user has a server of their own, so that the credential names its address. */
	ownServer?: true;
	/** The header that carries the token, in lower case; default: `authorization`, as a bearer. */
	tokenHeader?: string;
	/** Which of the two no request has any business at, or only with settings that are seldom. */
	unusedSites?: ReadonlyArray<'api' | 'files'>;
	/** Which of the two get the access token. */
	tokenSites: ReadonlyArray<'api' | 'files'>;

	/** What a user types into the credential, by the credential's field; without addresses. */
	credential(emulator: Emulator): Record<string, string>;
	/** The same by the labels on the screen, and only what receiving takes. */
	form(emulator: Emulator): Record<string, string>;
	/** The field of the credential that webhooks are checked with. */
	proofField: 'accessToken' | 'webhookSecret';
	/** Whether the proof of a webhook is made over its body. */
	signsBody: boolean;
	/** How `receive` delivers what the node has to refuse. */
	forgeries(wrongSecret: string): object[];
	/** How the trigger gets deliveries at a local address: the parameter *Registration*. */
	localRegistration: 'manual' | 'phoneNumber';
	/**
	 * Has the vendor deliver to a webhook that a user has set up by hand, or looks whether it does already. Resolves with what the
	 * vendor has against the webhook, if anything.
	 */
	connect(emulator: Emulator, webhookUrl: string): Promise<string | undefined>;

	/** A request that a builder makes with n8n's HTTP Request node, and what the emulator calls it. */
	apiRequest(emulator: Emulator): {
		method: 'GET' | 'POST';
		path: string;
		body?: object;
		operation: string;
	};

	/** Types that only this vendor has, and what they are in our words. */
	moreTypes: Readonly<Record<string, string>>;
	/** The fields of an item of the trigger that not every vendor has. */
	itemFields: readonly string[];
	/** Facts that the trigger's item has and the API does not tell. */
	onlyInItem: ReadonlyArray<'mimeType' | 'size' | 'sha256'>;
	/** Whether the vendor says which hash a file has. */
	announcesHash: boolean;

	hasUpload: boolean;
	/** Whether the URL of a media ID takes the token. */
	fileTakesToken: boolean;
	/** How long a customer's file is kept. */
	lifetimeMs: number;
	/** A public URL of a stored file, where the vendor has such. */
	publicUrl?(emulator: Emulator, mediaId: string): string;

	/** The emulator's names of operations, to order faults on. */
	operations: {
		/** What looking a media ID up calls first. */
		lookUp: string;
		/** What the credential's test calls. */
		credentialTest: string;
	};
	/** Every answer that a node waits for. */
	answers: readonly VendorAnswer[];
}

export interface VendorAnswer {
	node: 'GetMediaUrl' | 'DownloadMedia' | 'UploadMedia' | 'DeleteMedia';
	on: MetaOperation | WahaOperation | Dialog360Operation | WhapiOperation | PipesOperation;
	/** What the answer is: a file, JSON that tells something, or the result of a change. */
	body: 'file' | 'json' | 'change';
	/** From a public URL in the item rather than by media ID. */
	link?: true;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const signedForgeries = (secret: string): object[] => [
	{ secret },
	{ signature: null },
	{ signature: 'sha256=' },
];

export const VENDOR_FACTS: Readonly<Record<Vendor, VendorFacts>> = {
	meta: {
		title: 'Meta',
		origins: {
			apiOrigin: 'https://graph.facebook.com',
			filesOrigin: 'https://lookaside.fbsbx.com',
		},
		tokenSites: ['api', 'files'],
		credential({ meta }) {
			const { appSecret, ...others } = meta.credentials;
			return { ...others, webhookSecret: appSecret };
		},
		form({ meta: { credentials } }) {
			return {
				'Access Token': credentials.accessToken,
				'App Secret': credentials.appSecret,
				'Phone Number ID': credentials.phoneNumberId,
			};
		},
		proofField: 'webhookSecret',
		signsBody: true,
		forgeries: signedForgeries,
		// The other kinds of registration are for public https addresses only.
		localRegistration: 'manual',
		async connect({ meta }, webhookUrl) {
			meta.callback = webhookUrl;
			const { ok, status, body, error } = await meta.handshake(webhookUrl);
			return ok ? undefined : (error ?? `it answered ${status} ${body}`);
		},
		apiRequest: ({ meta }) => ({
			method: 'POST',
			path: `/v25.0/${meta.credentials.phoneNumberId}/messages`,
			body: {
				messaging_product: 'whatsapp',
				to: '15550001234',
				type: 'text',
				text: { body: 'Thank you!' },
			},
			operation: 'send',
		}),
		moreTypes: {},
		itemFields: ['url', 'urlExpiresAt', 'sha256', 'fromUserId', 'phoneNumberId', 'accountId'],
		onlyInItem: [],
		announcesHash: true,
		hasUpload: true,
		fileTakesToken: true,
		lifetimeMs: 7 * DAY,
		operations: { lookUp: 'getUrl', credentialTest: 'phoneNumber' },
		answers: [
			{ node: 'GetMediaUrl', on: 'getUrl', body: 'json' },
			{ node: 'DownloadMedia', on: 'getUrl', body: 'json' },
			{ node: 'DownloadMedia', on: 'file', body: 'file' },
			{ node: 'UploadMedia', on: 'upload', body: 'change' },
			{ node: 'DeleteMedia', on: 'delete', body: 'change' },
		],
	},
	waha: {
		title: 'WAHA',
		liveFrame: ({ waha }, file) =>
			JSON.parse(waha.envelope('message.any', waha.prepare(file).message)) as object,
		// Everybody has a server of their own; its files are in a bucket only where that is set.
		origins: { apiOrigin: 'https://waha.example', filesOrigin: 'https://bucket.s3.example' },
		ownServer: true,
		tokenHeader: 'x-api-key',
		tokenSites: ['api'],
		unusedSites: ['files'],
		credential: ({ waha: { credentials } }) => ({
			accessToken: credentials.accessToken,
			webhookSecret: credentials.webhookSecret,
		}),
		form: ({ waha: { credentials } }) => ({
			'Base URL': 'https://waha.example',
			'API Key': credentials.accessToken,
			'Webhook Secret': credentials.webhookSecret,
		}),
		proofField: 'webhookSecret',
		signsBody: true,
		forgeries: signedForgeries,
		localRegistration: 'manual',
		async connect({ waha }, webhookUrl) {
			waha.callback = webhookUrl;
			return undefined;
		},
		apiRequest: () => ({ method: 'GET', path: '/api/server/version', operation: 'version' }),
		moreTypes: { gif: 'video' },
		itemFields: ['url', 'sha256', 'size', 'accountId'],
		onlyInItem: [],
		announcesHash: true,
		hasUpload: false,
		fileTakesToken: true,
		lifetimeMs: 30 * DAY,
		operations: { lookUp: 'message', credentialTest: 'session' },
		answers: [
			{ node: 'GetMediaUrl', on: 'message', body: 'json' },
			{ node: 'DownloadMedia', on: 'message', body: 'json' },
			{ node: 'DownloadMedia', on: 'file', body: 'file' },
		],
	},
	dialog360: {
		title: '360dialog',
		origins: {
			apiOrigin: 'https://waba-v2.360dialog.io',
			filesOrigin: 'https://lookaside.fbsbx.com',
		},
		tokenHeader: 'd360-api-key',
		tokenSites: ['api'],
		// Meta's own: the files come through the API.
		unusedSites: ['files'],
		credential: ({ dialog360: { credentials } }) => ({
			accessToken: credentials.accessToken,
			webhookSecret: credentials.webhookSecret,
		}),
		form: ({ dialog360: { credentials } }) => ({
			'API Key': credentials.accessToken,
			'Webhook Secret': credentials.webhookSecret,
		}),
		proofField: 'webhookSecret',
		signsBody: false,
		forgeries: (wrongSecret) => [
			{ headers: null },
			{ headers: { 'X-Webhook-Secret': wrongSecret } },
		],
		// The other way is for public https addresses only.
		localRegistration: 'manual',
		async connect({ dialog360 }, webhookUrl) {
			dialog360.callback = webhookUrl;
			return undefined;
		},
		apiRequest: () => ({ method: 'GET', path: '/v1/configs/webhook', operation: 'webhook' }),
		moreTypes: {},
		itemFields: ['url', 'urlExpiresAt', 'sha256', 'fromUserId', 'phoneNumberId', 'accountId'],
		onlyInItem: [],
		announcesHash: true,
		hasUpload: true,
		fileTakesToken: true,
		lifetimeMs: 7 * DAY,
		operations: { lookUp: 'getUrl', credentialTest: 'webhook' },
		answers: [
			{ node: 'GetMediaUrl', on: 'getUrl', body: 'json' },
			{ node: 'DownloadMedia', on: 'getUrl', body: 'json' },
			{ node: 'DownloadMedia', on: 'file', body: 'file' },
			{ node: 'UploadMedia', on: 'upload', body: 'change' },
			{ node: 'DeleteMedia', on: 'delete', body: 'change' },
		],
	},
	whapi: {
		title: 'Whapi.Cloud',
		origins: {
			apiOrigin: 'https://gate.whapi.cloud',
			filesOrigin: 'https://s3.eu-central-1.wasabisys.com',
		},
		tokenSites: ['api'],
		credential: ({ whapi }) => ({ accessToken: whapi.credentials.accessToken }),
		form: ({ whapi }) => ({ Token: whapi.credentials.accessToken }),
		proofField: 'accessToken',
		signsBody: false,
		forgeries: (wrongSecret) => [
			{ headers: null },
			{ headers: { 'X-Webhook-Secret': wrongSecret } },
		],
		localRegistration: 'phoneNumber',
		async connect({ whapi }, webhookUrl) {
			const registered = JSON.stringify(whapi.settings).includes(webhookUrl);
			return registered ? undefined : 'it is not among the webhooks of the channel';
		},
		apiRequest: () => ({ method: 'GET', path: '/settings', operation: 'settings' }),
		moreTypes: { gif: 'video', short: 'video' },
		itemFields: ['url', 'urlExpiresAt', 'sha256', 'size', 'accountId'],
		onlyInItem: ['mimeType', 'size', 'sha256'],
		announcesHash: true,
		hasUpload: true,
		fileTakesToken: true,
		lifetimeMs: 30 * DAY,
		publicUrl({ whapi }, mediaId) {
			whapi.linked.add(mediaId);
			return whapi.link(mediaId);
		},
		operations: { lookUp: 'media', credentialTest: 'health' },
		answers: [
			{ node: 'GetMediaUrl', on: 'list', body: 'json' },
			{ node: 'DownloadMedia', on: 'media', body: 'file' },
			{ node: 'DownloadMedia', on: 'file', body: 'file', link: true },
			{ node: 'UploadMedia', on: 'upload', body: 'change' },
			{ node: 'DeleteMedia', on: 'delete', body: 'change' },
		],
	},
	pipes: {
		title: 'Pipes.bot',
		liveFrame: ({ pipes }, file) =>
			pipes.prepare(file as Parameters<typeof pipes.prepare>[0]).message.event,
		origins: {
			apiOrigin: 'https://api.pipes.bot',
			filesOrigin: 'https://media.account.r2.cloudflarestorage.com',
		},
		tokenSites: ['api'],
		credential: ({ pipes: { credentials } }) => ({
			accessToken: credentials.accessToken,
			webhookSecret: credentials.webhookSecret,
		}),
		form: ({ pipes: { credentials } }) => ({
			'API Key': credentials.accessToken,
			'Webhook Secret': credentials.webhookSecret,
		}),
		proofField: 'webhookSecret',
		signsBody: true,
		forgeries: signedForgeries,
		localRegistration: 'manual',
		async connect({ pipes }, webhookUrl) {
			pipes.callback = webhookUrl;
			return undefined;
		},
		// Answered by a redirect to the storage, which takes no token.
		apiRequest: ({ pipes }) => ({
			method: 'GET',
			path: `/v1/media/download/${pipes.prepare({ type: 'image', bytes: Buffer.from('a photo') }).mediaId}`,
			operation: 'download',
		}),
		moreTypes: {},
		itemFields: ['size', 'phoneNumberId'],
		onlyInItem: ['mimeType', 'size'],
		announcesHash: false,
		hasUpload: false,
		fileTakesToken: false,
		lifetimeMs: 48 * HOUR,
		operations: { lookUp: 'download', credentialTest: 'download' },
		answers: [
			{ node: 'GetMediaUrl', on: 'download', body: 'json' },
			{ node: 'DownloadMedia', on: 'download', body: 'json' },
			{ node: 'DownloadMedia', on: 'file', body: 'file' },
		],
	},
};

/** What every vendor has, as they and we call it. */
const TYPES = {
	image: 'image',
	video: 'video',
	audio: 'audio',
	voice: 'voice',
	document: 'document',
	sticker: 'sticker',
};

/** The types of a vendor, as it calls them, and what they are in our words. */
export function typesOf(vendor: Vendor): Record<string, string> {
	return { ...TYPES, ...VENDOR_FACTS[vendor].moreTypes };
}

/** What a user would type into the credential to work with the emulator at its local addresses. */
export function credentialFor(emulator: Emulator, vendor: Vendor = 'meta'): Record<string, string> {
	const { credential, tokenSites } = VENDOR_FACTS[vendor];
	const { url, filesUrl } = emulator[vendor];
	const mediaHosts: Record<string, string> = tokenSites.includes('files')
		? { mediaHosts: filesUrl }
		: {};
	return { provider: vendor, ...credential(emulator), baseUrl: url, ...mediaHosts };
}

/** The same for an emulator that plays the vendors' own origins: no addresses. */
export function publicCredentialFor(
	emulator: Emulator,
	vendor: Vendor = 'meta',
): Record<string, string> {
	const { ownServer, origins } = VENDOR_FACTS[vendor];
	const baseUrl = ownServer ? origins.apiOrigin : '';
	return { ...credentialFor(emulator, vendor), baseUrl, mediaHosts: '' };
}

// -- An emulator that plays the vendors' own origins

/** Options of `startEmulator`. */
export function publicOrigins(vendors: readonly Vendor[] = VENDORS): EmulatorOptions {
	return Object.fromEntries(vendors.map((vendor) => [vendor, VENDOR_FACTS[vendor].origins]));
}

/** The vendor's hosts: that of the API, and that of the files. */
export function hostsOf(vendor: Vendor): [api: string, files: string] {
	const { apiOrigin, filesOrigin } = VENDOR_FACTS[vendor].origins;
	return [new URL(apiOrigin).host, new URL(filesOrigin).host];
}

/** The vendors' hosts, each with the emulator's local port: what an n8n that knows the vendors' own names is started with. */
export function hostPorts(
	{ localUrl }: Emulator,
	vendors: readonly Vendor[] = VENDORS,
): Record<string, number> {
	const port = Number(new URL(localUrl).port);
	return Object.fromEntries(vendors.flatMap(hostsOf).map((host) => [host, port]));
}
