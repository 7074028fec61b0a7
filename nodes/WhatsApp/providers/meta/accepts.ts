import type { FileKind } from '../provider';

/** Meta never says which MB it means: what is over the larger one is over both. */
const MB = 1024 * 1024;
const KB = 1024;

const OFFICE = 'application/vnd.openxmlformats-officedocument';

const AUDIO = {
	name: 'audio',
	maxSize: 16 * MB,
	inWords: 'as audio OGG with Opus in mono, MP3, M4A, AAC and AMR, up to 16 MB',
	convert: 'To convert it: ffmpeg -i INPUT -vn -ac 1 -c:a libopus -b:a 32k OUTPUT.ogg',
};

/**
 * What uploads may be. Source: Cloud API → Media, April 2026; for pictures also the details of error 131053; for the edges of
 * stickers WhatsApp's own SDK. Upload itself looks at the declared type and size only: the rest fails when the file is sent,
 * in a delivery status that few workflows read.
 */
export const accepts: readonly FileKind[] = [
	{
		name: 'image',
		mimeTypes: ['image/jpeg', 'image/png'],
		maxSize: 5 * MB,
		content: { maxBits: 8, colours: ['RGB', 'RGBA'] },
		inWords: 'as image JPEG and PNG of 8 bits per channel in RGB or RGBA, up to 5 MB',
		convert:
			'The node Edit Image converts it, or ImageMagick: convert INPUT -background white -flatten -colorspace sRGB -type TrueColor -depth 8 -resize "2048x2048>" -quality 85 OUTPUT.jpg',
	},
	{
		name: 'sticker',
		mimeTypes: ['image/webp'],
		maxSize: 100 * KB,
		maxAnimatedSize: 500 * KB,
		content: { edge: 512 },
		inWords: 'as sticker WebP of 512×512 pixels, up to 100 KB, animated up to 500 KB',
		convert:
			'To make a sticker of it, with ImageMagick: convert INPUT -resize 512x512 -background none -gravity center -extent 512x512 -quality 50 OUTPUT.webp. To send it as an image: convert INPUT -background white -flatten OUTPUT.jpg',
	},
	{
		name: 'video',
		mimeTypes: ['video/mp4', 'video/3gpp'],
		maxSize: 16 * MB,
		content: { videoCodecs: ['H.264'], audioCodecs: ['AAC'], maxAudioTracks: 1, indexFirst: true },
		inWords: 'as video MP4 and 3GP with H.264 and at most one audio track, in AAC, up to 16 MB',
		convert:
			'To convert it: ffmpeg -i INPUT -map 0:v:0 -map 0:a:0? -c:v libx264 -profile:v main -bf 0 -pix_fmt yuv420p -crf 28 -vf "scale=\'trunc(min(1280,iw)/2)*2\':-2" -c:a aac -movflags +faststart OUTPUT.mp4',
	},
	{ ...AUDIO, mimeTypes: ['audio/ogg'], content: { videoCodecs: [], audioCodecs: ['Opus'], maxChannels: 1 } },
	{ ...AUDIO, mimeTypes: ['audio/mp4'], content: { videoCodecs: [] } },
	{ ...AUDIO, mimeTypes: ['audio/mpeg', 'audio/aac', 'audio/amr'] },
	{
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
		inWords: 'as document PDF, Word, Excel, PowerPoint and plain text, up to 100 MB',
		convert: 'Any text can go as text/plain: enter that in MIME Type under Options. Other files can be printed to PDF, or put elsewhere and sent as a link.',
	},
];
