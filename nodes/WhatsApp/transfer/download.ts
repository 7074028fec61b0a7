import { MediaError } from '../errors';
import { EncryptedAsOther } from '../formats/decryptMedia';
import type { Client, FileClient } from '../transport/client';
import { SECOND } from '../units';
import { backoff, retry } from '../waiting';
import { damagedError, WebPageInstead } from './downloadErrors';
import { checkKnownFacts, type DownloadRules } from './downloadRules';
import type { FileSource, WantedFile } from './fileSource';
import { memoryBudget, type Share } from './memoryBudget';
import { MessageSource, type MessageFile } from './messageSource';
import { openFile } from './openFile';
import { ProviderSource } from './providerSource';
import { resumingReply, type Resumption } from './resumingReply';
import {
	storeReply,
	type BinaryStore,
	type DownloadedFile,
	type Mismatch,
	type StoredReply,
} from './storeReply';

/** What a download works with. */
export interface DownloadContext<C = Client> {
	client: C;
	store: BinaryStore;
	/** Hears of what the user may want to know. `{n}` stands for the number of files. */
	addHint?: (message: string) => void;
	/** How often in a row a transfer may break off without progress before it fails; 3 where absent. */
	maxRetries?: number;
	/** Given back while the file is waited for, and got again before each try at it. */
	place?: { leave: () => void; enter: () => Promise<void> };
}

const DEFAULT_MAX_RETRIES = 3;

/** Downloads a provider's file. See `downloadFrom`. */
export async function download(
	context: DownloadContext,
	wanted: WantedFile,
	rules?: DownloadRules,
): Promise<DownloadedFile> {
	const source = await ProviderSource.locate(context.client, wanted, context.addHint);
	return await downloadFrom(context, source, rules);
}

/** Downloads a file that a message or a form names. See `downloadFrom`. */
export async function downloadMessageFile(
	context: DownloadContext<FileClient>,
	file: MessageFile,
	rules?: DownloadRules,
): Promise<DownloadedFile> {
	return await downloadFrom(context, new MessageSource(context.client, file), rules);
}

/**
 * Downloads a file into n8n's binary store: whole and checked, or not at all.
 *
 * Bytes that are not what was announced are downloaded again. If the same ones come twice, they are accepted with
 * `verified: false`: some providers may announce a hash of other bytes than they serve. An encrypted
 * file is not accepted then.
 * @throws MediaError
 */
async function downloadFrom(
	context: DownloadContext<FileClient>,
	source: FileSource,
	rules: DownloadRules = {},
): Promise<DownloadedFile> {
	const { client, addHint } = context;
	checkKnownFacts(source.subject, source.file, rules);
	const fetchOnce = async (earlier?: Mismatch) =>
		await whenThere(context, source, async () => {
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
	// The URL may be the cause: get a new one before the second try.
	if (source.canRenew) await source.renew();
	const second = await fetchOnce(first.mismatch);
	if (second.mismatch) throw damagedError(source.subject);
	if (second.file.verified === false) addHint?.(SAME_MISMATCH_TWICE);
	return second.file;
}

/** The first wait for a file that is not there yet. */
const FIRST_WAIT_MS = SECOND;

/** Tries again while the file's message is so new that the provider may not have the file yet. Nothing is held in between. */
async function whenThere<T>(
	{ client, place }: DownloadContext<FileClient>,
	source: FileSource,
	work: () => Promise<T>,
): Promise<T> {
	return await retry(
		async (tryNumber) => {
			if (tryNumber > 1) await place?.enter();
			return await work();
		},
		(cause, tries) => {
			const wait = backoff(tries, FIRST_WAIT_MS);
			const isGone = cause instanceof MediaError && cause.code === 'gone';
			if (!isGone || !source.mayStillCome(wait)) return undefined;
			place?.leave();
			return wait;
		},
		client.cancelSignal,
	);
}

const RESUMED = '{n} downloads broke off, and continued where they stopped.';
const SAME_MISMATCH_TWICE =
	'{n} files were identical in two downloads, but do not match what the provider announced. They are passed on with "verified: false".';

interface FetchOptions {
	rules: DownloadRules;
	/** The memory that it may take. */
	share: Share;
	/** See `Expected`. */
	earlier?: Mismatch;
}

/** Opens the file and stores it, once. Whatever goes wrong, the transfer ends. */
async function fetchAndStore(
	context: DownloadContext<FileClient>,
	source: FileSource,
	options: FetchOptions,
): Promise<StoredReply> {
	const { client, store, addHint } = context;
	const { rules, share, earlier } = options;
	const opened = await openFile(source, rules, () => addHint?.(source.expiredHint));
	const reply = resumingReply(opened, resumptionOf(context, source));
	const { subject, file } = source;
	const expected = { subject, file, rules, idleTimeoutMs: client.idleTimeoutMs, share, earlier };
	const stored = await storeReply(reply, expected, store).catch(async (cause) => {
		reply.abort();
		if (cause instanceof EncryptedAsOther) file.encryption!.keys = cause.keys;
		else if (cause instanceof WebPageInstead && source.canRenew && source.urlMayExpire) {
			addHint?.(source.expiredHint);
			await source.renew();
		} else throw cause;
		return await fetchAndStore(context, source, options);
	});
	if (!stored.mismatch && stored.correctedFrom)
		addHint?.(typeCorrected(stored.correctedFrom, stored.file.mimeType));
	return stored;
}

/** Goes on at the same URL, or at a new one where that has expired on the way. */
function resumptionOf(
	{ client, addHint, maxRetries = DEFAULT_MAX_RETRIES }: DownloadContext<FileClient>,
	source: FileSource,
): Resumption {
	let isHinted = false;
	return {
		async open(headers, signal) {
			await source.refreshIfExpired(signal);
			return await source.open(headers, signal);
		},
		maxRetries,
		signal: client.cancelSignal,
		onResumed() {
			if (!isHinted) addHint?.(RESUMED);
			isHinted = true;
		},
	};
}

function typeCorrected(declared: string, found: string): string {
	return `{n} files declared as ${declared} are ${found} by their content, and were named accordingly.`;
}
