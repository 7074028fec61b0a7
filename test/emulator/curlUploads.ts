import { type Part, readParts } from './formParts';
import type { EmulatorRequest } from './server';

/** A file that a person sends with curl, in the words that `receive` of every vendor has. */
export interface HandedFile {
	type: 'image' | 'video' | 'audio' | 'voice' | 'document' | 'sticker';
	bytes: Buffer;
	mimeType: string;
	fileName?: string;
}

/** What `curl` cannot tell from these endings, and sends as application/octet-stream. */
const MIME_TYPES: Record<string, string> = {
	jpg: 'image/jpeg',
	jpeg: 'image/jpeg',
	png: 'image/png',
	webp: 'image/webp',
	mp4: 'video/mp4',
	'3gp': 'video/3gpp',
	aac: 'audio/aac',
	amr: 'audio/amr',
	m4a: 'audio/mp4',
	mp3: 'audio/mpeg',
	ogg: 'audio/ogg; codecs=opus',
	pdf: 'application/pdf',
	txt: 'text/plain',
};

/** The files of `curl -F file=@voice.ogg …`; `type` and `mimeType` in the query go before what the file looks like. */
export async function curlUploads(request: EmulatorRequest): Promise<HandedFile[]> {
	const files = (await readParts(request)).filter(({ name }) => name === 'file');
	if (!files.length) throw new Error('Give a file: curl -F file=@voice.ogg …');
	return files.map((file) => describe(file, request));
}

function describe(
	{ bytes, fileName, mimeType: given }: Part,
	{ query }: EmulatorRequest,
): HandedFile {
	const ending = fileName?.split('.').pop()?.toLowerCase() ?? '';
	const mimeType = query.mimeType ?? MIME_TYPES[ending] ?? given ?? 'application/octet-stream';
	return {
		type: (query.type as HandedFile['type'] | undefined) ?? typeOf(mimeType),
		bytes,
		fileName,
		mimeType,
	};
}

function typeOf(mimeType: string): HandedFile['type'] {
	if (mimeType === 'image/webp') return 'sticker';
	if (mimeType.startsWith('audio/ogg')) return 'voice';
	const family = mimeType.split('/')[0];
	return family === 'image' || family === 'video' || family === 'audio' ? family : 'document';
}
