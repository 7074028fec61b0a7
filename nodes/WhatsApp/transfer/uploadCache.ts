import { createHash } from 'crypto';
import type { IDataObject } from 'n8n-workflow';

import type { OutgoingFile, UploadedMedia } from '../providers/provider';
import { object, text } from '../providers/read';
import type { Client } from '../transport/client';
import { DAY } from '../units';

/** How many uploads a node remembers; each takes some hundred bytes in the workflow's row of n8n's database. */
const MAX_REMEMBERED = 500;

/** A media ID that expires sooner is not used again: it has yet to be sent, perhaps by a workflow that waits. */
const MIN_LIFE_MS = DAY;

export interface CachedUpload {
	media: UploadedMedia;
	/** Whether it was uploaded before, and nothing was sent now. */
	isReused: boolean;
}

/**
 * What a node has uploaded: in this execution, and, in its static data, in earlier ones. n8n saves static data when an
 * execution ends, unless it was started by hand. Of two executions at once only one is saved, which costs an upload at most.
 */
export class UploadCache {
	/** By key; also uploads that have not ended yet, so that two items with the same file share one. */
	private readonly ofThisExecution = new Map<string, Promise<UploadedMedia>>();

	/** @param staticData the node's own, read anew each time */
	constructor(private readonly staticData: () => IDataObject) {}

	/**
	 * The earlier upload of a file, if the provider still has it; else a new one.
	 * @param key see `uploadKey`
	 * @throws what `upload` throws
	 */
	async getOrUpload(
		client: Client,
		key: string,
		upload: () => Promise<UploadedMedia>,
	): Promise<CachedUpload> {
		const known = this.ofThisExecution.get(key);
		if (known) return { media: await known, isReused: true };
		let isReused = true;
		const uploading = this.findEarlier(client, key).then(async (earlier) => {
			if (earlier) return earlier;
			isReused = false;
			return this.remember(key, await upload());
		});
		this.ofThisExecution.set(key, uploading);
		// An item that is tried again uploads again.
		uploading.catch(() => this.ofThisExecution.delete(key));
		const media = await uploading;
		return { media, isReused };
	}

	private async findEarlier(client: Client, key: string): Promise<UploadedMedia | undefined> {
		const { mediaId, expiresAt } = object(object(this.staticData().uploads)[key]);
		const earlier = { mediaId: text(mediaId) ?? '', expiresAt: text(expiresAt) };
		const isUsable =
			earlier.mediaId && livesLongEnough(earlier) && (await exists(client, earlier.mediaId));
		return isUsable ? earlier : undefined;
	}

	private remember(key: string, { mediaId, expiresAt }: UploadedMedia): UploadedMedia {
		const data = this.staticData();
		const others = Object.entries(object(data.uploads)).filter(
			([other, upload]) => other !== key && livesLongEnough(object(upload)),
		);
		const uploads = [...others, [key, { mediaId, expiresAt }]].slice(-MAX_REMEMBERED);
		// Assigned as a whole: n8n does not notice a change inside.
		if (expiresAt) data.uploads = Object.fromEntries(uploads) as IDataObject;
		return { mediaId, expiresAt };
	}
}

/**
 * Equal for files that would become the same upload, uploaded for the same number.
 * @param file.sha256 of its bytes
 */
export function uploadKey(
	{ credentials, provider }: Client,
	file: Omit<OutgoingFile, 'content'> & { sha256: string },
): string {
	const { fileName, mimeType, sha256, phoneNumberId } = file;
	const owner = phoneNumberId || credentials.phoneNumberId || credentials.accessToken;
	const parts = [
		provider.displayName,
		credentials.baseUrl,
		owner,
		mimeType,
		sha256,
		provider.keepsFileNames && fileName,
	];
	// The owner may be the token, which must not be saved.
	return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

function livesLongEnough({ expiresAt }: { expiresAt?: unknown }): boolean {
	return Date.parse(String(expiresAt)) - MIN_LIFE_MS > Date.now();
}

/**
 * Whether the provider still has a file: somebody may have deleted it, and some numbers keep files for an hour only. Where
 * looking it up brings nothing but a URL, the URL is asked. Whatever is not plainly yes counts as no: that costs an upload.
 */
async function exists(client: Client, mediaId: string): Promise<boolean> {
	try {
		const { url, tokenRequired, size, sha256 } = await client.provider.resolve(client, mediaId);
		if (size !== undefined || sha256) return true;
		const { status, abort } = await client.open(url, { withToken: tokenRequired });
		abort();
		return status === 200;
	} catch {
		return false;
	}
}
