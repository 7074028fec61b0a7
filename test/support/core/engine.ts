import { Logger } from '@n8n/backend-common';
import { Container } from '@n8n/di';
import {
	BinaryDataConfig,
	BinaryDataService,
	ErrorReporter,
	ExecutionLifecycleHooks,
	ExternalSecretsProxy,
	InstanceSettings,
	LoadOptionsContext,
	WorkflowExecute,
} from 'n8n-core';
import { validateNodeDescription } from 'n8n-core/dist/nodes-loader/validate-node-description';
import {
	createRunExecutionData,
	deepCopy,
	ICredentialsHelper,
	injectDomainRestrictionFields,
	NodeHelpers,
	Workflow,
} from 'n8n-workflow';
import type {
	ExecutionError,
	IBinaryData,
	ICredentialDataDecryptedObject,
	ICredentialType,
	IDataObject,
	IHttpRequestOptions,
	ILoadOptionsFunctions,
	INode,
	INodeCredentialsDetails,
	INodeExecutionData,
	INodeListSearchResult,
	INodeParameters,
	INodePropertyOptions,
	INodeType,
	INodeTypes,
	IRun,
	IWorkflowExecuteAdditionalData,
	IWorkflowSettings,
	NodeExecutionHint,
	ITaskData,
	OnError,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { name as packageName } from '../../../package.json';
import { BinaryTable } from './binaryTable';

export type BinaryMode = 'default' | 'filesystem' | 'database';
export type Credentials = Record<string, ICredentialDataDecryptedObject>;

export interface EngineOptions {
	nodes: Array<new () => INodeType>;
	credentials?: Array<new () => ICredentialType>;
	/** n8n's N8N_DEFAULT_BINARY_DATA_MODE; `default` is memory, `filesystem` is what a plain n8n uses. */
	binaryMode?: BinaryMode;
}

/** A node as it stands on the canvas. Parameters left out take the description's defaults. */
export interface NodeSpec {
	/** Type name, with or without the package's name in front. */
	node: string;
	parameters?: INodeParameters;
	/** Decrypted data by credential type; fields left out take the credential's defaults. */
	credentials?: Credentials;
	typeVersion?: number;
	webhookId?: string;
}

export interface RunOptions extends NodeSpec {
	/** What the node before hands over. */
	items?: INodeExecutionData[];
	/** What the node is called that hands them over, for expressions. */
	startName?: string;
	/** Nodes between that one and this one, in order; they share the credentials. */
	before?: Array<NodeSpec & { onError?: OnError }>;
	onError?: OnError;
	/** The node setting Retry On Fail. n8n clamps tries to 2..5 and the wait to 0..5000 ms (0 means 1000). */
	retry?: { maxTries?: number; waitBetweenTries?: number };
	/** The workflow setting: `combined` moves binaries to `json._files`. n8n leaves items alone when binary data is in memory. */
	binaryMode?: IWorkflowSettings['binaryMode'];
	/** Aborting it is the user's Stop button. */
	abortSignal?: AbortSignal;
	mode?: WorkflowExecuteMode;
	/** What earlier executions left (`getWorkflowStaticData`); the node writes into it. */
	staticData?: IDataObject;
}

export interface RunResult {
	/** One list of items per output; with `continueErrorOutput` the last one is the error output. Empty if the node failed. */
	output: INodeExecutionData[][];
	/** As the engine recorded it: a plain copy of the thrown error, `context.itemIndex` among its fields. */
	error?: ExecutionError;
	/** What the output pane shows (`addExecutionHints`). */
	hints: NodeExecutionHint[];
	status: IRun['status'];
	/** The bytes of an item's file, also from `json._files`. */
	binary(item: INodeExecutionData | undefined, name?: string): Promise<Buffer>;
	/** The node's entry in the run; absent when the engine refused to start it. */
	runData?: ITaskData;
	/** All that n8n would store of this execution, as text: search it for what must not be in there. */
	saved: string;
}

startCore();

const START: INode = {
	id: 'start',
	name: 'Start',
	type: 'start',
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
};

/** A trigger in the engine's eyes: what it is started with is what it hands on. */
const startType: INodeType = {
	description: {
		displayName: 'Start',
		name: 'start',
		group: ['trigger'],
		version: 1,
		description: 'Hands on the items of the test',
		defaults: { name: 'Start' },
		inputs: [],
		outputs: ['main'],
		properties: [],
	},
	webhook: async () => ({}),
};

/** n8n's singletons read the environment, and write their settings, when they are made: away from the user's own ~/.n8n. */
function startCore() {
	const home = mkdtempSync(join(tmpdir(), 'n8n-core-'));
	const variables = { N8N_USER_FOLDER: home, N8N_LOG_LEVEL: 'silent' };
	Object.assign(process.env, variables);
	Container.get(Logger);
	Container.get(InstanceSettings);
	for (const name of Object.keys(variables)) delete process.env[name];
	rmSync(home, { recursive: true, force: true });
}

/** Our classes on n8n-core's engine, request helpers and binary store. Close it to remove its files. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
	const engine = new Engine(options);
	await engine.init();
	return engine;
}

export class Engine {
	/** How often a node or helper asked n8n for the credential, which there costs a database read and a decryption. */
	credentialReads = 0;
	readonly nodeTypes: INodeTypes;

	private readonly nodes = new Map<string, INodeType>([['start', startType]]);
	private readonly credentialTypes = new Map<string, ICredentialType>();
	private readonly storage = mkdtempSync(join(tmpdir(), 'n8n-binary-'));
	private readonly mode: BinaryMode;
	private readonly table = new BinaryTable(Container.get(BinaryDataConfig));
	private store!: BinaryDataService;
	private executions = 0;

	/** n8n keeps one binary store per process, so engines take turns. */
	private static busy = { engine: undefined as Engine | undefined, calls: 0 };

	constructor({ nodes, credentials = [], binaryMode = 'filesystem' }: EngineOptions) {
		this.mode = binaryMode;
		for (const Type of nodes) {
			const type = new Type();
			validateNodeDescription(type.description);
			this.nodes.set(type.description.name, type);
		}
		for (const Type of credentials) {
			const type = new Type();
			type.properties = injectDomainRestrictionFields(type);
			this.credentialTypes.set(type.name, type);
		}
		this.nodeTypes = {
			getByName: (name) => this.nodeType(name),
			getByNameAndVersion: (name, version) =>
				NodeHelpers.getVersionedNodeType(this.nodeType(name), version),
			getKnownTypes: () => Object.fromEntries([...this.nodes.keys()].map((name) => [name, {}])),
		};
	}

	async init() {
		const config = this.config();
		this.store = new BinaryDataService(config, Container.get(ErrorReporter), Container.get(Logger));
		this.store.setManager('database', this.table);
		await this.store.init();
	}

	/** Start → node, run by n8n's WorkflowExecute as a production execution (mode `webhook`). */
	async run(options: RunOptions): Promise<RunResult> {
		const { items = [{ json: {} }], mode = 'webhook', abortSignal } = options;
		const node: INode = {
			...this.node(options),
			onError: options.onError,
			...(options.retry && { retryOnFail: true, ...options.retry }),
		};
		const start = { ...START, name: options.startName ?? START.name };
		const before = (options.before ?? []).map((spec, at) => ({
			...this.node({ credentials: options.credentials, ...spec }),
			id: `before-${at}`,
			onError: spec.onError,
		}));
		const workflow = this.workflow(
			[start, ...before, node],
			{ binaryMode: options.binaryMode },
			options.staticData,
		);
		const additionalData = this.additionalData(options.credentials);
		additionalData.executionId = String(++this.executions);
		additionalData.hooks = new ExecutionLifecycleHooks(
			mode,
			additionalData.executionId,
			workflowData(workflow),
		);

		return await this.use(async () => {
			const runExecutionData = createRunExecutionData({
				executionData: {
					nodeExecutionStack: [{ node: start, data: { main: [deepCopy(items)] }, source: null }],
				},
			});
			let run: IRun;
			try {
				const execution = new WorkflowExecute(
					additionalData,
					mode,
					runExecutionData,
				).processRunExecutionData(workflow);
				const stop = () => execution.cancel();
				if (abortSignal?.aborted) stop();
				abortSignal?.addEventListener('abort', stop, { once: true });
				run = await execution;
				abortSignal?.removeEventListener('abort', stop);
			} catch (error) {
				// A node with issues (a required parameter left empty) is refused before it starts; cli records it so.
				runExecutionData.resultData.error = error as ExecutionError;
				run = {
					data: runExecutionData,
					mode,
					startedAt: new Date(),
					status: 'error',
					storedAt: 'db',
				};
			}
			const runData = run.data.resultData.runData[node.name]?.[0];
			return {
				output: (runData?.data?.main ?? []).map((list) => list ?? []),
				error: runData?.error ?? run.data.resultData.error,
				hints: runData?.hints ?? [],
				status: run.status,
				binary: async (item, name = 'data') => await this.bytes(item, name),
				runData,
				saved: savedText(run.data),
			};
		});
	}

	/** A file in this engine's store, to give to a node's input. */
	async file(bytes: Buffer, about: { mimeType: string; fileName?: string }): Promise<IBinaryData> {
		const location = { type: 'execution' as const, workflowId: 'workflow', executionId: 'input' };
		return await this.store.store(location, bytes, { data: '', ...about });
	}

	/** What the store holds now, half-written files included: paths, or row ids in `database` mode. Empty in memory. */
	async binaryFiles(): Promise<string[]> {
		const entries = await readdir(this.storage, { recursive: true, withFileTypes: true });
		const files = entries
			.filter((e) => e.isFile())
			.map((e) => relative(this.storage, join(e.parentPath, e.name)));
		return [...files, ...this.table.rows.keys()].sort();
	}

	async close() {
		await rm(this.storage, { recursive: true, force: true });
	}

	/** The editor's dropdowns (`methods.loadOptions`). */
	async loadOptions({
		method,
		...spec
	}: NodeSpec & { method: string }): Promise<INodePropertyOptions[]> {
		return await this.use(async () => {
			const load = this.nodeType(spec.node).methods?.loadOptions?.[method];
			if (!load) throw new Error(`${spec.node} has no loadOptions method ${method}`);
			return await load.call(this.optionsContext(spec));
		});
	}

	/** The editor's From List (`methods.listSearch`). */
	async listSearch({
		method,
		filter,
		paginationToken,
		...spec
	}: NodeSpec & {
		method: string;
		filter?: string;
		paginationToken?: string;
	}): Promise<INodeListSearchResult> {
		return await this.use(async () => {
			const search = this.nodeType(spec.node).methods?.listSearch?.[method];
			if (!search) throw new Error(`${spec.node} has no listSearch method ${method}`);
			return await search.call(this.optionsContext(spec), filter, paginationToken);
		});
	}

	node(spec: NodeSpec): INode {
		const { description } = this.nodeTypes.getByNameAndVersion(spec.node, spec.typeVersion);
		return {
			id: 'node',
			name: String(description.defaults.name ?? description.displayName),
			type: `${packageName}.${description.name}`,
			typeVersion:
				spec.typeVersion ?? description.defaultVersion ?? [description.version].flat().at(-1)!,
			position: [200, 0],
			parameters: spec.parameters ?? {},
			webhookId: spec.webhookId,
			credentials: Object.fromEntries(
				Object.keys(spec.credentials ?? {}).map((type) => [type, { id: type, name: type }]),
			),
		};
	}

	workflow(nodes: INode[], settings: IWorkflowSettings = {}, staticData?: IDataObject): Workflow {
		const next = (node: string) => ({ main: [[{ node, type: 'main' as const, index: 0 }]] });
		return new Workflow({
			id: 'workflow',
			name: 'Test',
			nodes,
			connections: Object.fromEntries(
				nodes.slice(1).map(({ name }, at) => [nodes[at]!.name, next(name)]),
			),
			active: true,
			nodeTypes: this.nodeTypes,
			settings: { executionOrder: 'v1', ...settings },
			staticData,
		});
	}

	/** What n8n's cli hands to every context; `getBase` of n8n/dist/workflow-execute-additional-data.js. */
	additionalData(
		credentials: Credentials = {},
		baseUrl = 'http://localhost:5678/',
	): IWorkflowExecuteAdditionalData {
		const absent = async () => await Promise.reject(new Error('Not part of this harness'));
		return {
			currentNodeExecutionIndex: 0,
			credentialsHelper: new StandInCredentialsHelper(
				this.credentialTypes,
				credentials,
				() => this.credentialReads++,
			),
			executeWorkflow: absent,
			getRunExecutionData: absent,
			getRuntimeCredential: absent,
			startRunnerTask: absent,
			logAiEvent: () => {},
			setExecutionStatus: () => {},
			variables: {},
			externalSecretsProxy: Container.get(ExternalSecretsProxy),
			restApiUrl: `${baseUrl}rest`,
			instanceBaseUrl: baseUrl,
			webhookBaseUrl: `${baseUrl}webhook`,
			webhookTestBaseUrl: `${baseUrl}webhook-test`,
			webhookWaitingBaseUrl: `${baseUrl}webhook-waiting`,
			formBaseUrl: `${baseUrl}form`,
			formTestBaseUrl: `${baseUrl}form-test`,
			formWaitingBaseUrl: `${baseUrl}form-waiting`,
			mcpBaseUrl: `${baseUrl}mcp`,
			mcpTestBaseUrl: `${baseUrl}mcp-test`,
		};
	}

	/** Runs `work` with this engine's binary store as the process's. */
	async use<T>(work: () => Promise<T>): Promise<T> {
		const { busy } = Engine;
		if (busy.calls > 0 && busy.engine !== this)
			throw new Error('Another engine is at work: await it first');
		busy.engine = this;
		busy.calls++;
		this.config();
		Container.set(BinaryDataService, this.store);
		try {
			return await work();
		} finally {
			busy.calls--;
		}
	}

	private config() {
		return Object.assign(Container.get(BinaryDataConfig), {
			mode: this.mode,
			localStoragePath: this.storage,
		});
	}

	private nodeType(name: string): INodeType {
		const type = this.nodes.get(name.split('.').at(-1)!);
		if (!type) throw new Error(`No node ${name}; there are ${[...this.nodes.keys()].join(', ')}`);
		return type;
	}

	private optionsContext(spec: NodeSpec): ILoadOptionsFunctions {
		const node = this.node(spec);
		const additionalData = this.additionalData(spec.credentials);
		additionalData.currentNodeParameters = node.parameters;
		return new LoadOptionsContext(this.workflow([node]), node, additionalData, '');
	}

	private async bytes(item: INodeExecutionData | undefined, name: string): Promise<Buffer> {
		const file =
			item?.binary?.[name] ?? (item?.json._files as INodeExecutionData['binary'])?.[name];
		if (!file) throw new Error(`The item has no file ${name}`);
		return await this.store.getAsBuffer(file);
	}
}

/** n8n/dist/credentials-helper.js without its database: expressions and external secrets in credentials are not resolved. */
class StandInCredentialsHelper extends ICredentialsHelper {
	constructor(
		private readonly types: Map<string, ICredentialType>,
		private readonly credentials: Credentials,
		private readonly onRead: () => void,
	) {
		super();
	}

	async authenticate(
		credentials: ICredentialDataDecryptedObject,
		typeName: string,
		options: IHttpRequestOptions,
	) {
		const { authenticate } = this.type(typeName);
		if (typeof authenticate === 'object')
			throw new Error(`${typeName}: only an authenticate function runs here`);
		return authenticate ? await authenticate(credentials, options) : options;
	}

	async getDecrypted(
		_additionalData: IWorkflowExecuteAdditionalData,
		nodeCredentials: INodeCredentialsDetails,
		type: string,
		_mode: WorkflowExecuteMode,
		_executeData?: unknown,
		raw?: boolean,
	) {
		this.onRead();
		const data = this.credentials[nodeCredentials.id ?? ''];
		if (!data)
			throw new Error(
				`Credential with ID "${nodeCredentials.id}" does not exist for type "${type}".`,
			);
		if (raw) return deepCopy(data);
		const resolved = NodeHelpers.getNodeParameters(
			this.type(type).properties,
			deepCopy(data) as INodeParameters,
			true,
			false,
			null,
			null,
		);
		return resolved as ICredentialDataDecryptedObject;
	}

	getCredentialsProperties(type: string) {
		return this.type(type).properties;
	}

	getParentTypes(): string[] {
		return [];
	}

	isCredentialUsableByNode() {
		return true;
	}

	/** As in n8n, it is there for every credential, and answers nothing for one without an expirable field. */
	async preAuthentication() {
		return undefined;
	}

	async runPreAuthentication() {
		return undefined;
	}

	async getCredentials(): Promise<never> {
		throw new Error('Not part of this harness');
	}

	async updateCredentials() {}

	async updateCredentialsOauthTokenData() {}

	private type(name: string) {
		const type = this.types.get(name);
		if (!type) throw new Error(`Unknown credential type ${name}`);
		return type;
	}
}

function workflowData(workflow: Workflow) {
	const { id, name, active, settings, connectionsBySourceNode: connections } = workflow;
	const now = new Date();
	return {
		id,
		name: name ?? '',
		active,
		activeVersionId: null,
		isArchived: false,
		settings,
		connections,
		nodes: Object.values(workflow.nodes),
		createdAt: now,
		updatedAt: now,
	};
}

/** n8n stores flatted JSON; this keeps the same content (`toJSON` honoured), each object once. */
function savedText(data: unknown): string {
	const seen = new WeakSet();
	return JSON.stringify(data, (_key, value: unknown) => {
		if (typeof value !== 'object' || value === null) return value;
		if (seen.has(value)) return undefined;
		seen.add(value);
		return value;
	});
}
