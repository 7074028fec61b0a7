import { pattern } from '../emulator';
import { calls, credentialFor, startHarness, type Harness } from '../support/harness';
import { quickRetries } from '../support/quickRetries';

quickRetries();
let harness: Harness;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => {
	await harness.close();
});
beforeEach(() => harness.emulator.reset());

const BYTES = Buffer.from('a file');
const add = (bytes: Parameters<Harness['emulator']['meta']['store']['add']>[0]['bytes'] = BYTES) =>
	harness.emulator.meta.store.add({ bytes, mimeType: 'application/pdf', inbound: true });
const download = async (options = {}, mediaId = add()) =>
	await harness.run('DownloadMedia', [{ mediaId }], { parameters: { options } });
const GRAPH = 'getUrl' as const;

test.each([
	['an outage by its code', { on: GRAPH, error: 131016 }],
	['an outage by its status', { on: GRAPH, status: 502, body: '<html>' }],
	['a code that calls itself a bad request', { on: GRAPH, error: 1 }],
	['a closed connection', { on: GRAPH, reset: true }],
	['a file host that fails', { on: 'file', status: 503 }],
	[
		'a body that breaks off, of a host without ranges',
		{ on: 'file', cutAt: 0.6, headers: { 'Accept-Ranges': 'none' } },
	],
	['a body that ends early', { on: 'file', truncateAt: 0.6 }],
	['a body that stops coming', { on: 'file', stallAt: 0.6 }],
	['an answer that never comes', { on: GRAPH, delay: Infinity }],
	['an answer that stops coming', { on: GRAPH, stallAt: 0.6 }],
	['a file host that never answers', { on: 'file', delay: Infinity }],
] as const)('%s is tried again', async (_what, fault) => {
	const mediaId = add(pattern(300_000));
	harness.emulator.meta.fault(fault as never);
	const { output, hints } = await download({ timeoutSeconds: 1 }, mediaId);
	expect(output[0]![0]!.json).toMatchObject({ verified: true, size: 300_000 });
	expect(hints).toMatchObject([{ message: '1 of 1 items needed more than one try.' }]);
	expect((await harness.engine.binaryFiles()).filter((file) => file.includes('.tmp'))).toEqual([]);
});

test.each([
	[
		'a missing capability, though it comes as a 500',
		{ on: GRAPH, status: 500, body: '{"error":{"code":3,"message":"no"}}' },
	],
	[
		'an unknown media ID',
		{ on: GRAPH, status: 400, body: '{"error":{"code":100,"error_subcode":33,"message":"no"}}' },
	],
	['a wrong token', { on: GRAPH, error: 190 }],
] as const)('%s is not', async (_what, fault) => {
	harness.emulator.meta.fault(fault as never);
	expect((await download()).error).toBeDefined();
	expect(calls(harness.emulator)).toHaveLength(1);
});

test.each([
	['the file host', { on: 'file', status: 403 }],
	['the API', { on: GRAPH, status: 400, body: '{"error":{"code":368,"message":"no"}}' }],
] as const)('whatever %s answers with a Retry-After is tried again', async (_who, fault) => {
	harness.emulator.meta.fault({ ...fault, headers: { 'Retry-After': '0' }, times: 2 } as never);
	expect((await download()).output[0]![0]!.json).toMatchObject({ verified: true });
});

test('a 429 of Whapi.Cloud ends it, but for one that says when to come back', async () => {
	const { whapi } = harness.emulator;
	const mediaId = whapi.store.add({ bytes: BYTES, mimeType: 'application/pdf', inbound: true });
	const get = async (headers: Record<string, string>) => {
		whapi.fault({ on: 'media', status: 429, headers });
		return await harness.run('DownloadMedia', [{ mediaId }], {
			credentials: { whatsAppMediaApi: credentialFor(harness.emulator, 'whapi') },
		});
	};
	expect((await get({})).error!.message).toContain('HTTP 429');
	expect((await get({ 'Retry-After': '1' })).output[0]![0]!.json).toMatchObject({
		size: BYTES.length,
	});
	whapi.fault({ on: 'media', status: 429, headers: { 'Retry-After': '61' } });
	const asked = calls(harness.emulator).length;
	expect((await get({ 'Retry-After': '61' })).error!.description).toContain('few minutes');
	expect(calls(harness.emulator)).toHaveLength(asked + 1);
});

test('tries end at the number asked for', async () => {
	harness.emulator.meta.fault({ on: GRAPH, error: 2, times: Infinity });
	expect((await download({ maxTries: 2 })).error!.message).toContain('code 2');
	expect(calls(harness.emulator)).toHaveLength(2);
});

test('a wait that is asked for is kept, and one that is too long ends it at once', async () => {
	harness.emulator.meta.fault({ on: GRAPH, error: 4, headers: { 'Retry-After': '1' } });
	const started = Date.now();
	expect((await download()).output[0]![0]!.json).toMatchObject({ verified: true });
	expect(Date.now() - started).toBeGreaterThanOrEqual(990);
	harness.emulator.requests.length = 0;
	harness.emulator.meta.fault({
		on: GRAPH,
		error: 80007,
		headers: {
			'X-Business-Use-Case-Usage':
				'{"1":[{"type":"messaging","estimated_time_to_regain_access":5}]}',
		},
	});
	expect((await download()).error!.message).toContain('code 80007');
	expect(calls(harness.emulator)).toHaveLength(1);
});

test('a file of which nothing comes is given up after Timeout, not after twice that', async () => {
	harness.emulator.meta.fault({ on: 'file', stallAt: 0 });
	const started = Date.now();
	const { error } = await download({ maxTries: 1, timeoutSeconds: 3 });
	expect(error!.message).toContain('stopped after 0 bytes');
	expect(Date.now() - started).toBeLessThan(5500);
});

test('stopping the execution ends the waiting', async () => {
	harness.emulator.meta.fault({
		on: GRAPH,
		error: 2,
		headers: { 'Retry-After': '50' },
		times: Infinity,
	});
	const stop = new AbortController();
	const running = harness.run('DownloadMedia', [{ mediaId: add() }], { abortSignal: stop.signal });
	while (!calls(harness.emulator).length) await new Promise((resolve) => setImmediate(resolve));
	stop.abort();
	expect((await running).status).toBe('canceled');
});

test('an upload is read again from its start', async () => {
	harness.emulator.meta.fault({ on: 'upload', error: 131000, times: 2 });
	const data = await harness.engine.file(Buffer.concat([...pattern(400_000).read()]), {
		mimeType: 'text/plain',
		fileName: 'a.txt',
	});
	const { output } = await harness.run('UploadMedia', [{ json: {}, binary: { data } }]);
	const stored = harness.emulator.meta.store.get(String(output[0]![0]!.json.mediaId))!;
	expect(stored.sha256.toString('hex')).toBe(output[0]![0]!.json.sha256);
	expect(stored.bytes.size).toBe(400_000);
});

test('an upload that the server stops reading, or never answers', async () => {
	// The node waits a second longer for each 50 kB.
	const data = await harness.engine.file(Buffer.concat([...pattern(20_000).read()]), {
		mimeType: 'text/plain',
		fileName: 'a.txt',
	});
	harness.emulator.meta.fault({ on: 'upload', delay: Infinity });
	const options = { timeoutSeconds: 1 };
	const { output } = await harness.run('UploadMedia', [{ json: {}, binary: { data } }], {
		parameters: { options },
	});
	expect(harness.emulator.meta.store.get(String(output[0]![0]!.json.mediaId))!.bytes.size).toBe(
		20_000,
	);
	harness.emulator.meta.fault({ on: 'upload', delay: Infinity, times: Infinity });
	const { error } = await harness.run('UploadMedia', [{ json: {}, binary: { data } }], {
		parameters: { options: { ...options, maxTries: 1 } },
	});
	expect(error!.message).toMatch(/^"a.txt": .* could not be reached: no answer in time$/);
});

test('a deletion whose answer was lost is not reported as missing', async () => {
	const mediaId = add();
	harness.emulator.meta.fault({ on: 'delete', reset: true, effect: true });
	expect((await harness.run('DeleteMedia', [{ mediaId }])).output[0]![0]!.json).toMatchObject({
		deleted: true,
	});
});
