import type { ByteReader } from './byteReader';
import { readJpeg } from './jpeg';
import { readMp4 } from './mp4';
import { readOgg } from './ogg';
import { readPng } from './png';
import { readWebp } from './webp';

/** What a file says of itself in its headers. What is absent could not be read, and is the provider's to judge. */
export interface MediaInfo {
	/** Why it cannot be shown or played by anyone, to follow "it". */
	broken?: string;
	/** Pixels. */
	width?: number;
	height?: number;
	/** Of each colour channel. */
	bits?: number;
	colours?: 'RGB' | 'RGBA' | 'greyscale' | 'CMYK';
	animated?: boolean;
	/** Codecs of the video tracks. */
	video?: string[];
	/** Codecs of the audio tracks. */
	audio?: string[];
	/** Of the sound. */
	channels?: number;
	/** What a player needs first stands at the end. */
	indexLast?: boolean;
}

const READERS: Record<string, (file: ByteReader) => Promise<MediaInfo>> = {
	'image/jpeg': readJpeg,
	'image/png': readPng,
	'image/webp': readWebp,
	'audio/ogg': readOgg,
	'audio/mp4': readMp4,
	'video/mp4': readMp4,
	'video/3gpp': readMp4,
};

/** Reads a file from its start, as the type that its first bytes show. Never throws for what the file holds. */
export async function probe(file: ByteReader, mimeType: string): Promise<MediaInfo> {
	return (await READERS[mimeType]?.(file)) ?? {};
}
