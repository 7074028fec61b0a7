import type { ByteReader } from './byteReader';
import { readJpeg } from './jpeg';
import type { MediaInfo } from './mediaInfo';
import { readMp4 } from './mp4';
import { readOgg } from './ogg';
import { readPng } from './png';
import { readWebp } from './webp';

const READERS = new Map([
	['image/jpeg', readJpeg],
	['image/png', readPng],
	['image/webp', readWebp],
	['audio/ogg', readOgg],
	['audio/mp4', readMp4],
	['video/mp4', readMp4],
	['audio/3gpp', readMp4],
	['video/3gpp', readMp4],
]);

/** Reads a file from its start, as the type that its first bytes show. Never throws for what the file holds. */
export async function probe(file: ByteReader, mimeType: string): Promise<MediaInfo> {
	return (await READERS.get(mimeType)?.(file)) ?? {};
}
