import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
	htmlPage,
	startEmulator,
	type Emulator,
	type Fault,
	type VendorEmulator,
} from '../emulator';
import { startN8n, type N8n } from '../support/n8n/instance';
import { packPackage } from '../support/n8n/pack';
import { items, type Credential } from '../support/n8n/rest';
import {
	manualTrigger,
	mediaNode,
	workflow,
	type Item,
	type Json,
	type WorkflowNode,
} from '../support/n8n/workflow';
import { credentialFor, VENDORS, type Vendor } from '../support/harness';
import { hostPorts, publicCredentialFor, publicOrigins, VENDOR_FACTS } from '../support/vendors';

/**
 * Failures of every kind in a real n8n that logs all it can, then a search for every secret that was used, in all that it
 * has written: database, binary store, whatever else lies in its folder, and its log. Items carry nothing but media IDs and
 * URLs come out of expressions, so that there is no place where a secret may rightly be.
 */

jest.setTimeout(240_000);

const STRANGER = 'https://files.stranger.example';

const WRONG_TOKEN = 'EAAGwrongTokenThatNobodyMayReadAnywhere4711';
const PASSWORD = 'hunter2-in-a-url';
const SIGNED = 'signed-part-of-a-typed-in-url';
const FILE = Buffer.from('every file holds these words: canary in the coal mine\n'.repeat(20));

let emulator: Emulator;
let n8n: N8n;
let userFolder: string;
/** Of every execution that the test has started by hand. */
const executionIds: string[] = [];
const credentials: Record<string, Credential> = {};

beforeAll(async () => {
	emulator = await startEmulator({ ...publicOrigins(), thirdParty: { origin: STRANGER } });
	const port = Number(new URL(emulator.localUrl).port);
	const vendors = { ...hostPorts(emulator), [new URL(STRANGER).host]: port };
	userFolder = await mkdtemp(join(tmpdir(), 'n8n-secrets-'));
	n8n = await startN8n({
		userFolder,
		packages: [await packPackage()],
		vendors,
		binaryMode: 'filesystem',
		env: { N8N_LOG_LEVEL: 'debug' },
	});
	for (const vendor of VENDORS) {
		const account = publicCredentialFor(emulator, vendor);
		credentials[vendor] = await n8n.api.createCredential(vendor, 'whatsAppMediaApi', account);
		credentials[`${vendor}, wrong token`] = await n8n.api.createCredential(
			vendor,
			'whatsAppMediaApi',
			{ ...account, accessToken: WRONG_TOKEN },
		);
	}
}, 900_000);
afterAll(async () => {
	await n8n?.stop();
	await emulator?.close();
	await rm(userFolder, { recursive: true, force: true, maxRetries: 3 });
});

/** An expression for a text that stands nowhere in the workflow. */
const hidden = (text: string) =>
	`={{ '${[...text].reverse().join('')}'.split('').reverse().join('') }}`;

type Order = Fault & { error?: unknown };

const OVERSHARING = 'Malformed access token';

/** Answers in the place of a file. */
const FILE_FAULTS: Order[] = [
	...[401, 403, 404, 410].map((status) => ({ status })),
	{ reset: true },
	{ cutAt: 0.5 },
	{ stallAt: 0.5 },
	{ delay: Infinity },
	htmlPage(502),
	{ status: 503, headers: { 'Retry-After': '3600' } },
	{ redirect: `https://user:${PASSWORD}@files.stranger.example/` },
	{ redirect: `ftp://user:${PASSWORD}@files.stranger.example/` },
	{ redirect: `http://169.254.169.254/?password=${PASSWORD}` },
	{ redirect: `${STRANGER}/nothing?signature=${SIGNED}` },
	{ redirect: `https://unknown.example/?signature=${SIGNED}` },
];

/** What only an announced type, hash or size can tell. */
const UNTRUE: Order[] = [htmlPage(200), { truncateAt: 0.5 }, { wrongBytes: 'changing' }];

/** Answers in the place of an API's. The last ones are of servers that say too much. */
const apiFaults = (vendor: Vendor): Order[] => {
	const { accessToken } = credentialFor(emulator, vendor);
	return [
		...[401, 403, 404, 410].map((status) => ({ status })),
		{ reset: true },
		{ cutAt: 0.1 },
		{ stallAt: 0.1 },
		htmlPage(502),
		{ redirect: `https://user:${PASSWORD}@files.stranger.example/` },
		...[400, 500].map((status) => ({
			status,
			headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify({
				error: { message: `${OVERSHARING} ${accessToken}`, type: 'OAuthException', code: 190 },
			}),
		})),
		{
			status: 400,
			headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify({ error: `${OVERSHARING} Bearer ${accessToken}` }),
		},
	];
};

interface Batch {
	vendor: Vendor;
	node: 'GetMediaUrl' | 'DownloadMedia' | 'UploadMedia' | 'DeleteMedia';
	credential?: string;
	parameters?: Json;
	/** Of one item each, at each of its tries. */
	faults?: Order[];
	on?: string;
}

const add = (vendor: Vendor) =>
	emulator[vendor].store.add({ bytes: FILE, mimeType: 'text/plain', inbound: true });

/** Runs Start → (Before, a good download, where there is something to upload →) Tested. */
async function run(
	{ vendor, node, credential = vendor, parameters = {}, faults = [{}], on }: Batch,
	onError: 'stopWorkflow' | 'continueErrorOutput',
	maxTries: number,
) {
	const ours = (
		type: string,
		name: string,
		of: Json,
		as: string,
		more: Partial<WorkflowNode> = {},
	) =>
		mediaNode(`whatsApp${type}`, name, of, {
			credentials: { whatsAppMediaApi: { id: credentials[as]!.id, name: as } },
			...more,
		});
	const start = faults.map(() => ({ mediaId: add(vendor) }));
	// Each try of an item fails in its own way; uploads and lists are of no media, and whichever comes fails in whichever way.
	for (let times = 2 * maxTries; on && times > 0; times--)
		faults.forEach((fault, at) =>
			emulator[vendor].fault({ ...fault, on, ...(isOfMedia(on) && start[at]) } as never),
		);
	const options = {
		maxTries,
		...(on && { timeoutSeconds: 1 }),
		...(node === 'DeleteMedia' && { missingIsDeleted: false }),
	};
	const { id } = await n8n.api.createWorkflow(
		workflow({
			nodes: [
				manualTrigger('Start'),
				...(node === 'UploadMedia' ? [ours('DownloadMedia', 'Before', {}, vendor)] : []),
				ours(node, 'Tested', { ...parameters, options }, credential, { onError }),
			],
			pinData: { Start: start.map((json): Item => ({ json })) },
		}),
	);
	const execution = await n8n.api.run(id, { from: 'Start', timeoutMs: 120_000 });
	executionIds.push(execution.id);
	return execution;
}

const isOfMedia = (on: string) => !['upload', 'list'].includes(on);

let turn = 0;

/** All of them on the error output; and every fourth, other ones each time, with the workflow stopped by it. */
async function fails(batch: Batch) {
	const { faults = [{}], on = '' } = batch;
	const goOn = async () => {
		const continued = await run(batch, 'continueErrorOutput', 2);
		const [passed, failed] = [0, 1].map((output) =>
			items(continued, 'Tested', output).map(({ json }) => json),
		);
		expect({ batch, failed: failed!.length, passed }).toEqual({
			batch,
			failed: faults.length,
			passed: [],
		});
	};
	const stop = async (fault: Order) => {
		const execution = await run({ ...batch, faults: [fault] }, 'stopWorkflow', 1);
		expect(execution).toMatchObject({
			status: 'error',
			data: { resultData: { error: { node: { name: 'Tested' } } } },
		});
	};
	turn++;
	const runs = [
		goOn,
		...faults
			.filter((_, at) => (at + turn) % 4 === 0)
			.map((fault) => async () => await stop(fault)),
	];
	if (isOfMedia(on)) return void (await Promise.all(runs.map(async (each) => await each())));
	for (const each of runs) {
		await each();
		for (const { faults: left } of Object.values(emulator[batch.vendor].sites)) left?.clear();
	}
}

const allFail = async (batches: Batch[]) => void (await Promise.all(batches.map(fails)));

test('a wrong token', async () => {
	const nodes = ['GetMediaUrl', 'DownloadMedia', 'UploadMedia', 'DeleteMedia'] as const;
	await allFail(
		VENDORS.flatMap((vendor) =>
			nodes.map((node) => ({ vendor, node, credential: `${vendor}, wrong token` })),
		),
	);
});

test('a binary field that is not there', async () => {
	await allFail(
		VENDORS.map((vendor) => ({
			vendor,
			node: 'UploadMedia',
			parameters: { binaryPropertyName: 'nope' },
		})),
	);
});

test('files that do not come', async () => {
	await allFail([
		{ vendor: 'meta', node: 'DownloadMedia', on: 'file', faults: [...FILE_FAULTS, ...UNTRUE] },
		{ vendor: 'whapi', node: 'DownloadMedia', on: 'media', faults: FILE_FAULTS },
		{ vendor: 'pipes', node: 'DownloadMedia', on: 'file', faults: FILE_FAULTS },
	]);
});

test('an API that fails', async () => {
	const batch = (vendor: Vendor, node: Batch['node'], on: string): Batch => {
		// A file that is not on Whapi.Cloud's list has its URL all the same; a redirect of Pipes.bot has no body to cut.
		const harmless = ({ status, body, cutAt, stallAt }: Order) =>
			(on === 'list' && status === 404 && !body) ||
			(on === 'download' && (cutAt ?? stallAt) !== undefined);
		return { vendor, node, on, faults: apiFaults(vendor).filter((fault) => !harmless(fault)) };
	};
	await allFail([
		batch('meta', 'DownloadMedia', 'getUrl'),
		batch('meta', 'GetMediaUrl', 'getUrl'),
		batch('meta', 'DeleteMedia', 'delete'),
		batch('whapi', 'DeleteMedia', 'delete'),
		batch('pipes', 'DownloadMedia', 'download'),
	]);
	// One at a time of a vendor: they leave faults behind, which are cleared.
	await allFail([batch('meta', 'UploadMedia', 'upload'), batch('whapi', 'UploadMedia', 'upload')]);
	await fails(batch('whapi', 'GetMediaUrl', 'list'));
});

test('URLs that lead nowhere', async () => {
	const urls = [
		`https://user:${PASSWORD}@files.stranger.example/photo.jpg`,
		`https://user:${PASSWORD}@[broken/`,
		`ftp://user:${PASSWORD}@files.stranger.example/photo.jpg`,
		`user:${PASSWORD}@files.stranger.example`,
		`http://10.0.0.1/?password=${PASSWORD}`,
		`${STRANGER}/gone?signature=${SIGNED}`,
		`https://unknown.example/?X-Amz-Signature=${SIGNED}`,
		`${emulator.meta.filesUrl}/whatsapp_business/attachments/?mid=1&source=webhook&ext=1&hash=${SIGNED}`,
	];
	await allFail(
		urls.map((url) => ({
			vendor: 'meta',
			node: 'DownloadMedia',
			parameters: { mediaId: '', url: hidden(url) },
		})),
	);
});

test('what works leaves no secret either', async () => {
	const works = async (batch: Batch) =>
		expect((await run(batch, 'stopWorkflow', 1)).status).toBe('success');
	for (const vendor of VENDORS) await works({ vendor, node: 'DownloadMedia' });
	for (const vendor of VENDORS.filter((name) => VENDOR_FACTS[name].hasUpload)) {
		await works({ vendor, node: 'UploadMedia' });
		await works({ vendor, node: 'DeleteMedia' });
	}
	await works({
		vendor: 'meta',
		node: 'DownloadMedia',
		on: 'file',
		faults: [{ redirect: 'thirdParty' }],
	});
	await works({
		vendor: 'meta',
		node: 'DownloadMedia',
		parameters: { mediaId: '', url: hidden(emulator.thirdParty.put(FILE, 'text/plain')) },
	});
});

test.each(VENDORS)(
	'%s: deliveries that do not prove who they are from, and one that does',
	async (vendor) => {
		const { localRegistration, forgeries } = VENDOR_FACTS[vendor];
		const trigger = mediaNode(
			'whatsAppMediaTrigger',
			'Trigger',
			{ registration: localRegistration },
			{ credentials: { whatsAppMediaApi: { id: credentials[vendor]!.id, name: vendor } } },
		);
		const { id } = await n8n.api.createWorkflow(workflow({ nodes: [trigger] }));
		await n8n.api.activate(id);
		const callback = `${n8n.url}/webhook/${trigger.webhookId}/webhook`;
		const played: VendorEmulator = emulator[vendor];
		const usual = localRegistration === 'manual' ? { callback } : {};
		const send = async (how: object = {}) =>
			await played.receive({ type: 'image', bytes: FILE, url: false }, { ...usual, ...how });
		for (const how of forgeries(WRONG_TOKEN))
			expect((await send(how)).answer).toMatchObject({ status: 401 });
		if (vendor === 'meta') {
			expect(await emulator.meta.handshake(callback)).toMatchObject({ ok: true });
			expect(await emulator.meta.handshake(callback, { token: WRONG_TOKEN })).toMatchObject({
				ok: false,
			});
			await emulator.meta.deliver('{"object": "whatsapp_business_account", "entry": [', {
				callback,
			});
		}
		expect((await send()).answer).toMatchObject({ status: 200 });
		const executions = await n8n.api.waitForExecutions(id);
		expect(executions).toHaveLength(1);
		executionIds.push(executions[0]!.id);
		for (const { headers = {} } of emulator.whapi.settings.webhooks)
			for (const value of Object.values(headers)) issued.add(value);
		await n8n.api.deactivate(id);
	},
);

/** Secrets that came up on the way. */
const issued = new Set<string>();

/** Every secret that any request carried or any party knows. */
function secrets(): string[] {
	const { meta, whapi, pipes, requests } = emulator;
	const { accessToken, appSecret, verifyToken } = meta.credentials;
	const inUrls = requests.flatMap(({ query }) =>
		['hash', 'signature', 'X-Amz-Signature'].flatMap((name) => query[name] ?? []),
	);
	const known = [
		accessToken,
		appSecret,
		verifyToken,
		whapi.credentials.accessToken,
		pipes.credentials.accessToken,
		pipes.credentials.webhookSecret,
		pipes.storageKey,
	];
	return [...new Set([...known, WRONG_TOKEN, PASSWORD, SIGNED, ...issued, ...inUrls])];
}

/** How it begins, since a page of the database may divide it and a message shorten it: as it is, in a URL, in base64. */
function spellings(secret: string): Set<string> {
	return new Set(
		[secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')].map((text) =>
			text.slice(0, 16),
		),
	);
}

test('none of all these secrets is in anything that n8n has kept or said', async () => {
	const kept = new Map<string, Buffer>();
	// A long text is divided among pages of the database, so that it has to be read as the text it is, too.
	for (const id of executionIds)
		kept.set(
			`execution ${id}`,
			Buffer.from(JSON.stringify(await n8n.api.call('GET', `/rest/executions/${id}`))),
		);
	const sent = new Set(emulator.requests.flatMap(({ headers }) => Object.values(headers)));
	for (const vendor of VENDORS) {
		const { accessToken } = credentialFor(emulator, vendor);
		expect(sent).toContain(
			VENDOR_FACTS[vendor].tokenHeader ? accessToken : `Bearer ${accessToken}`,
		);
	}
	expect(sent).toContain(`Bearer ${WRONG_TOKEN}`);

	await n8n.stop();
	kept.set('log', Buffer.from(n8n.logs()));
	for (const entry of await readdir(userFolder, { recursive: true, withFileTypes: true })) {
		const file = join(entry.parentPath, entry.name);
		if (entry.isFile() && !file.includes('/node_modules/')) kept.set(file, await readFile(file));
	}
	const holding = (text: string) =>
		[...kept].filter(([, bytes]) => bytes.includes(text)).map(([name]) => name);

	// That what is searched is what there is.
	const stored = holding('canary in the coal mine').filter((name) =>
		/\/binary_data\/[^/.]+$/.test(name),
	);
	expect(stored.length).toBeGreaterThan(20);
	expect(stored.filter((name) => !kept.has(`${name}.metadata`))).toEqual([]);
	const told = holding('could not be downloaded');
	for (const place of [/^execution \d+$/, /database\.sqlite(-wal)?$/, /^log$/])
		expect(told.filter((name) => place.test(name))).not.toEqual([]);
	expect(holding('its signature does not match')).toContain('log');

	const used = secrets();
	expect(used.length).toBeGreaterThan(50);
	const found = used.flatMap((secret) =>
		[...spellings(secret)].flatMap((text) => holding(text).map((name) => `${secret} in ${name}`)),
	);
	expect([...new Set(found)]).toEqual([]);
	console.log(
		`${used.length} secrets, none of them in ${kept.size} files, executions and logs (${executionIds.length} executions by hand)`,
	);
});
