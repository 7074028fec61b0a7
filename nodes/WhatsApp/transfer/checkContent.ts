import type { ByteReader } from '../formats/byteReader';
import type { MediaInfo } from '../formats/mediaInfo';
import { probe } from '../formats/probe';
import type { ContentRules, FileKind, Problem } from '../providers/fileKind';

/** What is wrong with a file. */
interface Violation {
	/** To be read after the file's name: "it has 9 audio tracks". */
	text: string;
	problem: Problem;
}

export interface ContentCheck {
	/** What the provider would reject; of several, the first problem counts. */
	violation?: Violation;
	/** What the user may want to know; the file can be sent all the same. `{n}` stands for the number of files. */
	hint?: string;
	/** Set where the tracks are those of the other half: sound alone as video, or the other way around. */
	half?: 'audio' | 'video';
}

const INDEX_LAST =
	'{n} videos start late on phones, because their index (moov) is at the end. Troubleshooting, linked in the README, says how to move it.';

/** Checks a file's size and what is inside against what a provider accepts of this kind. */
export async function checkContent(
	reader: ByteReader,
	mimeType: string,
	kind: FileKind,
): Promise<ContentCheck> {
	const { size } = reader;
	const tooLarge: Violation = { text: 'it is too large', problem: 'size' };
	// First, so that no file over the limit is read through.
	if (size > (kind.maxAnimatedSize ?? kind.maxSize)) return { violation: tooLarge };
	const info = await probe(reader, mimeType);
	if (info.broken) return { violation: { text: `it ${info.broken}`, problem: 'broken' } };
	if (size > kind.maxSize && info.animated === false) return { violation: tooLarge };
	const rules = kind.content ?? {};
	const violations = [...pictureViolations(info, rules), ...trackViolations(info, rules)];
	if (violations.length) return { violation: joined(violations), half: halfOf(info, rules) };
	return rules.indexFirst && info.indexLast ? { hint: INDEX_LAST } : {};
}

function joined(violations: Violation[]): Violation {
	const text = violations.map((violation) => violation.text).join(', and ');
	return { text, problem: violations[0]!.problem };
}

function halfOf({ video }: MediaInfo, { videoCodecs }: ContentRules): ContentCheck['half'] {
	if (!video || !videoCodecs || Boolean(video.length) === Boolean(videoCodecs.length))
		return undefined;
	return video.length ? 'video' : 'audio';
}

function pictureViolations(info: MediaInfo, rules: ContentRules): Violation[] {
	const { width, height, bits, colours } = info;
	const { edge, maxBits } = rules;
	const violations: Violation[] = [];
	if (edge && width && height && (width !== edge || height !== edge))
		violations.push({ text: `it has ${width} × ${height} pixels`, problem: 'edge' });
	if (maxBits && bits && bits > maxBits)
		violations.push({ text: `it has ${bits} bits per channel instead of 8`, problem: 'bits' });
	if (colours && rules.colours && !rules.colours.includes(colours)) {
		const problem = colours === 'CMYK' ? 'CMYK' : 'greyscale';
		violations.push({ text: `its colours are ${colours} instead of RGB`, problem });
	}
	return violations;
}

function trackViolations(info: MediaInfo, rules: ContentRules): Violation[] {
	const { video, audio, channels } = info;
	const { videoCodecs, audioCodecs, maxAudioTracks, maxChannels } = rules;
	const violations: Violation[] = [];
	const videoViolation = video && videoCodecs && checkVideo(video, videoCodecs);
	if (videoViolation) violations.push(videoViolation);
	const addAudio = (text: string) => violations.push({ text, problem: 'audio' });
	const otherAudio = audio && audioCodecs && notAmong(audio, audioCodecs);
	if (otherAudio) addAudio(`its audio is ${otherAudio}`);
	if (maxAudioTracks && audio && audio.length > maxAudioTracks)
		addAudio(`it has ${audio.length} audio tracks`);
	if (maxChannels && channels && channels > maxChannels)
		addAudio(channels === 2 ? 'it is stereo instead of mono' : `it has ${channels} channels`);
	return violations;
}

/** @param allowed empty where no video is allowed; else one of these is needed */
function checkVideo(codecs: string[], allowed: readonly string[]): Violation | undefined {
	if (!allowed.length)
		return codecs.length ? { text: 'it has a video track', problem: 'video' } : undefined;
	if (!codecs.length) return { text: 'it has no video track', problem: 'noVideo' };
	const others = notAmong(codecs, allowed);
	return others ? { text: `its video is ${others}`, problem: 'video' } : undefined;
}

/** The codecs that are not allowed, in words; an empty text where all are. */
function notAmong(codecs: string[], allowed: readonly string[]): string {
	return [...new Set(codecs)].filter((codec) => !allowed.includes(codec)).join(' and ');
}
