import type { FileLocation } from '../providers/provider';
import type { Client } from '../transport/client';
import { SECOND } from '../units';
import { nothingToDownload } from './downloadErrors';

/** A URL that expires sooner than this is looked up again. */
const MIN_URL_LIFE_MS = 10 * SECOND;

/** The file to download, with everything that is known of it so far. */
export interface WantedFile extends Partial<Omit<FileLocation, 'tokenRequired'>> {
	mediaId?: string;
	/** `image`, `voice`, …: begins the file name when the sender gave none. */
	type?: string;
	/** When its message was sent; ISO 8601. */
	timestamp?: string;
	phoneNumberId?: string;
	/** The account that received it, as its message names it. */
	accountId?: string;
}

export type LocatedFile = WantedFile & { url: string };

/** Where a file comes from: the given URL while it lives, else the one that the provider gives for the media ID. */
export class FileSource {
	/** Names the file in sentences. */
	readonly subject: string;
	/** Whether the provider's API has given out the present URL, just now. */
	isNewUrl = false;

	private constructor(
		private readonly client: Client,
		private readonly wanted: WantedFile,
		/** What is known of the file now, and its present URL. */
		public file: LocatedFile,
		/** Whether `renew` may still be called. */
		public canRenew: boolean,
	) {
		const { mediaId, url } = wanted;
		this.subject = mediaId ? `Media ID ${mediaId}` : `The file at ${hostOf(url)}`;
	}

	/** @param onExpired called when the given URL has expired, and another one is looked up in its place */
	static async choose(
		client: Client,
		wanted: WantedFile,
		onExpired: () => void,
	): Promise<FileSource> {
		const { provider, credentials } = client;
		const { mediaId, url: given } = wanted;
		const url = given && (provider.ownFileUrl?.(given, credentials) ?? given);
		if (!mediaId && !url) throw nothingToDownload();
		if (url && (!mediaId || !hasExpired({ ...wanted, url }, client)))
			return new FileSource(client, wanted, { ...wanted, url }, Boolean(mediaId));
		if (url) onExpired();
		// An expired URL has been renewed now. Without one, this was the first look-up, and not a renewal.
		const source = new FileSource(client, wanted, await lookUp(client, wanted), !url);
		source.isNewUrl = true;
		return source;
	}

	/** Looks the URL up again: once only, so that a host and an API that contradict each other do not keep us busy. */
	async renew(): Promise<void> {
		this.canRenew = false;
		this.file = await lookUp(this.client, this.wanted);
		this.isNewUrl = true;
	}

	/** For after a wait of our own. It does not count as the one renewal. */
	async refreshIfExpired(): Promise<void> {
		if (!this.wanted.mediaId || !hasExpired(this.file, this.client)) return;
		this.file = await lookUp(this.client, this.wanted);
		this.isNewUrl = true;
	}

	/** Whether the API itself serves the file: then its URL does not expire, and an error is the API's own answer. */
	get isServedByApi(): boolean {
		const { provider, credentials } = this.client;
		const origin = (url: string) => new URL(url).origin;
		return Boolean(provider.fileError) && origin(this.file.url) === origin(credentials.baseUrl);
	}
}

async function lookUp(client: Client, wanted: WantedFile): Promise<LocatedFile> {
	return { ...wanted, ...(await client.provider.resolve(client, wanted.mediaId!, wanted)) };
}

/** A URL of which nobody knows when it expires is taken to be good. */
function hasExpired({ url, expiresAt }: LocatedFile, { provider }: Client): boolean {
	const end = provider.urlExpiresAt(url) ?? expiresAt;
	return Boolean(end) && !(Date.parse(end!) - Date.now() > MIN_URL_LIFE_MS);
}

function hostOf(url = ''): string {
	return URL.canParse(url) ? new URL(url).host : 'the given URL';
}
