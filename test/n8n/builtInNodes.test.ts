import { readFile } from 'node:fs/promises';

import { htmlPage, startEmulator, type Emulator, type Fault } from '../emulator';
import { startN8n, type N8n } from '../support/n8n/instance';
import { packPackage } from '../support/n8n/pack';
import { items, type Credential } from '../support/n8n/rest';
import {
	fetchFile,
	manualTrigger,
	mediaNode,
	node,
	workflow,
	type Item,
	type Json,
	type WorkflowNode,
} from '../support/n8n/workflow';
import { calls, credentialFor, sha256 } from '../support/harness';
import { demoFile, fixtureFile } from '../support/paths';
import { hostPorts, publicOrigins } from '../support/vendors';

/** Files beside n8n's own nodes, in one n8n: rows of the README's table. Those of the trigger are in trigger/besideBuiltIn.ts. */

jest.setTimeout(120_000);

const PHOTO = demoFile('photo.jpg');
const ON_ERROR = { onError: 'continueRegularOutput' } as const;

let emulator: Emulator;
let n8n: N8n;
let photo: Buffer;
let ours: Credential;
let theirs: Credential;
beforeAll(async () => {
	photo = await readFile(PHOTO);
	emulator = await startEmulator({
		...publicOrigins(['meta']),
		thirdParty: { origin: 'https://files.example' },
	});
	const port = Number(new URL(emulator.localUrl).port);
	n8n = await startN8n({
		packages: [await packPackage()],
		vendors: { ...hostPorts(emulator, ['meta']), 'files.example': port },
	});
	const { accessToken, businessAccountId } = emulator.meta.credentials;
	ours = await n8n.api.createCredential('Ours', 'whatsAppMediaApi', {
		...credentialFor(emulator),
		baseUrl: '',
		mediaHosts: '',
	});
	theirs = await n8n.api.createCredential('Theirs', 'whatsAppApi', {
		accessToken,
		businessAccountId,
	});
}, 900_000);
afterAll(async () => {
	await n8n?.stop();
	await emulator?.close();
});
beforeEach(() => emulator.reset());

const own = (type: string, more: Partial<WorkflowNode> = {}) =>
	mediaNode(type, 'Last', {}, { credentials: { whatsAppMediaApi: ours }, ...more });
const builtIn = (
	type: string,
	name: string,
	typeVersion: number,
	parameters: Json,
	more: Partial<WorkflowNode> = {},
) =>
	node(`n8n-nodes-base.${type}`, name, parameters, {
		typeVersion,
		credentials: { whatsAppApi: theirs },
		...more,
	});
const getUrl = (name: string, more?: Partial<WorkflowNode>) =>
	builtIn(
		'whatsApp',
		name,
		1.1,
		{ resource: 'media', operation: 'mediaUrlGet', mediaGetId: '={{ $json.mediaId }}' },
		more,
	);
/** What stands in n8n's documentation for a file: the URL, then the file. */
const getFile = () =>
	builtIn('httpRequest', 'Last', 4.2, {
		url: '={{ $json.url }}',
		authentication: 'predefinedCredentialType',
		nodeCredentialType: 'whatsAppApi',
		options: { response: { response: { responseFormat: 'file' } } },
	});
const media = (operation: string, parameters: Json) =>
	builtIn('whatsApp', 'Last', 1.1, { resource: 'media', operation, ...parameters });

/** What the last node gives, or what stopped the workflow. */
async function outcome(nodes: WorkflowNode[], start: Json[] = [{}]) {
	const { id } = await n8n.api.createWorkflow(
		workflow({
			nodes: [manualTrigger(), ...nodes],
			pinData: { Start: start.map((json): Item => ({ json })) },
		}),
	);
	const execution = await n8n.api.run(id);
	const { error } = execution.data.resultData;
	return {
		out: items(execution, 'Last'),
		stopped: error && [error.message, error.description].join(' '),
	};
}

const customerSent = (bytes: Buffer, mimeType = 'image/jpeg') =>
	emulator.meta.store.add({ bytes, mimeType, inbound: true });

/** One photo through both, with the same thing gone wrong: `whole`, `broken`, or nothing at all. */
async function both(goWrong: () => void) {
	const through = async (nodes: WorkflowNode[]) => {
		emulator.reset();
		const mediaId = customerSent(photo);
		goWrong();
		const [item] = (await outcome(nodes, [{ mediaId }])).out;
		if (!item?.binary?.data) return 'nothing';
		return (await n8n.api.bytes(item.binary.data)).equals(photo) ? 'whole' : 'broken';
	};
	return {
		builtIn: await through([getUrl('URL'), getFile()]),
		ours: await through([own('whatsAppDownloadMedia')]),
	};
}

test('“Download” gives a URL; Download Media gives the file', async () => {
	const mediaId = customerSent(photo);
	const [theirs] = (await outcome([getUrl('Last')], [{ mediaId }])).out;
	expect(theirs!.json.url).toMatch(/^https:/);
	expect(theirs!.binary).toBeUndefined();
	const [own_] = (await outcome([own('whatsAppDownloadMedia')], [{ mediaId }])).out;
	expect(await n8n.api.bytes(own_!.binary!.data!)).toEqual(photo);
	expect(own_!.json).toMatchObject({ verified: true, sha256: sha256(photo) });
});

test('behind n8n’s own trigger, with an expression', async () => {
	const item = {
		...emulator.meta.value([emulator.meta.prepare({ type: 'image', bytes: photo }).message]),
		field: 'messages',
	};
	const mediaId = '={{ $json.messages[0][$json.messages[0].type].id }}';
	const { out } = await outcome(
		[own('whatsAppDownloadMedia', { parameters: { mediaId } })],
		[item],
	);
	expect(await n8n.api.bytes(out[0]!.binary!.data!)).toEqual(photo);
});

test.each([
	{
		what: 'other bytes of the same length',
		fault: { wrongBytes: true } as Fault,
		theirs: 'broken',
	},
	{
		what: 'a body that ends early, as if it were whole',
		fault: { truncateAt: 0.6 },
		theirs: 'broken',
	},
	{ what: 'a page with status 200', fault: htmlPage(), theirs: 'broken' },
	{ what: 'a 503', fault: { status: 503 }, theirs: 'nothing' },
	{ what: 'a URL that has run out', fault: { status: 401 }, theirs: 'nothing' },
])('$what, once: theirs gives $theirs, ours the whole file', async ({ fault, theirs }) => {
	expect(await both(() => emulator.meta.fault({ on: 'file', ...fault }))).toEqual({
		builtIn: theirs,
		ours: 'whole',
	});
});

test('the name of a voice note', async () => {
	const mediaId = customerSent(await readFile(demoFile('voice-note.ogg')), 'audio/ogg');
	const name = async (nodes: WorkflowNode[]) =>
		(await outcome(nodes, [{ mediaId }])).out[0]!.binary!.data!.fileName;
	expect(await name([getUrl('URL'), getFile()])).toBe('attachments');
	expect(await name([own('whatsAppDownloadMedia')])).toBe(`audio-${mediaId}.ogg`);
});

test('of many, which one failed', async () => {
	const start = [{ mediaId: customerSent(photo) }, { mediaId: '999' }];
	const failed = async (last: WorkflowNode) => (await outcome([last], start)).out[1]!.json;
	expect(JSON.stringify(await failed(getUrl('Last', ON_ERROR)))).not.toContain('999');
	expect(await failed(own('whatsAppDownloadMedia', ON_ERROR))).toMatchObject({
		mediaId: '999',
		error: expect.stringContaining('Media ID 999'),
	});
});

test('a video that WhatsApp does not play', async () => {
	const url = emulator.thirdParty.put(await readFile(fixtureFile('hevc.mp4')), 'video/mp4');
	const fetched = fetchFile('File', url);
	const { phoneNumberId } = emulator.meta.credentials;
	const theirs = await outcome([
		fetched,
		media('mediaUpload', {
			phoneNumberId,
			mediaPropertyName: 'data',
			additionalFields: { mediaFileName: 'a.mp4' },
		}),
	]);
	expect(theirs.out[0]!.json.id).toMatch(/^\d+$/);
	const { stopped } = await outcome([fetched, own('whatsAppUploadMedia')]);
	expect(stopped).toContain('H.265 (HEVC)');
	expect(calls(emulator).filter((call) => call.includes('/media'))).toEqual([
		expect.stringContaining('/v13.0/'),
	]);
});
