import { jsonParse } from 'n8n-workflow';

import type { MediaError } from '../errors';
import { mimeEssence } from '../formats/mimeTypes';
import type { Client, FileReply } from '../transport/client';
import { redact } from '../transport/redact';
import { notServed, webPageInstead } from './downloadErrors';
import { checkKnownFacts, type DownloadRules } from './downloadRules';
import { errorText } from './errorText';
import type { FileSource, WantedFile } from './fileSource';

/** What file hosts answer when a URL has expired. */
const EXPIRED_STATUSES = [401, 403, 404, 410];

/**
 * Opens a file, so that its bytes can be read. A URL that turns out to have expired is renewed, once for each source.
 * @param onExpired called when the URL had expired, and is renewed
 * @throws MediaError
 */
export async function openFile(
	client: Client,
	source: FileSource,
	rules: DownloadRules,
	onExpired: () => void,
): Promise<FileReply> {
	for (;;) {
		// A URL that was just looked up may bring a size and a type with it.
		checkKnownFacts(source.subject, source.file, rules);
		const reply = await client.open(source.file.url, { withToken: true });
		if (isFile(reply, source.file)) return reply;
		if (!source.canRenew || source.isServedByApi || !mayHaveExpired(reply))
			throw await errorOf(reply, source, client);
		reply.abort();
		onExpired();
		await source.renew();
	}
}

function isFile(reply: FileReply, wanted: WantedFile): boolean {
	return reply.status === 200 && !isOtherPage(reply, wanted);
}

/** A log-in or status page that comes with status 200 in place of the file. */
function isOtherPage({ headers }: FileReply, { mimeType }: WantedFile): boolean {
	const [received, expected] = [mimeEssence(headers['content-type']), mimeEssence(mimeType)];
	const isPage = received === 'text/html' || received === 'application/json';
	return isPage && expected !== '' && received !== expected;
}

/** With status 200 it is a page in place of the file: some hosts answer so. */
function mayHaveExpired({ status }: FileReply): boolean {
	return status === 200 || EXPIRED_STATUSES.includes(status);
}

/** Ends the reply, and says in the provider's words why it is not the file, where it has any. */
async function errorOf(reply: FileReply, source: FileSource, client: Client): Promise<MediaError> {
	const { provider, credentials, idleTimeoutMs } = client;
	const { status, headers } = reply;
	if (status !== 200 && provider.fileError && source.isServedByApi) {
		const text = redact(await errorText(reply, idleTimeoutMs), credentials);
		const body: unknown = jsonParse(text, { fallbackValue: text });
		return provider.fileError({ status, headers, body }, source.subject);
	}
	reply.abort();
	return status === 200
		? webPageInstead(source.subject, reply)
		: notServed(source.subject, reply, {
				retention: provider.retention,
				isNewUrl: source.isNewUrl,
			});
}
