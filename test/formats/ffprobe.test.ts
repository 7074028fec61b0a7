import { createHash } from 'node:crypto';

import { ByteReader } from '../../nodes/WhatsApp/formats/byteReader';
import { detectMimeType } from '../../nodes/WhatsApp/formats/detectMimeType';
import { probe } from '../../nodes/WhatsApp/formats/probe';
import { fixture } from '../support/files';
import ffprobe from '../fixtures/ffprobe.json';
import { MEDIA_INFO, MIME_TYPES } from './realFiles';

/** ffprobe as a judge: what it says of each fixture is recorded beside them (`npx tsx test/fixtures/ffprobe.ts`). */

interface Stream {
	codec_type: string;
	codec_name: string;
	width?: number;
	height?: number;
	channels?: number;
}
interface Judged {
	sha256: string;
	streams: Stream[] | null;
}

const judged: Array<[name: string, Judged]> = Object.entries(ffprobe.files);

/** It has no reader for these. */
const UNREAD = ['heic.heic', 'moving.webp'];

const CODECS = new Map([
	['h264', 'H.264'],
	['hevc', 'H.265 (HEVC)'],
	['mpeg4', 'MPEG-4 Visual'],
	['h263', 'H.263'],
	['aac', 'AAC'],
	['mp3', 'MP3'],
	['opus', 'Opus'],
	['vorbis', 'Vorbis'],
	['speex', 'Speex'],
	['flac', 'FLAC'],
	['amr_nb', 'AMR'],
]);

test('it has judged every picture, sound and film, as it is today', () => {
	const media = Object.entries(MIME_TYPES).filter(([, type = '']) =>
		/^(image|audio|video)\//.test(type),
	);
	expect(judged.map(([name]) => name)).toEqual(media.map(([name]) => name));
	for (const [name, { sha256 }] of judged)
		expect([name, createHash('sha256').update(fixture(name)).digest('hex')]).toEqual([
			name,
			sha256,
		]);
	const unread = judged.filter(([, { streams }]) => !streams?.[0] || streams[0].width === 0);
	expect(unread.map(([name]) => name)).toEqual(UNREAD);
});

const read = judged.filter(([name]) => !UNREAD.includes(name));

test.each(read)('%s is a picture, a sound or a film to both', (name, { streams }) => {
	const half = detectMimeType(fixture(name))!.split('/')[0];
	// To ffprobe, a picture is a film of one image.
	const theirs = streams!.some(({ codec_type }) => codec_type === 'video') ? 'video' : 'audio';
	expect(half === 'image' ? 'video' : half).toBe(theirs);
});

test.each(read.filter(([name]) => MEDIA_INFO[name]))(
	'%s has the same in it to both',
	async (name, { streams }) => {
		const bytes = fixture(name);
		const info = await probe(new ByteReader(bytes, bytes.length), MIME_TYPES[name]!);
		const [first] = streams!;
		if (info.width)
			return expect(info).toMatchObject({ width: first!.width, height: first!.height });
		const codecs = (type: string) =>
			streams!
				.filter(({ codec_type }) => codec_type === type)
				.map(({ codec_name }) => CODECS.get(codec_name));
		expect(info).toMatchObject({ video: codecs('video'), audio: codecs('audio') });
		if (info.channels) expect(info.channels).toBe(first!.channels);
	},
);
