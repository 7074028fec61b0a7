import type { ByteReader } from '../formats/byteReader';
import type { MediaInfo } from '../formats/mediaInfo';
import { probe } from '../formats/probe';
import type { ContentRules, FileKind } from '../providers/fileKind';

/** Each to be read after the file's name: "it has 9 audio tracks". */
export interface ContentCheck {
	/** What the provider would reject. */
	violation?: string;
	/** What the user may want to know; the file can be sent all the same. `{n}` stands for the number of files. */
	hint?: string;
	/** Set where the tracks are those of the other half: sound alone as video, or the other way around. */
	half?: 'audio' | 'video';
}

const INDEX_LAST =
	'{n} videos have their index (moov) at the end, so that phones start them late. To move it: ffmpeg -i INPUT -c copy -movflags +faststart OUTPUT.mp4';

/** Checks a file's size and what is inside against what a provider accepts of this kind. */
export async function checkContent(
	reader: ByteReader,
	mimeType: string,
	kind: FileKind,
): Promise<ContentCheck> {
	const { size } = reader;
	const tooLarge = `it has ${size} bytes, more than the ${kind.name} limit`;
	// First, so that no file over the limit is read through.
	if (size > (kind.maxAnimatedSize ?? kind.maxSize)) return { violation: tooLarge };
	const info = await probe(reader, mimeType);
	if (info.broken) return { violation: `it ${info.broken}` };
	if (size > kind.maxSize && info.animated === false) return { violation: tooLarge };
	const rules = kind.content ?? {};
	const violations = [...pictureViolations(info, rules), ...trackViolations(info, rules)];
	if (violations.length) return { violation: violations.join(', and '), half: halfOf(info, rules) };
	return rules.indexFirst && info.indexLast ? { hint: INDEX_LAST } : {};
}

function halfOf({ video }: MediaInfo, { videoCodecs }: ContentRules): ContentCheck['half'] {
	if (!video || !videoCodecs || Boolean(video.length) === Boolean(videoCodecs.length))
		return undefined;
	return video.length ? 'video' : 'audio';
}

function pictureViolations(info: MediaInfo, rules: ContentRules): string[] {
	const { width, height, bits, colours } = info;
	const { edge, maxBits } = rules;
	const violations: string[] = [];
	if (edge && width && height && (width !== edge || height !== edge))
		violations.push(`it has ${width}×${height} pixels`);
	if (maxBits && bits && bits > maxBits) violations.push(`it has ${bits} bits per channel`);
	if (colours && rules.colours && !rules.colours.includes(colours))
		violations.push(`its colours are ${colours}`);
	return violations;
}

function trackViolations(info: MediaInfo, rules: ContentRules): string[] {
	const { video, audio, channels } = info;
	const { videoCodecs, audioCodecs, maxAudioTracks, maxChannels } = rules;
	const violations: string[] = [];
	const videoViolation = video && videoCodecs && checkVideo(video, videoCodecs);
	if (videoViolation) violations.push(videoViolation);
	const otherAudio = audio && audioCodecs && notAmong(audio, audioCodecs);
	if (otherAudio) violations.push(`its audio is ${otherAudio}`);
	if (maxAudioTracks && audio && audio.length > maxAudioTracks)
		violations.push(`it has ${audio.length} audio tracks`);
	if (maxChannels && channels && channels > maxChannels)
		violations.push(channels === 2 ? 'it is stereo' : `it has ${channels} channels`);
	return violations;
}

/** @param allowed empty where no video is allowed; else one of these is needed */
function checkVideo(codecs: string[], allowed: readonly string[]): string | undefined {
	if (!allowed.length) return codecs.length ? 'it has a video track' : undefined;
	if (!codecs.length)
		return 'it has no video track (sound alone goes as audio/mp4: enter that in MIME Type under Options)';
	const others = notAmong(codecs, allowed);
	return others && `its video is ${others}`;
}

/** The codecs that are not allowed, in words; an empty text where all are. */
function notAmong(codecs: string[], allowed: readonly string[]): string {
	return [...new Set(codecs)].filter((codec) => !allowed.includes(codec)).join(' and ');
}
