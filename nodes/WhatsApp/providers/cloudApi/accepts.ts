import type { FileKind } from '../fileKind';

/** Meta never says which MB it means: what is over the larger one is over both. */
const KB = 1024;
const MB = 1024 * KB;

/** Pixels. Source: WhatsApp's own SDK for stickers. */
const STICKER_EDGE = 512;

/** Source: the details of error 131053. */
const MAX_BITS = 8;
const COLOURS = ['RGB', 'RGBA'];

const OFFICE = 'application/vnd.openxmlformats-officedocument';

const AUDIO = {
	name: 'audio',
	maxSize: 16 * MB,
	formats: 'OGG with Opus in mono, MP3, M4A, AAC and AMR',
	convert: 'To convert it: ffmpeg -i INPUT -vn -ac 1 -c:a libopus -b:a 32k OUTPUT.ogg',
};

/**
 * What uploads may be. Source: Cloud API → Media, April 2026. Upload itself looks at the declared type and size only: the
 * rest fails when the file is sent, in a delivery status that few workflows read.
 */
export const accepts: readonly FileKind[] = [
	kind({
		name: 'image',
		mimeTypes: ['image/jpeg', 'image/png'],
		maxSize: 5 * MB,
		content: { maxBits: MAX_BITS, colours: COLOURS },
		formats: `JPEG and PNG of ${MAX_BITS} bits per channel in ${COLOURS.join(' or ')}`,
		convert: `The node Edit Image converts it, or ImageMagick: convert INPUT -background white -flatten -colorspace sRGB -type TrueColor -depth ${MAX_BITS} -resize "2048x2048>" -quality 85 OUTPUT.jpg`,
	}),
	kind({
		name: 'sticker',
		mimeTypes: ['image/webp'],
		maxSize: 100 * KB,
		maxAnimatedSize: 500 * KB,
		content: { edge: STICKER_EDGE },
		formats: `WebP of ${STICKER_EDGE}×${STICKER_EDGE} pixels`,
		convert: `To make a sticker of it, with ImageMagick: convert INPUT -resize ${STICKER_EDGE}x${STICKER_EDGE} -background none -gravity center -extent ${STICKER_EDGE}x${STICKER_EDGE} -quality 50 OUTPUT.webp. To send it as an image: convert INPUT -background white -flatten OUTPUT.jpg`,
	}),
	kind({
		name: 'video',
		mimeTypes: ['video/mp4', 'video/3gpp'],
		maxSize: 16 * MB,
		content: { videoCodecs: ['H.264'], audioCodecs: ['AAC'], maxAudioTracks: 1, indexFirst: true },
		formats: 'MP4 and 3GP with H.264 and at most one audio track, in AAC',
		convert:
			'To convert it: ffmpeg -i INPUT -map 0:v:0 -map 0:a:0? -c:v libx264 -profile:v main -bf 0 -pix_fmt yuv420p -crf 28 -vf "scale=\'trunc(min(1280,iw)/2)*2\':-2" -c:a aac -movflags +faststart OUTPUT.mp4',
	}),
	kind({
		...AUDIO,
		mimeTypes: ['audio/ogg'],
		content: { videoCodecs: [], audioCodecs: ['Opus'], maxChannels: 1 },
	}),
	kind({ ...AUDIO, mimeTypes: ['audio/mp4'], content: { videoCodecs: [] } }),
	kind({ ...AUDIO, mimeTypes: ['audio/mpeg', 'audio/aac', 'audio/amr'] }),
	kind({
		name: 'document',
		mimeTypes: [
			'application/pdf',
			'application/msword',
			`${OFFICE}.wordprocessingml.document`,
			'application/vnd.ms-excel',
			`${OFFICE}.spreadsheetml.sheet`,
			'application/vnd.ms-powerpoint',
			`${OFFICE}.presentationml.presentation`,
			'text/plain',
		],
		maxSize: 100 * MB,
		formats: 'PDF, Word, Excel, PowerPoint and plain text',
		convert:
			'Any text can go as text/plain: enter that in MIME Type under Options. Other files can be printed to PDF, or put elsewhere and sent as a link.',
	}),
];

/** The limits of all kinds in one sentence. */
export function sizeLimits(): string {
	const limits = accepts.map(({ name, maxSize, maxAnimatedSize }) => {
		const animated = maxAnimatedSize ? ` (animated ${inUnits(maxAnimatedSize)})` : '';
		return `${name} ${inUnits(maxSize)}${animated}`;
	});
	return `Limits: ${[...new Set(limits)].join(', ')}.`;
}

function kind({ formats, ...rules }: Omit<FileKind, 'inWords'> & { formats: string }): FileKind {
	const { name, maxSize, maxAnimatedSize } = rules;
	const animated = maxAnimatedSize ? `, animated up to ${inUnits(maxAnimatedSize)}` : '';
	return { ...rules, inWords: `as ${name} ${formats}, up to ${inUnits(maxSize)}${animated}` };
}

function inUnits(bytes: number): string {
	return bytes < MB ? `${bytes / KB} KB` : `${bytes / MB} MB`;
}
