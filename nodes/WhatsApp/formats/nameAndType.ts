import { contradicts, detectMimeType, isOnlyTags, looksLikeText } from './detectMimeType';
import {
	replaceWrongExtension,
	hasKnownExtension,
	looksLikeExtension,
	safeFileName,
	stemOf,
	withExtension,
} from './fileNames';
import {
	extensionIn,
	isExtensionOf,
	isTextType,
	isVague,
	mimeEssence,
	mimeTypeFromName,
} from './mimeTypes';
import { MEANINGLESS } from './knownExtensions';
import { isJson, textTypeOf } from './textType';

/** What is said of a file, and how it begins. */
export interface FileClaims {
	/** MIME types as others declare them, the most trusted first. */
	declared: Array<string | undefined>;
	/** As others give it; need not be safe. */
	fileName?: string;
	/** The name of a file of this type that has none. Without it: `file`. */
	fallbackName?: (mimeType: string) => string;
	/** The first FIRST_BYTES, or what there is of them. */
	firstBytes: Buffer;
	/**
	 * Whether the name's extension must be the usual one of the type. Else it stays where the bytes do not contradict it:
	 * a `.csv` that is declared as text/plain.
	 */
	usualExtension?: boolean;
}

export interface NameAndType {
	/** Without parameters; application/octet-stream where nothing is known. */
	mimeType: string;
	/** Safe to write and to show; has the extension of the type where we know one. */
	fileName: string;
	/** The first declared type that says something. */
	declaredType?: string;
	/** Whether the bytes cannot be of the declared type. */
	isContradicted: boolean;
}

/** What the first bytes say. */
interface Start {
	/** By signature; `text/plain` where there is none and they read as text. */
	found?: string;
	isText: boolean;
	/** Tags of audio, and nothing of the audio. */
	isOnlyTags?: boolean;
}

/** Formats that others are built on: a label or a name with one of these gives way to what is more exact. */
const CARRIERS = new Set(['application/zip', 'application/x-ole-storage', 'application/gzip']);

/** Types of text that stand for any text. */
const ANY_TEXT = new Set(['text/plain', 'application/xml']);

const OLD_OFFICE = new Set([
	'application/msword',
	'application/vnd.ms-excel',
	'application/vnd.ms-powerpoint',
]);

/** Containers of sound and of pictures that move: which they hold, the label knows better than a few bytes. */
const CONTAINERS = ['mp4', '3gpp', 'webm', 'x-matroska', 'ogg'];

/**
 * The type and the name that a file goes on under. The label counts, but where it says little the name does, and where
 * both do or are contradicted, the bytes. The name stays unless the bytes contradict it or it names another kind of media.
 */
export function nameAndType(claims: FileClaims): NameAndType {
	const { declared, fileName = '', fallbackName, firstBytes, usualExtension } = claims;
	const label = declared.find((type) => !isVague(type));
	const declaredType = label === undefined ? undefined : mimeEssence(label);
	// Before it is read: what is cleaned away may hide an extension.
	const givenName = fileName && safeFileName(fileName);
	const start = readStart(firstBytes);
	const chosen = chooseType(declaredType, mimeTypeFromName(givenName), start);
	const isUntold = !declaredType && chosen === 'text/plain' && !hasKnownExtension(givenName);
	// Who sends a text sends it as text/plain.
	const mimeType = isUntold && !usualExtension ? kindOfText(firstBytes) : chosen;
	const name = givenName || safeFileName(fallbackName?.(mimeType) ?? 'file');
	return {
		mimeType,
		fileName: usualExtension
			? replaceWrongExtension(name, mimeType)
			: withFittingExtension(name, mimeType, start),
		declaredType,
		isContradicted: declaredType !== undefined && isContradicted(declaredType, start),
	};
}

/**
 * Every type that a file may turn out to be of, ahead of its bytes, by what is said of it; nothing where only they can tell.
 * What is mislabelled is none of them: who allows some types only wants no other downloaded to find out.
 */
export function possibleTypes(mimeType?: string, fileName = ''): string[] | undefined {
	const label = mimeEssence(mimeType);
	if (isVague(mimeType) || CARRIERS.has(label)) return undefined;
	const named = mimeTypeFromName(safeFileName(fileName));
	const text = { found: 'text/plain', isText: true };
	return named && saysLess(label, named, text) ? [label, named] : [label];
}

function readStart(firstBytes: Buffer): Start {
	const isText = looksLikeText(firstBytes);
	const found = detectMimeType(firstBytes);
	return {
		found: found ?? (isText ? 'text/plain' : undefined),
		isText,
		isOnlyTags: isOnlyTags(firstBytes),
	};
}

/** The type of a text that nobody said anything of. */
function kindOfText(firstBytes: Buffer): string {
	const text = firstBytes.toString();
	return textTypeOf(text) ?? (isJson(text) ? 'application/json' : 'text/plain');
}

function chooseType(label: string | undefined, named: string | undefined, start: Start): string {
	const { found } = start;
	const labelled = label && isContradicted(label, start) ? inHalfOf(label, found) : label;
	const nameFits = named !== undefined && fits(named, start);
	const isSound = found && half(found) === 'audio';
	if (!labelled) {
		const isNamedVideo = isSound && nameFits && half(named) === 'video';
		const chosen = (nameFits && !isNamedVideo && named) || found || label || named;
		return exactly(chosen, start) ?? 'application/octet-stream';
	}
	const isNamedSound = nameFits && half(named) === 'audio';
	if (isSound && isNamedSound && half(labelled) === 'video') return named;
	if (nameFits && saysLess(labelled, named, start)) return exactly(named, start)!;
	return exactly(labelled, start)!;
}

/** The bytes' own type where they show what a carrier carries. */
function exactly(mimeType: string | undefined, { found }: Start): string | undefined {
	const isMoreExact = found && !CARRIERS.has(found) && found !== 'text/plain';
	return mimeType && CARRIERS.has(mimeType) && isMoreExact ? found : mimeType;
}

/** Whether the name's type tells more of these bytes than the label does. */
function saysLess(label: string, named: string, start: Start): boolean {
	if (label === named) return false;
	if (CARRIERS.has(label) || label === 'text/plain') return !CARRIERS.has(named);
	if (ANY_TEXT.has(label)) return isTextType(named) && !ANY_TEXT.has(named);
	// Windows and Office register tables of text and RTF under these.
	if (OLD_OFFICE.has(label)) return start.isText && !OLD_OFFICE.has(named);
	return named === start.found && half(named) === half(label) && !isTextType(label);
}

/** Whether the bytes cannot be of a declared type. What has no signature may still be of any type but text that is not. */
function isContradicted(mimeType: string, start: Start): boolean {
	const { found, isText } = start;
	if (start.isOnlyTags && half(mimeType) === 'audio') return false;
	if (!found || (isText && isTextType(mimeType)) || found === 'text/plain') return false;
	const isOtherHalf = half(mimeType) && half(mimeType) !== half(found);
	return contradicts(mimeType, found) || Boolean(isOtherHalf && !inHalfOf(mimeType, found));
}

/** Whether the bytes can be of the type that a name stands for. Nobody checks a name, so that here a missing signature counts. */
function fits(mimeType: string, start: Start): boolean {
	const { found, isText } = start;
	if (isTextType(mimeType)) return isText || !found || isTextType(found);
	if (isText && half(mimeType)) return false;
	if (start.isOnlyTags && half(mimeType) === 'audio') return true;
	return !isContradicted(mimeType, start) && !contradicts(mimeType, found);
}

/** A container's type for the half (sound or video) that is declared: audio/aac in MP4 → audio/mp4. */
function inHalfOf(label: string, found?: string): string | undefined {
	const container = found?.split('/')[1] ?? '';
	const declared = half(label);
	return (declared === 'audio' || declared === 'video') && CONTAINERS.includes(container)
		? `${declared}/${container}`
		: undefined;
}

/** Nothing for documents, texts and archives, whose types do not say which of these they are. SVG is as much text as picture. */
function half(mimeType: string): string | undefined {
	const [first] = mimeType.split('/');
	return /^(image|audio|video)$/.test(first!) && mimeType !== 'image/svg+xml' ? first : undefined;
}

function withFittingExtension(name: string, mimeType: string, start: Start): string {
	const named = mimeTypeFromName(name);
	const isOwn = isExtensionOf(extensionIn(name), mimeType);
	const staysAsItIs = named && fits(named, start) && half(named) === half(mimeType);
	if (isOwn || staysAsItIs) return acceptedSpelling(name);
	const isOfAnyKind = CARRIERS.has(mimeType) || ANY_TEXT.has(mimeType);
	const isOther = !named && !MEANINGLESS.has(extensionIn(name));
	if (isOther && (isOfAnyKind ? looksLikeExtension(name) : hasKnownExtension(name))) return name;
	return replaceWrongExtension(name, mimeType);
}

/** Transcription services go by the name, and do not know these: OpenAI's takes ogg and webm, not oga, opus and weba. */
function acceptedSpelling(name: string): string {
	const usual = new Map([
		['opus', 'ogg'],
		['oga', 'ogg'],
		['weba', 'webm'],
	]).get(extensionIn(name));
	return usual ? withExtension(stemOf(name), usual) : name;
}
