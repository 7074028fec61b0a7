import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { INodeTypeDescription } from 'n8n-workflow';

import { startEmulator, type Emulator } from '../emulator';
import { hostOverrides, type HttpAnswer } from '../emulator/client';
import type { Incoming, Sender } from '../emulator/meta';
import { startOpenAi, type OpenAi } from './openAi';
import { startS3 } from './s3';
import { startPostgres, type Postgres } from '../queue/services';
import { installN8n } from '../support/n8n/install';
import { startN8n, type N8n } from '../support/n8n/instance';
import { packPackage } from '../support/n8n/pack';
import type { Credential, Execution } from '../support/n8n/rest';
import type { Json, WorkflowJson } from '../support/n8n/workflow';
import { credentialFor } from '../support/harness';
import { ROOT } from '../support/paths';
import { hostPorts, publicOrigins } from '../support/vendors';

const FOLDER = join(ROOT, 'examples');
/** What the examples write to; here it is `disk`. */
const EXAMPLE_DISK = '/home/node/.n8n-files';
const PUBLIC = 'https://n8n.example';
/** A run of 1,000 files takes a while. */
export const WAIT = { timeoutMs: 200_000 };
export const BUCKET = 'whatsapp-files';

/**
 * One real n8n with the workflows of examples/, as a user imports them. Meta is the emulator, OpenAI, S3 and Postgres are servers
 * of this machine. All parts of the suite share it: each has workflows of its own, and publishes one at a time, since there is one phone
 * number.
 */
export class ExamplesTestbed {
	emulator!: Emulator;
	openAi!: OpenAi;
	s3!: Awaited<ReturnType<typeof startS3>>;
	postgres!: Postgres;
	disk!: string;
	n8n!: N8n;
	/** By file name, as n8n's command line imported them. */
	readonly imported: Record<string, WorkflowJson & { id: string }> = {};
	/** What a user picks in a node, by the credential's type. */
	private readonly credentials: Record<string, Credential> = {};
	private known?: INodeTypeDescription[];

	async start() {
		this.emulator = await startEmulator({
			...publicOrigins(['meta']),
			messageFiles: { origin: 'https://mmg.whatsapp.net' },
		});
		this.openAi = await startOpenAi();
		this.s3 = await startS3(BUCKET);
		this.postgres = await startPostgres();
		this.disk = await realpath(await mkdtemp(join(tmpdir(), 'examples-disk-')));
		this.n8n = await startN8n({
			packages: [await packPackage()],
			vendors: {
				...hostPorts(this.emulator, ['meta']),
				'mmg.whatsapp.net': Number(new URL(this.emulator.localUrl).port),
			},
			env: { N8N_WEBHOOK_URL: `${PUBLIC}/`, N8N_RESTRICT_FILE_ACCESS_TO: this.disk },
		});
		hostOverrides.set(PUBLIC, this.n8n.url);

		const { accessToken, businessAccountId } = this.emulator.meta.credentials;
		for (const [type, data] of Object.entries<Json>({
			whatsAppMediaApi: { ...credentialFor(this.emulator), baseUrl: '', mediaHosts: '' },
			whatsAppApi: { accessToken, businessAccountId },
			openAiApi: { apiKey: this.openAi.apiKey, url: this.openAi.url },
			s3: this.s3.credential,
			postgres: postgresCredential(this.postgres),
		}))
			this.credentials[type] = await this.n8n.api.createCredential(type, type, data);

		await this.importByCommandLine();
	}

	async stop() {
		await this.n8n?.stop();
		await this.postgres?.close();
		await this.s3?.close();
		await this.openAi?.close();
		await this.emulator?.close();
		if (this.disk) await rm(this.disk, { recursive: true, force: true });
	}

	reset() {
		this.emulator.reset();
		this.emulator.meta.variants.webhookTimeout = 60_000;
		this.openAi.heard.length = 0;
		this.openAi.spoken.length = 0;
	}

	/** `n8n import:workflow`, beside the n8n that runs. */
	private async importByCommandLine() {
		const { node, bin } = await installN8n();
		const env = {
			PATH: [dirname(node), process.env.PATH].join(':'),
			HOME: process.env.HOME,
			N8N_USER_FOLDER: this.n8n.userFolder,
			N8N_DIAGNOSTICS_ENABLED: 'false',
		};
		const { stdout } = await promisify(execFile)(
			node,
			[bin, 'import:workflow', '--separate', `--input=${FOLDER}`],
			{ env },
			// It says on stdout what is wrong with a file.
		).catch(({ stdout }: { stdout: string }) => ({ stdout }));
		expect(stdout).toContain(`Successfully imported ${(await fileNames()).length} workflows.`);
		const { api } = this.n8n;
		const all = await api.call<Array<{ id: string; name: string }>>('GET', '/rest/workflows');
		for (const file of await fileNames()) {
			const { name } = await example(file);
			this.imported[file] = await api.workflow(all.find((each) => each.name === name)!.id);
		}
	}

	/** What a user does after the import: pick the credentials, choose the folder, and what else the notes ask for. Resolves with its ID. */
	async fillIn(
		name: string,
		parameters: Record<string, Json> = {},
		withoutCredential: string[] = [],
	): Promise<string> {
		const { id, nodes } = this.imported[`${name}.json`]!;
		const types = await this.nodeTypes();
		for (const each of nodes) {
			const wanted = this.credentialOf(types, each);
			if (wanted && !withoutCredential.includes(each.name))
				each.credentials = { [wanted.type]: wanted };
			const { fileName } = each.parameters;
			if (typeof fileName === 'string')
				each.parameters.fileName = fileName.replace(EXAMPLE_DISK, this.disk);
			Object.assign(each.parameters, parameters[each.name]);
		}
		await this.n8n.api.updateWorkflow(id, { nodes });
		return id;
	}

	async nodeTypes() {
		this.known ??= (await this.n8n.api.nodeTypes('')) as unknown as INodeTypeDescription[];
		return this.known;
	}

	/** The one that a user would pick in this node: of its own, or of what it was set to. */
	credentialOf(
		types: INodeTypeDescription[],
		each: { type: string; typeVersion: number; parameters: Json },
	): Credential | undefined {
		const { nodeCredentialType } = each.parameters;
		if (typeof nodeCredentialType === 'string') return this.credentials[nodeCredentialType];
		return typeOf(types, each).credentials?.flatMap(({ name }) => this.credentials[name] ?? [])[0];
	}

	/** Publishes the workflow for the time of `work`: there is one phone number, and one workflow can have its messages. */
	async published(id: string, work: () => Promise<void>) {
		await this.n8n.api.activate(id);
		try {
			await work();
		} finally {
			await this.n8n.api.deactivate(id);
		}
	}

	/** A customer sends a file. Resolves with the execution that it starts, when that has ended. */
	async send(id: string, incoming: Incoming & Sender): Promise<Execution & { mediaId: string }> {
		let mediaId = '';
		const execution = await this.started(id, async () => {
			const { answer, ...received } = await this.emulator.meta.receive(incoming);
			mediaId = received.mediaId;
			return answer;
		});
		return { ...execution, mediaId };
	}

	/** Customers send texts, which Meta delivers together. */
	async sendTexts(id: string, texts: Array<{ text: string } & Sender>): Promise<Execution> {
		const { meta } = this.emulator;
		const messages = texts.map(({ text, ...sender }) => meta.text(text, sender));
		return await this.started(id, async () => await meta.deliver(messages));
	}

	/** The execution that a delivery starts, when that has ended. */
	private async started(
		id: string,
		deliver: () => Promise<HttpAnswer | undefined>,
	): Promise<Execution> {
		const before = await this.n8n.api.executions({ workflowId: id });
		expect(await deliver()).toMatchObject({ status: 200 });
		const [newest] = await this.n8n.api.waitForExecutions(id, before.length + 1, WAIT);
		return newest!;
	}

	/** Where n8n's REST API has one of its data tables. */
	async dataTablePath(tableName: string): Promise<string> {
		const { data: tables } = await this.n8n.api.call<{
			data: Array<{ id: string; name: string; projectId: string }>;
		}>('GET', '/rest/data-tables-global');
		const { id, projectId } = tables.find(({ name }) => name === tableName)!;
		return `/rest/projects/${projectId}/data-tables/${id}`;
	}

	/** The first rows of a data table of n8n's. */
	async dataTableRows(tableName: string): Promise<Json[]> {
		const path = `${await this.dataTablePath(tableName)}/rows?take=100`;
		return (await this.n8n.api.call<{ data: Json[] }>('GET', path)).data;
	}

	/** What customers were sent. */
	sent = () =>
		this.emulator.meta.sent.map(({ to, type, text, document }): Json => ({
			to,
			type,
			...(text as Json | undefined),
			...(document as Json | undefined),
		}));
}

/** What a user types into n8n's Postgres credential. */
const postgresCredential = ({ env }: Postgres): Json => ({
	host: env.DB_POSTGRESDB_HOST,
	port: Number(env.DB_POSTGRESDB_PORT),
	database: env.DB_POSTGRESDB_DATABASE,
	user: env.DB_POSTGRESDB_USER,
	password: env.DB_POSTGRESDB_PASSWORD ?? '',
	ssl: 'disable',
});

export const fileNames = async () =>
	(await readdir(FOLDER)).filter((name) => name.endsWith('.json')).sort();

export const example = async (name: string): Promise<WorkflowJson> =>
	JSON.parse(await readFile(join(FOLDER, name), 'utf8'));

export function typeOf(
	types: INodeTypeDescription[],
	{ type, typeVersion }: { type: string; typeVersion: number },
) {
	const found = types.find(
		({ name, version }) => name === type && [version].flat().includes(typeVersion),
	);
	if (!found) throw new Error(`n8n has no node ${type} of version ${typeVersion}`);
	return found;
}

/** The error is more telling than the word. */
export function expectSuccess({ status, data: { resultData } }: Execution) {
	expect({
		status,
		node: resultData.error && resultData.lastNodeExecuted,
		error: resultData.error?.message,
	}).toEqual({ status: 'success' });
}
