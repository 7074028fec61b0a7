/** Audio in frames, and the tags before it. */

/** The type of MP3 (ISO/IEC 11172-3, 2.4.2.3) and of AAC in ADTS (13818-7, 6.2) by the first frame's header. */
export function framedAudioType(bytes: Buffer): string | undefined {
	if (bytes.length < 4 || bytes[0] !== 0xff) return undefined;
	const [, second, third] = bytes as unknown as [number, number, number];
	if ((second & 0xf6) === 0xf0) return (third >> 2) % 16 < 13 ? 'audio/aac' : undefined;
	const version = (second >> 3) & 3;
	const layer = (second >> 1) & 3;
	const bitRate = third >> 4;
	const sampleRate = (third >> 2) & 3;
	const isValid =
		second >= 0xe0 &&
		version !== 1 &&
		(layer === 1 || layer === 2) &&
		bitRate > 0 &&
		bitRate < 15 &&
		sampleRate < 3;
	return isValid ? 'audio/mpeg' : undefined;
}

/** Where the ID3 tags at the start of a file end: id3.org, ID3v2.4, 3.1. Behind the bytes that we have, if need be. */
export function endOfTags(bytes: Buffer): number {
	let end = 0;
	while (isTag(bytes, end)) {
		// Four bytes of seven bits. A footer is as long as the header.
		const size = bytes.subarray(end + 6, end + 10).reduce((sum, byte) => sum * 128 + byte, 0);
		end += 10 + size + (bytes[end + 5]! & 0x10 ? 10 : 0);
	}
	return end;
}

/** Versions, flags and length, so that no text is a tag that is about tags. */
function isTag(bytes: Buffer, at: number): boolean {
	return (
		bytes.toString('latin1', at, at + 3) === 'ID3' &&
		at + 10 <= bytes.length &&
		bytes[at + 3]! < 5 &&
		bytes[at + 4]! < 0xff &&
		bytes.subarray(at + 6, at + 10).every((byte) => byte < 0x80)
	);
}
