import { notWhole, type BinaryInput } from './binaryInput';
import { ByteReader } from '../formats/byteReader';
import type { MediaInfo } from '../formats/mediaInfo';
import { probe } from '../formats/probe';
import { contradicts, FIRST_BYTES, looksLikeText, detectMimeType } from '../formats/detectMimeType';
import { MediaError } from '../errors';
import type { ContentRules, FileKind } from '../providers/fileKind';
import type { Provider } from '../providers/provider';

/** What n8n puts where it does not know, besides nothing. */
const UNKNOWN = ['application/octet-stream', 'text/plain'];

interface Outgoing {
	fileName: string;
	/** As declared: without parameters. */
	mimeType: string;
}

/**
 * Looks at a file before a byte of it is sent: at its first bytes, and at others where its format wants that; never holds
 * more of it than a chunk. What only the provider can judge is left to it.
 * @returns the MIME type to send it as: the declared one, or what the file is where that does as well
 * @throws MediaRefusal that says what is wrong, what is allowed, and how to convert
 */
export async function checkFile(provider: Provider, source: BinaryInput, file: Outgoing, hint: (message: string) => void): Promise<string> {
	const { accepts } = provider;
	if (!accepts) return file.mimeType;
	const cursor = new ByteReader(await source.open(), source.size, () => notWhole(file.fileName));
	try {
		const firstBytes = await cursor.peek(FIRST_BYTES);
		const found = detectMimeType(firstBytes) ?? (looksLikeText(firstBytes) ? 'text/plain' : undefined);
		const mimeType = typeToSend(provider, file, found, hint);
		const kind = kindOf(accepts, mimeType);
		if (kind) await check(provider, kind, cursor, { ...file, mimeType }, hint);
		else if (accepts.length) throw refusal(provider, file, `it is ${mimeType}`, nearestKind(accepts, mimeType), accepts);
		return mimeType;
	} finally {
		cursor.close();
	}
}

/** The declared type where the bytes agree, else theirs where both are of one kind. */
function typeToSend(provider: Provider, file: Outgoing, found: string | undefined, hint: (message: string) => void): string {
	const { mimeType } = file;
	const isUnknown = UNKNOWN.includes(mimeType);
	if (!contradicts(mimeType, found)) return isUnknown && found && mimeType !== 'text/plain' ? found : mimeType;
	const accepts = provider.accepts!;
	if (found && (isUnknown || kindName(accepts, found) === kindName(accepts, mimeType))) {
		hint(`{n} files declared as ${mimeType} are ${found}, and were uploaded as that.`);
		return found;
	}
	const kind = kindOf(accepts, mimeType);
	const what = found ? `it is declared as ${mimeType} and is ${found}` : `it is declared as ${mimeType}, and its bytes are nothing of the kind`;
	const isPage = found === 'text/html' ? ' It is a web page: the node before this one may have fetched a log-in or an error page.' : '';
	const canBeSent = found && (!accepts.length || kindOf(accepts, found)) ? ` If that is what you want to send, enter ${found} in MIME Type under Options.` : '';
	throw refusal(provider, file, what, kind, kind && [kind], isPage + canBeSent);
}

async function check(provider: Provider, kind: FileKind, cursor: ByteReader, file: Outgoing, hint: (message: string) => void): Promise<void> {
	const { size } = cursor;
	const refused = (what: string) => refusal(provider, file, what, kind, [kind]);
	const tooLarge = `it has ${size} bytes, more than the ${kind.name} limit`;
	// Before anything that takes reading: no file over the limit is read through.
	if (size > (kind.maxAnimatedSize ?? kind.maxSize)) throw refused(tooLarge);
	const facts = await probe(cursor, file.mimeType);
	if (facts.broken) throw refused(`it ${facts.broken}`);
	if (size > kind.maxSize && facts.animated === false) throw refused(tooLarge);
	const wrongs = violations(facts, kind.content ?? {});
	if (wrongs.length) throw refused(wrongs.join(', and '));
	if (kind.content?.indexFirst && facts.indexLast)
		hint('{n} videos have their index (moov) at the end, so that phones start them late. To move it: ffmpeg -i INPUT -c copy -movflags +faststart OUTPUT.mp4');
}

/** What is wrong inside, each to be read after the file's name. */
function violations(facts: MediaInfo, rules: ContentRules): string[] {
	const { width, height, bits, colours, video, audio, channels } = facts;
	const { edge, maxBits, videoCodecs, audioCodecs, maxAudioTracks, maxChannels } = rules;
	const wrongs: string[] = [];
	if (edge && width && height && (width !== edge || height !== edge)) wrongs.push(`it has ${width}×${height} pixels`);
	if (maxBits && bits && bits > maxBits) wrongs.push(`it has ${bits} bits per channel`);
	if (colours && rules.colours && !rules.colours.includes(colours)) wrongs.push(`its colours are ${colours}`);
	if (videoCodecs && video) {
		const others = unlike(video, videoCodecs);
		if (!videoCodecs.length && video.length) wrongs.push('it has a video track');
		else if (videoCodecs.length && !video.length) wrongs.push('it has no video track (sound alone goes as audio/mp4: enter that in MIME Type under Options)');
		else if (others) wrongs.push(`its video is ${others}`);
	}
	const otherAudio = audioCodecs && audio && unlike(audio, audioCodecs);
	if (otherAudio) wrongs.push(`its audio is ${otherAudio}`);
	if (maxAudioTracks && audio && audio.length > maxAudioTracks) wrongs.push(`it has ${audio.length} audio tracks`);
	if (maxChannels && channels && channels > maxChannels) wrongs.push(channels === 2 ? 'it is stereo' : `it has ${channels} channels`);
	return wrongs;
}

function unlike(codecs: string[], allowed: readonly string[]): string {
	return [...new Set(codecs)].filter((codec) => !allowed.includes(codec)).join(' and ');
}

function kindOf(accepts: readonly FileKind[], mimeType: string): FileKind | undefined {
	return accepts.find(({ mimeTypes }) => mimeTypes.includes(mimeType));
}

/** Where the vendor names no kinds, the first half of the type says what can stand for one another. */
function kindName(accepts: readonly FileKind[], mimeType: string): string | undefined {
	return accepts.length ? kindOf(accepts, mimeType)?.name : mimeType.split('/')[0];
}

/** What a file of a type that is not taken is best made into. */
function nearestKind(accepts: readonly FileKind[], mimeType: string): FileKind | undefined {
	const [half] = mimeType.split('/');
	return accepts.find(({ mimeTypes }) => mimeTypes.some((type) => type.startsWith(`${half}/`))) ?? accepts.at(-1);
}

function refusal(provider: Provider, { fileName }: Outgoing, what: string, convertTo?: FileKind, allowed: readonly FileKind[] = [], more = ''): MediaError {
	const sentences = [
		allowed.length && `${provider.displayName} takes ${[...new Set(allowed.map(({ inWords }) => inWords))].join('; ')}.`,
		convertTo && `${convertTo.convert}.`.replace(/\.\.$/, '.'),
		more.trim(),
		'Switch off Check File Before Upload under Options to send it as it is.',
	];
	return new MediaError('permanent', `"${fileName}" was not uploaded: ${what}`, sentences.filter(Boolean).join(' '));
}
