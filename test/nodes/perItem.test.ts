import { setImmediate } from 'node:timers/promises';

import { calls, startHarness, type Harness } from '../support/harness';
import { credentialsFor } from '../support/run';

/** What `perItem` promises, seen through Download Media. */

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(() => harness.emulator.reset());

const BAD = ['17', '51', '99'];

/** Files of different content; three of the IDs lead nowhere. */
const filesOf = (count = 500) =>
	Array.from({ length: count }, (_, i) => {
		if (BAD.includes(String(i))) return { mediaId: `99900000000${i}`, number: i };
		return {
			mediaId: harness.emulator.meta.store.add({
				bytes: `file ${i}`,
				mimeType: 'text/plain',
				inbound: true,
			}),
			number: i,
		};
	});

test('500 media IDs: in order, paired, the bad ones reported by media ID', async () => {
	const items = filesOf();
	const { output, error, binary } = await harness.run('DownloadMedia', items, {
		onError: 'continueRegularOutput',
	});
	expect(error).toBeUndefined();
	expect(output[0]!.map(({ json }) => json.number)).toEqual(items.map(({ number }) => number));
	expect(output[0]!.map(({ pairedItem }) => pairedItem)).toEqual(
		items.map((_, item) => ({ item })),
	);
	const failed = output[0]!.filter(({ json }) => json.error);
	expect(failed.map(({ json }) => json.mediaId)).toEqual(BAD.map((i) => `99900000000${i}`));
	for (const { json, binary: none } of failed) {
		expect(json.error).toContain(`Media ID ${json.mediaId} could not be looked up`);
		expect(json.details).toContain('7 days');
		expect(none).toBeUndefined();
	}
	const good = output[0]!.filter(({ json }) => !json.error);
	expect(good).toHaveLength(497);
	for (const item of good) expect((await binary(item)).toString()).toBe(`file ${item.json.number}`);
	expect(calls(harness.emulator)).toHaveLength(500 + 497);
});

test('on the error output: each with its input’s fields', async () => {
	const { output } = await harness.run('DownloadMedia', filesOf(100), {
		onError: 'continueErrorOutput',
	});
	expect(output.map((items) => items.length)).toEqual([97, 3]);
	expect(output[1]!.map(({ json }) => json.number)).toEqual(BAD.map(Number));
	for (const { json } of output[1]!) {
		expect(json.error).toContain(`Media ID ${json.mediaId}`);
		expect(json.details).toContain('7 days');
	}
});

test('without Continue On Fail the node stops with the item’s number and starts no more', async () => {
	const { output, error } = await harness.run('DownloadMedia', filesOf());
	expect(output).toEqual([]);
	expect(error).toMatchObject({
		context: { itemIndex: 17 },
		message: expect.stringContaining('9990000000017'),
		// n8n shows the index from 0, as "[item 17]".
		description: expect.stringContaining('This was item 18 of 500. To go on with the others,'),
	});
	expect(calls(harness.emulator).length).toBeLessThan(400);
});

test('the credential is read once', async () => {
	const before = harness.engine.credentialReads;
	await harness.run('DownloadMedia', filesOf(15));
	expect(harness.engine.credentialReads - before).toBe(1);
});

test('a credential that cannot be used: one sentence, and never the input as if it had succeeded', async () => {
	const credentials = credentialsFor(harness, 'meta', { provider: 'none' });
	const items = filesOf(3);
	expect((await harness.run('DownloadMedia', items, { credentials })).error!.message).toBe(
		'No provider is chosen in the credential',
	);
	const { output } = await harness.run('DownloadMedia', items, {
		credentials,
		onError: 'continueErrorOutput',
	});
	expect(output.map((list) => list.length)).toEqual([0, 3]);
	expect(output[1]![0]!.json).toMatchObject({
		number: 0,
		error: 'No provider is chosen in the credential',
	});
});

describe('a number under Options that an expression gives', () => {
	test.each([
		[
			'maxTries',
			'abc',
			'Maximum Tries under Options is "abc"',
			'It must be a number from 1 to 20.',
		],
		[
			'maxWaitSeconds',
			'={{ $json.missing }}',
			'Maximum Waiting Time (Seconds) under Options is empty',
			'It must be a number from 0 to 3600.',
		],
		[
			'timeoutSeconds',
			1e10,
			'Timeout (Seconds) under Options is "10000000000"',
			'It must be a number from 1 to 3600.',
		],
		[
			'timeoutSeconds',
			0,
			'Timeout (Seconds) under Options is "0"',
			'It must be a number from 1 to 3600.',
		],
		[
			'maxSizeMb',
			'',
			'Maximum Size (MB) under Options is empty',
			'It must be a number from 0 to 1000000.',
		],
	])('and is none, or too large: %s %p', async (name, value, error, details) => {
		const { output } = await harness.run('DownloadMedia', filesOf(2), {
			parameters: { options: { [name]: value } },
			onError: 'continueRegularOutput',
		});
		expect(output[0]!.map(({ json }) => json)).toEqual([
			expect.objectContaining({ number: 0, error, details }),
			expect.objectContaining({ number: 1, error, details }),
		]);
		expect(harness.emulator.requests).toEqual([]);
	});

	test('as a text, or with a fraction', async () => {
		const options = {
			maxTries: '2',
			maxWaitSeconds: 0.5,
			timeoutSeconds: 1.23456,
			maxSizeMb: ' 1 ',
		};
		const { output } = await harness.run('DownloadMedia', filesOf(2), { parameters: { options } });
		expect(output[0]!.map(({ json }) => json.verified)).toEqual([true, true]);
	});
});

test('100 are under way at once, and stopping the execution starts no more', async () => {
	const stop = new AbortController();
	harness.emulator.meta.fault({ on: 'getUrl', delay: Infinity, times: Infinity });
	const running = harness.run('DownloadMedia', filesOf(130), { abortSignal: stop.signal });
	while (calls(harness.emulator).length < 100) await setImmediate();
	for (let turn = 0; turn < 1000; turn++) await setImmediate();
	expect(calls(harness.emulator)).toHaveLength(100);
	stop.abort();
	expect((await running).status).toBe('canceled');
	expect(calls(harness.emulator)).toHaveLength(100);
});
