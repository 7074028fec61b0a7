import type { MediaError } from '../errors';
import { mediaKeysOf } from '../formats/mediaKeys';
import {
	isMessageFileUrl,
	isWhatsAppUrl,
	urlExpiresAt,
	type FoundMedia,
} from '../formats/readMedia';
import type { FileClient, FileReply } from '../transport/client';
import { linkExpired, notServedError, otherHost } from './downloadErrors';
import {
	EXPIRED_STATUSES,
	hostOf,
	type Encryption,
	type FileSource,
	type LocatedFile,
} from './fileSource';

/** A file that a message or an answered form names, with what decrypts it. */
export type MessageFile = FoundMedia & { secret: Exclude<FoundMedia['secret'], 'missing'> };

/** A file at the links that a message or an answered form gives. No API knows it, and no token opens it. */
export class MessageSource implements FileSource {
	readonly subject: string;
	readonly expiredHint = '{n} links had expired. Another link in the same message still worked.';
	readonly urlMayExpire = true;
	file: LocatedFile;
	private readonly otherUrls: string[];

	/** @throws MediaError for a media key that cannot be one */
	constructor(
		private readonly client: FileClient,
		private readonly media: MessageFile,
	) {
		const { urls, type, mimeType, fileName, sha256 } = media;
		const [url, ...others] = [...urls.filter(isAlive), ...urls.filter((other) => !isAlive(other))];
		this.otherUrls = others;
		this.subject = `The file at ${hostOf(url!)}`;
		// Not the size: the sender's figure may be anything, and must neither refuse the file nor reserve memory for it.
		this.file = { url: url!, type, mimeType, fileName, sha256, encryption: encryptionOf(media) };
	}

	get canRenew(): boolean {
		return this.otherUrls.length > 0;
	}

	async renew(): Promise<void> {
		this.file = { ...this.file, url: this.otherUrls.shift()! };
	}

	/** Nothing renews a link but a session of WhatsApp's. */
	async refreshIfExpired(): Promise<void> {}

	async open(headers?: Record<string, string>, signal?: AbortSignal): Promise<FileReply> {
		const { url } = this.file;
		const checkRedirect = ({ href }: URL) => {
			if (isWhatsAppUrl(url) && !isWhatsAppUrl(href)) throw otherHost(this.media.path, href);
		};
		return await this.client.open(url, { withToken: false, headers, checkRedirect, signal });
	}

	mayStillCome(): boolean {
		return false;
	}

	async errorOf(reply: FileReply): Promise<MediaError> {
		const { subject, media, file } = this;
		reply.abort();
		if (!isMessageFileUrl(file.url) || !EXPIRED_STATUSES.includes(reply.status))
			return notServedError(subject, reply, { retention: '', isNewUrl: false });
		const isOfForm = media.secret !== 'none' && 'cipherKey' in media.secret;
		const expiredAt = isAlive(file.url) ? undefined : urlExpiresAt(file.url);
		return linkExpired(subject, reply, { isOfForm, expiredAt });
	}
}

function encryptionOf({ secret, mimeType, encryptedSha256 }: MessageFile): Encryption | undefined {
	if (secret === 'none') return undefined;
	return { keys: mediaKeysOf(secret, mimeType), sha256: encryptedSha256 };
}

function isAlive(url: string): boolean {
	const expiresAt = urlExpiresAt(url);
	return !expiresAt || Date.parse(expiresAt) > Date.now();
}
