import type { IDataObject } from 'n8n-workflow';

import { providers } from '../../nodes/WhatsApp/providers';
import { fixture } from '../support/files';
import {
	calls,
	credentialFor,
	sha256,
	startHarness,
	VENDORS,
	type Harness,
} from '../support/harness';
import { credentialsFor, uploadFiles } from '../support/run';
import { VENDOR_FACTS } from '../support/vendors';

const DAY = 86_400_000;

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());

describe.each(VENDORS.filter((vendor) => VENDOR_FACTS[vendor].hasUpload))(
	'%s: Reuse Earlier Upload',
	(vendor) => {
		const reuse = { reuseEarlier: true };
		const PDF = { vendor, mimeType: 'application/pdf', fileName: 'a.pdf', options: reuse };
		const pdf = (text = 'x') => Buffer.from(`%PDF-1.7\n${text}`);
		const uploads = () =>
			harness.emulator.requests.filter(({ method }) => method === 'POST').length;
		const saved = (data: IDataObject) => JSON.parse(JSON.stringify(data)) as IDataObject;
		const remember = async () => {
			const staticData: IDataObject = {};
			const { json } = await uploadFiles(harness, pdf(), { ...PDF, staticData });
			return { staticData: saved(staticData), mediaId: json!.mediaId };
		};

		test('is off unless chosen', async () => {
			const staticData: IDataObject = {};
			await uploadFiles(harness, [pdf(), pdf()], { ...PDF, options: {}, staticData });
			expect(uploads()).toBe(2);
			expect(JSON.stringify(staticData)).not.toContain('uploads');
		});

		test('500 items with one file: one upload', async () => {
			const { output, hints } = await uploadFiles(harness, Array<Buffer>(500).fill(pdf()), PDF);
			expect(output[0]).toHaveLength(500);
			expect(new Set(output[0]!.map(({ json }) => json.mediaId)).size).toBe(1);
			expect(output[0]!.map(({ json }) => json.n)).toEqual(
				Array.from({ length: 500 }, (_, n) => n),
			);
			expect(output[0]![499]!.json).toMatchObject({
				sha256: sha256(pdf()),
				size: pdf().length,
				expiresAt: expect.any(String),
				fileName: 'a.pdf',
				mimeType: 'application/pdf',
			});
			expect(calls(harness.emulator)).toHaveLength(1);
			expect(hints).toEqual([
				'499 of 500 files had already been uploaded: their media IDs were used again.',
			]);
		});

		test('the next execution uses it again, after a look at whether it is still there', async () => {
			const { staticData, mediaId } = await remember();
			const { json } = await uploadFiles(harness, [pdf(), pdf()], { ...PDF, staticData });
			expect(json).toMatchObject({ mediaId });
			expect(harness.emulator.requests.map(({ method }) => method)).toEqual(['POST', 'GET']);
		});

		test('deleted in the meantime: uploaded anew, and that is remembered', async () => {
			const { staticData, mediaId } = await remember();
			await harness.run('DeleteMedia', [{ json: { mediaId: mediaId as string } }], {
				credentials: credentialsFor(harness, vendor),
			});
			const { json } = await uploadFiles(harness, pdf(), { ...PDF, staticData });
			expect(json!.mediaId).not.toBe(mediaId);
			expect(uploads()).toBe(2);
			expect(
				(await uploadFiles(harness, pdf(), { ...PDF, staticData: saved(staticData) })).json!
					.mediaId,
			).toBe(json!.mediaId);
			expect(uploads()).toBe(2);
		});

		test('a provider that does not say yes plainly gets another upload', async () => {
			const { staticData, mediaId } = await remember();
			harness.emulator[vendor].fault({
				on: VENDOR_FACTS[vendor].operations.lookUp,
				status: 503,
				body: '{}',
			} as never);
			expect((await uploadFiles(harness, pdf(), { ...PDF, staticData })).json!.mediaId).not.toBe(
				mediaId,
			);
			expect(uploads()).toBe(2);
		});

		test('other bytes, another type, another owner: another upload', async () => {
			const { staticData } = await remember();
			await uploadFiles(harness, pdf('y'), { ...PDF, staticData });
			expect(uploads()).toBe(2);
			await uploadFiles(harness, pdf(), {
				...PDF,
				options: { ...reuse, mimeType: 'text/plain', checkFile: false },
				staticData,
			});
			expect(uploads()).toBe(3);
			if (!providers[vendor]!.keepsFileNames)
				await uploadFiles(harness, pdf(), {
					...PDF,
					options: {
						...reuse,
						phoneNumberId: {
							__rl: true,
							mode: 'id',
							value: harness.emulator.meta.phoneNumbers[1]!.id,
						},
					},
					staticData,
				});
			else await uploadFiles(harness, pdf(), { ...PDF, fileName: 'b.pdf', staticData });
			expect(uploads()).toBe(4);
		});

		test('for the vendor’s 30 days, with one to spare', async () => {
			const { staticData, mediaId } = await remember();
			const [entry] = Object.values(
				(staticData['node:Upload Media'] as IDataObject).uploads as Record<string, IDataObject>,
			);
			expect(Date.parse(String(entry!.expiresAt)) - Date.now()).toBeGreaterThan(29.9 * DAY);
			entry!.expiresAt = new Date(Date.now() + 0.9 * DAY).toISOString();
			expect((await uploadFiles(harness, pdf(), { ...PDF, staticData })).json!.mediaId).not.toBe(
				mediaId,
			);
			expect(uploads()).toBe(2);
		});

		test('at most 500 are kept, the newest, and nothing that could be a secret', async () => {
			const old = {
				mediaId: '1037543291543636',
				expiresAt: new Date(Date.now() + 29 * DAY).toISOString(),
			};
			const uploads = Object.fromEntries(
				Array.from({ length: 505 }, (_, n) => [sha256(String(n)).slice(0, 32), old]),
			);
			const staticData = { 'node:Upload Media': { uploads } } as IDataObject;
			const { json } = await uploadFiles(harness, pdf(), { ...PDF, staticData });
			const kept = Object.values(
				(saved(staticData)['node:Upload Media'] as IDataObject).uploads as object,
			);
			expect(kept).toHaveLength(500);
			expect(kept.at(-1)).toEqual({ mediaId: json!.mediaId, expiresAt: json!.expiresAt });
			const text = JSON.stringify(staticData);
			for (const secret of Object.values(credentialFor(harness.emulator, vendor)).filter(
				(value) => value.length > 8 && !value.startsWith('http'),
			))
				expect(text).not.toContain(secret);
			expect(text.length).toBeLessThan(70_000);
		});

		test('static data of any shape are survived', async () => {
			for (const uploads of [null, 5, 'x', [], { a: null }, { a: { mediaId: 5, expiresAt: {} } }])
				expect(
					(
						await uploadFiles(harness, pdf(), {
							...PDF,
							staticData: { 'node:Upload Media': { uploads } } as never,
						})
					).json,
				).toMatchObject({ mediaId: expect.any(String) });
		});

		test('an upload that fails is not shared further: it is tried again, once for all', async () => {
			harness.emulator[vendor].fault({ on: 'upload', status: 503, body: '{}' } as never);
			const { output, message } = await uploadFiles(harness, Array<Buffer>(20).fill(pdf()), PDF);
			expect(message).toBeUndefined();
			expect(new Set(output[0]!.map(({ json }) => json.mediaId)).size).toBe(1);
			expect(uploads()).toBe(2);
		});

		test('the file of the item is checked all the same', async () => {
			const { staticData } = await remember();
			const { message } = await uploadFiles(harness, fixture('mono.ogg'), { ...PDF, staticData });
			expect(message).toContain('is declared as application/pdf, but its content is audio/ogg');
			expect(uploads()).toBe(1);
		});
	},
);
