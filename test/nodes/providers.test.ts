import { readFile } from 'node:fs/promises';

import { providers } from '../../nodes/WhatsApp/providers';
import { axiosClient } from '../support/axiosClient';
import { serveTrigger } from '../support/core/webhook';
import type { VendorEmulator } from '../emulator';
import { sha256, startHarness, VENDORS, type Vendor, type Harness } from '../support/harness';
import { demoFile } from '../support/paths';
import { credentialsFor, runOne } from '../support/run';
import { typesOf, VENDOR_FACTS } from '../support/vendors';

/** The same workflow on every vendor: only the credential differs. */

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());

/** Trigger → Download on this vendor; a customer sends the file. */
async function sendThrough(
	vendor: Vendor,
	file: { type: string; fileName?: string; caption?: string; url?: boolean },
	bytes: Buffer,
) {
	const played: VendorEmulator = harness.emulator[vendor];
	const { localRegistration } = VENDOR_FACTS[vendor];
	const credentials = credentialsFor(harness, vendor);
	const trigger = await serveTrigger(harness.engine, {
		node: 'whatsAppMediaTrigger',
		parameters: { registration: 'manual' },
		credentials,
	});
	const registration =
		localRegistration === 'manual' ? undefined : providers[vendor]!.registration!;
	const client = axiosClient(harness.emulator, vendor);
	if (registration) await registration.register(client, 'phoneNumber', trigger.url);
	else played.callback = trigger.url;
	const { answer } = await played.receive({ bytes, ...file });
	expect(answer!.status).toBe(200);
	await trigger.close();
	await registration?.unregister(client, 'phoneNumber', trigger.url);
	const [items] = trigger.executions;
	const result = await harness.run('DownloadMedia', items!, { credentials });
	const [item] = result.output[0]!;
	return { received: items![0]!.json, item: item!, bytes: await result.binary(item) };
}

const files = async (name: string) => await readFile(demoFile(name));

describe.each(VENDORS)('%s', (vendor) => {
	test.each(Object.entries(typesOf(vendor)))(
		'%s: a webhook comes in, the same bytes come out',
		async (type, ours) => {
			const original = await files(
				type === 'voice' ? 'voice-note.ogg' : type === 'document' ? 'invoice.pdf' : 'photo.jpg',
			);
			const { received, item, bytes } = await sendThrough(
				vendor,
				{ type, fileName: type === 'document' ? 'Rechnung.pdf' : undefined, caption: 'please' },
				original,
			);
			expect(bytes).toEqual(original);
			expect(received.type).toBe(ours);
			expect(item.json).toMatchObject({
				...received,
				mimeType: expect.any(String),
				sha256: sha256(original),
				size: original.length,
				verified: true,
			});
			if (type === 'document')
				expect(item.binary!.data).toMatchObject({
					fileName: 'Rechnung.pdf',
					mimeType: 'application/pdf',
				});
			if (type === 'voice')
				expect(item.binary!.data).toMatchObject({ fileExtension: 'ogg', mimeType: 'audio/ogg' });
		},
	);
});

test('the same item fields, whoever delivers', async () => {
	const fields: string[][] = [];
	for (const vendor of VENDORS) {
		const { received } = await sendThrough(
			vendor,
			{ type: 'document', fileName: 'a.pdf', caption: 'Hi', url: true },
			Buffer.from('%PDF'),
		);
		fields.push(Object.keys(received));
	}
	const everywhere = fields[0]!.filter((field) => fields.every((names) => names.includes(field)));
	// n8n's table shows the first ones without scrolling: who, and what they said.
	for (const names of fields) expect(names.slice(0, 3)).toEqual(['from', 'fromName', 'caption']);
	expect(everywhere).toEqual([
		'from',
		'fromName',
		'caption',
		'type',
		'fileName',
		'provider',
		'mediaId',
		'mimeType',
		'messageId',
		'chatId',
		'timestamp',
	]);
	const more = fields.map((names) => names.filter((field) => !everywhere.includes(field)).sort());
	expect(more).toEqual(VENDORS.map((vendor) => [...VENDOR_FACTS[vendor].itemFields].sort()));
});

test('the hosts that saw a token, over everything that the nodes do', async () => {
	const { emulator } = harness;
	const sites: Record<string, string> = { [emulator.thirdParty.url]: 'a stranger' };
	for (const vendor of VENDORS) {
		sites[emulator[vendor].url] = `${vendor}: api`;
		sites[emulator[vendor].filesUrl] = `${vendor}: files`;
	}
	const asked = new Set<string>();
	const sawToken: Record<string, Set<string>> = {};
	for (const vendor of VENDORS) {
		emulator.reset();
		const credentials = credentialsFor(harness, vendor);
		const run = async (node: string, json: object) => await runOne(harness, vendor, node, json);
		const played: VendorEmulator = emulator[vendor];
		const stored = () => played.store.add({ bytes: 'x', mimeType: 'image/png', inbound: true });
		for (const url of [true, false])
			await sendThrough(vendor, { type: 'image', url }, Buffer.from('a photo'));
		await run('DownloadMedia', { url: emulator.thirdParty.put('x', 'image/png') });
		for (const on of ['file', 'media', 'download', 'message']) {
			played.fault({ on, redirect: 'thirdParty' });
			await run('DownloadMedia', { mediaId: stored() });
		}
		await run('GetMediaUrl', { mediaId: stored(), messageId: 'x' });
		await run('DeleteMedia', { mediaId: stored() });
		const data = await harness.engine.file(Buffer.from('%PDF'), {
			mimeType: 'application/pdf',
			fileName: 'a.pdf',
		});
		await harness.run('UploadMedia', [{ json: {}, binary: { data } }], { credentials });

		const { accessToken } = credentials.whatsAppMediaApi;
		sawToken[vendor] = new Set();
		for (const { url, headers } of emulator.requests) {
			const site = sites[new URL(url).origin]!;
			asked.add(site);
			if (JSON.stringify([url, headers]).includes(accessToken!)) sawToken[vendor].add(site);
			const { tokenHeader = 'authorization' } = VENDOR_FACTS[vendor];
			const proof = tokenHeader === 'authorization' ? `Bearer ${accessToken}` : accessToken;
			expect(headers[tokenHeader] ?? proof).toBe(proof);
		}
	}
	const unused = VENDORS.flatMap((vendor) =>
		(VENDOR_FACTS[vendor].unusedSites ?? []).map((site) => `${vendor}: ${site}`),
	);
	expect([...asked].sort()).toEqual(
		Object.values(sites)
			.filter((site) => !unused.includes(site))
			.sort(),
	);
	expect(Object.entries(sawToken).map(([vendor, saw]) => [vendor, [...saw].sort()])).toEqual(
		VENDORS.map((vendor) => [
			vendor,
			VENDOR_FACTS[vendor].tokenSites.map((site) => `${vendor}: ${site}`).sort(),
		]),
	);
});
