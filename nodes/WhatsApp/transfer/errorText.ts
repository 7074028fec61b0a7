import type { FileReply } from '../transport/client';
import { hashingStream } from './hashingStream';

/** Longer than any API's error answer. */
const MAX_BYTES = 64 * 1024;

/**
 * Reads the text of an error answer, and ends the transfer. Never fails: of an answer that breaks off or stops coming, it
 * returns what came.
 */
export async function readErrorText(
	{ body, abort }: FileReply,
	idleTimeoutMs: number,
): Promise<string> {
	const idleTimeout = { after: idleTimeoutMs, error: () => new Error('no more bytes'), abort };
	const { bytes } = hashingStream(body, { idleTimeout });
	const chunks: Buffer[] = [];
	const read = async () => {
		let size = 0;
		for await (const chunk of bytes as AsyncIterable<Buffer>) {
			chunks.push(chunk);
			size += chunk.length;
			if (size > MAX_BYTES) return;
		}
	};
	await read().catch(() => {});
	abort();
	return Buffer.concat(chunks).toString();
}
