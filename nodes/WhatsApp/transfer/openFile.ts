import { mimeEssence } from '../formats/mimeTypes';
import type { FileReply } from '../transport/client';
import { checkKnownFacts, type DownloadRules } from './downloadRules';
import { EXPIRED_STATUSES, type FileSource, type WantedFile } from './fileSource';

/**
 * Opens a file, so that its bytes can be read. A URL that turns out to have expired is renewed where there is another.
 * @param onExpired called when the URL had expired, and there is another
 * @throws MediaError
 */
export async function openFile(
	source: FileSource,
	rules: DownloadRules,
	onExpired: () => void,
): Promise<FileReply> {
	for (;;) {
		// A URL that was just looked up may bring a size and a type with it.
		checkKnownFacts(source.subject, source.file, rules);
		const reply = await source.open();
		if (isFile(reply, source.file)) return reply;
		if (!source.canRenew || !source.urlMayExpire || !mayHaveExpired(reply))
			throw await source.errorOf(reply);
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

/** Called only when the reply is not the file, so a 200 is a web page. Some hosts answer an expired URL that way. */
function mayHaveExpired({ status }: FileReply): boolean {
	return status === 200 || EXPIRED_STATUSES.includes(status);
}
