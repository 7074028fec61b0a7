import { contradicts, detectMimeType, looksLikeText } from '../formats/detectMimeType';
import { isTextType } from '../formats/mimeTypes';
import type { FileKind } from '../providers/fileKind';

/** What is said of a file that is to be sent. MIME types have no parameters. */
export interface DeclaredFile {
	fileName: string;
	/** What the user or the binary field says; else what the name stands for. */
	mimeType: string;
	/** What the extension of the name stands for. */
	namedType?: string;
	/** Bytes. */
	size: number;
	/** Whether nobody but the name says what it is. */
	isUnlabelled?: boolean;
	/** Whether the user has entered the type. */
	isChosen?: boolean;
	/** A declared type that says nothing, such as application/force-download; for hints. */
	emptyLabel?: string;
}

/** The type that a file is to be sent as; or what it is said to be, and its bytes are not. */
export type OutgoingType =
	{ mimeType: string; contradicted?: undefined } | { contradicted: string; detected?: string };

/** What n8n calls a file whose type it does not know. */
const UNKNOWN_TYPES = ['application/octet-stream', 'text/plain'];

/** Formats that others are built on. Which of them it is, the bytes do not always say: then the name does. */
const CARRIERS = ['application/zip', 'application/x-ole-storage'];
const CARRIED =
	/officedocument|opendocument|msword|ms-(word|excel|powerpoint|outlook)|epub|java-archive|android\.package|kmz/;

/** Their files may be text, too: programs export tables and web pages under these names. */
const OLD_OFFICE = /^application\/(msword|vnd\.ms-(excel|powerpoint))$/;

/** What sound and moving pictures share. */
const MP4 = ['video/mp4', 'audio/mp4', 'video/3gpp', 'audio/3gpp'];

/**
 * Decides what a file is sent as. What is declared counts where the bytes agree. Where they do not, their own signature
 * counts, if it is of the declared half (`image/…`) or nothing was declared, and the provider takes it. A text never goes
 * out for what always has a signature: it is the answer of a server that failed.
 * @param accepts see `Provider.accepts`
 * @param start the first FIRST_BYTES
 */
export function outgoingType(
	accepts: readonly FileKind[],
	file: DeclaredFile,
	start: Buffer,
): OutgoingType {
	const signature = detectMimeType(start);
	const isTaken = (type: string) => !accepts.length || Boolean(findKind(accepts, type));
	return !signature || signature === 'text/html'
		? textType(file, start, { page: signature, isTaken })
		: signedType(file, carriedType(file, signature), isTaken);
}

export function findKind(accepts: readonly FileKind[], mimeType: string): FileKind | undefined {
	return accepts.find(({ mimeTypes }) => mimeTypes.includes(mimeType));
}

interface TextContext {
	/** text/html where the text is a web page. */
	page?: string;
	/** Whether the provider takes a type. */
	isTaken: (mimeType: string) => boolean;
}

/** For bytes without a signature. */
function textType(
	{ mimeType, namedType, isChosen }: DeclaredFile,
	start: Buffer,
	{ page, isTaken }: TextContext,
): OutgoingType {
	const detected = page ?? (looksLikeText(start) ? 'text/plain' : undefined);
	const claims = [mimeType, ...(namedType && !isChosen ? [namedType] : [])];
	const contradicted = claims.find((claim) => {
		if (detected && OLD_OFFICE.test(claim)) return isErrorAnswer(start);
		return contradicts(claim, undefined) || (detected && contradicts(claim, detected));
	});
	if (contradicted) return { contradicted, detected };
	if (!detected) return { mimeType };
	if (mimeType === 'application/octet-stream') return { mimeType: detected };
	// What a table of text, or a text, is in particular, its name says.
	const isVague = !isChosen && (mimeType === 'text/plain' || OLD_OFFICE.test(mimeType));
	const isMoreExact = isVague && namedType && isTextType(namedType) && isTaken(namedType);
	return { mimeType: isMoreExact ? namedType : mimeType };
}

/** For bytes with a signature. */
function signedType(
	file: DeclaredFile,
	detected: string,
	isTaken: (mimeType: string) => boolean,
): OutgoingType {
	const { mimeType, namedType, isUnlabelled } = file;
	if (mimeType === detected) return { mimeType };
	if (isUnlabelled || UNKNOWN_TYPES.includes(mimeType)) {
		const isNamed = namedType && !isTextType(namedType) && !contradicts(namedType, detected);
		const chosen = isNamed ? namedType : detected;
		if (isTaken(chosen) || !namedType) return { mimeType: chosen };
		return { contradicted: mimeType, detected };
	}
	const own = inHalfOf(mimeType, detected);
	const isOther = contradicts(mimeType, detected);
	if (!isOther && isTaken(mimeType) && !CARRIED.test(detected)) return { mimeType };
	if (half(own) === half(mimeType) && isTaken(own)) return { mimeType: own };
	return isOther ? { contradicted: mimeType, detected } : { mimeType };
}

/** What a zip or an OLE container is, where the name says it and the bytes do not deny it; else what the bytes say. */
function carriedType({ mimeType, namedType = '' }: DeclaredFile, signature: string): string {
	if (!CARRIERS.includes(signature) && !CARRIED.test(signature)) return signature;
	const isIt = (type: string) => CARRIED.test(type) && !contradicts(type, signature);
	if (isIt(namedType)) return namedType;
	return isIt(mimeType) ? mimeType : signature;
}

/** Whether a type's files hold sound, video or both in the container of MP4. */
export function isMp4(mimeType: string): boolean {
	return MP4.includes(mimeType);
}

/** Sound alone in a container whose bytes read as video: the label knows. */
function inHalfOf(mimeType: string, detected: string): string {
	return half(mimeType) === 'audio' && isMp4(detected) ? 'audio/mp4' : detected;
}

function half(mimeType: string): string {
	return mimeType.split('/')[0]!;
}

/** What servers answer when they fail, and what no program exports as a document: an object of JSON, an XML error. */
function isErrorAnswer(start: Buffer): boolean {
	return /^\ufeff?\s*(\{\s*["}]|(<\?xml[^>]*>\s*)?<error\b)/i.test(start.toString('utf8', 0, 1024));
}
