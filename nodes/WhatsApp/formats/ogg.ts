import type { ByteReader } from './byteReader';
import type { MediaInfo } from './mediaInfo';

/** How each codec's first packet begins, and where it says the number of channels. */
const CODECS: Array<{ start: string; name: string; video?: boolean; channelsAt?: number }> = [
	{ start: 'OpusHead', name: 'Opus', channelsAt: 9 }, // RFC 7845, 5.1
	{ start: '\x01vorbis', name: 'Vorbis', channelsAt: 11 }, // Vorbis I, 4.2.2
	{ start: '\x7fFLAC', name: 'FLAC' },
	{ start: 'Speex   ', name: 'Speex' },
	{ start: '\x80theora', name: 'Theora', video: true },
];

const FIRST_PAGE = 2;

/** Each track has one first page; audio has one track. */
const MAX_TRACKS = 16;

/** RFC 3533, 6: pages. Each track begins with a page of its own, before all others, that holds its codec's first packet. */
export async function readOgg(file: ByteReader): Promise<MediaInfo> {
	const info: MediaInfo & { video: string[]; audio: string[] } = { video: [], audio: [] };
	for (let pages = 0; pages < MAX_TRACKS; pages++) {
		const head = await file.read(27);
		if (head.length < 27 || head.toString('latin1', 0, 4) !== 'OggS' || !(head[5]! & FIRST_PAGE))
			break;
		const segments = await file.read(head[26]!);
		const packet = await file.read(segments.reduce((sum, length) => sum + length, 0));
		const codec = CODECS.find(({ start }) => packet.toString('latin1', 0, start.length) === start);
		if (!codec) continue;
		(codec.video ? info.video : info.audio).push(codec.name);
		if (codec.channelsAt) info.channels ??= packet[codec.channelsAt];
	}
	const isUnknown = !info.video.length && !info.audio.length;
	return isUnknown ? { broken: 'has no audio in a known codec' } : info;
}
