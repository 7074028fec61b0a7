import type { ByteReader } from './byteReader';
import type { MediaInfo } from './mediaInfo';

const COLOURS: Record<number, MediaInfo['colours']> = { 1: 'greyscale', 3: 'RGB', 4: 'CMYK' };

/** Cameras write a few dozen; a file of nothing but tiny ones is not worth the time. */
const MAX_SEGMENTS = 2000;

/** Fill bytes before markers, in all. Encoders write one or two. */
const MAX_FILL = 1000;

/** ITU-T T.81: B.1.1.3 the markers, B.2.2 the frame header, which tells precision, size and components. */
export async function readJpeg(file: ByteReader): Promise<MediaInfo> {
	const fill = { left: MAX_FILL };
	await file.skip(2);
	for (let segments = 0; segments < MAX_SEGMENTS; segments++) {
		const marker = await nextMarker(file, fill);
		// Stray bytes: decoders can read on, this reader cannot.
		if (marker === 'none') return {};
		// The end, or the picture's data, before any frame header.
		if (marker === undefined || marker === 0xd9 || marker === 0xda)
			return { broken: 'contains no image' };
		if (standsAlone(marker)) continue;
		const length = await file.read(2);
		if (length.length < 2 || length.readUInt16BE() < 2)
			return { broken: 'is cut short or damaged' };
		if (!isFrameHeader(marker)) {
			await file.skip(length.readUInt16BE() - 2);
			continue;
		}
		const frame = await file.read(6);
		if (frame.length < 6) return { broken: 'is cut short' };
		return {
			bits: frame[0],
			height: frame.readUInt16BE(1),
			width: frame.readUInt16BE(3),
			colours: COLOURS[frame[5]!],
		};
	}
	return {};
}

/** A marker is FF and another byte; any number of FF may fill the space before it. Each that is read takes time. */
async function nextMarker(
	file: ByteReader,
	fill: { left: number },
): Promise<number | 'none' | undefined> {
	let [byte] = await file.read(1);
	if (byte !== undefined && byte !== 0xff) return 'none';
	while (byte === 0xff && fill.left-- > 0) [byte] = await file.read(1);
	return byte === 0xff ? 'none' : byte;
}

function standsAlone(marker: number): boolean {
	return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
}

/** SOF0 to SOF15, among which are three of other meaning: DHT, JPG and DAC. */
function isFrameHeader(marker: number): boolean {
	return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}
