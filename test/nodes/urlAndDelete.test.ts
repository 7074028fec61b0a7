import { calls, sha256, startHarness, type Harness } from '../support/harness';
import { credentialsFor, outcomeOf } from '../support/run';

const BYTES = Buffer.from('some bytes');

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());

const add = (inbound = true) =>
	harness.emulator.meta.store.add({ bytes: BYTES, mimeType: 'image/png', inbound });

describe('Get Media URL', () => {
	test('URL, expiry, type, size and hash, beside the input’s fields', async () => {
		const mediaId = add();
		const { output } = await harness.run('GetMediaUrl', [{ mediaId, caption: 'Hi' }]);
		const { json, pairedItem } = output[0]![0]!;
		expect(json).toEqual({
			mediaId,
			caption: 'Hi',
			url: expect.stringContaining(
				`?mid=${mediaId}&ext=${Math.floor(Date.parse(String(json.urlExpiresAt)) / 1000)}&`,
			),
			urlExpiresAt: expect.any(String),
			tokenRequired: true,
			mimeType: 'image/png',
			size: BYTES.length,
			sha256: sha256(BYTES),
		});
		const life = Date.parse(String(json.urlExpiresAt)) - Date.now();
		expect(life).toBeGreaterThan(298_000);
		expect(life).toBeLessThan(303_000);
		expect(pairedItem).toEqual({ item: 0 });
	});

	test('its item goes straight into Download Media: one more call', async () => {
		const { output } = await harness.run('GetMediaUrl', [{ mediaId: add() }]);
		const { output: downloaded } = await harness.run('DownloadMedia', output[0]!);
		expect(downloaded[0]![0]!.json).toMatchObject({ verified: true });
		expect(calls(harness.emulator)).toHaveLength(2);
	});

	test('a media ID that is empty, or unknown', async () => {
		expect((await harness.run('GetMediaUrl', [{ mediaId: ' ' }])).error!.message).toBe(
			'Media ID is empty',
		);
		expect((await harness.run('GetMediaUrl', [{ mediaId: '42' }])).error!.message).toContain(
			'Media ID 42 could not be looked up',
		);
	});

	test('older than 7 days', async () => {
		const mediaId = add();
		harness.emulator.clock.advance(7 * 86_400_000 + 1000);
		const { description } = outcomeOf(await harness.run('GetMediaUrl', [{ mediaId }]));
		expect(description).toContain('Meta keeps received files for 7 days');
	});

	test('an API version that is none', async () => {
		const credentials = credentialsFor(harness, 'meta', { apiVersion: '25' });
		expect(
			(await harness.run('GetMediaUrl', [{ mediaId: add() }], { credentials })).error!.message,
		).toBe('"25" is not a version of the API');
		expect(harness.emulator.requests).toEqual([]);
	});

	test('a media ID cannot lead elsewhere', async () => {
		const { error } = await harness.run('GetMediaUrl', [{ mediaId: '../me?x=' }]);
		expect(error!.message).toBe('Media ID ../me?x= does not look like one from Meta');
		expect(harness.emulator.requests).toEqual([]);
	});

	test.each(['GetMediaUrl', 'DownloadMedia', 'DeleteMedia'])(
		'%s: a number that JSON has rounded is not taken for an ID',
		async (node) => {
			const [item] = JSON.parse('[{"mediaId":27286093617715235}]');
			const { error } = await harness.run(node, [item]);
			expect(error!.message).toBe(
				'The field mediaId holds the number 27286093617715236, whose last digits are lost',
			);
			expect((error as { description?: string }).description).toContain('as text');
			expect(harness.emulator.requests).toEqual([]);
		},
	);
});

describe('Delete Media', () => {
	test('the file is gone', async () => {
		const mediaId = add(false);
		const { output } = await harness.run('DeleteMedia', [{ mediaId, caption: 'Hi' }]);
		expect(output[0]![0]!.json).toEqual({ mediaId, caption: 'Hi', deleted: true });
		expect(harness.emulator.meta.store.get(mediaId)?.deleted ?? true).toBe(true);
		expect((await harness.run('DownloadMedia', [{ mediaId }])).error!.message).toContain(mediaId);
	});

	test('twice: as deleted, and said; or an error if so chosen', async () => {
		const mediaId = add(false);
		await harness.run('DeleteMedia', [{ mediaId }]);
		const { output, hints } = await harness.run('DeleteMedia', [{ mediaId }]);
		expect(output[0]![0]!.json).toMatchObject({ deleted: true });
		expect(hints[0]!.message).toMatch(/^Not found, and counted as deleted: 1 of 1\./);
		const parameters = { options: { missingIsDeleted: false } };
		const { error } = await harness.run('DeleteMedia', [{ mediaId }], { parameters });
		expect(error!.message).toBe(
			`Media ID ${mediaId} could not be deleted: not found (code 100/33)`,
		);
	});

	test.each(['', '<html>404 Not Found</html>', '{"path":"/media"}'])(
		'a 404 that is not the API’s own never counts as deleted (%j)',
		async (body) => {
			for (const vendor of ['meta', 'whapi'] as const) {
				const { store } = harness.emulator[vendor];
				const mediaId = store.add({ bytes: BYTES, mimeType: 'image/png', inbound: true });
				harness.emulator[vendor].fault({ on: 'delete', status: 404, body });
				const credentials = credentialsFor(harness, vendor);
				const { error } = await harness.run('DeleteMedia', [{ mediaId }], { credentials });
				expect(error!.message).toContain(`Media ID ${mediaId} could not be deleted`);
				expect(store.get(mediaId)!.deleted ?? false).toBe(false);
			}
		},
	);

	test('a wrong token never counts as deleted', async () => {
		const credentials = credentialsFor(harness, 'meta', { accessToken: 'EAAwrong' });
		const { error } = await harness.run('DeleteMedia', [{ mediaId: add() }], {
			credentials,
			parameters: { options: { missingIsDeleted: true } },
		});
		expect(error!.message).toContain('the access token in the credential is not valid');
	});
});
