import { MediaError } from '../errors';
import { ByteReader } from '../formats/byteReader';
import { contradicts, detectMimeType, FIRST_BYTES, looksLikeText } from '../formats/detectMimeType';
import type { FileKind } from '../providers/fileKind';
import type { Provider } from '../providers/provider';
import { incompleteInStorage, type BinaryInput } from './binaryInput';
import { checkContent } from './checkContent';

/** What n8n calls a file whose type it does not know. */
const UNKNOWN_TYPES = ['application/octet-stream', 'text/plain'];

interface DeclaredFile {
	fileName: string;
	/** Without parameters. */
	mimeType: string;
}

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
		const detected = detectMimeType(start) ?? (looksLikeText(start) ? 'text/plain' : undefined);
		const mimeType = typeToSend(provider, file, detected, addHint);
		const kind = findKind(accepts, mimeType);
		if (kind) {
			const { violation, hint } = await checkContent(reader, mimeType, kind);
			if (violation)
				throw notUploaded(provider, file, violation, { allowed: [kind], convertTo: kind });
			if (hint) addHint(hint);
		} else if (accepts.length) {
			const convertTo = nearestKind(accepts, mimeType);
			throw notUploaded(provider, file, `it is ${mimeType}`, { allowed: accepts, convertTo });
		}
		return mimeType;
	} finally {
		reader.close();
	}
}

/** The declared type where the bytes agree with it; theirs where both are of one kind. @throws MediaError otherwise */
function typeToSend(
	provider: Provider,
	file: DeclaredFile,
	detected: string | undefined,
	addHint: (message: string) => void,
): string {
	const { mimeType } = file;
	const isUnknown = UNKNOWN_TYPES.includes(mimeType);
	if (!contradicts(mimeType, detected))
		return isUnknown && detected && mimeType !== 'text/plain' ? detected : mimeType;
	const accepts = provider.accepts!;
	const isSameKind = detected && kindName(accepts, detected) === kindName(accepts, mimeType);
	if (detected && (isUnknown || isSameKind)) {
		addHint(`{n} files declared as ${mimeType} are ${detected}, and were uploaded as that.`);
		return detected;
	}
	throw contradictory(provider, file, detected);
}

/** The error for bytes that are not of the declared type. */
function contradictory(
	provider: Provider,
	file: DeclaredFile,
	detected: string | undefined,
): MediaError {
	const accepts = provider.accepts!;
	const kind = findKind(accepts, file.mimeType);
	const declared = `it is declared as ${file.mimeType}`;
	const remarks: string[] = [];
	if (detected === 'text/html')
		remarks.push(
			'It is a web page: the node before this one may have fetched a log-in or an error page.',
		);
	if (detected && (!accepts.length || findKind(accepts, detected)))
		remarks.push(`If that is what you want to send, enter ${detected} in MIME Type under Options.`);
	return notUploaded(
		provider,
		file,
		detected
			? `${declared} and is ${detected}`
			: `${declared}, and its bytes are nothing of the kind`,
		{ allowed: kind && [kind], convertTo: kind, remarks },
	);
}

function findKind(accepts: readonly FileKind[], mimeType: string): FileKind | undefined {
	return accepts.find(({ mimeTypes }) => mimeTypes.includes(mimeType));
}

/** Where the vendor names no kinds, types with the same first half (`image/…`) count as one. */
function kindName(accepts: readonly FileKind[], mimeType: string): string | undefined {
	return accepts.length ? findKind(accepts, mimeType)?.name : mimeType.split('/')[0];
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
