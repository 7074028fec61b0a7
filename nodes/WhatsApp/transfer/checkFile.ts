import { MediaError } from '../errors';
import { ByteReader } from '../formats/byteReader';
import { detectMimeType, FIRST_BYTES } from '../formats/detectMimeType';
import type { FileKind } from '../providers/fileKind';
import type { Provider } from '../providers/provider';
import { incompleteInStorage, type BinaryInput } from './binaryInput';
import { checkContent } from './checkContent';
import { findKind, isMp4, outgoingType, type DeclaredFile } from './outgoingType';

/**
 * Checks a file before a byte of it is sent: its first bytes, and others where its format needs that. Holds no more than a
 * chunk of it in memory. What only the provider can judge is left to the provider.
 * @returns the MIME type to send it as: the declared one, or what the bytes show where that is of the same kind
 * @throws MediaError that says what is wrong, what is allowed, and how to convert
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
				throw notUploaded(provider, file, violation, { allowed: [kind], convertTo: kind });
			if (hint) addHint(hint);
		} else if (accepts.length) {
			const convertTo = nearestKind(accepts, mimeType);
			throw notUploaded(provider, file, `it is ${mimeType}`, { allowed: accepts, convertTo });
		}
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

/** The error for bytes that are not of the declared type. */
function contradictory(
	provider: Provider,
	file: DeclaredFile,
	{ contradicted, detected, start }: Contradiction,
): MediaError {
	const accepts = provider.accepts!;
	const kind = findKind(accepts, contradicted);
	const declared = `it is ${contradicted === file.mimeType ? 'declared' : 'named'} as ${contradicted}`;
	const remarks = [originOf(start, detected)];
	if (detected && (!accepts.length || findKind(accepts, detected)))
		remarks.push(`If that is what you want to send, enter ${detected} in MIME Type under Options.`);
	return notUploaded(
		provider,
		file,
		detected
			? `${declared} and is ${detected}`
			: `${declared}, and its bytes are nothing of the kind`,
		{ allowed: kind && [kind], convertTo: kind, remarks: remarks.filter(Boolean) },
	);
}

/** Where bytes that are no file at all may have come from, in a sentence; empty where nobody knows. */
function originOf(start: Buffer, detected?: string): string {
	if (detected === 'text/html')
		return 'It is a web page: the node before this one may have fetched a log-in or an error page.';
	if (detected !== 'text/plain') return '';
	const text = start.toString('latin1').trimStart();
	if (/^[{[<]/.test(text))
		return 'It is text such as a server answers with an error: look at what the node before this one got.';
	const encoded = text.replace(/^data:[^,]{0,200},/, '').replace(/\s/g, '');
	const inside = /^[\w+/-]{16,}=*$/.test(encoded) && detectMimeType(Buffer.from(encoded, 'base64'));
	return inside
		? `It is base64 of a file of type ${inside}: put Convert to File before this node, with Move Base64 String to File.`
		: '';
}

/** The kind that a file of a type that is not accepted is best converted to. */
function nearestKind(accepts: readonly FileKind[], mimeType: string): FileKind | undefined {
	const [firstHalf] = mimeType.split('/');
	const isNear = (type: string) => type.startsWith(`${firstHalf}/`);
	return accepts.find(({ mimeTypes }) => mimeTypes.some(isNear)) ?? accepts.at(-1);
}

/** What the user can do instead. */
interface Alternatives {
	allowed?: readonly FileKind[];
	convertTo?: FileKind;
	/** Whole sentences. */
	remarks?: string[];
}

/** @param violation what is wrong, to be read after the file's name: "it is …" */
function notUploaded(
	provider: Provider,
	{ fileName }: DeclaredFile,
	violation: string,
	{ allowed = [], convertTo, remarks = [] }: Alternatives,
): MediaError {
	const accepted = [...new Set(allowed.map(({ inWords }) => inWords))].join('; ');
	const sentences = [
		accepted && `${provider.displayName} takes ${accepted}.`,
		convertTo && `${convertTo.convert}.`.replace(/\.\.$/, '.'),
		...remarks,
		'Switch off Check File Before Upload under Options to send it as it is.',
	];
	const message = `"${fileName}" was not uploaded: ${violation}`;
	return new MediaError('permanent', message, sentences.filter(Boolean).join(' '));
}
