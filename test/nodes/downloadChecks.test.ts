import { pattern } from '../emulator';
import * as downloads from '../support/download';
import { PHOTO } from '../support/files';
import { calls, sha256, startHarness, type Harness } from '../support/harness';

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());

const customerSent = (file: Parameters<typeof downloads.customerSent>[1] = {}) =>
	downloads.customerSent(harness, file);
const download = async (item: Record<string, unknown>, parameters: Record<string, unknown> = {}) =>
	await downloads.downloadOnce(harness, item, parameters);

describe('what is not the file goes no further', () => {
	const files = async () => await harness.engine.binaryFiles();
	let before: string[];
	beforeEach(async () => {
		before = await files();
	});
	/** Nothing half-written and nothing wrong is left in n8n's store. */
	const nothingKept = async () => expect(await files()).toEqual(before);

	test('a page with status 200 where a photo should be', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.fault({
			on: 'file',
			status: 200,
			headers: { 'Content-Type': 'text/html' },
			body: '<!DOCTYPE html><p>Log in',
			times: 2,
		});
		const { message, output } = await download({ mediaId });
		expect(message).toBe(
			`Media ID ${mediaId} could not be downloaded: ${new URL(harness.emulator.meta.filesUrl).host} sent a web page instead of the file`,
		);
		expect(output).toEqual([]);
		await nothingKept();
	});

	test('a page that calls itself a photo', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.variants.hash = 'absent';
		harness.emulator.meta.fault({
			on: 'file',
			status: 200,
			headers: { 'Content-Type': 'image/jpeg' },
			body: '<html>Log in',
		});
		expect((await download({ mediaId })).message).toContain('sent a web page instead of the file');
		await nothingKept();
	});

	test.each([true, false])('a connection that dies at 60 % (chunked: %s)', async (chunkedFiles) => {
		const mediaId = customerSent({ bytes: pattern(1_000_000) });
		harness.emulator.meta.variants.chunkedFiles = chunkedFiles;
		harness.emulator.meta.fault({ on: 'file', cutAt: 0.6 });
		expect((await download({ mediaId })).message).toMatch(
			new RegExp(
				`^Media ID ${mediaId} came incomplete: \\d+ ${chunkedFiles ? '' : 'of 1000000 '}bytes$`,
			),
		);
		await nothingKept();
	});

	test('a body that ends early as if it were whole', async () => {
		const mediaId = customerSent({ bytes: pattern(1_000_000) });
		harness.emulator.meta.fault({ on: 'file', truncateAt: 0.6 });
		expect((await download({ mediaId })).message).toBe(
			`Media ID ${mediaId} came incomplete: 600000 of 1000000 bytes`,
		);
		await nothingKept();
	});

	test('other bytes once: fetched again, good', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.fault({ on: 'file', wrongBytes: true });
		const { json, hints } = await download({ mediaId });
		expect(json).toMatchObject({ verified: true, sha256: sha256(PHOTO) });
		expect(hints).toEqual([]);
	});

	test('the same other bytes twice: they go on, marked', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.variants.hash = 'wrong';
		const { json, hints, item, binary } = await download({ mediaId });
		expect(json).toMatchObject({ verified: false });
		expect(await binary(item)).toEqual(PHOTO);
		expect(hints[0]!.message).toContain('1 of 1 files came twice with the same bytes');
	});

	test('… unless the user asked for a match', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.variants.hash = 'wrong';
		const { message } = await download({ mediaId }, { options: { requireHashMatch: true } });
		expect(message).toContain(
			`Media ID ${mediaId} does not match the hash that WhatsApp announced`,
		);
		await nothingKept();
	});

	test('other bytes each time', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.fault({ on: 'file', wrongBytes: 'changing', times: 2 });
		expect((await download({ mediaId })).message).toContain(`Media ID ${mediaId} came damaged`);
		await nothingKept();
	});

	test('0 bytes', async () => {
		const mediaId = customerSent({ bytes: '' });
		expect((await download({ mediaId })).message).toBe(`Media ID ${mediaId} is empty (0 bytes)`);
		await nothingKept();
	});

	test('too large, by what Graph says: no file call', async () => {
		const mediaId = customerSent({ bytes: pattern(2_000_000) });
		const { message, description } = await download({ mediaId }, { options: { maxSizeMb: 1.5 } });
		expect(message).toBe(`Media ID ${mediaId} is larger than the 1.5 MB allowed here`);
		expect(description).toContain('Maximum Size');
		expect(calls(harness.emulator)).toHaveLength(1);
	});

	test('too large, as it turns out while it comes', async () => {
		const url = harness.emulator.thirdParty.put(PHOTO, 'image/jpeg');
		expect((await download({}, { url, options: { maxSizeMb: 0.000005 } })).message).toMatch(
			/is larger than the 0.000005 MB/,
		);
		await nothingKept();
	});

	test('a body without end is cut off', async () => {
		const mediaId = customerSent();
		harness.emulator.meta.variants.hash = 'absent';
		harness.emulator.meta.fault({ on: 'file', endless: true });
		expect((await download({ mediaId }, { options: { maxSizeMb: 3 } })).message).toBe(
			`Media ID ${mediaId} is larger than the 3 MB allowed here`,
		);
		await nothingKept();
	});

	test('a type that is not allowed: no file call', async () => {
		const mediaId = customerSent({ mimeType: 'video/mp4' });
		const { message, description } = await download(
			{ mediaId },
			{ options: { allowedMimeTypes: 'image/*, application/pdf' } },
		);
		expect(message).toBe(`Media ID ${mediaId} is of type video/mp4, which is not allowed here`);
		expect(description).toContain('image/*, application/pdf');
		expect(calls(harness.emulator)).toHaveLength(1);
	});
});

describe('an answer that is not wanted is hung up on, though nothing more of it comes', () => {
	const halfAnswer = { body: 'x'.repeat(1000), stallAt: 0.5 };
	const hungUp = async () =>
		await Promise.all(harness.emulator.requests.map(async ({ over }) => await over));

	test('a redirect', async () => {
		const Location = harness.emulator.thirdParty.put(PHOTO, 'image/jpeg');
		harness.emulator.meta.fault({ on: 'file', status: 302, headers: { Location }, ...halfAnswer });
		expect((await download({ mediaId: customerSent() })).json).toMatchObject({ verified: true });
		await hungUp();
	});

	test('of a URL that has run out', async () => {
		harness.emulator.meta.fault({ on: 'file', status: 404, ...halfAnswer });
		expect((await download({ mediaId: customerSent() })).json).toMatchObject({ verified: true });
		await hungUp();
	});

	test.each([
		['a server that fails', { status: 500 }, {}, 'HTTP 500'],
		[
			'a web page',
			{ headers: { 'Content-Type': 'text/html' } },
			{ mimeType: 'application/pdf' },
			'sent a web page',
		],
		[
			'a file of a type that is not allowed',
			{ headers: { 'Content-Type': 'video/mp4' } },
			{},
			'is of type video/mp4, which is not allowed here',
		],
	])('of %s', async (_, fault, item, said) => {
		const url = harness.emulator.meta.fileUrl(customerSent());
		harness.emulator.meta.fault({ on: 'file', ...halfAnswer, ...fault });
		expect(
			(await download({ url, ...item }, { options: { allowedMimeTypes: 'application/pdf' } }))
				.message,
		).toContain(said);
		await hungUp();
	});
});
