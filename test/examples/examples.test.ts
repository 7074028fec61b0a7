import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { NodeHelpers, type INode, type INodeTypeDescription } from 'n8n-workflow';

import { startEmulator, pattern, type Emulator } from '../emulator';
import { hostOverrides } from '../emulator/client';
import { GraphError, type Incoming, type Sender } from '../emulator/meta';
import { callTool, startOpenAi, type Message, type OpenAi } from './openAi';
import { startS3 } from './s3';
import { installN8n } from '../support/n8n/install';
import { startN8n, type N8n } from '../support/n8n/instance';
import { packPackage } from '../support/n8n/pack';
import { items, until, type Credential, type Execution } from '../support/n8n/rest';
import type { Json, WorkflowJson } from '../support/n8n/workflow';
import { credentialFor } from '../support/harness';
import { ROOT, demoFile } from '../support/paths';
import { hostPorts, publicOrigins } from '../support/vendors';
import { encryptWith } from '../support/encoders';
import gateways from '../fixtures/recorded/gateways.json';

/**
 * The workflows of examples/, as a user imports them, filled in as their notes say, and run in a real n8n: Meta is the
 * emulator, OpenAI and S3 are servers of this machine.
 */

jest.setTimeout(240_000);

const FOLDER = join(ROOT, 'examples');
/** What the examples write to; here it is `disk`. */
const EXAMPLE_DISK = '/home/node/.n8n-files';
const PUBLIC = 'https://n8n.example';
const BUCKET = 'whatsapp-files';
const WAIT = { timeoutMs: 200_000 };

let emulator: Emulator;
let openAi: OpenAi;
let s3: Awaited<ReturnType<typeof startS3>>;
let disk: string;
let n8n: N8n;
/** What a user picks in a node, by the credential's type. */
const credentials: Record<string, Credential> = {};
/** By file name, as n8n's command line imported them. */
const imported: Record<string, WorkflowJson & { id: string }> = {};

beforeAll(async () => {
	emulator = await startEmulator({
		...publicOrigins(['meta']),
		messageFiles: { origin: 'https://mmg.whatsapp.net' },
	});
	openAi = await startOpenAi();
	s3 = await startS3(BUCKET);
	disk = await realpath(await mkdtemp(join(tmpdir(), 'examples-disk-')));
	n8n = await startN8n({
		packages: [await packPackage()],
		vendors: {
			...hostPorts(emulator, ['meta']),
			'mmg.whatsapp.net': Number(new URL(emulator.localUrl).port),
		},
		env: { N8N_WEBHOOK_URL: `${PUBLIC}/`, N8N_RESTRICT_FILE_ACCESS_TO: disk },
	});
	hostOverrides.set(PUBLIC, n8n.url);

	const { accessToken, businessAccountId } = emulator.meta.credentials;
	for (const [type, data] of Object.entries<Json>({
		whatsAppMediaApi: { ...credentialFor(emulator), baseUrl: '', mediaHosts: '' },
		whatsAppApi: { accessToken, businessAccountId },
		openAiApi: { apiKey: openAi.apiKey, url: openAi.url },
		s3: s3.credential,
	}))
		credentials[type] = await n8n.api.createCredential(type, type, data);

	await importByCommandLine();
}, 900_000);
afterAll(async () => {
	await n8n?.stop();
	await s3?.close();
	await openAi?.close();
	await emulator?.close();
	if (disk) await rm(disk, { recursive: true, force: true });
});
beforeEach(() => {
	emulator.reset();
	emulator.meta.variants.webhookTimeout = 60_000;
	openAi.heard.length = 0;
});

const file = async (name: string) => await readFile(demoFile(name));
const fileNames = async () =>
	(await readdir(FOLDER)).filter((name) => name.endsWith('.json')).sort();
const example = async (name: string): Promise<WorkflowJson> =>
	JSON.parse(await readFile(join(FOLDER, name), 'utf8'));

/** `n8n import:workflow`, beside the n8n that runs. */
async function importByCommandLine() {
	const { node, bin } = await installN8n();
	const env = {
		PATH: [dirname(node), process.env.PATH].join(':'),
		HOME: process.env.HOME,
		N8N_USER_FOLDER: n8n.userFolder,
		N8N_DIAGNOSTICS_ENABLED: 'false',
	};
	const { stdout } = await promisify(execFile)(
		node,
		[bin, 'import:workflow', '--separate', `--input=${FOLDER}`],
		{ env },
	);
	expect(stdout).toContain(`Successfully imported ${(await fileNames()).length} workflows.`);
	const all = await n8n.api.call<Array<{ id: string; name: string }>>('GET', '/rest/workflows');
	for (const file of await fileNames()) {
		const { name } = await example(file);
		imported[file] = await n8n.api.workflow(all.find((each) => each.name === name)!.id);
	}
}

/** What a user does after the import: pick the credentials, choose the folder, and what else the notes ask for. Resolves with its ID. */
async function fillIn(
	name: string,
	parameters: Record<string, Json> = {},
	withoutCredential: string[] = [],
): Promise<string> {
	const { id, nodes } = imported[`${name}.json`]!;
	const types = await nodeTypes();
	for (const each of nodes) {
		const wanted = credentialOf(types, each);
		if (wanted && !withoutCredential.includes(each.name))
			each.credentials = { [wanted.type]: wanted };
		const { fileName } = each.parameters;
		if (typeof fileName === 'string')
			each.parameters.fileName = fileName.replace(EXAMPLE_DISK, disk);
		Object.assign(each.parameters, parameters[each.name]);
	}
	await n8n.api.updateWorkflow(id, { nodes });
	return id;
}

let known: INodeTypeDescription[] | undefined;
const nodeTypes = async () =>
	(known ??= (await n8n.api.nodeTypes('')) as unknown as INodeTypeDescription[]);
function typeOf(
	types: INodeTypeDescription[],
	{ type, typeVersion }: { type: string; typeVersion: number },
) {
	const found = types.find(
		({ name, version }) => name === type && [version].flat().includes(typeVersion),
	);
	if (!found) throw new Error(`n8n has no node ${type} of version ${typeVersion}`);
	return found;
}

/** The one that a user would pick in this node. */
function credentialOf(
	types: INodeTypeDescription[],
	each: { type: string; typeVersion: number },
): Credential | undefined {
	return typeOf(types, each).credentials?.flatMap(({ name }) => credentials[name] ?? [])[0];
}

/** Publishes the workflow for the time of `work`: there is one phone number, and one workflow can have its messages. */
async function published(id: string, work: () => Promise<void>) {
	await n8n.api.activate(id);
	try {
		await work();
	} finally {
		await n8n.api.deactivate(id);
	}
}

/** A customer sends a file. Resolves with the execution that it starts, when that has ended. */
async function send(
	id: string,
	incoming: Incoming & Sender,
): Promise<Execution & { mediaId: string }> {
	const before = await n8n.api.executions({ workflowId: id });
	const { mediaId, answer } = await emulator.meta.receive(incoming);
	expect(answer).toMatchObject({ status: 200 });
	const [newest] = await n8n.api.waitForExecutions(id, before.length + 1, WAIT);
	return { ...newest!, mediaId };
}

/** The error is more telling than the word. */
function expectSuccess({ status, data: { resultData } }: Execution) {
	expect({
		status,
		node: resultData.error && resultData.lastNodeExecuted,
		error: resultData.error?.message,
	}).toEqual({ status: 'success' });
}

const sent = () =>
	emulator.meta.sent.map(({ to, type, text, document }): Json => ({
		to,
		type,
		...(text as Json | undefined),
		...(document as Json | undefined),
	}));

test('the files hold nothing of the n8n they were made in, and n8n’s command line imports them as they are', async () => {
	for (const name of await fileNames()) {
		const original = await example(name);
		expect(Object.keys(original)).toEqual(['name', 'nodes', 'connections', 'settings']);
		expect(original.settings).toEqual({ executionOrder: 'v1' });
		for (const each of original.nodes) {
			expect(each).not.toHaveProperty('credentials');
			expect(each).not.toHaveProperty('webhookId');
		}
		const { nodes, connections } = imported[name]!;
		expect(nodes).toEqual(original.nodes);
		expect(connections).toEqual(original.connections);
	}
});

test('every node is one that n8n has, every parameter one of its form, and all are filled in but those that the notes name', async () => {
	const types = await nodeTypes();
	const open: string[] = [];
	for (const name of await fileNames()) {
		const { nodes, connections } = await example(name);
		for (const each of nodes) {
			const type = typeOf(types, each);
			const form = type.properties.map((property) => property.name);
			expect({
				node: each.name,
				unknown: Object.keys(each.parameters).filter((key) => !form.includes(key)),
			}).toEqual({ node: each.name, unknown: [] });
			const asNode = {
				...each,
				parameters: NodeHelpers.getNodeParameters(
					type.properties,
					each.parameters as INode['parameters'],
					true,
					false,
					each as unknown as INode,
					type,
				)!,
			} as INode;
			const issues = NodeHelpers.getNodeParametersIssues(type.properties, asNode, type);
			open.push(
				...Object.keys(issues?.parameters ?? {}).map(
					(key) => `${basename(name, '.json')}: ${each.name}: ${key}`,
				),
			);
		}
		const names = nodes.map((each) => each.name);
		expect(names).toEqual([...new Set(names)]);
		const notes = nodes
			.filter(({ type }) => type.endsWith('.stickyNote'))
			.map(({ parameters }) => String(parameters.content))
			.join('\n');
		for (const each of nodes.filter((one) => credentialOf(types, one)))
			expect(notes).toContain(`**${each.name}**`);
		expect(Object.keys(connections).every((from) => names.includes(from))).toBe(true);
	}
	expect(open).toEqual(['send-pdf-to-many: Send PDF: phoneNumberId']);
});

test('every file that arrives → disk', async () => {
	const id = await fillIn('receive-and-save');
	const invoice = await file('invoice.pdf');
	await published(id, async () => {
		expectSuccess(await send(id, { type: 'document', bytes: invoice, fileName: 'Invoice.pdf' }));
		expect((await readFile(join(disk, 'Invoice.pdf'))).equals(invoice)).toBe(true);
	});
	await rm(join(disk, 'Invoice.pdf'));
});

test('voice note → transcription → reply with the text', async () => {
	const id = await fillIn('voice-note-to-text');
	const voiceNote = await file('voice-note.ogg');
	await published(id, async () => {
		openAi.speech = 'Can you come on Tuesday?';
		expectSuccess(await send(id, { type: 'voice', bytes: voiceNote, from: '4915255501010' }));
		expect(openAi.heard).toHaveLength(1);
		expect(openAi.heard[0]).toMatchObject({
			fileName: expect.stringMatching(/\.ogg$/),
			mimeType: expect.stringMatching(/^audio\/ogg/),
			model: 'whisper-1',
		});
		expect(openAi.heard[0]!.bytes.equals(voiceNote)).toBe(true);
		expect(emulator.meta.sent).toEqual([
			expect.objectContaining({
				phoneNumberId: emulator.meta.credentials.phoneNumberId,
				to: '4915255501010',
				type: 'text',
				text: { body: 'Can you come on Tuesday?' },
			}),
		]);

		// WhatsApp takes no empty text, and none above 4096 characters.
		openAi.speech = '';
		expectSuccess(await send(id, { type: 'voice', bytes: voiceNote }));
		openAi.speech = 'x'.repeat(5000);
		expectSuccess(await send(id, { type: 'voice', bytes: voiceNote }));
		expect(
			sent()
				.slice(1)
				.map(({ body }) => String(body)),
		).toEqual([expect.stringContaining('Sorry'), 'x'.repeat(4096)]);

		// Not a recording: OpenAI refuses it, as the stand-in does, and nobody is answered.
		const { data } = await send(id, { type: 'voice', bytes: Buffer.from('OggS, but no sound') });
		expect(data.resultData).toMatchObject({ lastNodeExecuted: 'Transcribe' });
		expect(emulator.meta.sent).toHaveLength(3);
	});
});

test('a gateway’s webhook → Download Media without a credential → transcription', async () => {
	const id = await fillIn('gateway-voice-note-to-text', {}, ['Download Media']);
	const voiceNote = await file('voice-note.ogg');
	const [encrypted] = await encryptWith('baileys', [{ type: 'ptt', plaintext: voiceNote }]);
	const { mediaKey, fileSha256, fileEncSha256 } = encrypted!;
	const links = emulator.messageFiles.put(encrypted!.file);
	const recorded = gateways.find(({ name }) => name === 'evolution v2 voice note')!.payload;
	const { data } = recorded as unknown as { data: { message: { audioMessage: object } } };
	const announced = { ...links, mediaKey, fileSha256, fileEncSha256 };
	const message = { audioMessage: { ...data.message.audioMessage, ...announced } };
	const call = async (changes: object) => {
		const body = JSON.stringify({ ...recorded, data: { ...data, message, ...changes } });
		const headers = { 'Content-Type': 'application/json' };
		const answer = await fetch(`${n8n.url}/webhook/whatsapp-gateway`, {
			method: 'POST',
			headers,
			body,
		});
		expect(answer.status).toBe(200);
	};
	await published(id, async () => {
		openAi.speech = 'Can you come on Tuesday?';
		await call({});
		const [execution] = await n8n.api.waitForExecutions(id, 1, WAIT);
		expectSuccess(execution!);
		expect(openAi.heard).toMatchObject([{ fileName: 'voice.ogg', mimeType: 'audio/ogg' }]);
		expect(openAi.heard[0]!.bytes.equals(voiceNote)).toBe(true);
		expect(items(execution!, 'Sender and Text').map(({ json }) => json)).toEqual([
			{ chat: '59170000001@s.whatsapp.net', sender: 'Test Name', text: 'Can you come on Tuesday?' },
		]);
		expect(emulator.requests.map(({ host, headers }) => [host, headers.authorization])).toEqual([
			['mmg.whatsapp.net', undefined],
		]);

		// A text, and a voice note of one's own, go no further than the filter.
		await call({ messageType: 'conversation', message: { conversation: 'hello' } });
		await call({ key: { fromMe: true } });
		await n8n.api.waitForExecutions(id, 3, WAIT);
		expect(openAi.heard).toHaveLength(1);
	});
});

test('photos and documents → S3 and disk, under sender and date, each once and only after its download', async () => {
	const id = await fillIn('store-photos-and-documents', { 'Store in S3': { bucketName: BUCKET } });
	const photo = await file('photo.jpg');
	const invoice = await file('invoice.pdf');
	const timestamp = Date.parse('2026-11-21T14:03:22Z') / 1000;
	const stored = async () => ({
		cloud: (await s3.keys()).sort(),
		disk: (await readdir(disk)).sort(),
	});
	await published(id, async () => {
		// A file that cannot be had does not count as stored.
		emulator.meta.fault({ on: 'file', status: 404, times: 10 });
		emulator.meta.fault({ on: 'getUrl', error: '10', times: 10 });
		expect(
			(await send(id, { type: 'image', bytes: photo, from: '4915255501010', timestamp })).data
				.resultData.lastNodeExecuted,
		).toBe('Download Media');
		expect(await stored()).toEqual({ cloud: [], disk: [] });
		emulator.reset();
		await n8n.api.deactivate(id);
		await n8n.api.activate(id);

		const first = await send(id, { type: 'image', bytes: photo, from: '4915255501010', timestamp });
		expectSuccess(first);
		const photoName = `2026-11-21_${first.mediaId}_image.jpg`;
		expect(await stored()).toEqual({
			cloud: [`4915255501010/${photoName}`],
			disk: [`4915255501010_${photoName}`],
		});
		expect(await s3.object(`4915255501010/${photoName}`)).toEqual({
			mimeType: 'image/jpeg',
			bytes: photo,
		});
		expect((await readFile(join(disk, `4915255501010_${photoName}`))).equals(photo)).toBe(true);

		// The same photo again in the same chat: not kept twice. From somebody else: kept.
		const again = await send(id, { type: 'image', bytes: photo, from: '4915255501010', timestamp });
		expectSuccess(again);
		expect(items(again, 'Download Media')).toHaveLength(1);
		expect((await stored()).cloud).toHaveLength(1);
		const other = await send(id, { type: 'image', bytes: photo, from: '4915255502020', timestamp });
		expectSuccess(other);

		const paper = await send(id, {
			type: 'document',
			bytes: invoice,
			// The trigger's item has it without its path.
			fileName: 'Rechnung März/2026.pdf',
			from: '4915255502020',
			timestamp,
		});
		expectSuccess(paper);
		const { cloud, disk: onDisk } = await stored();
		expect(cloud).toHaveLength(3);
		const paperKey = cloud.find((key) => key.includes(paper.mediaId))!;
		expect(paperKey).toMatch(/^4915255502020\/2026-11-21_\d+_2026\.pdf$/);
		expect(await s3.object(paperKey)).toEqual({ mimeType: 'application/pdf', bytes: invoice });
		expect(onDisk).toContain(paperKey.replace('/', '_'));

		// Voice notes do not start it.
		await emulator.meta.receive({ type: 'voice', bytes: 'x' });
		expect(await n8n.api.executions({ workflowId: id })).toHaveLength(5);
	});
});

test('a PDF → one upload → sent to many by its media ID → deleted', async () => {
	const { phoneNumberId } = emulator.meta.credentials;
	const recipients = ['+1 650 555 1234', '+49 1525 5501010', '+49 (1525) 550-2020'];
	const id = await fillIn('send-pdf-to-many', {
		'What and to whom': {
			assignments: {
				assignments: [
					{ id: '1', name: 'title', type: 'string', value: 'Preise (netto) für Café Zoë' },
					{ id: '2', name: 'lines', type: 'array', value: ['Fenster: 120 \\ Stück', 'Türen: 300'] },
					{ id: '3', name: 'fileName', type: 'string', value: 'Preise.pdf' },
					{ id: '4', name: 'recipients', type: 'array', value: recipients },
				],
			},
		},
		'Send PDF': { phoneNumberId },
		// Ten minutes in the example.
		'Wait for Delivery': { amount: 1, unit: 'seconds' },
	});
	const notOnList = {
		message: '(#131030) Recipient phone number not in allowed list',
		type: 'OAuthException',
		code: 131030,
	} as const;
	emulator.meta.fault({ on: 'send', error: new GraphError(400, notOnList), after: 1 });
	const execution = await n8n.api.run(id, WAIT);
	expectSuccess(execution);

	const [upload, ...more] = emulator.meta.store.list();
	expect(more).toEqual([]);
	expect(upload).toMatchObject({
		mimeType: 'application/pdf',
		fileName: 'Preise.pdf',
		deleted: true,
	});
	expect(sent()).toHaveLength(2);
	for (const message of sent())
		expect(message).toMatchObject({ type: 'document', id: upload!.id, filename: 'Preise.pdf' });
	for (const { to } of sent())
		expect(['16505551234', '4915255501010', '4915255502020']).toContain(to);
	const who = items(execution, 'Who Got It').map(({ json }) => json);
	expect(who.map(({ recipient }) => recipient)).toEqual(recipients);
	expect(who.filter((each) => each.sent)).toHaveLength(2);
	expect(who.find((each) => !each.sent)).toMatchObject({
		reason: expect.stringContaining('Bad request'),
	});
	expect(emulator.requests.map(({ operation }) => operation)).toEqual([
		'upload',
		'send',
		'send',
		'send',
		'delete',
	]);

	expect(await textOfPdf(Buffer.concat([...upload!.bytes.read()]))).toBe(
		'Preise (netto) für Café Zoë\nFenster: 120 \\ Stück\nTüren: 300',
	);
});

/** As PDF.js reads it: in a process of its own, since Jest cannot load it, and with n8n's Node, which is new enough. */
async function textOfPdf(bytes: Buffer): Promise<string> {
	const script = `
		import { buffer } from 'node:stream/consumers';
		import { extractText } from 'unpdf';
		const { text } = await extractText(new Uint8Array(await buffer(process.stdin)), { mergePages: true });
		process.stdout.write(text);`;
	const { node } = await installN8n();
	const reading = promisify(execFile)(node, ['--input-type=module', '-e', script], { cwd: ROOT });
	reading.child.stdin!.end(bytes);
	return (await reading).stdout;
}

test('1,000 media IDs: failures go to the second output, and the next run goes on where the last one stopped', async () => {
	const id = await fillIn('backfill');
	// The first run makes the table.
	expectSuccess(await n8n.api.run(id, WAIT));
	const { data: tables } = await n8n.api.call<{
		data: Array<{ id: string; name: string; projectId: string }>;
	}>('GET', '/rest/data-tables-global');
	const table = tables.find(({ name }) => name === 'whatsapp backfill')!;
	const path = `/rest/projects/${table.projectId}/data-tables/${table.id}`;

	const mediaIds = Array.from({ length: 1000 }, (_, i) =>
		emulator.meta.store.add({ bytes: `file ${i}`, mimeType: 'text/plain', inbound: true }),
	);
	// Two that are too old; and one whole batch that fails at the first try.
	const tooOld = [mediaIds[3]!, mediaIds[999]!];
	for (const mediaId of tooOld) emulator.meta.store.get(mediaId)!.deleted = true;
	const later = mediaIds.slice(50, 100);
	for (const mediaId of later) emulator.meta.fault({ on: 'getUrl', mediaId, error: '10' });
	await importCsv(path, ['mediaId', ...mediaIds].join('\n'));

	const rows = async (status: string) => {
		const filter = JSON.stringify({
			type: 'and',
			filters: [{ columnName: 'status', condition: 'eq', value: status }],
		});
		const found: Array<{ mediaId: string; reason: string }> = [];
		for (let count = 1; found.length < count;) {
			const page = await n8n.api.call<{ count: number; data: typeof found }>(
				'GET',
				`${path}/rows?${new URLSearchParams({ filter, take: '250', skip: String(found.length) })}`,
			);
			count = page.count;
			found.push(...page.data);
		}
		return found;
	};
	const fetched = () =>
		emulator.requests.flatMap(({ operation, mediaId }) => (operation === 'file' ? [mediaId!] : []));

	// Stopped in the middle: at the 401st file nothing more comes. By then nine batches are through.
	emulator.meta.fault({ on: 'file', after: 400, delay: Infinity });
	const { executionId } = await n8n.api.execute(id);
	await until('401 files are asked for', 200_000, async () => fetched().length > 400 || undefined);
	await n8n.api.stopExecution(executionId!);
	await n8n.api.waitForExecution(executionId!, WAIT);
	const savedFirst = (await rows('saved')).map(({ mediaId }) => mediaId);
	expect(savedFirst).toEqual(
		mediaIds.slice(0, 450).filter((each) => ![tooOld[0], ...later].includes(each)),
	);
	expect((await rows('failed')).map(({ mediaId }) => mediaId)).toEqual([tooOld[0], ...later]);

	// The next run: no file that is saved is fetched again; what has failed is.
	emulator.requests.length = 0;
	const second = await n8n.api.run(id, WAIT);
	expectSuccess(second);
	expect(fetched().filter((mediaId) => savedFirst.includes(mediaId))).toEqual([]);
	expect((await rows('saved')).map(({ mediaId }) => mediaId).sort()).toEqual(
		mediaIds.filter((each) => !tooOld.includes(each)).sort(),
	);
	expect(items(second, 'Failed').map(({ json }) => json)).toEqual(
		tooOld.map((mediaId) =>
			expect.objectContaining({
				mediaId,
				status: 'failed',
				reason: expect.stringContaining('100/33'),
			}),
		),
	);
	const files = (await readdir(disk)).filter((name) => mediaIds.includes(name.split('_')[0]!));
	expect(files).toHaveLength(998);
	for (const i of [0, 50, 500, 998])
		expect(
			await readFile(
				join(
					disk,
					files.find((name) => name.startsWith(mediaIds[i]!))!,
				),
				'utf8',
			),
		).toBe(`file ${i}`);

	// And one more: only the two are tried.
	emulator.requests.length = 0;
	expectSuccess(await n8n.api.run(id, WAIT));
	expect(emulator.requests.map(({ mediaId }) => mediaId).sort()).toEqual([...tooOld].sort());
});

/** Data tables → Import CSV. */
async function importCsv(tablePath: string, csv: string) {
	const form = new FormData();
	form.set('file', new Blob([csv], { type: 'text/csv' }), 'media.csv');
	const { id: fileId } = await n8n.api.call<{ id: string }>(
		'POST',
		'/rest/data-tables/uploads',
		form,
	);
	await n8n.api.call('POST', `${tablePath}/import-csv`, { fileId });
}

test('only allowed types and sizes are downloaded, and everything else is answered', async () => {
	const id = await fillIn('guard');
	const photo = await file('photo.jpg');
	await published(id, async () => {
		const fine = await send(id, { type: 'image', bytes: photo });
		expectSuccess(fine);
		expect(items(fine, 'Your Next Step')).toHaveLength(1);
		expect(await n8n.api.bytes(items(fine, 'Your Next Step')[0]!.binary!.data!)).toEqual(photo);
		expect(emulator.meta.sent).toEqual([]);

		const video = await send(id, { type: 'video', bytes: pattern(5000), from: '4915255501010' });
		const large = await send(id, {
			type: 'document',
			bytes: pattern(12_300_000),
			from: '4915255502020',
		});
		for (const execution of [video, large]) {
			expectSuccess(execution);
			expect(execution.data.resultData.runData).not.toHaveProperty('Download Media');
		}
		expect(sent()).toEqual([
			{
				to: '4915255501010',
				type: 'text',
				body: expect.stringContaining('only take photos (JPEG, PNG) and PDFs'),
			},
			{
				to: '4915255502020',
				type: 'text',
				body: expect.stringContaining('has 13 MB, and we can only take 10 MB'),
			},
		]);
		expect(
			emulator.requests
				.filter(({ operation }) => operation === 'file')
				.map(({ mediaId }) => mediaId),
		).toEqual([fine.mediaId]);
	});
});

test('a file that did not arrive gets a polite answer, any other goes on', async () => {
	const id = await fillIn('file-did-not-arrive');
	const photo = await file('photo.jpg');
	await published(id, async () => {
		const fine = await send(id, { type: 'image', bytes: photo });
		expectSuccess(fine);
		expect(await n8n.api.bytes(items(fine, 'Your Next Step')[0]!.binary!.data!)).toEqual(photo);
		expect(emulator.meta.sent).toEqual([]);

		const { meta } = emulator;
		const sender = { from: '4915255501010' };
		const message = meta.unsupported('video', 131052, 'Media file size too big', sender);
		expect((await meta.deliver([message])).status).toBe(200);
		// None of these starts anything.
		for (const item of [meta.text('hi'), meta.status('read'), meta.status('failed')])
			expect((await meta.deliver([item])).status).toBe(200);
		const [newest, ...others] = await n8n.api.waitForExecutions(id, 2, WAIT);
		expect(others).toHaveLength(1);
		expectSuccess(newest!);
		expect(sent()).toEqual([
			{
				to: '4915255501010',
				type: 'text',
				body: expect.stringContaining('too large for us'),
			},
		]);
	});
});

test('an AI agent looks a file up, uploads the one in the chat, and deletes', async () => {
	const id = await fillIn('ai-agent');
	const invoice = await file('invoice.pdf');

	/** What the Chat panel of the editor does. The model calls the tool, if any, and then says what the tool answered. */
	const chat = async (text: string, toolCall: Message, attachment?: Buffer) => {
		const tools: string[] = [];
		openAi.model = (messages, offered) => {
			tools.splice(0, tools.length, ...offered.map((tool) => tool.function.name));
			const last = messages.at(-1)!;
			return last.role === 'tool'
				? { role: 'assistant', content: `The tool said: ${last.content}` }
				: toolCall;
		};
		const chatSessionId = `chat-${text}`.replace(/\W/g, '');
		await n8n.api.call('POST', `/rest/workflows/${id}/run`, {
			triggerToStartFrom: { name: 'When chat message received' },
			chatSessionId,
		});
		const form = new FormData();
		for (const [key, value] of Object.entries({
			action: 'sendMessage',
			sessionId: chatSessionId,
			chatInput: text,
		}))
			form.set(key, value);
		if (attachment)
			form.set(
				'files',
				new Blob([new Uint8Array(attachment)], { type: 'application/pdf' }),
				'Invoice.pdf',
			);
		const answer = await fetch(`${n8n.url}/webhook-test/${id}/${chatSessionId}`, {
			method: 'POST',
			body: form,
		});
		const body = await answer.text();
		expect({ status: answer.status, body }).toMatchObject({ status: 200 });
		return { tools, body };
	};

	const photo = emulator.meta.store.add({
		bytes: await file('photo.jpg'),
		mimeType: 'image/jpeg',
		inbound: true,
	});
	const looked = await chat('How large is it?', callTool('Get_Media_URL', { mediaId: photo }));
	expect(looked.tools.sort()).toEqual(['Delete_Media', 'Get_Media_URL', 'Upload_Media']);
	expect(looked.body).toContain('27080');

	const uploaded = await chat('Upload this', callTool('Upload_Media', {}), invoice);
	const upload = emulator.meta.store.list().find(({ kind }) => kind === 'uploaded')!;
	expect(upload).toMatchObject({ fileName: 'Invoice.pdf', mimeType: 'application/pdf' });
	expect(Buffer.concat([...upload.bytes.read()]).equals(invoice)).toBe(true);
	expect(uploaded.body).toContain(upload.id);

	const deleted = await chat('Delete it', callTool('Delete_Media', { mediaId: upload.id }));
	expect(emulator.meta.store.get(upload.id)).toMatchObject({ deleted: true });
	expect(deleted.body).toContain('deleted');

	// What goes wrong is the agent's to read and to say; it ends nothing.
	const failed = await chat(
		'How large is that?',
		callTool('Get_Media_URL', { mediaId: upload.id }),
	);
	expect(failed.body).toContain('100/33');
	const nothing = await chat('Upload that', callTool('Upload_Media', {}));
	expect(nothing.body).toContain('Input Binary Field is empty');
});
