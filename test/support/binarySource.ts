import { Readable } from 'node:stream';

import type { ByteStream } from '../../nodes/WhatsApp/streams';

/** A file in n8n's store that comes in pieces of a given size. Counts the bytes that are read and the streams that are opened. */
export function inPieces(bytes: Buffer, size: number) {
	const counted = { read: 0, opened: 0 };
	function* pieces() {
		for (let at = 0; at < bytes.length; at += size) {
			counted.read += Math.min(size, bytes.length - at);
			yield bytes.subarray(at, at + size);
		}
	}
	const open = async (): Promise<ByteStream> => {
		counted.opened++;
		return Readable.from(pieces(), { objectMode: true, highWaterMark: 1 }) as unknown as ByteStream;
	};
	return { source: { size: bytes.length, open }, counted };
}
