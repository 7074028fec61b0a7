import { execFile } from 'node:child_process';
import { once as next } from 'node:events';
import { mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { hostOverrides } from '../emulator/client';
import { installN8n } from '../support/n8n/install';
import { type N8n, startN8n } from '../support/n8n/instance';
import { packPackage } from '../support/n8n/pack';
import { type Credential, items, type N8nApi, owner, until } from '../support/n8n/rest';
import type { WorkflowJson } from '../support/n8n/workflow';
import { listWorkflows, sendByHand, whereItWent } from './deliveries';
import { type Message, startVendor, type Vendor, vendorNames } from './vendors';
import { watchReplies } from './replies';
import { type Cell, phase, say, seconds, table } from './screen';

const root = join(__dirname, '..', '..');
/**
 * n8n's database, and the package in it, stay from run to run: that is what makes the second one quick. Each provider has its own, so
 * that nobody meets another one's workflows and credential.
 */
let demoFolder = join(root, '.demo');
let filesFolder = join(demoFolder, 'files');
/** The folder that the example writes to: in n8n's Docker image, the only one allowed. */
const EXAMPLE_FOLDER = '/home/node/.n8n-files';
/** Not n8n's usual 5678, where the user's own may be running. */
const PORT = '5690';
/** Where this n8n believes to be: providers deliver to public https addresses only. */
const PUBLIC = 'https://n8n.example';
const WEBHOOK_ID = 'whatsapp-demo';
const DELIVERY_MS = 30_000;
const ERROR_LINES = 12;

/** `npm run demo`: customers send files on WhatsApp, and a real n8n saves them. `--once` ends after that. */
async function main(): Promise<void> {
	const { values: settings } = parseArgs({
		options: {
			once: { type: 'boolean', default: false },
			port: { type: 'string', default: PORT },
			provider: { type: 'string', default: vendorNames[0] },
		},
	});
	const provider = vendorNames.find((name) => name === settings.provider);
	if (!provider)
		throw new Error(
			`There is no provider ${settings.provider}. Choose one of ${vendorNames.join(', ')}.`,
		);
	demoFolder = join(demoFolder, provider);
	filesFolder = join(demoFolder, 'files');
	const port = Number(settings.port);
	const started = Date.now();
	say(
		'WhatsApp files in a real n8n. An emulator on this machine plays WhatsApp: you need no account.\n',
	);
	await assertFree(port);

	await phase(
		'Looking for n8n',
		() => installN8n({ log: say }),
		({ version }) => `n8n ${version} is installed`,
	);
	const tarball = await phase(
		'Building the package',
		build,
		(file) => `${basename(file)} is built`,
	);
	const vendor = await startVendor(provider);
	cleanUp.push(vendor.close);
	const n8n = await phase(
		'Starting n8n, installing the package in it',
		// n8n cannot always replace a package whose files have changed while it runs; a new folder cures that.
		() =>
			start(tarball, vendor, port).catch(() =>
				rm(demoFolder, { recursive: true, force: true }).then(() => start(tarball, vendor, port)),
			),
		({ url }) => `n8n runs on ${url}, the package is installed in it`,
	);
	const workflow = await phase(
		'Importing the example workflow',
		() => importExample(n8n, vendor),
		() => `The example workflow is published, ${vendor.name} has its webhook`,
	);
	for (const name of workflow.unpublished)
		say(`  “${name}” from an earlier run is unpublished: a number delivers to one workflow only.`);
	const rows = await phase(
		'Customers send files',
		() => sendAll(n8n.api, workflow, vendor.messages),
		() => `Customers have sent ${vendor.messages.map(({ what }) => what).join(', ')}`,
	);

	say();
	table(['Message', 'File', 'Bytes', 'Hash', 'Milliseconds'], rows);
	say(
		'\nEvery file on disk is byte for byte what was sent. Milliseconds: from the webhook to the file on disk.\n',
	);
	say(`Files     ${filesFolder}`);
	if (settings.once) return say(`\nDone in ${seconds(started)}.`);
	say(`Editor    ${n8n.url}/workflow/${workflow.id}`);
	say(`E-mail    ${owner.email}`);
	say(`Password  ${owner.password}`);
	say(
		`\nBuild your own: create a workflow, add WhatsApp Media Trigger with the credential “${credentialName(vendor)}”` +
			(vendor.registration === 'manual' ? ' and Receive Files For: Manual' : '') +
			',\npress Execute step, then Enter here. ' +
			(vendor.isExclusive
				? 'To publish it, unpublish the demo’s workflow first: a number delivers to one.'
				: 'You can publish it beside the demo’s workflow: each gets every file.'),
	);
	say(
		`\nReady in ${seconds(started)}. Press Enter to send one more file, t and Enter to send a text, Ctrl+C to end.`,
	);
	ready = true;
	watchReplies(vendor.requests, vendor.name, say);
	await sendOnEnter(n8n, vendor);
}

/** A taken port is found out early. So is a second demo, which must not share the first one's database. */
async function assertFree(port: number): Promise<void> {
	const server = createServer().listen(port, '127.0.0.1');
	await next(server, 'listening').catch(() => {
		throw new Error(
			`Port ${port} is taken. If the demo is open in another window, end it there with Ctrl+C.\n` +
				`If it is another program, choose another port: npm run demo -- --port ${port + 1}`,
		);
	});
	await new Promise((done) => server.close(done));
}

async function build(): Promise<string> {
	// npm is a script on Windows, which only a shell can start.
	const options = { cwd: root, shell: process.platform === 'win32' };
	await promisify(execFile)('npm', ['run', '--silent', 'build'], options).catch(
		({ message, stdout }) => {
			throw new Error(`The package does not build:\n${stdout || message}`);
		},
	);
	return await packPackage();
}

async function start(tarball: string, { hosts }: Vendor, port: number): Promise<N8n> {
	await rm(filesFolder, { recursive: true, force: true });
	await mkdir(filesFolder, { recursive: true });
	// Before n8n starts: what is published already registers its webhook then.
	hostOverrides.set(PUBLIC, `http://127.0.0.1:${port}`);
	const n8n = await startN8n({
		packages: [tarball],
		vendors: hosts,
		userFolder: demoFolder,
		port,
		// n8n compares real paths with it: a link on the way to the checkout would make n8n refuse every file.
		env: {
			N8N_RESTRICT_FILE_ACCESS_TO: await realpath(filesFolder),
			WEBHOOK_URL: `${PUBLIC}/`,
			N8N_WEBHOOK_URL: `${PUBLIC}/`,
		},
		log: () => {},
	});
	cleanUp.push(n8n.stop, () => rm(dirname(tarball), { recursive: true, force: true }));
	return n8n;
}

type Imported = { id: string; unpublished: string[] };

/** What a user does: import the file, choose the credential and the folder, publish. An earlier run's copy becomes the example again. */
async function importExample({ api }: N8n, vendor: Vendor): Promise<Imported> {
	const credential = await saveCredential(api, vendor);
	const workflow: WorkflowJson = JSON.parse(
		await readFile(join(root, 'examples', 'receive-and-save.json'), 'utf8'),
	);
	for (const node of workflow.nodes) {
		if (node.type.startsWith('n8n-nodes-whatsapp-media.'))
			node.credentials = { [credential.type]: credential };
		const { fileName } = node.parameters;
		if (fileName) node.parameters.fileName = String(fileName).replace(EXAMPLE_FOLDER, filesFolder);
	}
	// The user may have imported the example too.
	workflow.name = `Demo: ${workflow.name}`;
	const trigger = workflow.nodes[0]!;
	trigger.webhookId = WEBHOOK_ID;
	trigger.parameters.registration = vendor.registration;

	const all = await listWorkflows(api);
	const known = all.find(({ name, isArchived }) => name === workflow.name && !isArchived);
	// A number delivers to one webhook, and the customers below write to the demo's own workflow.
	const active = all.filter((each) => each.active);
	for (const { id } of active) await api.deactivate(id);
	if (known) await api.updateWorkflow(known.id, workflow);
	const { id } = known ?? (await api.createWorkflow(workflow));
	await api.activate(id);
	return { id, unpublished: active.flatMap((each) => (each === known ? [] : each.name)) };
}

const credentialName = ({ name }: Vendor) => `WhatsApp (${name})`;

async function saveCredential(api: N8nApi, vendor: Vendor): Promise<Credential> {
	const wanted = {
		name: credentialName(vendor),
		type: 'whatsAppMediaApi',
		data: vendor.credential,
	};
	const known = (await api.call<Credential[]>('GET', '/rest/credentials')).find(
		({ name }) => name === wanted.name,
	);
	const { id, name, type } = known
		? await api.call<Credential>('PATCH', `/rest/credentials/${known.id}`, wanted)
		: await api.createCredential(wanted.name, wanted.type, wanted.data);
	return { id, name, type };
}

/** One after the other, so that each time is that of one message alone. */
async function sendAll(api: N8nApi, workflow: Imported, messages: Message[]): Promise<Cell[][]> {
	const rows = [];
	for (const message of messages) rows.push(await sendOne(api, workflow, message));
	return rows;
}

/** The message's row in the table. Rejects unless the file is on disk, verified and the same. */
async function sendOne(
	api: N8nApi,
	{ id }: Imported,
	{ what, bytes, send }: Message,
): Promise<Cell[]> {
	const newest = async () => (await api.executions({ workflowId: id }))[0]?.id;
	const before = await newest();
	const sentAt = Date.now();
	const { mediaId, status } = await send(`${PUBLIC}/webhook/${WEBHOOK_ID}/webhook`);
	if (status !== 200) throw new Error(`n8n answered the webhook of ${what} with ${status}.`);
	const executionId = await until(
		`n8n has started the workflow for ${what}`,
		DELIVERY_MS,
		async () => {
			const id = await newest();
			return id === before ? undefined : id;
		},
	);
	const execution = await api.waitForExecution(executionId, { timeoutMs: DELIVERY_MS });
	const { error, lastNodeExecuted } = execution.data.resultData;
	if (execution.status !== 'success')
		throw new Error(
			`For ${what}, the node “${lastNodeExecuted}” failed: ${error?.message ?? execution.status}`,
		);

	const downloaded = items(execution, 'Download Media')[0]?.json;
	const saved = items(execution, 'Save to Disk')[0]?.json;
	if (downloaded?.mediaId !== mediaId || !saved)
		throw new Error(`n8n has saved nothing for ${what}.`);
	const path = String(saved.fileName);
	if (!bytes.equals(await readFile(path))) throw new Error(`${path} is not what was sent.`);
	if (downloaded.verified !== true) throw new Error(`n8n has not verified the hash of ${what}.`);
	const { mtimeMs } = await stat(path);
	const message = `${what.replace(/^an? /, '')} from ${downloaded.fromName}`;
	return [
		message[0]!.toUpperCase() + message.slice(1),
		basename(path),
		bytes.length,
		'verified',
		Math.round(mtimeMs - sentAt),
	];
}

/** Never ends. By now the workflow may be another, or there may be more: what has received the file is asked of n8n. */
async function sendOnEnter(n8n: N8n, { messages, registration, sendText }: Vendor): Promise<void> {
	let count = 0;
	process.stdin.on('data', (typed: Buffer) => {
		const key = typed.toString().trim().toLowerCase();
		if (key !== '' && key !== 't')
			return say('Press Enter to send a file, t and Enter to send a text, Ctrl+C to end.');
		const text = `Hello! This is text number ${count + 1}.`;
		const { what, send } =
			key === 't'
				? { what: `the text “${text}”`, send: (url?: string) => sendText(text, url) }
				: messages[count % messages.length]!;
		count++;
		const deliver = async () =>
			registration === 'manual' ? await sendByHand(n8n.api, PUBLIC, send) : await send();
		whereItWent(n8n, deliver, key === 't' ? 'text' : 'file').then(
			(where) => say(`A customer sent ${what}. ${where}`),
			({ message }: Error) =>
				say(
					`A customer sent ${what}. n8n does not answer: ${message}\nPress Enter again in a minute. If it still does not answer, end the demo with Ctrl+C and start it again: your workflows are kept.`,
				),
		);
	});
	await new Promise(() => {});
}

/** What has to end before this process does; last first. */
const cleanUp: Array<() => Promise<void>> = [];
let ready = false;
let ending = false;

async function end(code: number): Promise<never> {
	ending = true;
	for (const close of cleanUp.splice(0).reverse()) await close().catch(() => {});
	process.exit(code);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
	process.on(signal, () => {
		if (ending) return;
		say('\nEnding n8n ...');
		void end(ready ? 0 : 130);
	});
}

main().then(
	() => end(0),
	async (cause: Error) => {
		if (ending) return;
		const lines = cause.message.split('\n').filter((line) => !/^\s+at /.test(line));
		say(`\n${lines.slice(0, ERROR_LINES).join('\n')}`);
		if (lines.length > ERROR_LINES) {
			const log = join(demoFolder, 'error.log');
			await mkdir(demoFolder, { recursive: true });
			await writeFile(log, cause.message);
			say(`...\nAll of it is in ${log}`);
		}
		await end(1);
	},
);
