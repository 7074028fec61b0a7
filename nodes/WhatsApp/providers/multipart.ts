import { randomBytes } from 'crypto';

import type { ApiRequest, OutgoingFile } from './provider';
import { safeMimeType } from './safeMimeType';
import { transformStream } from '../streams';

/**
 * Frames a file as multipart/form-data (RFC 7578) with the exact Content-Length, streaming it when it is a stream.
 * The fields come before the file, so that a server may decide before it has read the bytes.
 */
export function multipart(
	fields: Record<string, string>,
	file: OutgoingFile,
): Required<Pick<ApiRequest, 'headers' | 'body'>> {
	const boundary = `n8n-${randomBytes(16).toString('hex')}`;
	const part = (disposition: string, more = '') =>
		`--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n${more}\r\n`;
	const head = Buffer.from(
		Object.entries(fields)
			.map(([name, value]) => `${part(`name="${name}"`)}${value}\r\n`)
			.join('') +
			part(
				`name="file"; filename="${escaped(file.fileName)}"`,
				`Content-Type: ${safeMimeType(file.mimeType)}\r\n`,
			),
	);
	const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
	const { content } = file;
	return {
		headers: {
			'Content-Type': `multipart/form-data; boundary=${boundary}`,
			'Content-Length': String(head.length + file.size + tail.length),
		},
		body: Buffer.isBuffer(content)
			? Buffer.concat([head, content, tail])
			: transformStream(content, async function* (chunks) {
					yield head;
					yield* chunks;
					yield tail;
				}),
	};
}

/** As browsers do: these three characters would end the header. */
function escaped(name: string): string {
	return name.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22');
}
