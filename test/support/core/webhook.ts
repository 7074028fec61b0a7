import { HookContext, WebhookContext } from 'n8n-core';
import { deepCopy, NodeHelpers } from 'n8n-workflow';
import type {
	IDataObject,
	IHttpRequestMethods,
	INodeExecutionData,
	IWebhookData,
	IWebhookDescription,
	IWebhookResponseData,
	Workflow,
	WorkflowActivateMode,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import express from 'express';
import type { Request, Response } from 'express';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Engine, NodeSpec } from './engine';
import { HttpError, parseBody } from './webhookBody';

export interface TriggerOptions extends NodeSpec {
	/** What the node kept in `getWorkflowStaticData('node')` earlier. */
	staticData?: IDataObject;
	/** n8n takes the execution here, before it answers the request. Throwing is n8n failing to take it. */
	onExecution?: (items: INodeExecutionData[]) => void | Promise<void>;
	/** The address that this n8n believes to have (WEBHOOK_URL), with a slash at its end; its own local one by default. */
	publicUrl?: string;
	/** N8N_ENDPOINT_WEBHOOK and N8N_ENDPOINT_WEBHOOK_TEST. */
	endpoints?: { webhook: string; test: string };
	/** The node's name; its type's by default. */
	name?: string;
}

export interface DeliveryRequest {
	method?: 'GET' | 'POST';
	query?: Record<string, string>;
	/** Content-Type is application/json when there is a body and none is given. */
	headers?: Record<string, string>;
	rawBody?: Buffer | string;
	/** Send it to the test URL. */
	test?: boolean;
}

export interface Delivery {
	status: number;
	headers: IncomingHttpHeaders;
	body: string;
	/** What the node returned to start an execution with; undefined if it started none. */
	workflowData?: INodeExecutionData[][];
	/** What `webhook()` threw. */
	error?: unknown;
}

type HookName = 'checkExists' | 'create' | 'delete';
type Outcome = Pick<Delivery, 'workflowData' | 'error'>;

const DELIVERY_HEADER = 'x-test-delivery';

/** One request to a trigger that is active. */
export async function deliver(
	engine: Engine,
	{ request, ...trigger }: TriggerOptions & { request: DeliveryRequest },
) {
	const server = await serveTrigger(engine, trigger);
	try {
		return await server.deliver(request);
	} finally {
		await server.close();
	}
}

/**
 * A trigger behind a real HTTP server that parses, calls and answers as n8n does. It starts as a workflow that is active
 * and whose hooks ran long ago; `activate`, `deactivate`, `startTest` and `stopTest` run them.
 */
export async function serveTrigger(
	engine: Engine,
	options: TriggerOptions,
): Promise<TriggerServer> {
	const server = new TriggerServer(engine, options);
	await server.listen();
	return server;
}

export class TriggerServer {
	/** Of the stand-in n8n, with a slash at its end. */
	baseUrl = '';
	/** The items of each execution that a request started, in the order of the requests. */
	readonly executions: INodeExecutionData[][] = [];
	/** How many of them were tests. */
	tests = 0;
	/** The items of those. */
	readonly testExecutions: INodeExecutionData[][] = [];
	/** The node's `getWorkflowStaticData('node')`, as stored. */
	staticData: IDataObject;

	private readonly spec: NodeSpec;
	private path = '';
	/** What a node remembers, it remembers by this. */
	private readonly nodeId = randomUUID();
	private readonly http;
	/** Rows of n8n's table of webhooks: what is not in here is answered with 404. */
	private readonly rows = new Set<string>();
	private test?: { workflow: Workflow; webhooks: IWebhookData[] };
	private readonly outcomes = new Map<string, Outcome>();
	private readonly underway = new Set<Promise<void>>();

	constructor(
		private readonly engine: Engine,
		private readonly options: TriggerOptions,
	) {
		this.spec = { webhookId: 'a1b2c3d4-test', ...options };
		this.staticData = { ...options.staticData };
		this.http = createServer(this.app());
	}

	async listen() {
		await once(this.http.listen(0, '127.0.0.1'), 'listening');
		this.http.unref();
		this.baseUrl = `http://127.0.0.1:${(this.http.address() as AddressInfo).port}/`;
		const webhooks = this.webhooks(this.workflow());
		this.path = webhooks[0]!.path;
		for (const webhook of webhooks) this.rows.add(rowKey(webhook));
	}

	private get publicUrl() {
		return this.options.publicUrl ?? this.baseUrl;
	}

	/** The path at which this n8n is, with slashes around it. */
	private get root() {
		return new URL(this.options.publicUrl ?? 'http://localhost/').pathname;
	}

	private get endpoints() {
		return this.options.endpoints ?? { webhook: 'webhook', test: 'webhook-test' };
	}

	/** The production address that the editor shows, and `getNodeWebhookUrl('default')` answers. */
	get url() {
		return `${this.publicUrl}${this.endpoints.webhook}/${this.path}`;
	}

	get testUrl() {
		return `${this.publicUrl}${this.endpoints.test}/${this.path}`;
	}

	/** Publishing the workflow: each method of each webhook is stored and then created, with n8n's clean-up on an error. */
	async activate({ activation = 'activate' as WorkflowActivateMode, attempts = 1 } = {}) {
		this.rows.clear();
		await this.withWorkflow(async (workflow) => {
			for (const webhook of this.webhooks(workflow)) {
				for (let attempt = 1; ; attempt++) {
					try {
						await this.register(workflow, webhook, activation);
						break;
					} catch (error) {
						if (attempt >= attempts) throw error;
					}
				}
			}
		});
	}

	/** Unpublishing it: `delete` runs for each method, at the same time. */
	async deactivate() {
		await this.withWorkflow(async (workflow) => {
			await Promise.all(
				this.webhooks(workflow).map(
					async (w) => await this.runHook('delete', workflow, w, 'internal', 'update'),
				),
			);
		});
		this.rows.clear();
	}

	/**
	 * Execute Workflow in the editor: listens on the test URL until a request starts an execution or `stopTest`.
	 * @param draft the parameters in the editor, where they are not the published ones
	 */
	async startTest(draft?: NodeSpec['parameters']) {
		const workflow = this.workflow({}, draft);
		this.test = { workflow, webhooks: [] };
		for (const webhook of this.webhooks(workflow)) {
			try {
				this.test.webhooks.push({ ...webhook, isTest: true });
				await this.createIfNotExists(workflow, { ...webhook, isTest: true }, 'manual', 'manual');
			} catch (error) {
				await this.stopTest();
				throw error;
			}
		}
	}

	/** What is left of a test when n8n is killed: nothing, and no hook is run. */
	forgetTest() {
		this.test = undefined;
	}

	async stopTest() {
		const { test } = this;
		for (const webhook of test?.webhooks ?? [])
			await this.runHook('delete', test!.workflow, webhook, 'internal', 'update');
		this.test = undefined;
	}

	/** One hook function by itself. */
	async hook(
		name: HookName,
		{
			mode = 'trigger' as WorkflowExecuteMode,
			activation = 'activate' as WorkflowActivateMode,
			isTest = false,
		} = {},
	) {
		return await this.withWorkflow(async (workflow) => {
			const [webhook] = this.webhooks(workflow);
			return await this.runHook(name, workflow, { ...webhook!, isTest }, mode, activation);
		});
	}

	/** Sends a request over HTTP and waits until n8n is done with it. */
	async deliver({
		method = 'POST',
		query,
		headers = {},
		rawBody,
		test,
	}: DeliveryRequest): Promise<Delivery> {
		const id = randomUUID();
		const url = new URL(
			(test ? this.testUrl : this.url).replace(
				new URL(this.publicUrl).origin,
				this.baseUrl.slice(0, -1),
			),
		);
		url.search = new URLSearchParams(query).toString();
		const body = rawBody === undefined ? undefined : Buffer.from(rawBody as string);
		const sent: OutgoingHttpHeaders = { ...headers, [DELIVERY_HEADER]: id };
		if (body) {
			sent['content-length'] = body.length;
			if (!Object.keys(headers).some((h) => h.toLowerCase() === 'content-type'))
				sent['content-type'] = 'application/json';
		}
		const request = httpRequest(url, { method, headers: sent, agent: false }).end(body);
		const [response] = (await once(request, 'response')) as [IncomingMessage];
		const answer = await text(response);
		await this.settled();
		return {
			status: response.statusCode!,
			headers: response.headers,
			body: answer,
			...this.outcomes.get(id),
		};
	}

	/** Resolves when every request so far has been dealt with, its execution included. */
	async settled() {
		while (this.underway.size) await Promise.all(this.underway);
	}

	async close() {
		await this.settled();
		await new Promise((resolve) => {
			this.http.close(resolve);
			this.http.closeAllConnections();
		});
	}

	/** n8n/dist/abstract-server.js */
	private app() {
		const app = express().disable('x-powered-by').set('query parser', 'extended');
		const paths = Object.values(this.endpoints).map((endpoint) => `${this.root}${endpoint}/*path`);
		return app.all(paths, (req, res) => this.receive(req, res));
	}

	private receive(req: Request, res: Response) {
		const id = String(req.headers[DELIVERY_HEADER] ?? randomUUID());
		delete req.headers[DELIVERY_HEADER];
		const done = this.answer(req, res)
			.then((outcome) => void this.outcomes.set(id, outcome))
			.catch((error: Error) => {
				// n8n/dist/response-helper.js sendErrorResponse
				if (!res.headersSent)
					res
						.status(error instanceof HttpError ? error.status : 500)
						.json({ code: 0, message: error.message });
				this.outcomes.set(id, { error: error.cause ?? error });
			})
			.finally(() => this.underway.delete(done));
		this.underway.add(done);
	}

	/** live-webhooks.js and test-webhooks.js `executeWebhook` */
	private async answer(req: Request, res: Response): Promise<Outcome> {
		const isTest = req.path.startsWith(`${this.root}${this.endpoints.test}/`);
		const workflow = isTest ? this.test?.workflow : this.workflow();
		const path = (req.params.path as unknown as string[]).join('/').replace(/\/$/, '');
		req.params = {};
		const known =
			workflow &&
			(isTest
				? this.test!.webhooks
				: this.webhooks(workflow).filter((w) => this.rows.has(rowKey(w))));
		const webhook = known?.find((w) => rowKey(w) === `${req.method} ${path}`);
		if (!workflow || !webhook)
			throw new HttpError(404, `The requested webhook "${req.method} ${path}" is not registered.`);

		const node = workflow.getNode(webhook.node)!;
		await parseBody(
			req,
			node.typeVersion,
			Boolean((node.parameters.options as IDataObject)?.binaryData),
		);
		const outcome = await this.engine.use(
			async () => await this.execute(workflow, webhook, req, res),
		);
		if (outcome.workflowData === undefined) {
			// Only then: n8n loses what webhook() changed when the request starts an execution.
			if (!isTest) this.save(workflow);
		} else if (isTest) {
			this.tests++;
			this.testExecutions.push(outcome.workflowData[0] ?? []);
			await this.stopTest();
		}
		return outcome;
	}

	/** webhook-helpers.js `executeWebhook`, response mode `onReceived` */
	private async execute(workflow: Workflow, webhook: IWebhookData, req: Request, res: Response) {
		const mode: WorkflowExecuteMode = webhook.isTest ? 'manual' : 'webhook';
		const { webhookDescription: description } = webhook;
		const node = workflow.getNode(webhook.node)!;
		const evaluate = (value: unknown, fallback: string | number) =>
			workflow.expression.getSimpleParameterValue(
				node,
				value as string,
				mode,
				{},
				undefined,
				fallback,
			);
		const responseMode = evaluate(description.responseMode, 'onReceived');
		if (responseMode !== 'onReceived')
			throw new Error(`Response mode ${String(responseMode)} is not part of this harness`);
		const responseCode = Number(evaluate(description.responseCode, 200));

		const additionalData = this.additionalData();
		additionalData.httpRequest = req;
		additionalData.httpResponse = res;
		const context = new WebhookContext(workflow, node, additionalData, mode, webhook, [], null);
		let result: IWebhookResponseData;
		try {
			result = await this.type.webhook!.call(context);
		} catch (cause) {
			throw new Error('Workflow Webhook Error: Workflow could not be started!', { cause });
		}
		const { workflowData, webhookResponse, noWebhookResponse } = result;
		if (workflowData === undefined) {
			if (!noWebhookResponse)
				answerWith(
					res.status(responseCode),
					webhookResponse ?? { message: 'Webhook call received' },
				);
			return {};
		}
		try {
			await this.options.onExecution?.(workflowData[0] ?? []);
		} catch (cause) {
			throw new Error('There was a problem executing the workflow', { cause });
		}
		this.executions.push(workflowData[0] ?? []);
		if (!noWebhookResponse) {
			const data = evaluate(description.responseData, 'firstEntryJson');
			const body =
				data === 'noData'
					? undefined
					: data || (webhookResponse ?? { message: 'Workflow was started' });
			answerWith(res.status(responseCode), body);
		}
		return { workflowData };
	}

	/** webhook-trigger-registrar.js `register` */
	private async register(
		workflow: Workflow,
		webhook: IWebhookData,
		activation: WorkflowActivateMode,
	) {
		this.rows.add(rowKey(webhook));
		try {
			await this.createIfNotExists(workflow, webhook, 'trigger', activation);
		} catch (error) {
			// n8n only logs an error of this clean-up, and then leaves the rows.
			await this.runHook('delete', workflow, webhook, 'internal', 'update').then(
				() => this.rows.clear(),
				() => {},
			);
			this.save(workflow);
			throw error;
		}
	}

	private async createIfNotExists(
		workflow: Workflow,
		webhook: IWebhookData,
		mode: WorkflowExecuteMode,
		activation: WorkflowActivateMode,
	) {
		const exists = await this.runHook('checkExists', workflow, webhook, mode, activation);
		if (!exists) await this.runHook('create', workflow, webhook, mode, activation);
	}

	private async runHook(
		name: HookName,
		workflow: Workflow,
		webhook: IWebhookData,
		mode: WorkflowExecuteMode,
		activation: WorkflowActivateMode,
	) {
		const hook = this.type.webhookMethods?.[webhook.webhookDescription.name]?.[name];
		const node = workflow.getNode(webhook.node)!;
		const context = new HookContext(
			workflow,
			node,
			this.additionalData(),
			mode,
			activation,
			webhook,
		);
		return await hook?.call(context);
	}

	private async withWorkflow<T>(work: (workflow: Workflow) => Promise<T>): Promise<T> {
		const workflow = this.workflow();
		try {
			return await work(workflow);
		} finally {
			this.save(workflow);
		}
	}

	private workflow(staticData = this.staticData, parameters = this.spec.parameters) {
		const spec = this.engine.node({ ...this.spec, parameters });
		const node = { ...spec, id: this.nodeId, name: this.options.name ?? spec.name };
		return this.engine.workflow([node], {}, { [`node:${node.name}`]: deepCopy(staticData) });
	}

	private save(workflow: Workflow) {
		const [node] = Object.values(workflow.nodes);
		this.staticData = deepCopy(workflow.getStaticData('node', node));
	}

	/** webhook.service.js `getNodeWebhooks` */
	private webhooks(workflow: Workflow): IWebhookData[] {
		const [node] = Object.values(workflow.nodes);
		return (this.type.description.webhooks ?? []).flatMap((webhookDescription) => {
			const evaluate = (
				value: IWebhookDescription[keyof IWebhookDescription],
				fallback?: string | boolean,
			) =>
				workflow.expression.getSimpleParameterValue(
					node!,
					value as string,
					'internal',
					{},
					undefined,
					fallback,
				);
			const description =
				evaluate(webhookDescription.path)
					?.toString()
					.trim()
					.replace(/^\/|\/$/g, '') ?? '';
			const path = NodeHelpers.getNodeWebhookPath(
				workflow.id,
				node!,
				description,
				evaluate(webhookDescription.isFullPath, false) as boolean,
				evaluate(webhookDescription.restartWebhook, false) as boolean,
			);
			const methods = String(evaluate(webhookDescription.httpMethod, 'GET')).split(',');
			return methods.map((method) => ({
				httpMethod: method.trim() as IHttpRequestMethods,
				node: node!.name,
				path,
				webhookDescription,
				workflowId: workflow.id,
				workflowExecuteAdditionalData: this.additionalData(),
			}));
		});
	}

	private get type() {
		return this.engine.nodeTypes.getByNameAndVersion(this.spec.node, this.spec.typeVersion);
	}

	private additionalData() {
		return {
			...this.engine.additionalData(this.spec.credentials, this.publicUrl),
			webhookBaseUrl: this.publicUrl + this.endpoints.webhook,
			webhookTestBaseUrl: this.publicUrl + this.endpoints.test,
		};
	}
}

function answerWith(res: Response, body: unknown) {
	if (typeof body === 'string') res.send(body);
	else res.json(body);
}

function rowKey({ httpMethod, path }: Pick<IWebhookData, 'httpMethod' | 'path'>) {
	return `${httpMethod} ${path}`;
}
