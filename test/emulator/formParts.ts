import busboy from 'busboy';
import type { EmulatorRequest } from './server';

/** One part of a multipart/form-data body. */
export interface Part {
	name: string;
	fileName?: string;
	/** The part's own Content-Type, as sent. */
	mimeType?: string;
	/** A view into the body where that is possible: a body of 100 MB takes 100 MB. */
	bytes: Buffer;
}

/** The parts of a multipart/form-data body, in order and byte-exact. Rejects anything malformed. */
export async function readParts(request: EmulatorRequest): Promise<Part[]> {
	const body = await request.read();
	const parts: Part[] = [];
	await new Promise<void>((resolve, reject) => {
		const parser = busboy({
			headers: { 'content-type': request.headers['content-type'] },
			defParamCharset: 'utf8',
			preservePath: true,
			limits: { fieldSize: Infinity },
		});
		parser.on('field', (name, value, { mimeType }) => {
			parts.push({ name, mimeType, bytes: Buffer.from(value) });
		});
		parser.on('file', (name, file, { filename, mimeType }) => {
			const pieces: Buffer[] = [];
			file.on('data', (piece: Buffer) => pieces.push(piece));
			file.on('end', () => {
				const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
				parts.push({
					name,
					fileName: unescaped(filename),
					mimeType: bytes.length ? typeBefore(bytes) : mimeType,
					bytes,
				});
			});
		});
		parser.on('close', resolve);
		parser.on('error', reject);
		parser.end(body);
	});
	return parts;
}

/** Browsers and Node's FormData escape these three characters in a file name, which busboy leaves as they are. */
function unescaped(fileName: string | undefined): string | undefined {
	return fileName?.replace(/%22|%0D|%0A/gi, (code) => decodeURIComponent(code));
}

const MAX_HEADERS = 16 * 1024;

/** busboy cuts the parameters off a Content-Type, but Meta refuses `audio/ogg; codecs=opus` and quotes it: read it from the part's headers. */
function typeBefore({ buffer, byteOffset }: Buffer): string | undefined {
	const start = Math.max(byteOffset - MAX_HEADERS, 0);
	const headers = Buffer.from(buffer, start, byteOffset - start)
		.toString('latin1')
		.split('\r\n\r\n')
		.at(-2);
	return /^content-type:[ \t]*(.*?)[ \t]*$/im.exec(headers?.split(/^--/m).at(-1) ?? '')?.[1];
}
