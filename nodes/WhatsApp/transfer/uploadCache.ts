import { createHash } from 'crypto';
import type { IDataObject } from 'n8n-workflow';

import type { Client } from '../transport/client';
import { notWhole, type BinaryInput } from './binaryInput';
import { ByteReader } from '../formats/byteReader';
import type { OutgoingFile, UploadedMedia } from '../providers/provider';
import { object, text } from '../providers/read';
import { sendFile, type UploadedFile } from './upload';

/** How many uploads a node remembers; each takes some hundred bytes in the workflow's row of n8n's database. */
const MAX_REMEMBERED = 500;

/** A media ID is not given out again when it is about to expire: it is yet to be sent, perhaps by a workflow that waits. */
const MARGIN_MS = 24 * 60 * 60 * 1000;

/** Bytes that are hashed at a time. */
const PIECE = 64 * 1024;

/** A file on its way, whose bytes are known. */
type KnownFile = Omit<OutgoingFile, 'content'> & { sha256: string };

/**
 * What a node has uploaded: in this execution, and, in its static data, in those before. n8n writes static data when an
 * execution ends, unless it was started by hand; of two at once the later one's stays, which costs no more than an upload.
 */
export class UploadCache {
	/** Also those under way, so that two items with one file wait for one upload. */
	private readonly thisTime = new Map<string, Promise<UploadedMedia>>();

	constructor(private readonly staticData: () => IDataObject) {}

	/** The media that the same file got before, if the provider still has it; else that of an upload. @throws MediaRefusal */
	async getOrUpload(client: Client, source: BinaryInput, file: Omit<OutgoingFile, 'content'>, hint: (message: string) => void): Promise<UploadedFile> {
		const known = { ...file, sha256: await sha256Of(source, file.fileName) };
		const key = keyOf(client, known);
		let uploaded = false;
		let media = this.thisTime.get(key);
		if (!media) {
			media = this.remembered(client, key).then(async (earlier) => {
				if (earlier) return earlier;
				uploaded = true;
				return this.remember(key, await sendFile(client, source, file));
			});
			this.thisTime.set(key, media);
			// Whoever tries again starts over.
			media.catch(() => this.thisTime.delete(key));
		}
		const { mediaId, expiresAt } = await media;
		if (!uploaded) hint('{n} files had been uploaded before: their media IDs were used again.');
		const { mimeType, fileName, size, sha256 } = known;
		return { mediaId, ...(expiresAt && { expiresAt }), mimeType, fileName, size, sha256 };
	}

	private async remembered(client: Client, key: string): Promise<UploadedMedia | undefined> {
		const { mediaId, expiresAt } = object(object(this.staticData().uploads)[key]);
		const earlier = { mediaId: text(mediaId) ?? '', expiresAt: text(expiresAt) };
		return earlier.mediaId && lasts(earlier) && (await isThere(client, earlier.mediaId)) ? earlier : undefined;
	}

	private remember(key: string, { mediaId, expiresAt }: UploadedMedia): UploadedMedia {
		const data = this.staticData();
		const others = Object.entries(object(data.uploads)).filter(([other, upload]) => other !== key && lasts(object(upload)));
		// Set as a whole: n8n notices only that.
		if (expiresAt) data.uploads = Object.fromEntries([...others, [key, { mediaId, expiresAt }]].slice(-MAX_REMEMBERED)) as IDataObject;
		return { mediaId, expiresAt };
	}
}

function lasts({ expiresAt }: { expiresAt?: unknown }): boolean {
	return Date.parse(String(expiresAt)) - MARGIN_MS > Date.now();
}

/**
 * Whether the provider still has it: somebody may have deleted it, and some numbers keep files for an hour only. Where
 * looking it up tells no more than an address, the address is asked. An answer that is not plainly yes means another upload.
 */
async function isThere(client: Client, mediaId: string): Promise<boolean> {
	try {
		const { url, tokenRequired, size, sha256 } = await client.provider.resolve(client, mediaId);
		if (size !== undefined || sha256) return true;
		const { status, body } = await client.open(url, { withToken: tokenRequired });
		body.destroy();
		return status === 200;
	} catch {
		return false;
	}
}

/** Hashed as a whole: where no number is known it holds a token. */
function keyOf({ credentials, provider }: Client, { fileName, mimeType, sha256, phoneNumberId }: KnownFile): string {
	const owner = phoneNumberId || credentials.phoneNumberId || credentials.accessToken;
	const file = [mimeType, sha256, provider.keepsFileNames && fileName];
	return createHash('sha256').update(JSON.stringify([provider.displayName, credentials.baseUrl, owner, ...file])).digest('hex').slice(0, 32);
}

async function sha256Of(source: BinaryInput, fileName: string): Promise<string> {
	const cursor = new ByteReader(await source.open(), source.size, () => notWhole(fileName));
	const hash = createHash('sha256');
	for (let piece = await cursor.read(PIECE); piece.length; piece = await cursor.read(PIECE)) hash.update(piece);
	return hash.digest('hex');
}
