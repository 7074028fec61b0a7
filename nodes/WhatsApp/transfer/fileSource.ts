import type { MediaError } from '../errors';
import type { MediaKeys } from '../formats/mediaKeys';
import type { FileLocation } from '../providers/provider';
import type { FileReply } from '../transport/client';

/** What file hosts answer when a URL has expired. */
export const EXPIRED_STATUSES = [401, 403, 404, 410];

/** The file to download, with everything that is known of it so far. */
export interface WantedFile extends Partial<Omit<FileLocation, 'tokenRequired'>> {
	mediaId?: string;
	/** In place of `size` where the sender made it up, perhaps: a reason only beside an announced hash that does not match. */
	sendersSize?: number;
	/** `image`, `voice`, …: begins the file name when the sender gave none. */
	type?: string;
	/** When its message was sent; ISO 8601. */
	timestamp?: string;
	phoneNumberId?: string;
	/** The account that received it, as its message names it. */
	accountId?: string;
}

export interface LocatedFile extends WantedFile {
	url: string;
	/** For a file that is served encrypted. */
	encryption?: Encryption;
}

export interface Encryption {
	/** Those that may open it, the likeliest first. */
	keys: MediaKeys[];
	/** SHA-256 of the file as it is served; lower-case hex. */
	sha256?: string;
}

/** Where a file comes from. */
export interface FileSource {
	/** Names the file in sentences. */
	readonly subject: string;
	/** What is known of the file now, and its present URL. */
	readonly file: LocatedFile;
	/** Whether a host that refuses the present URL may do so because it has expired. */
	readonly urlMayExpire: boolean;
	/** Whether there is another URL, so that `renew` may be called. */
	readonly canRenew: boolean;
	/** Goes on to the other URL. @throws MediaError */
	renew(): Promise<void>;
	/** What the user may want to know of an expired URL that had another. `{n}` stands for the number of files. */
	readonly expiredHint: string;
	/**
	 * Call this after waiting: it does not count as a renewal.
	 * @param signal ends it; default: the client's own
	 * @throws MediaError
	 */
	refreshIfExpired(signal?: AbortSignal): Promise<void>;
	/**
	 * Opens the present URL, whatever the status of the answer.
	 * @param headers besides our own
	 * @param signal ends it, and the reply; default: the client's own
	 * @throws MediaError
	 */
	open(headers?: Record<string, string>, signal?: AbortSignal): Promise<FileReply>;
	/** Whether the file may still come within so many milliseconds, where it is not there yet. */
	mayStillCome(milliseconds: number): boolean;
	/** Ends a reply that is not the file, and says what it means. */
	errorOf(reply: FileReply): Promise<MediaError>;
}

export function hostOf(url = ''): string {
	return URL.canParse(url) ? new URL(url).host : 'the given URL';
}
