import { jsonParse, sleep, type IBinaryData, type IExecuteFunctions } from 'n8n-workflow';

import { redact } from '../transport/redact';
import type { FileReply, Client } from '../transport/client';
import { hashingStream, type Digest } from './hashingStream';
import { mimeEssence, chooseMimeType, matchesMimeType, extensionOf } from '../formats/mimeTypes';
import { contradicts, detectMimeType } from '../formats/detectMimeType';
import { correctExtension, safeFileName } from '../formats/fileNames';
import { withRoomFor } from './memoryBudget';
import { MediaError } from '../errors';
import type { FileLocation } from '../providers/provider';
import { retryAfterMs } from '../providers/read';

/** A URL with less time than this is renewed rather than raced. */
const MIN_URL_LIFE_MS = 10_000;

/** What file hosts answer when a URL is no good any more; a new URL cures it, if anything does. */
const STALE = new Set([401, 403, 404, 410]);

/** The file that is wanted, with everything that is known of it so far. */
export interface Wanted extends Partial<Omit<FileLocation, 'tokenRequired'>> {
	mediaId?: string;
	/** `image`, `voice`, …: begins the file name when the sender gave none. */
	type?: string;
	/** When its message was sent; ISO 8601. */
	timestamp?: string;
	phoneNumberId?: string;
}

export interface DownloadRules {
	/** Instead of the sender's or a made-up one. */
	fileName?: string;
	maxBytes?: number;
	/** `image/jpeg` or `image/*`; empty for all. */
	allowedTypes?: string[];
	requireHashMatch?: boolean;
}

export interface Downloaded extends Digest {
	binary: IBinaryData;
	mimeType: string;
	fileName: string;
	/** Absent when there was nothing to check against. */
	verified?: boolean;
}

/**
 * Fetches a file into n8n's binary store: whole and checked, or not at all.
 *
 * A URL that has run out is renewed once. Bytes that are not the announced ones are fetched again: good ones go on, the
 * same ones twice go on as `verified: false`, since no source proves that every provider announces the hash of the very
 * bytes that it serves.
 * @throws MediaRefusal
 */
export async function download(
	client: Client,
	store: Pick<IExecuteFunctions['helpers'], 'prepareBinaryData'>,
	wanted: Wanted,
	rules: DownloadRules,
	hint: (message: string) => void,
): Promise<Downloaded> {
	const { mediaId, url } = wanted;
	const what = mediaId ? `Media ID ${mediaId}` : `The file at ${hostOf(url)}`;
	let wait = FIRST_WAIT_MS;
	const resolved = async (): Promise<Source> => ({ ...wanted, ...(await client.provider.resolve(client, mediaId!, wanted)) });

	if (!mediaId && !url)
		throw new MediaError('permanent', 'There is neither a media ID nor a URL', 'Put WhatsApp Media Trigger before this node, or fill in Media ID.');
	const alive = url && (!mediaId || isAlive(wanted, client));
	const outlived = url && !alive;
	if (outlived) hint(RENEWED);
	// The first URL of a media ID is not a renewed one.
	let mayRenew = Boolean(mediaId && !outlived);
	let source: Source = alive ? { ...wanted, url } : await resolved();
	const renewed = async () => {
		mayRenew = false;
		return await resolved();
	};
	let doubted: string | undefined;

	checkAhead(what, source, rules);
	const sizeKnown = source.size ?? 0;
	return await withRoomFor(sizeKnown, async () => {
		// It may have been a long wait.
		if (mediaId && !isAlive(source, client)) source = await resolved();
		for (;;) {
			checkAhead(what, source, rules);
			const reply = await client.open(source.url, { withToken: true });
			if (reply.status !== 200 || isPage(reply, source)) {
				if (mayRenew && !isFromApi(source, client) && (STALE.has(reply.status) || reply.status === 200)) {
					reply.abort();
					hint(RENEWED);
					source = await renewed();
					continue;
				}
				const refused = await notServed(what, source, reply, client);
				if (!(refused.code === 'gone' && mayBeLate(wanted, client, wait))) throw refused;
				await sleep(wait);
				wait *= 2;
				continue;
			}
			const sizeHeard = sizeKnown ? 0 : (declaredLength(reply) ?? 0);
			const kept = withRoomFor(sizeHeard, async () => await keep(what, source, reply, client.idleTimeoutMs, store, rules, hint, doubted));
			const file = await kept.catch((cause) => {
				reply.abort();
				throw cause;
			});
			if ('binary' in file) {
				if (file.verified === false)
					hint('{n} files came twice with the same bytes, which are not the announced ones. They went on with "verified: false".');
				return file;
			}
			doubted = file.sha256;
			if (mayRenew) source = await renewed();
		}
	});
}

type Source = Wanted & { url: string };

const RENEWED = '{n} URLs had expired and were renewed.';

/** Doubled each time, as long as the provider's files may be late. */
const FIRST_WAIT_MS = 1000;

/** Whether the file's message is so young that the file may still come, `wait` from now. */
function mayBeLate({ timestamp = '' }: Wanted, { provider }: Client, wait: number): boolean {
	return Date.now() + wait < Date.parse(timestamp) + (provider.lateFilesMs ?? 0);
}

/** Streams a reply into the binary store. Answers with nothing but its sums when the bytes are not the announced ones. */
async function keep(
	what: string,
	source: Source,
	reply: FileReply,
	maxSilence: number,
	store: Pick<IExecuteFunctions['helpers'], 'prepareBinaryData'>,
	rules: DownloadRules,
	hint: (message: string) => void,
	doubted?: string,
): Promise<Downloaded | Digest> {
	const given = rules.fileName || source.fileName || '';
	const declaredType = chooseMimeType([source.mimeType, reply.headers['content-type']], given) ?? 'application/octet-stream';
	let mimeType = declaredType;
	checkType(what, mimeType, rules);
	const declared = declaredLength(reply);
	checkSize(what, declared, rules);
	let verdict: Verdict;
	const passing = hashingStream(reply.body, {
		onFirstChunk(start) {
			const found = detectMimeType(start);
			if ((found === 'text/html' || looksLikeRefusal(start)) && /^(image|audio|video)\/|pdf$/.test(mimeType)) return notAFile(what, reply);
			if (!found || !contradicts(mimeType, found)) return undefined;
			mimeType = found;
			return wrongType(what, mimeType, rules);
		},
		onProgress: (size) => (tooLarge(size, rules) ? oversized(what, rules) : undefined),
		onSourceError: (size) => incomplete(what, size, declared),
		idleTimeout: { after: maxSilence, error: (size) => silent(what, size, reply), abort: reply.abort },
		onEnd(all) {
			const promised = [declared, source.sha256 === all.sha256 ? undefined : source.size];
			const short = promised.find((size) => size && all.size < size);
			if (short) return incomplete(what, all.size, short);
			if (!all.size) return new MediaError('permanent', `${what} is empty (0 bytes)`, 'Ask the sender to send the file again.');
			verdict = judge(all, source, doubted);
			if (verdict === 'doubtful') return doubted === undefined ? new NotAnnounced() : damaged(what);
			return verdict === false && rules.requireHashMatch ? unannounced(what, source, all) : undefined;
		},
	});
	// n8n takes name and type before the bytes.
	await passing.started;
	const fileName = safeFileName(correctExtension(given, mimeType) || madeUpName(source, mimeType), { defaultExtension: extensionOf(mimeType) });
	let failure: unknown;
	const binary = await store.prepareBinaryData(passing.bytes, fileName, mimeType).catch((cause) => void (failure = cause));
	if (passing.error instanceof NotAnnounced) return passing.digest();
	if (!binary) throw passing.error ?? failure;
	if (mimeType !== declaredType) hint(`{n} files declared as ${declaredType} are ${mimeType} by their first bytes, and were named so.`);
	// n8n splits names into folder and file; there is no folder here.
	delete binary.directory;
	return { binary, mimeType, fileName, ...passing.digest(), verified: verdict as boolean | undefined };
}

/** The first download of bytes that are not the announced ones. */
class NotAnnounced extends Error {}

/** `true`: the announced bytes. `false`: the same other bytes a second time. Nothing: nothing was announced. */
type Verdict = boolean | 'doubtful' | undefined;

function judge({ size, sha256 }: Digest, announced: Wanted, doubted?: string): Verdict {
	if (!announced.sha256 && announced.size === undefined) return undefined;
	if (announced.sha256 ? announced.sha256 === sha256 : announced.size === size) return true;
	return doubted === sha256 ? false : 'doubtful';
}

function isAlive(wanted: Wanted, { provider }: Client): boolean {
	const expiresAt = provider.urlExpiresAt(wanted.url!) ?? wanted.expiresAt;
	return !expiresAt || Date.parse(expiresAt) - Date.now() > MIN_URL_LIFE_MS;
}

/** What can be refused before a byte moves. */
function checkAhead(what: string, { size, mimeType }: Source, rules: DownloadRules) {
	checkSize(what, size, rules);
	if (mimeType) checkType(what, mimeEssence(mimeType), rules);
}

function checkSize(what: string, size: number | undefined, rules: DownloadRules) {
	if (size && tooLarge(size, rules)) throw oversized(what, rules);
}

function tooLarge(size: number, { maxBytes }: DownloadRules): boolean {
	return maxBytes !== undefined && maxBytes > 0 && size > maxBytes;
}

function oversized(what: string, { maxBytes = 0 }: DownloadRules): MediaError {
	return new MediaError('permanent', `${what} is larger than the ${maxBytes / 1_000_000} MB allowed here`, 'Raise Maximum Size under Options to accept it.');
}

function checkType(what: string, mimeType: string, rules: DownloadRules) {
	const refused = wrongType(what, mimeType, rules);
	if (refused) throw refused;
}

function wrongType(what: string, mimeType: string, { allowedTypes = [] }: DownloadRules): MediaError | undefined {
	if (!allowedTypes.length || matchesMimeType(mimeType, allowedTypes)) return undefined;
	return new MediaError(
		'permanent',
		`${what} is of type ${mimeType}, which is not allowed here`,
		`Allowed: ${allowedTypes.join(', ')}. Change Allowed MIME Types under Options to accept it.`,
	);
}

/** Length of the body as it will come out of the stream; unknown when the server sends it compressed or in chunks. */
function declaredLength({ headers }: FileReply): number | undefined {
	const length = Number(headers['content-length']);
	return headers['content-encoding'] || !(length > 0) ? undefined : length;
}

function madeUpName({ type, mediaId }: Source, mimeType: string): string {
	const kind = type ?? mimeType.split('/')[0]!.replace('application', 'file');
	return mediaId ? `${kind}-${mediaId}` : kind;
}

/** A login or status page with status 200 is no photo. */
function isPage({ headers }: FileReply, { mimeType }: Source): boolean {
	const [got, expected] = [mimeEssence(headers['content-type']), mimeEssence(mimeType)];
	return (got === 'text/html' || got === 'application/json') && expected !== '' && got !== expected;
}

function looksLikeRefusal(start: Buffer): boolean {
	return /^\s*\{\s*"error"/.test(start.toString('latin1', 0, 200));
}

/** Where the API itself has the files, their addresses do not run out, and its word is final. */
function isFromApi({ url }: Source, { provider, credentials }: Client): boolean {
	return provider.fileError !== undefined && new URL(url).origin === new URL(credentials.baseUrl).origin;
}

async function notServed(what: string, source: Source, reply: FileReply, client: Client): Promise<MediaError> {
	const { provider } = client;
	const { status, host, headers } = reply;
	if (status !== 200 && provider.fileError && isFromApi(source, client)) {
		const text = redact(await beginning(reply, client.idleTimeoutMs), client.credentials);
		return provider.fileError({ status, headers, body: jsonParse(text, { fallbackValue: text }) }, what);
	}
	reply.abort();
	if (status === 200) return notAFile(what, reply);
	if (status === 404 || status === 410)
		return new MediaError(
			'gone',
			`${what} is not available at ${host} (HTTP ${status})`,
			`It may have expired. ${provider.retention} Ask the sender to send it again.`,
			{ status },
		);
	if (STALE.has(status))
		return new MediaError(
			'credential',
			`${what} was refused by ${host} (HTTP ${status})`,
			`Either the access token in the credential is not valid for it, or the file has expired. ${provider.retention}`,
			{ status },
		);
	const temporary = status >= 500 || status === 429;
	return new MediaError(
		temporary ? 'temporary' : 'permanent',
		`${what} could not be downloaded: ${host} answered with HTTP ${status}`,
		temporary ? 'This is usually over in a few minutes; run it again then.' : 'Check the field URL.',
		{ status, retryAfterMs: retryAfterMs(headers['retry-after']) },
	);
}

function notAFile(what: string, { host }: FileReply): MediaError {
	return new MediaError(
		'permanent',
		`${what} could not be downloaded: ${host} sent a web page instead of the file`,
		'Run it again. If it stays so, a proxy or firewall between n8n and the file host may be answering in its place.',
	);
}

function incomplete(what: string, size: number, expected?: number): MediaError {
	return new MediaError('temporary', `${what} came incomplete: ${size} ${expected ? `of ${expected} ` : ''}bytes`, 'The connection ended too early. Run it again.');
}

function silent(what: string, size: number, { host }: FileReply): MediaError {
	return new MediaError('temporary', `${what} stopped coming after ${size} bytes: ${host} is silent`, 'Run it again. Timeout under Options says how long to wait for more.');
}

function damaged(what: string): MediaError {
	return new MediaError('temporary', `${what} came damaged: two downloads differ from each other and from what WhatsApp announced`, 'Run it again.');
}

function unannounced(what: string, { sha256, size }: Wanted, received: Digest): MediaError {
	return new MediaError(
		'permanent',
		sha256
			? `${what} does not match the hash that WhatsApp announced (SHA-256 ${sha256}, received ${received.sha256})`
			: `${what} has ${received.size} bytes, where WhatsApp announced ${size}`,
		'The same bytes came twice. If you trust them, switch off Require Hash Match.',
	);
}

/** More than any refusal is long. */
const REFUSAL_BYTES = 64 * 1024;

/** The text that a reply begins with; what is left of it is not read, and what does not come is not waited for. */
async function beginning({ body, abort: abandon }: FileReply, maxSilence: number): Promise<string> {
	const { bytes } = hashingStream(body, { idleTimeout: { after: maxSilence, error: () => new Error('silent'), abort: abandon } });
	const pieces: Buffer[] = [];
	const read = async () => {
		let size = 0;
		for await (const piece of bytes as AsyncIterable<Buffer>) {
			pieces.push(piece);
			size += piece.length;
			if (size > REFUSAL_BYTES) return;
		}
	};
	await read().catch(() => {});
	abandon();
	return Buffer.concat(pieces).toString();
}

function hostOf(url = ''): string {
	return URL.canParse(url) ? new URL(url).host : 'the given URL';
}
