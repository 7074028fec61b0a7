import type { OutgoingFile } from '../../nodes/WhatsApp/providers/provider';
import { providers } from '../../nodes/WhatsApp/providers';
import { axiosClient } from '../support/axiosClient';
import { startEmulator, VENDORS, type Emulator } from '../emulator';
import { VENDOR_FACTS } from '../support/vendors';

/** What a file is called and declared as stays a name and a type, whatever it says. */

const BYTES = Buffer.from('%PDF-1.7\nour own bytes');

let emulator: Emulator;
beforeAll(async () => {
	emulator = await startEmulator();
});
afterAll(async () => await emulator.close());
beforeEach(() => emulator.reset());

const HOSTILE_TYPES = [
	'application/x","media":"https://evil.example/other.pdf',
	'application/pdf\r\nX-Injected: yes',
	'application/pdf\r\n\r\nother bytes',
	'application/pdf; name="a"',
	'application/é',
	'приложение/документ',
	'application/x\u0000y',
	'application/\\',
	'*/*',
	'pdf',
	'',
	`application/${'x'.repeat(128)}`,
];

describe.each(VENDORS.filter((vendor) => VENDOR_FACTS[vendor].hasUpload))('%s', (vendor) => {
	const send = async (about: Partial<OutgoingFile>) => {
		const file = { fileName: 'a.pdf', mimeType: 'application/pdf', size: BYTES.length, ...about };
		const client = axiosClient(emulator, vendor);
		const outcome = await providers[vendor]!.upload(client, { ...file, content: BYTES }).catch(
			(cause: Error) => cause,
		);
		return { outcome, request: emulator.requests.at(-1)! };
	};

	test.each(HOSTILE_TYPES)(
		'declared as %j: the bytes arrive under a plain type, or not at all',
		async (mimeType) => {
			const { outcome, request } = await send({ mimeType });
			expect(Number(request.headers['content-length'])).toBe(request.bodySize);
			expect(request.headers).not.toHaveProperty('x-injected');
			if (outcome instanceof Error) {
				// A vendor that takes no such file says so about a plain type.
				expect(outcome.message).toMatch(
					/^"a\.pdf" \(application\/octet-stream, [\d.]+ (bytes|KB|MB)\) was not accepted: .*one of the following types/,
				);
				return;
			}
			const kept = emulator[vendor].store.get(outcome.mediaId)!;
			expect(Buffer.concat([...kept.bytes.read()])).toEqual(BYTES);
			expect(kept.mimeType).toMatch(/^application\/(pdf|octet-stream)$/);
		},
	);

	test.each([
		'a";b="c.pdf',
		'a\r\nX-Injected: yes.pdf',
		'é ✓.pdf',
		'a","media":"https://evil.pdf',
		"a;b'c&d#e.pdf",
	])('named %j: one name', async (fileName) => {
		const { outcome, request } = await send({ fileName });
		expect(outcome).toEqual(expect.objectContaining({ mediaId: expect.any(String) }));
		expect(Number(request.headers['content-length'])).toBe(request.bodySize);
		const kept = emulator[vendor].store.get((outcome as { mediaId: string }).mediaId)!;
		expect(kept.fileName).toBe(fileName);
		expect(Buffer.concat([...kept.bytes.read()])).toEqual(BYTES);
	});
});
