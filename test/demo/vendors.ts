import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../emulator';
import type { Json } from '../support/n8n/workflow';

/** WhatsApp as the demo knows it: a vendor that n8n reaches under its own names, and customers who send files. */
export type Vendor = {
	name: string;
	/** The vendor's host names, and the local ports that stand in for them. */
	hosts: Record<string, number>;
	/** What its user types into the credential. */
	credential: Json;
	/** How the trigger gets its deliveries. */
	registration: 'manual' | 'phoneNumber';
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

type Sent = { what: string; file: string; type: 'voice' | 'image' | 'document'; fileName?: string; caption?: string; from: string; name: string };

const messages: Sent[] = [
	{ what: 'a voice note', file: 'voice-note.ogg', type: 'voice', ...customer },
	{ what: 'a photo', file: 'photo.jpg', type: 'image', caption: 'The new window is in, thank you!', ...customer },
	{ what: 'a PDF', file: 'invoice.pdf', type: 'document', fileName: 'Invoice 2026-1121.pdf', caption: 'For Harbour Street 12', ...glazier },
];

/** What differs from one vendor to the other. */
const VENDORS = {
	meta: {
		name: 'Meta',
		origins: { apiOrigin: 'https://graph.facebook.com', filesOrigin: 'https://lookaside.fbsbx.com' },
		credential({ meta }: Emulator) {
			const { appSecret, ...others } = meta.credentials;
			return { ...others, webhookSecret: appSecret };
		},
		// The other kinds of registration are for public https addresses only.
		registration: 'manual' as const,
		async check({ meta }: Emulator, webhookUrl: string) {
			const { ok, status, body, error } = await meta.handshake(webhookUrl);
			return ok ? undefined : (error ?? `it answered ${status} ${body}`);
		},
	},
	whapi: {
		name: 'Whapi.Cloud',
		origins: { apiOrigin: 'https://gate.whapi.cloud', filesOrigin: 'https://s3.eu-central-1.wasabisys.com' },
		credential: ({ whapi }: Emulator) => ({ accessToken: whapi.credentials.accessToken }),
		registration: 'phoneNumber' as const,
		check: async ({ whapi }: Emulator, webhookUrl: string) =>
			JSON.stringify(whapi.settings).includes(webhookUrl) ? undefined : 'it is not among the webhooks of the channel',
	},
	pipes: {
		name: 'Pipes.bot',
		origins: { apiOrigin: 'https://api.pipes.bot', filesOrigin: 'https://media.account.r2.cloudflarestorage.com' },
		credential: ({ pipes }: Emulator) => ({ accessToken: pipes.credentials.accessToken, webhookSecret: pipes.credentials.webhookSecret }),
		registration: 'manual' as const,
		async check({ pipes }: Emulator, webhookUrl: string) {
			pipes.callback = webhookUrl;
			return undefined;
		},
	},
};

export const vendorNames = Object.keys(VENDORS) as Array<keyof typeof VENDORS>;

export async function startVendor(provider: keyof typeof VENDORS): Promise<Vendor> {
	const { name, origins, credential, registration, check } = VENDORS[provider];
	const emulator = await startEmulator({ [provider]: origins });
	const port = Number(new URL(emulator.localUrl).port);
	return {
		name,
		hosts: Object.fromEntries(Object.values(origins).map((origin) => [new URL(origin).host, port])),
		credential: { provider, ...credential(emulator) },
		registration,
		check: async (webhookUrl) => await check(emulator, webhookUrl),
		messages: messages.map(({ what, file, ...message }) => {
			const bytes = readFileSync(join(__dirname, 'files', file));
			return {
				what,
				bytes,
				async send(callback) {
					const { mediaId, answer } = await emulator[provider].receive({ ...message, bytes }, registration === 'manual' ? { callback } : {});
					return { mediaId, status: answer?.status };
				},
			};
		}),
		close: () => emulator.close(),
	};
}
