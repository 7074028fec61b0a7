import type { ByteReader } from './byteReader';
import type { MediaInfo } from './mediaInfo';

/** By colour type. The entries of a palette are RGB with 8 bits, whatever the bit depth of the image. */
const COLOURS: Record<number, MediaInfo['colours']> = {
	0: 'greyscale',
	2: 'RGB',
	3: 'RGB',
	4: 'greyscale',
	6: 'RGBA',
};
const PALETTE = 3;

/** Portable Network Graphics (Third Edition), W3C: 5.2 the signature, 11.2.1 IHDR, which comes first. */
export async function readPng(file: ByteReader): Promise<MediaInfo> {
	const head = await file.read(26);
	if (head.length < 26 || head.toString('latin1', 12, 16) !== 'IHDR')
		return { broken: 'contains no image' };
	const [depth, colourType] = [head[24]!, head[25]!];
	return {
		width: head.readUInt32BE(16),
		height: head.readUInt32BE(20),
		bits: colourType === PALETTE ? 8 : depth,
		colours: COLOURS[colourType],
	};
}
