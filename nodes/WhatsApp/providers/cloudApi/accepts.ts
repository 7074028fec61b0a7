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

const HOW_TO_CONVERT = 'Troubleshooting, linked in the README, says how to convert it.';

/** Tried with n8n's Edit Image on GraphicsMagick 1.3.40, on the files in test/fixtures/files. */
const editImage = (format: string) =>
	`To convert it, put Edit Image before this node: choose Resize, 2048 × 2048, Only if Larger, and add the option Format with ${format}.`;

const AUDIO = {
	name: 'audio',
	maxSize: 16 * MB,
	formats: 'MP3, M4A, AAC, AMR, or OGG with Opus in mono',
	remedy: `If a node makes this audio, choose MP3 there. ${HOW_TO_CONVERT}`,
};

/**
 * What uploads may be. Source: Cloud API → Media, April 2026. Upload itself looks at the declared type and size only: the
 * rest fails when the file is sent, in a delivery status that few workflows read.
 */
export const accepts: readonly FileKind[] = [
	kind({
		name: 'images',
		mimeTypes: ['image/jpeg', 'image/png'],
		maxSize: 5 * MB,
		content: { maxBits: MAX_BITS, colours: COLOURS },
		formats: 'JPEG or PNG',
		remedy: editImage('JPEG'),
		remedies: {
			// A JPEG would stay CMYK.
			CMYK: editImage('PNG'),
			// GraphicsMagick writes grey as greyscale; a border that is not grey makes it RGB.
			greyscale:
				'To convert it, put Edit Image before this node: choose Border, with the colour #FFF0E0, and add the option Format with JPEG.',
		},
	}),
	kind({
		name: 'stickers',
		mimeTypes: ['image/webp'],
		maxSize: 100 * KB,
		maxAnimatedSize: 500 * KB,
		content: { edge: STICKER_EDGE },
		formats: `WebP of ${STICKER_EDGE} × ${STICKER_EDGE} pixels`,
		remedy: `To convert it, put Edit Image before this node: choose Resize, ${STICKER_EDGE} × ${STICKER_EDGE}, Ignore Aspect Ratio, and add the option Format with WebP, or JPEG to send it as a photo.`,
	}),
	kind({
		name: 'videos',
		mimeTypes: ['video/mp4', 'video/3gpp'],
		maxSize: 16 * MB,
		content: { videoCodecs: ['H.264'], audioCodecs: ['AAC'], maxAudioTracks: 1, indexFirst: true },
		formats: 'MP4 or 3GP with H.264 video and one AAC audio track',
		remedy: `Store the video with a node such as Google Drive and send its link instead. ${HOW_TO_CONVERT}`,
		remedies: {
			noVideo: 'To send it as audio, enter audio/mp4 in MIME Type under Options.',
		},
	}),
	kind({
		...AUDIO,
		mimeTypes: ['audio/ogg'],
		content: { videoCodecs: [], audioCodecs: ['Opus'], maxChannels: 1 },
	}),
	kind({
		...AUDIO,
		mimeTypes: ['audio/mp4'],
		content: { videoCodecs: [] },
		remedies: { video: 'To send it as a video, enter video/mp4 in MIME Type under Options.' },
	}),
	kind({ ...AUDIO, mimeTypes: ['audio/mpeg', 'audio/aac', 'audio/amr'] }),
	kind({
		name: 'documents',
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
		remedy: 'Store the file with a node such as Google Drive and send its link instead.',
	}),
];

/** What may be uploaded of the kind that a type belongs to, as a sentence; nothing for a type that is of none. */
export function supportedLike(mimeType: string): string | undefined {
	return accepts.find(({ mimeTypes }) => mimeTypes.includes(mimeType))?.supported;
}

/** A limit as it is published. */
function limitInWords(bytes: number): string {
	return bytes < MB ? `${bytes / KB} KB` : `${bytes / MB} MB`;
}

function kind({ formats, ...rules }: Omit<FileKind, 'supported'> & { formats: string }): FileKind {
	const { name, maxSize, maxAnimatedSize } = rules;
	const animated = maxAnimatedSize ? ` (animated: ${limitInWords(maxAnimatedSize)})` : '';
	const supported = `Supported ${name}: ${formats}, up to ${limitInWords(maxSize)}${animated}.`;
	return { ...rules, supported };
}
