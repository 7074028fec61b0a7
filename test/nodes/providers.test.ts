import { readFile } from 'node:fs/promises';

import { providers } from '../../nodes/WhatsApp/providers';
import { axiosClient } from '../support/axiosClient';
import { serveTrigger } from '../support/core/webhook';
import { credentialFor, sha256, startHarness, VENDORS, type Vendor, type Harness } from '../support/harness';
import { demoFile } from '../support/paths';

/** The same workflow on every vendor: only the credential differs. */

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());

/** The types that each vendor has, as it calls them, and what they are in our words. */
const TYPES = { image: 'image', video: 'video', audio: 'audio', voice: 'voice', document: 'document', sticker: 'sticker' };
const TYPES_OF: Record<Vendor, Record<string, string>> = { meta: TYPES, whapi: { ...TYPES, gif: 'video', short: 'video' }, pipes: TYPES };

/** Trigger → Download on this vendor; a customer sends the file. */
async function sendThrough(vendor: Vendor, incoming: object, bytes: Buffer) {
	const credentials = { whatsAppMediaApi: credentialFor(harness.emulator, vendor) };
	const trigger = await serveTrigger(harness.engine, { node: 'whatsAppMediaTrigger', parameters: { registration: 'manual' }, credentials });
	const { registration } = providers[vendor]!;
	// A list of webhooks takes the local address; the one place of the others wants https, and the emulator knows it without.
	if (registration && !registration.exclusive) await registration.register(axiosClient(harness.emulator, vendor), 'phoneNumber', trigger.url);
	else harness.emulator[vendor].callback = trigger.url;
	const { answer } = await harness.emulator[vendor].receive({ bytes, ...incoming } as never);
	expect(answer!.status).toBe(200);
	await trigger.close();
	harness.emulator.whapi.settings.webhooks = [];
	const [items] = trigger.executions;
	const result = await harness.run('DownloadMedia', items!, { credentials });
	const [item] = result.output[0]!;
	return { received: items![0]!.json, item: item!, bytes: await result.binary(item) };
}

const files = async (name: string) => await readFile(demoFile(name));

describe.each(VENDORS)('%s', (vendor) => {
	test.each(Object.entries(TYPES_OF[vendor]))('%s: a webhook comes in, the same bytes come out', async (type, ours) => {
		const original = await files(type === 'voice' ? 'voice-note.ogg' : type === 'document' ? 'invoice.pdf' : 'photo.jpg');
		const { received, item, bytes } = await sendThrough(vendor, { type, fileName: type === 'document' ? 'Rechnung.pdf' : undefined, caption: 'please' }, original);
		expect(bytes).toEqual(original);
		expect(received.type).toBe(ours);
		expect(item.json).toMatchObject({ ...received, mimeType: expect.any(String), sha256: sha256(original), size: original.length, verified: true });
		if (type === 'document') expect(item.binary!.data).toMatchObject({ fileName: 'Rechnung.pdf', mimeType: 'application/pdf' });
		if (type === 'voice') expect(item.binary!.data).toMatchObject({ fileExtension: 'ogg', mimeType: 'audio/ogg' });
	});
});

test('the same item fields, whoever delivers', async () => {
	const table: Record<string, Record<string, boolean>> = {};
	for (const vendor of VENDORS) {
		const { received } = await sendThrough(vendor, { type: 'document', fileName: 'a.pdf', caption: 'Hi', url: true }, Buffer.from('%PDF'));
		for (const field of Object.keys(received)) (table[field] ??= {})[vendor] = true;
	}
	const everywhere = Object.keys(table).filter((field) => VENDORS.every((vendor) => table[field]![vendor]));
	expect(everywhere).toEqual(['provider', 'type', 'mediaId', 'mimeType', 'fileName', 'caption', 'messageId', 'chatId', 'from', 'fromName', 'timestamp']);
	expect(Object.fromEntries(Object.entries(table).filter(([field]) => !everywhere.includes(field)))).toEqual({
		url: { meta: true, whapi: true },
		urlExpiresAt: { meta: true, whapi: true },
		sha256: { meta: true, whapi: true },
		size: { whapi: true, pipes: true },
		fromUserId: { meta: true },
		phoneNumberId: { meta: true, pipes: true },
		accountId: { meta: true, whapi: true },
	});
});

test('the hosts that saw a token, over everything that the nodes do', async () => {
	const { emulator } = harness;
	const sites: Record<string, string> = {
		[emulator.meta.url]: 'Meta’s Graph',
		[emulator.meta.filesUrl]: 'Meta’s file host',
		[emulator.whapi.url]: 'Whapi’s gate',
		[emulator.whapi.filesUrl]: 'Whapi’s public storage',
		[emulator.pipes.url]: 'Pipes’ API',
		[emulator.pipes.filesUrl]: 'Pipes’ storage',
		[emulator.thirdParty.url]: 'a stranger',
	};
	const asked = new Set<string>();
	const sawToken: Record<string, Set<string>> = {};
	for (const vendor of VENDORS) {
		emulator.reset();
		const credentials = { whatsAppMediaApi: credentialFor(emulator, vendor) };
		const run = async (node: string, json: object) => await harness.run(node, [{ json: json as never }], { credentials });
		const stored = () => emulator[vendor].store.add({ bytes: 'x', mimeType: 'image/png', inbound: true });
		for (const url of [true, false]) await sendThrough(vendor, { type: 'image', url }, Buffer.from('a photo'));
		await run('DownloadMedia', { url: emulator.thirdParty.put('x', 'image/png') });
		for (const on of ['file', 'media', 'download']) {
			emulator[vendor].fault({ on, redirect: 'thirdParty' } as never);
			await run('DownloadMedia', { mediaId: stored() });
		}
		await run('GetMediaUrl', { mediaId: stored(), messageId: 'x' });
		await run('DeleteMedia', { mediaId: stored() });
		const data = await harness.engine.file(Buffer.from('%PDF'), { mimeType: 'application/pdf', fileName: 'a.pdf' });
		await harness.run('UploadMedia', [{ json: {}, binary: { data } }], { credentials });

		const { accessToken } = credentials.whatsAppMediaApi;
		sawToken[vendor] = new Set();
		for (const { url, headers } of emulator.requests) {
			const site = sites[new URL(url).origin]!;
			asked.add(site);
			if (JSON.stringify([url, headers]).includes(accessToken!)) sawToken[vendor].add(site);
			expect(headers.authorization ?? `Bearer ${accessToken}`).toBe(`Bearer ${accessToken}`);
		}
	}
	expect([...asked].sort()).toEqual(Object.values(sites).sort());
	expect(Object.fromEntries(Object.entries(sawToken).map(([vendor, saw]) => [vendor, [...saw].sort()]))).toEqual({
		meta: ['Meta’s Graph', 'Meta’s file host'].sort(),
		whapi: ['Whapi’s gate'],
		pipes: ['Pipes’ API'],
	});
});
