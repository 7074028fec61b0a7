import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEmulator } from '../emulator';
import type { Incoming, Sender } from '../emulator/meta';
import type { Json } from '../n8n/workflow';

/** WhatsApp as the demo knows it: a vendor that n8n reaches under its own names, and customers who send files. */
export type Vendor = {
	name: string;
	/** The vendor's host names, and the local ports that stand in for them. */
	hosts: Record<string, number>;
	/** What its user types into the credential. */
	credential: Json;
	/** The vendor's own check of a webhook, before it delivers anything. Resolves with what is wrong, if anything is. */
	check(webhookUrl: string): Promise<string | undefined>;
	messages: Message[];
	close(): Promise<void>;
};

/** A file that a customer sends. */
export type Message = {
	/** As in "a photo". */
	what: string;
	bytes: Buffer;
	/** Resolves when the webhook has answered, with its status. */
	send(webhookUrl: string): Promise<{ mediaId: string; status?: number }>;
};

const customer = { from: '4915255501010', name: 'Zoë Martins' };
const glazier = { from: '4915255502020', name: 'Harbour Windows' };

const messages: Array<Omit<Incoming, 'bytes'> & Sender & { what: string; file: string }> = [
	{ what: 'a voice note', file: 'voice-note.ogg', type: 'voice', ...customer },
	{ what: 'a photo', file: 'photo.jpg', type: 'image', caption: 'The new window is in, thank you!', ...customer },
	{ what: 'a PDF', file: 'invoice.pdf', type: 'document', fileName: 'Invoice 2026-1121.pdf', caption: 'For Harbour Street 12', ...glazier },
];

export async function startMeta(): Promise<Vendor> {
	const { meta, localUrl, close } = await startEmulator({
		meta: { graphOrigin: 'https://graph.facebook.com', filesOrigin: 'https://lookaside.fbsbx.com' },
	});
	const port = Number(new URL(localUrl).port);
	const { appSecret, ...credential } = meta.credentials;
	return {
		name: 'Meta',
		hosts: { 'graph.facebook.com': port, 'lookaside.fbsbx.com': port },
		credential: { provider: 'meta', ...credential, webhookSecret: appSecret },
		async check(webhookUrl) {
			const { ok, status, body, error } = await meta.handshake(webhookUrl);
			return ok ? undefined : (error ?? `it answered ${status} ${body}`);
		},
		messages: messages.map(({ what, file, ...message }) => {
			const bytes = readFileSync(join(__dirname, 'files', file));
			return {
				what,
				bytes,
				async send(callback) {
					const { mediaId, answer } = await meta.receive({ ...message, bytes }, { callback });
					return { mediaId, status: answer?.status };
				},
			};
		}),
		close,
	};
}
