import type { FileReply } from '../transport/client';
import { checkKnownFacts, type DownloadRules } from './downloadRules';
import { EXPIRED_STATUSES, type FileSource } from './fileSource';

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
		if (reply.status === 200) return reply;
		const mayHaveExpired = source.urlMayExpire && EXPIRED_STATUSES.includes(reply.status);
		if (!source.canRenew || !mayHaveExpired) throw await source.errorOf(reply);
		reply.abort();
		onExpired();
		await source.renew();
	}
}
