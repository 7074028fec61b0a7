import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { providers } from '../../nodes/WhatsApp/providers';
import {
	type RecordedRequest,
	startEmulator,
	type Vendor as VendorName,
	type VendorEmulator,
	VENDORS,
} from '../emulator';
import type { Json } from '../support/n8n/workflow';
import { hostPorts, publicCredentialFor, publicOrigins, VENDOR_FACTS } from '../support/vendors';

/** WhatsApp as the demo knows it: a vendor that n8n reaches under its own names, and customers who send files. */
export type Vendor = {
	name: string;
	/** The vendor's host names, and the local ports that stand in for them. */
	hosts: Record<string, number>;
	/** What its user types into the credential. */
	credential: Json;
	/** What the trigger's form is set to: `manual` only where the vendor has no API to register a webhook with. */
	registration: 'manual' | 'phoneNumber';
	/** Whether it delivers to one workflow only. */
	isExclusive: boolean;
	messages: Message[];
	/** A customer writes a text; otherwise as `Message.send`. */
	sendText(text: string, webhookUrl?: string): Promise<{ status?: number }>;
	/** Every request to the vendor, oldest first. */
	requests: readonly RecordedRequest[];
	close(): Promise<void>;
};

/** A file that a customer sends. */
export type Message = {
	/** As in "a photo". */
	what: string;
	bytes: Buffer;
	/**
	 * Resolves when the webhook has answered, with its status; without one when nobody has registered a webhook.
	 * @param webhookUrl where there is no API to register one: what the user would have pasted at the vendor
	 */
	send(webhookUrl?: string): Promise<{ mediaId: string; status?: number }>;
};

const customer = { from: '4915255501010', name: 'Zoë Martins' };
const glazier = { from: '4915255502020', name: 'Harbour Windows' };

type Sent = {
	what: string;
	file: string;
	type: 'voice' | 'image' | 'document';
	fileName?: string;
	caption?: string;
	from: string;
	name: string;
};

const messages: Sent[] = [
	{ what: 'a voice note', file: 'voice-note.ogg', type: 'voice', ...customer },
	{
		what: 'a photo',
		file: 'photo.jpg',
		type: 'image',
		caption: 'The new window is in, thank you!',
		...customer,
	},
	{
		what: 'a PDF',
		file: 'invoice.pdf',
		type: 'document',
		fileName: 'Invoice 2026-1121.pdf',
		caption: 'For Harbour Street 12',
		...glazier,
	},
];

export const vendorNames = VENDORS;

export async function startVendor(provider: VendorName): Promise<Vendor> {
	const { title } = VENDOR_FACTS[provider];
	const registration = providers[provider]!.registration ? 'phoneNumber' : 'manual';
	const emulator = await startEmulator(publicOrigins([provider]));
	const played: VendorEmulator = emulator[provider];
	return {
		name: title,
		hosts: hostPorts(emulator, [provider]),
		credential: publicCredentialFor(emulator, provider),
		registration,
		isExclusive: providers[provider]!.registration?.exclusive ?? true,
		messages: messages.map(({ what, file, ...message }) => {
			const bytes = readFileSync(join(__dirname, 'files', file));
			return {
				what,
				bytes,
				async send(callback) {
					const delivery = registration === 'manual' ? { callback } : {};
					const { mediaId, answer } = await played.receive({ ...message, bytes }, delivery);
					return { mediaId, status: answer?.status };
				},
			};
		}),
		async sendText(text, callback) {
			const delivery = registration === 'manual' ? { callback } : {};
			const answer = await played.receiveText(text, customer, delivery);
			return { status: (answer as { status?: number } | undefined)?.status };
		},
		requests: emulator.requests,
		close: () => emulator.close(),
	};
}
