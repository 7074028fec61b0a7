import { MediaError } from '../errors';
import type { Client } from '../transport/client';
import { SECOND } from '../units';
import { backoff, retry } from '../waiting';
import { damaged } from './downloadErrors';
import { checkKnownFacts, type DownloadRules } from './downloadRules';
import { FileSource, type WantedFile } from './fileSource';
import type { Digest } from './hashingStream';
import { memoryBudget, type Share } from './memoryBudget';
import { openFile } from './openFile';
import { storeReply, type BinaryStore, type DownloadedFile } from './storeReply';

/** What a download works with. */
export interface DownloadContext {
	client: Client;
	store: BinaryStore;
	/** Hears of what the user may want to know. `{n}` stands for the number of files. */
	addHint?: (message: string) => void;
}

/**
 * Downloads a file into n8n's binary store: whole and checked, or not at all.
 *
 * Bytes that are not what was announced are downloaded again. If the same ones come twice, they are accepted with
 * `verified: false`: nothing proves that every provider announces the hash of the very bytes that it serves.
 * @throws MediaError
 */
export async function download(
	context: DownloadContext,
	wanted: WantedFile,
	rules: DownloadRules = {},
): Promise<DownloadedFile> {
	const { client, addHint } = context;
	const source = await FileSource.choose(client, wanted, () => addHint?.(URL_RENEWED));
	checkKnownFacts(source.subject, source.file, rules);
	const fetchOnce = async (earlier?: Digest) =>
		await whenThere(client, source, async () => {
			const fetch = async (share: Share) => {
				// There may have been a long wait for memory, or for the file.
				await source.refreshIfExpired();
				return await fetchAndStore(context, source, { rules, share, earlier });
			};
			const { idleTimeoutMs: timeoutMs, cancelSignal: signal } = client;
			return await memoryBudget.run(source.file.size, fetch, { timeoutMs, signal });
		});

	const first = await fetchOnce();
	if (!first.mismatch) return first.file;
	// The URL itself may lead to another file.
	if (source.canRenew) await source.renew();
	const second = await fetchOnce(first.mismatch);
	if (second.mismatch) throw damaged(source.subject);
	if (second.file.verified === false) addHint?.(SAME_MISMATCH_TWICE);
	return second.file;
}

/** The first wait for a file that is not there yet. */
const FIRST_WAIT_MS = SECOND;

/** Tries again while the file's message is so new that the provider may not have the file yet. Nothing is held in between. */
async function whenThere<T>(
	{ provider, cancelSignal }: Client,
	{ file: { timestamp = '' } }: FileSource,
	work: () => Promise<T>,
): Promise<T> {
	const isThereBy = Date.parse(timestamp) + (provider.lateFilesMs ?? 0);
	return await retry(
		work,
		(cause, tries) => {
			const wait = backoff(tries, FIRST_WAIT_MS);
			const isGone = cause instanceof MediaError && cause.code === 'gone';
			return isGone && Date.now() + wait < isThereBy ? wait : undefined;
		},
		cancelSignal,
	);
}

const URL_RENEWED = '{n} URLs had expired and were renewed.';
const SAME_MISMATCH_TWICE =
	'{n} files came twice with the same bytes, which are not the announced ones. They went on with "verified: false".';

interface FetchOptions {
	rules: DownloadRules;
	/** The memory that it may take. */
	share: Share;
	/** See `Expected`. */
	earlier?: Digest;
}

/** Opens the file and stores it, once. Whatever goes wrong, the transfer ends. */
async function fetchAndStore(
	{ client, store, addHint }: DownloadContext,
	source: FileSource,
	{ rules, share, earlier }: FetchOptions,
) {
	const reply = await openFile(client, source, rules, () => addHint?.(URL_RENEWED));
	const { subject, file } = source;
	const expected = { subject, file, rules, idleTimeoutMs: client.idleTimeoutMs, share, earlier };
	const storeWhenRoom = async () => {
		if (reply.length) await share.setSize(reply.length);
		return await storeReply(reply, expected, store);
	};
	const stored = await storeWhenRoom().catch((cause) => {
		reply.abort();
		throw cause;
	});
	if (!stored.mismatch && stored.correctedFrom)
		addHint?.(typeCorrected(stored.correctedFrom, stored.file.mimeType));
	return stored;
}

function typeCorrected(declared: string, found: string): string {
	return `{n} files declared as ${declared} are ${found} by their first bytes, and were named so.`;
}
