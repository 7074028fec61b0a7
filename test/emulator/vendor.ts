import type { HttpAnswer } from './client';
import type { FaultOrder, Faults } from './faults';
import type { EmulatorRequest, Route, Site } from './server';
import type { Bytes, MediaStore } from './store';

/** A file that a customer sends, in the words that every vendor has. A vendor may have more types, and more to say about a file. */
export interface CustomerFile {
	/** `voice` is an audio that was recorded in the chat. */
	type: string;
	bytes: Bytes;
	/** Default: the usual one of the type; a voice note's is `audio/ogg; codecs=opus`. */
	mimeType?: string;
	/** Documents only; nothing else has a name on WhatsApp. Default for documents: `document.pdf`; null: none. */
	fileName?: string | null;
	caption?: string;
	/** Digits. */
	from?: string | null;
	/** The customer's own name. */
	name?: string;
	/** Whether the webhook has the file's URL, where the vendor has such URLs. */
	url?: boolean;
}

export interface Sender {
	/** Digits. */
	from?: string;
	name?: string;
}

export interface Delivery {
	/** Instead of the callback that is set or registered. */
	callback?: string;
	/** Over the usual ones. */
	headers?: Record<string, string> | null;
}

export interface Prepared {
	mediaId: string;
	message: object;
}

export interface Received extends Prepared {
	/** The webhook's body as delivered, or as it would have been. */
	body: string;
	/** The webhook's answer; absent if nobody is to get it. */
	answer?: HttpAnswer;
}

/** A fault to order: one of those that every vendor has, or one of the vendor's own errors. */
export interface VendorFault extends FaultOrder {
	error?: unknown;
}

/** What every vendor's emulator has: all that a test of every vendor, the command line and the demo need. */
export interface VendorEmulator {
	/** What a credential for it holds. */
	readonly credentials: { readonly accessToken: string };
	/** The origin of the API, as the client knows it. */
	readonly url: string;
	/** The origin of the files. */
	readonly filesUrl: string;
	readonly store: MediaStore;
	/** What no source settles, as switches: assign to its fields; `reset()` brings the defaults back. */
	readonly variants: object;
	readonly sites: VendorSites;
	/** Where `receive` delivers to, before anything that is registered. */
	callback?: string;

	/** A customer sends a file: it is stored, and its webhook is delivered if anybody is to get it. */
	receive(file: CustomerFile, delivery?: Delivery): Promise<Received>;
	/** `receive` without the delivery. */
	prepare(file: CustomerFile): Prepared;
	/** A customer writes a text. */
	receiveText(text: string, sender?: Sender, delivery?: Delivery): Promise<unknown>;
	/** Orders that something go wrong, once unless `times` says otherwise. */
	fault(order: VendorFault): void;
	/** Back to how it was at the start. */
	reset(): void;
	/** How to use it by hand. */
	help(): string;
}

export interface VendorOptions {
	/** The origins to play under, such as `https://graph.facebook.com`; default: the local addresses. */
	apiOrigin?: string;
	filesOrigin?: string;
	/** Local ports; default: any that are free. */
	apiPort?: number;
	filesPort?: number;
}

/** The two origins of a vendor: its API, and where its files are. */
export interface VendorSites {
	api: Site;
	files: Site;
}

/** What both sites of a vendor have in common, and how each answers. */
export interface SiteParts {
	vendor: string;
	faults: Faults;
	control: Site['control'];
	api(request: EmulatorRequest): Route;
	files(request: EmulatorRequest): Route;
}

export function vendorSites(
	options: VendorOptions,
	{ api, files, ...common }: SiteParts,
): VendorSites {
	const { apiPort = 0, apiOrigin, filesPort = 0, filesOrigin } = options;
	return {
		api: { ...common, port: apiPort, origin: apiOrigin, route: api },
		files: { ...common, port: filesPort, origin: filesOrigin, route: files },
	};
}

const MIME_TYPES: Record<string, string> = {
	image: 'image/jpeg',
	video: 'video/mp4',
	gif: 'video/mp4',
	short: 'video/mp4',
	audio: 'audio/mpeg',
	voice: 'audio/ogg; codecs=opus',
	document: 'application/pdf',
	sticker: 'image/webp',
};

/** MIME type and name of a customer's file, with the defaults. */
export function describeFile({ type, mimeType, fileName }: CustomerFile): {
	mimeType: string;
	fileName?: string;
} {
	const name = fileName === undefined ? 'document.pdf' : (fileName ?? undefined);
	return {
		mimeType: mimeType ?? MIME_TYPES[type]!,
		fileName: type === 'document' ? name : undefined,
	};
}

export function omitUndefined(object: Record<string, unknown>): Record<string, unknown> {
	return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

/** The hash of a stored file as the variant has it: nobody proved that a vendor's hash is always that of the bytes. */
export function announcedHash(
	store: MediaStore,
	mediaId: string,
	variant: 'right' | 'wrong' | 'absent',
): Buffer | undefined {
	if (variant === 'absent') return undefined;
	const hash = Buffer.from(store.get(mediaId)!.sha256);
	if (variant === 'wrong') hash[0] = hash[0]! ^ 0xff;
	return hash;
}
