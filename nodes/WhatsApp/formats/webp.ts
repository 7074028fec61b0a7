import type { ByteReader } from './byteReader';
import type { MediaInfo } from './mediaInfo';

/** RFC 9649: 2.3 and 2.4 the RIFF header, 2.5 lossy, 2.6 lossless, 2.7 extended. */
export async function readWebp(file: ByteReader): Promise<MediaInfo> {
	const head = await file.read(30);
	// Some encoders count a padding byte that they leave out.
	if (head.length < 30 || head.readUInt32LE(4) + 7 > file.size) return { broken: 'is cut short' };
	const first = head.toString('latin1', 12, 16);
	if (first === 'VP8X')
		return {
			width: head.readUIntLE(24, 3) + 1,
			height: head.readUIntLE(27, 3) + 1,
			animated: Boolean(head[20]! & 2),
		};
	// RFC 6386, 9.1: 14 bits each, above them 2 of scaling.
	if (first === 'VP8 ')
		return {
			width: head.readUInt16LE(26) & 0x3fff,
			height: head.readUInt16LE(28) & 0x3fff,
			animated: false,
		};
	if (first === 'VP8L') {
		const bits = head.readUInt32LE(21);
		return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, animated: false };
	}
	return {};
}
