import { MediaError } from '../errors';
import { ByteReader } from '../formats/byteReader';
import { detectMimeType, FIRST_BYTES } from '../formats/detectMimeType';
import { extensionOf, isTextType } from '../formats/mimeTypes';
import type { FileKind, Problem } from '../providers/fileKind';
import type { Provider } from '../providers/provider';
import { sizeInWords } from '../units';
import { incompleteInStorage, type BinaryInput } from './binaryInput';
import { checkContent } from './checkContent';
import { findKind, isMp4, outgoingType, type DeclaredFile } from './outgoingType';

/**
 * Checks a file before a byte of it is sent: its first bytes, and others where its format needs that. Holds no more than a
 * chunk of it in memory. What only the provider can judge is left to the provider.
 * @returns the MIME type to send it as: the declared one, or what the bytes show where that is of the same kind
 * @throws MediaError that says what is wrong, what is allowed for this kind of file, and what to do
 */
export async function checkFile(
	provider: Provider,
	source: BinaryInput,
	file: DeclaredFile,
	addHint: (message: string) => void,
): Promise<string> {
	const { accepts } = provider;
	if (!accepts) return file.mimeType;
	const onBroken = () => incompleteInStorage(file.fileName);
	const reader = new ByteReader(await source.open(), source.size, onBroken);
	try {
		const start = await reader.peek(FIRST_BYTES);
		const mimeType = typeToSend(provider, file, start);
		const kind = findKind(accepts, mimeType);
		if (kind) {
			const { violation, hint, half } = await checkContent(reader, mimeType, kind);
			// Nobody has said whether it is sound or video: the tracks do.
			if (half && file.isUnlabelled && isMp4(mimeType))
				return await checkFile(provider, source, labelledAs(file, `${half}/mp4`), addHint);
			if (violation)
				throw notUploaded(file, violation.text, [
					kind.supported,
					remedyFor(kind, violation.problem),
				]);
			if (hint) addHint(hint);
		} else if (accepts.length) throw unsupportedType(accepts, file, mimeType);
		const declared = file.emptyLabel ?? file.mimeType;
		if (mimeType !== declared)
			addHint(`{n} files declared as ${declared} are ${mimeType}, and were uploaded as that.`);
		return mimeType;
	} finally {
		reader.close();
	}
}

function labelledAs(file: DeclaredFile, mimeType: string): DeclaredFile {
	const emptyLabel = file.emptyLabel ?? file.mimeType;
	return { ...file, mimeType, emptyLabel, isUnlabelled: false };
}

/** @throws MediaError for a file that is not what is said of it */
function typeToSend(provider: Provider, file: DeclaredFile, start: Buffer): string {
	const type = outgoingType(provider.accepts!, file, start);
	if (type.contradicted === undefined) return type.mimeType;
	throw contradictory(provider, file, { ...type, start });
}

interface Contradiction {
	/** What the file is said to be. */
	contradicted: string;
	/** What its bytes are, where they show it. */
	detected?: string;
	/** The first FIRST_BYTES. */
	start: Buffer;
}

/** The error for a type that no kind of file has. */
function unsupportedType(
	accepts: readonly FileKind[],
	file: DeclaredFile,
	mimeType: string,
): MediaError {
	const kind = nearestKind(accepts, mimeType);
	const remedy = isTextType(mimeType)
		? 'To send it as plain text, enter text/plain in MIME Type under Options.'
		: kind?.remedy;
	return notUploaded(file, `${inPlural(mimeType)} not supported`, [kind?.supported, remedy]);
}

/** The files of a type, with the verb: `HEIC images are`, `WAV audio is`. */
function inPlural(mimeType: string): string {
	const name = extensionOf(mimeType)?.toUpperCase();
	if (!name) return `files of type ${mimeType} are`;
	const [half] = mimeType.split('/');
	if (half === 'audio') return `${name} audio is`;
	return half === 'image' || half === 'video' ? `${name} ${half}s are` : `${name} files are`;
}

function remedyFor({ remedy, remedies }: FileKind, problem: Problem): string {
	if (problem === 'broken') return 'Run the node that makes the file again.';
	return remedies?.[problem] ?? remedy;
}

/** The error for bytes that are not of the declared type. */
function contradictory(
	provider: Provider,
	file: DeclaredFile,
	{ contradicted, detected, start }: Contradiction,
): MediaError {
	const accepts = provider.accepts!;
	const declared =
		contradicted === file.mimeType
			? `it is declared as ${contradicted}`
			: `its name says ${contradicted}`;
	const violation = `${declared}, but its content is ${detected ?? 'something else'}`;
	return notUploaded(file, violation, adviceOn({ contradicted, detected, start }, accepts));
}

function adviceOn(
	{ contradicted, detected, start }: Contradiction,
	accepts: readonly FileKind[],
): Array<string | undefined> {
	if (!detected)
		return [findKind(accepts, contradicted)?.supported, 'Check the node that makes the file.'];
	const origin = originOf(start, detected);
	if (origin) return [origin];
	if (!accepts.length || findKind(accepts, detected))
		return [
			`If it is not the file that you wanted, check the node before. To send it all the same, enter ${detected} in MIME Type under Options.`,
		];
	const kind = nearestKind(accepts, detected);
	return [kind?.supported, kind?.remedy];
}

/** Where bytes that are no file at all may have come from, in a sentence; empty where nobody knows. */
function originOf(start: Buffer, detected?: string): string {
	if (detected === 'text/html')
		return 'It is a web page: an earlier node may have downloaded a log-in or error page instead of the file.';
	if (detected !== 'text/plain') return '';
	const text = start.toString('latin1').trimStart();
	if (/^[{[<]/.test(text))
		return 'It looks like a server’s error message: check the output of the node before this one.';
	const encoded = text.replace(/^data:[^,]{0,200},/, '').replace(/\s/g, '');
	const inside = /^[\w+/-]{16,}=*$/.test(encoded) && detectMimeType(Buffer.from(encoded, 'base64'));
	return inside
		? `It is a ${inside} file as base64 text: put Convert to File before this node, and choose Move Base64 String to File.`
		: '';
}

/** The kind that a file of a type that is not accepted is best converted to. */
function nearestKind(accepts: readonly FileKind[], mimeType: string): FileKind | undefined {
	const [firstHalf] = mimeType.split('/');
	const isNear = (type: string) => type.startsWith(`${firstHalf}/`);
	return accepts.find(({ mimeTypes }) => mimeTypes.some(isNear)) ?? accepts.at(-1);
}

/**
 * @param violation what is wrong, to be read after the file's name: "it is …"
 * @param advice whole sentences
 */
function notUploaded(
	{ fileName, size }: DeclaredFile,
	violation: string,
	advice: Array<string | undefined>,
): MediaError {
	const about = `"${fileName}" (${sizeInWords(size)})`;
	return new MediaError(
		'permanent',
		`${about} was not uploaded: ${violation}`,
		advice.filter(Boolean).join(' '),
	);
}
