import type { ByteReader } from './byteReader';
import type { MediaInfo } from './mediaInfo';

/** ISO/IEC 14496-12: 4.2 boxes, 8.4.3 hdlr, 8.5.2 stsd. 14496-14, 5.6 and 14496-1, 7.2.6: esds. MP4, M4A and 3GP have this structure. */

/** Boxes that hold the boxes we look for. Their content is read as if it followed them, so that no depth needs to be kept. */
const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl']);

/** A video of some hours has a few hundred; a file of nothing but tiny ones is not worth the time. */
const MAX_BOXES = 5000;

/** Bytes. Enough for the descriptions of a track; hdlr is shorter. */
const MAX_PAYLOAD = 4096;

const CODECS = new Map([
	['avc1', 'H.264'],
	['avc2', 'H.264'],
	['avc3', 'H.264'],
	['avc4', 'H.264'],
	['hvc1', 'H.265 (HEVC)'],
	['hev1', 'H.265 (HEVC)'],
	['dvh1', 'H.265 (HEVC)'],
	['dvhe', 'H.265 (HEVC)'],
	['av01', 'AV1'],
	['vp08', 'VP8'],
	['vp09', 'VP9'],
	['mp4v', 'MPEG-4 Visual'],
	['s263', 'H.263'],
	['h263', 'H.263'],
	['jpeg', 'JPEG'],
	['mp4a', 'AAC'],
	['Opus', 'Opus'],
	['alac', 'ALAC'],
	['fLaC', 'FLAC'],
	['ac-3', 'AC-3'],
	['ec-3', 'E-AC-3'],
	['samr', 'AMR'],
	['sawb', 'AMR-WB'],
	['.mp3', 'MP3'],
]);

/** What `mp4a` may hold besides AAC, by its object type: mp4ra.org. */
const OBJECT_TYPES = new Map([
	[0x69, 'MP3'],
	[0x6b, 'MP3'],
	[0xa5, 'AC-3'],
	[0xa6, 'E-AC-3'],
	[0xa9, 'DTS'],
	[0xad, 'Opus'],
	[0xdd, 'Vorbis'],
]);

interface Box {
	type: string;
	end: number;
}

/** What is known of a track until now. */
interface Track {
	handler?: string;
	codec?: string;
}

export async function readMp4(file: ByteReader): Promise<MediaInfo> {
	const info = { video: [] as string[], audio: [] as string[], indexLast: false };
	let index: Box | undefined;
	let track: Track = {};
	for (let boxes = 0; boxes < MAX_BOXES; boxes++) {
		const isPastIndex = index !== undefined && file.position >= index.end;
		if (isPastIndex && info.indexLast) return info;
		const box = await nextBox(file);
		if (!box)
			return {
				broken: isPastIndex
					? 'is cut short: nothing follows its index (moov)'
					: 'is cut short: its index (moov) is missing or incomplete',
			};
		if (box.type === 'moov') index ??= box;
		// After the index, it only matters that the data are all there.
		if ((isPastIndex || box === index) && box.end > file.size) return { broken: 'is cut short' };
		if (isPastIndex && box.type === 'mdat') return info;
		if (!index && box.type === 'mdat') info.indexLast = true;
		if (box.type === 'mdia') track = {};
		if (CONTAINERS.has(box.type)) continue;
		if (index && !isPastIndex && (box.type === 'hdlr' || box.type === 'stsd')) {
			const payload = await file.read(Math.min(box.end - file.position, MAX_PAYLOAD));
			describe(track, box.type, payload);
			const codecs = track.handler === 'vide' ? info.video : info.audio;
			const isKnown = track.handler === 'vide' || track.handler === 'soun';
			// The two come in any order.
			if (isKnown && track.codec) codecs.push(track.codec);
			if (isKnown) track.codec = undefined;
		}
		await file.skip(box.end - file.position);
	}
	return {};
}

function describe(track: Track, type: string, payload: Buffer): void {
	if (type === 'stsd') track.codec = codecOf(payload);
	// QuickTime has a second hdlr in each track, which says where its data are.
	else if (payload.toString('latin1', 4, 8) !== 'dhlr')
		track.handler ??= payload.toString('latin1', 8, 12);
}

/** The next box's header; nothing at the end of the file, or where no box can be. */
async function nextBox(file: ByteReader): Promise<Box | undefined> {
	const start = file.position;
	const head = await file.read(8);
	if (head.length < 8) return undefined;
	const type = head.toString('latin1', 4, 8);
	let size = head.readUInt32BE(0);
	if (size === 0) size = file.size - start;
	if (size === 1) {
		const large = await file.read(8);
		if (large.length < 8) return undefined;
		size = Number(large.readBigUInt64BE());
	}
	return start + size < file.position ? undefined : { type, end: start + size };
}

/** The first description in stsd: 8 bytes, then an entry of size, format and what the format needs. */
function codecOf(stsd: Buffer): string {
	const format = stsd.toString('latin1', 12, 16);
	const objectType = (format === 'mp4a' && objectTypeOf(stsd)) || 0;
	return OBJECT_TYPES.get(objectType) ?? CODECS.get(format) ?? printable(format);
}

/** In esds: an ES descriptor (tag 3) holds the decoder's (tag 4), which begins with the object type. */
function objectTypeOf(stsd: Buffer): number | undefined {
	let at = stsd.indexOf('esds', 16, 'latin1') + 8;
	if (at < 8 || stsd[at] !== 3) return undefined;
	at = afterLength(stsd, at + 1) + 3;
	const flags = stsd[at - 1] ?? 0;
	if (flags & 0x80) at += 2;
	if (flags & 0x40) at += 1 + (stsd[at] ?? 0);
	if (flags & 0x20) at += 2;
	return stsd[at] === 4 ? stsd[afterLength(stsd, at + 1)] : undefined;
}

/** A length takes up to four bytes; the highest bit says that another follows. */
function afterLength(bytes: Buffer, at: number): number {
	let next = at;
	while (next < at + 3 && bytes[next]! & 0x80) next++;
	return next + 1;
}

function printable(format: string): string {
	return format.replace(/[^\w.+ -]/g, '?').trim() || 'unknown';
}
