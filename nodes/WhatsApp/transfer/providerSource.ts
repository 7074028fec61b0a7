import type { MediaError } from '../errors';
import { isMessageFileUrl } from '../formats/readMedia';
import { endedBy, type Client, type FileReply } from '../transport/client';
import { parseAnswer } from '../transport/readAnswer';
import { redact } from '../transport/redact';
import { SECOND } from '../units';
import { nothingToDownload, notServedError } from './downloadErrors';
import { readErrorText } from './errorText';
import { hostOf, type FileSource, type LocatedFile, type WantedFile } from './fileSource';

/** A URL that expires sooner than this is looked up again. */
const MIN_URL_LIFE_MS = 10 * SECOND;

const URL_RENEWED = '{n} URLs had expired and were renewed.';

/** A provider's file: at the given URL while it lives, else at the one that the provider gives for the media ID. */
export class ProviderSource implements FileSource {
	readonly subject: string;
	readonly expiredHint = URL_RENEWED;
	/** Whether the provider's API has given out the present URL, just now. */
	private isNewUrl = false;
	private readonly askedAt = Date.now();

	private constructor(
		private readonly client: Client,
		private readonly wanted: WantedFile,
		public file: LocatedFile,
		public canRenew: boolean,
	) {
		const { mediaId, url } = wanted;
		this.subject = mediaId ? `Media ID ${mediaId}` : `The file at ${hostOf(url)}`;
	}

	/** @throws MediaError where there is nothing to download, or the look-up fails */
	static async locate(
		client: Client,
		asked: WantedFile,
		addHint?: (message: string) => void,
	): Promise<ProviderSource> {
		const { provider, credentials } = client;
		const wanted = withReliableSize(asked, client);
		const { mediaId, url: given } = wanted;
		const url = given && (provider.ownFileUrl?.(given, credentials) ?? given);
		if (!mediaId && !url) throw nothingToDownload();
		if (url && (!mediaId || !hasExpired({ ...wanted, url }, client)))
			return new ProviderSource(client, wanted, { ...wanted, url }, Boolean(mediaId));
		if (url) addHint?.(URL_RENEWED);
		// An expired URL has been renewed now. Without one, this was the first look-up, and not a renewal.
		const source = new ProviderSource(client, wanted, await lookUp(client, wanted), !url);
		source.isNewUrl = true;
		return source;
	}

	/** Looks the URL up again. Only once, to avoid an endless loop when the host refuses every URL that the API gives. */
	async renew(): Promise<void> {
		this.canRenew = false;
		this.file = await lookUp(this.client, this.wanted);
		this.isNewUrl = true;
	}

	async refreshIfExpired(signal?: AbortSignal): Promise<void> {
		if (!this.wanted.mediaId || !hasExpired(this.file, this.client)) return;
		const client = signal ? endedBy(signal, this.client) : this.client;
		this.file = await lookUp(client, this.wanted);
		this.isNewUrl = true;
	}

	get urlMayExpire(): boolean {
		return !this.isServedByApi;
	}

	async open(headers?: Record<string, string>, signal?: AbortSignal): Promise<FileReply> {
		const { url } = this.file;
		return await this.client.open(url, { withToken: !isMessageFileUrl(url), headers, signal });
	}

	mayStillCome(milliseconds: number): boolean {
		const { timestamp = '' } = this.file;
		const { lateFilesMs = 0 } = this.client.provider;
		// A timestamp in the future, of a clock that is wrong or of a form, makes the wait no longer.
		const since = Math.min(Date.parse(timestamp), this.askedAt);
		return Date.now() + milliseconds < since + lateFilesMs;
	}

	/** In the provider's words, if it has its own error for this. */
	async errorOf(reply: FileReply): Promise<MediaError> {
		const { provider, idleTimeoutMs } = this.client;
		const { status, headers } = reply;
		if (provider.fileError && this.isServedByApi) {
			const text = await readErrorText(reply, idleTimeoutMs);
			const body = redact(parseAnswer(text), this.client);
			return provider.fileError({ status, headers, body }, this.subject);
		}
		reply.abort();
		const { retention } = provider;
		return notServedError(this.subject, reply, { retention, isNewUrl: this.isNewUrl });
	}

	/** Then an error is the API's own answer. */
	private get isServedByApi(): boolean {
		const { provider, credentials } = this.client;
		const origin = (url: string) => new URL(url).origin;
		return Boolean(provider.fileError) && origin(this.file.url) === origin(credentials.baseUrl);
	}
}

async function lookUp(client: Client, wanted: WantedFile): Promise<LocatedFile> {
	const found = await client.provider.resolve(client, wanted.mediaId!, wanted);
	return withReliableSize({ ...wanted, ...found }, client);
}

/** Without a size that the provider does not answer for: it must neither refuse the file nor reserve memory for it. */
function withReliableSize<F extends WantedFile>(file: F, { provider }: Client): F {
	if (file.mediaId && !provider.sizesAreSenders) return file;
	return { ...file, size: undefined, sendersSize: file.size ?? file.sendersSize };
}

/** A URL of which nobody knows when it expires is taken to be good. */
function hasExpired({ url, expiresAt }: LocatedFile, { provider }: Client): boolean {
	const end = provider.urlExpiresAt(url) ?? expiresAt;
	return Boolean(end) && !(Date.parse(end!) - Date.now() > MIN_URL_LIFE_MS);
}
