import { PassThrough, Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';

import { hashingStream } from '../../nodes/WhatsApp/transfer/hashingStream';

const IDLE_MS = 100;
const CHUNK = Buffer.alloc(65_536);

const watched = (source: Readable, more: object = { exceptReader: true }) => {
	const error = () => new Error('silent');
	return hashingStream(source, { idleTimeout: { after: IDLE_MS, error, ...more } });
};

/** Reads all of it, and takes its time for one of the chunks. */
async function readSlowly(bytes: AsyncIterable<Buffer>, slowAt: number) {
	let [size, read] = [0, 0];
	for await (const chunk of bytes) {
		size += chunk.length;
		if (++read === slowAt) await setTimeout(5 * IDLE_MS);
	}
	return size;
}

const chunks = (count: number) => Readable.from(Array.from({ length: count }, () => CHUNK));

test('a reader that takes its time is no silent source', async () => {
	const { bytes } = watched(chunks(40));
	expect(await readSlowly(bytes, 5)).toBe(40 * CHUNK.length);
});

test('a source that falls silent is one', async () => {
	const source = new PassThrough();
	source.write(CHUNK);
	await expect(readSlowly(watched(source).bytes, 0)).rejects.toThrow('silent');
});

test('where the reader is a host, it may be silent, too', async () => {
	const { bytes } = watched(chunks(400), {});
	await expect(readSlowly(bytes, 5)).rejects.toThrow('silent');
});
