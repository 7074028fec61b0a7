import { gzipSync } from 'node:zlib';

import { pattern } from '../emulator';
import * as downloads from '../support/download';
import { PHOTO } from '../support/files';
import { calls, sha256, startHarness, type Harness } from '../support/harness';
import { credentialsFor, outcomeOf, runOne } from '../support/run';

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
			times: 2,
		});
		expect((await download({ mediaId })).message).toContain('sent a web page instead of the file');
		await nothingKept();
	});

	/** A log-in page under a URL or ID of which nothing is announced. */
	const page = (text: string, fault: object = {}, contentType = 'text/html') => {
		const mediaId = harness.emulator.whapi.store.add({
			bytes: PHOTO,
			inbound: true,
			mimeType: 'image/jpeg',
		});
		const headers = { 'Content-Type': contentType };
		harness.emulator.whapi.fault({ on: 'media', headers, body: text, ...fault });
		return mediaId;
	};
	const fromWhapi = async (item: object, options = {}) =>
		outcomeOf(
			await harness.run('DownloadMedia', [item as never], {
				credentials: credentialsFor(harness, 'whapi'),
				parameters: { options: { maxTries: 1, ...options } },
			}),
		);
	const HTML = '<!DOCTYPE html><p>Log in</p>';

	test.each([
		['says so', page.bind(null, HTML)],
		['has no tag that says so', page.bind(null, '<p>Log in</p>')],
		['calls itself something else', page.bind(null, HTML, {}, 'application/octet-stream')],
		[
			'comes byte by byte',
			page.bind(null, HTML, { trickle: { bytes: 20, everyMs: 5 } }, 'image/jpeg'),
		],
		['is an error in JSON', page.bind(null, '{"error":"no"}', {}, 'application/json')],
	])('a page that %s, where nothing is announced', async (_, served) => {
		const { message, output } = await fromWhapi({ mediaId: served() });
		expect(message).toContain('sent a web page instead of the file');
		expect(output).toEqual([]);
		await nothingKept();
	});

	test.each([
		['its type', { mimeType: 'text/html' }, {}],
		['its name', { fileName: 'invoice.HTM' }, {}],
		['the user', {}, { allowedMimeTypes: 'text/*' }],
	])('but a page that was announced by %s is a file', async (_, item, options) => {
		const { json } = await fromWhapi({ mediaId: page(HTML), ...item }, options);
		expect(json).toMatchObject({ mimeType: 'text/html', size: HTML.length });
	});

	describe('a document that its sender and its host call by different types', () => {
		const HTML_TABLE = '<html><table><tr><td>1</td></tr></table></html>';
		const HTML_PAGE = '<!doctype html><html><body>Report</body></html>';
		const served = (contentType: string, body: string) =>
			harness.emulator.thirdParty.put(Buffer.from(body), contentType);

		test.each([
			['data.json', 'application/octet-stream', 'application/json', '{"a":1}'],
			['data.json', 'text/plain', 'application/json', '{"a":1}'],
			['report.html', 'application/octet-stream', 'text/html', HTML_PAGE],
			['report.html', 'text/plain', 'text/html', HTML_PAGE],
			['workflow.json', 'application/x-unknown', 'application/json', '[{"a":1}]'],
			['map.geojson', 'application/geo+json', 'application/json', '{"type":"FeatureCollection"}'],
			['notebook.ipynb', 'application/x-ipynb+json', 'application/json', '{"cells":[]}'],
			['table.xls', 'application/vnd.ms-excel', 'text/html', HTML_TABLE],
		])('%s as %s, served as %s', async (fileName, mimeType, contentType, body) => {
			const url = served(contentType, body);
			expect((await download({ url, fileName, mimeType })).json).toMatchObject({
				size: body.length,
				fileName,
			});
		});

		test.each([
			['hash', { sha256: sha256(HTML_PAGE) }],
			['size', { size: HTML_PAGE.length }],
		])('whatever they say, the announced %s proves it', async (_what, known) => {
			const url = served('text/html', HTML_PAGE);
			const item = { mediaId: '1', url, mimeType: 'application/pdf', ...known };
			expect((await download(item)).json).toMatchObject({ verified: true });
		});

		test.each([
			['notes.txt', 'text/plain', 'text/html', HTML_PAGE],
			['invoice.pdf', 'application/pdf', 'text/html', HTML_PAGE],
			['invoice.pdf', 'application/pdf', 'application/json', '{"message":"Log in"}'],
			['report.html', 'text/html', 'application/json', '{"message":"Log in"}'],
		])('but not every page is %s as %s: not one served as %s', async (...given) => {
			const [fileName, mimeType, contentType, body] = given;
			const url = served(contentType, body);
			for (const known of [{}, { sha256: '0'.repeat(64) }])
				expect((await download({ url, fileName, mimeType, ...known })).message).toContain(
					'sent a web page instead of the file',
				);
			await nothingKept();
		});
	});

	test('bytes that come one by one still show the type', async () => {
		const url = harness.emulator.meta.fileUrl(customerSent());
		const headers = { 'Content-Type': 'image/png' };
		harness.emulator.meta.fault({ on: 'file', headers, trickle: { bytes: 5, everyMs: 5 } });
		expect((await download({ url })).json).toMatchObject({ mimeType: 'image/jpeg' });
	});

	test('a body that comes compressed, though nobody asked for that, is a file like any other', async () => {
		const bytes = Buffer.from('a file, a file, a file'.repeat(100));
		const mediaId = customerSent({ bytes, mimeType: 'text/plain' });
		const headers = { 'Content-Encoding': 'gzip' };
		harness.emulator.meta.fault({ on: 'file', headers, body: gzipSync(bytes) });
		const { json, item, binary } = await download({ mediaId });
		expect(json).toMatchObject({ verified: true, size: bytes.length });
		expect(await binary(item)).toEqual(bytes);
	});

	test('… and breaks off like any other', async () => {
		const bytes = Buffer.concat([...pattern(100_000).read()]);
		const mediaId = customerSent({ bytes, mimeType: 'text/plain' });
		const headers = { 'Content-Encoding': 'gzip' };
		const body = gzipSync(bytes).subarray(0, -1000);
		harness.emulator.meta.fault({ on: 'file', headers, body });
		expect((await download({ mediaId })).message).toContain('was incomplete');
		await nothingKept();
	});

	test('a few bytes that inflate to very many are cut off: by what was announced', async () => {
		const bomb = gzipSync(Buffer.alloc(20_000_000));
		const mediaId = customerSent({ bytes: 'x'.repeat(bomb.length), mimeType: 'text/plain' });
		const headers = { 'Content-Encoding': 'gzip' };
		harness.emulator.meta.fault({ on: 'file', headers, body: bomb });
		expect((await download({ mediaId })).message).toContain('much longer than announced');
		await nothingKept();
	});

	test('… and by the default of Maximum Size where nothing was', async () => {
		const url = harness.emulator.meta.fileUrl(customerSent());
		const headers = { 'Content-Encoding': 'gzip' };
		harness.emulator.meta.fault({ on: 'file', headers, body: gzipSync(Buffer.alloc(120_000_000)) });
		const { message } = await download({ url });
		expect(message).toContain('is larger than the 105 MB allowed here');
		await nothingKept();
	});

	test('an announced size that is one byte off, where the server’s own length fits: it goes on, marked', async () => {
		const mediaId = harness.emulator.pipes.store.add({
			bytes: PHOTO,
			mimeType: 'image/jpeg',
			inbound: true,
		});
		for (const size of [PHOTO.length + 1, PHOTO.length - 1]) {
			const { json } = await runOne(harness, 'pipes', 'DownloadMedia', { mediaId, size });
			expect(json).toMatchObject({ size: PHOTO.length, verified: false });
		}
	});

	test('where a match is required, an equal size is none', async () => {
		harness.emulator.meta.variants.hash = 'absent';
		const mediaId = customerSent();
		const { message } = await download({ mediaId }, { options: { requireHashMatch: true } });
		expect(message).toBe(`Media ID ${mediaId} came without a hash to compare it with`);
	});

	test.each([true, false])('a connection that dies at 60 % (chunked: %s)', async (chunkedFiles) => {
		const mediaId = customerSent({ bytes: pattern(1_000_000) });
		harness.emulator.meta.variants.chunkedFiles = chunkedFiles;
		harness.emulator.meta.fault({ on: 'file', cutAt: 0.6 });
		expect((await download({ mediaId })).message).toMatch(
			new RegExp(
				`^Media ID ${mediaId} was incomplete: \\d+ ${chunkedFiles ? '' : 'of 1000000 '}bytes$`,
			),
		);
		await nothingKept();
	});

	test('a body that ends early as if it were whole', async () => {
		const mediaId = customerSent({ bytes: pattern(1_000_000) });
		harness.emulator.meta.fault({ on: 'file', truncateAt: 0.6 });
		expect((await download({ mediaId })).message).toBe(
			`Media ID ${mediaId} was incomplete: 600000 of 1000000 bytes`,
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
		expect(hints[0]!.message).toContain('1 of 1 files were identical in two downloads');
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
		expect((await download({ mediaId })).message).toContain(`Media ID ${mediaId} was damaged`);
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
		harness.emulator.meta.fault({ on: 'file', endless: true, times: 2 });
		const url = harness.emulator.meta.fileUrl(mediaId);
		expect((await download({ url }, { options: { maxSizeMb: 3 } })).message).toContain(
			'is larger than the 3 MB allowed here',
		);
		expect((await download({ mediaId })).message).toContain('much longer than announced');
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
