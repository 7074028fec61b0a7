import { NodeOperationError } from 'n8n-workflow';
import type {
	IAuthenticate,
	ICredentialType,
	IDataObject,
	IExecuteFunctions,
	IHookFunctions,
	ILoadOptionsFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
	IWebhookFunctions,
} from 'n8n-workflow';
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEngine } from './engine';
import type { BinaryMode, Engine } from './engine';
import { deliver, serveTrigger } from './webhook';

const TOKEN = 'secret-token-4711';
const BYTES = randomBytes(300_000);

class TestApi implements ICredentialType {
	name = 'testApi';
	displayName = 'Test API';
	properties: ICredentialType['properties'] = [
		{ displayName: 'Token', name: 'token', type: 'string', default: '' },
		{ displayName: 'Scheme', name: 'scheme', type: 'string', default: 'Bearer' },
	];
	authenticate: IAuthenticate = async ({ token, scheme }, options) => ({
		...options,
		headers: { ...options.headers, authorization: `${String(scheme)} ${String(token)}` },
	});
}

const describeNode = (
	name: string,
	more: Partial<INodeTypeDescription> = {},
): INodeTypeDescription => ({
	displayName: name,
	name,
	group: ['transform'],
	version: 1,
	description: '',
	defaults: { name },
	inputs: ['main'],
	outputs: ['main'],
	credentials: [{ name: 'testApi' }],
	properties: [],
	...more,
});

/** Fails on items whose `bad` is set, as n8n's documentation shows a node should. */
class Echo implements INodeType {
	description = describeNode('echo', {
		properties: [
			{ displayName: 'Media ID', name: 'mediaId', type: 'string', default: '={{ $json.mediaId }}' },
		],
	});
	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const out: INodeExecutionData[] = [];
		for (const [itemIndex, item] of this.getInputData().entries()) {
			const error = new NodeOperationError(this.getNode(), 'No such media', {
				itemIndex,
				description: 'Ask for a new one',
			});
			if (!item.json.bad)
				out.push({
					json: { id: this.getNodeParameter('mediaId', itemIndex) },
					pairedItem: itemIndex,
				});
			else if (!this.continueOnFail()) throw error;
			else out.push({ json: {}, error, pairedItem: itemIndex });
		}
		this.addExecutionHints({ message: 'Mind the gap', location: 'outputPane' });
		return [out];
	}
}

/** Downloads, as a stream, with the credential. */
class Fetch implements INodeType {
	description = describeNode('fetch', {
		properties: [{ displayName: 'URL', name: 'url', type: 'string', default: '={{ $json.url }}' }],
	});
	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const url = this.getNodeParameter('url', 0) as string;
		const response = await this.helpers.httpRequestWithAuthentication.call(this, 'testApi', {
			url,
			encoding: 'stream',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
		});
		const { statusCode, headers, body } = response;
		const data = await this.helpers.prepareBinaryData(body, 'a.bin', 'application/octet-stream');
		return [[{ json: { statusCode, type: headers['content-type'] }, binary: { data } }]];
	}
}

/** A request without options of ours, to see what n8n makes of a failure. */
class Plain implements INodeType {
	description = describeNode('plain', {
		properties: [{ displayName: 'URL', name: 'url', type: 'string', default: '={{ $json.url }}' }],
	});
	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const url = this.getNodeParameter('url', 0) as string;
		return [
			[
				{
					json: await this.helpers.httpRequestWithAuthentication.call(this, 'testApi', {
						url,
						json: true,
					}),
				},
			],
		];
	}
}

/** Answers the handshake, refuses a wrong signature, starts an execution per message. */
class TestTrigger implements INodeType {
	description = describeNode('testTrigger', {
		group: ['trigger'],
		inputs: [],
		webhooks: [
			{ name: 'default', httpMethod: 'GET,POST', path: 'webhook', responseData: 'noData' } as never,
		],
	});
	methods = {
		loadOptions: {
			async schemes(this: ILoadOptionsFunctions) {
				const { scheme } = await this.getCredentials('testApi');
				return [{ name: String(scheme), value: String(this.getCurrentNodeParameter('more')) }];
			},
		},
		listSearch: {
			async numbers(this: ILoadOptionsFunctions, filter?: string) {
				return { results: [{ name: `found ${filter}`, value: '1' }] };
			},
		},
	};
	webhookMethods = {
		default: {
			async checkExists(this: IHookFunctions) {
				return this.getWorkflowStaticData('node').url === this.getNodeWebhookUrl('default');
			},
			async create(this: IHookFunctions) {
				const url = this.getNodeWebhookUrl('default')!;
				const { token } = await this.getCredentials('testApi');
				const answer = await this.helpers.httpRequest({
					url,
					qs: { 'hub.challenge': String(token) },
				});
				if (answer !== token) throw new NodeOperationError(this.getNode(), 'Handshake failed');
				this.getWorkflowStaticData('node').url = url;
				return true;
			},
			async delete(this: IHookFunctions) {
				delete this.getWorkflowStaticData('node').url;
				return true;
			},
		},
	};
	async webhook(this: IWebhookFunctions) {
		const req = this.getRequestObject();
		const res = this.getResponseObject();
		if (req.method === 'GET') {
			res.type('text').send((this.getQueryData() as IDataObject)['hub.challenge']);
			return { noWebhookResponse: true };
		}
		const hash = createHash('sha256').update(req.rawBody).digest('hex');
		if (this.getHeaderData()['x-hash'] !== hash) {
			res.status(401).json({ message: 'Wrong hash' });
			return { noWebhookResponse: true };
		}
		const { messages, broken } = this.getBodyData() as {
			messages?: IDataObject[];
			broken?: boolean;
		};
		if (broken) throw new NodeOperationError(this.getNode(), 'Cannot read this');
		return messages ? { workflowData: [this.helpers.returnJsonArray(messages)] } : {};
	}
}

let engine: Engine;
let http: Server;
let base: string;
let seen: Array<{ url?: string; headers: IncomingHttpHeaders }> = [];
const credentials = { testApi: { token: TOKEN } };

beforeAll(async () => {
	http = createServer((req, res) => {
		seen.push(req);
		if (req.url === '/slow') res.write('first');
		else if (req.url === '/cut')
			res.writeHead(200, { 'content-length': 10 }).write('half', () => res.destroy());
		else if (req.url === '/401')
			res
				.writeHead(401, { 'content-type': 'application/json' })
				.end('{"error":{"message":"Token gone"}}');
		else res.setHeader('content-type', 'image/png').end(BYTES);
	});
	await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
	base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
	engine = await start();
});

afterAll(async () => {
	await engine.close();
	http.closeAllConnections();
	http.close();
});

beforeEach(() => {
	seen = [];
	engine.credentialReads = 0;
});

async function start(binaryMode?: BinaryMode) {
	return await createEngine({
		nodes: [Echo, Fetch, Plain, TestTrigger],
		credentials: [TestApi],
		binaryMode,
	});
}

describe('items', () => {
	const items = [
		{ json: { mediaId: 'a' } },
		{ json: { mediaId: 'b', bad: true } },
		{ json: { mediaId: 'c' } },
	];

	it('evaluates the expression in a default, per item, and keeps the pairing', async () => {
		const run = await engine.run({
			node: 'n8n-nodes-whatsapp-media.echo',
			items: [items[0]!, items[2]!],
		});
		expect(run.output).toEqual([
			[
				{ json: { id: 'a' }, pairedItem: 0 },
				{ json: { id: 'c' }, pairedItem: 1 },
			],
		]);
		expect(run).toMatchObject({ status: 'success', hints: [{ message: 'Mind the gap' }] });
	});

	it('stops on an error and records the item', async () => {
		const run = await engine.run({ node: 'echo', items });
		expect(run.status).toBe('error');
		expect(run.output).toEqual([]);
		expect(run.error).toMatchObject({
			name: 'NodeOperationError',
			message: 'No such media',
			description: 'Ask for a new one',
			context: { itemIndex: 1 },
		});
	});

	it('continues with the error among the items', async () => {
		const run = await engine.run({ node: 'echo', items, onError: 'continueRegularOutput' });
		expect(run.output).toHaveLength(1);
		expect(run.output[0]!.map((item) => item.json)).toEqual([
			{ id: 'a' },
			{ error: 'No such media' },
			{ id: 'c' },
		]);
		expect(run.status).toBe('success');
	});

	it('continues with the error on the error output', async () => {
		const run = await engine.run({ node: 'echo', items, onError: 'continueErrorOutput' });
		expect(run.output.map((list) => list.map((item) => item.json))).toEqual([
			[{ id: 'a' }, { id: 'c' }],
			[{ error: 'No such media' }],
		]);
	});

	it('tries again as Retry On Fail says', async () => {
		const run = await engine.run({
			node: 'plain',
			items: [{ json: { url: `${base}/401` } }],
			credentials,
			retry: { maxTries: 2, waitBetweenTries: 1 },
		});
		expect(run.status).toBe('error');
		// Twice two: the helper itself repeats a request that got 401.
		expect(seen).toHaveLength(4);
	});

	it('refuses a node whose required parameter is empty, as n8n does', async () => {
		class Needy extends Echo {
			override description = describeNode('needy', {
				properties: [
					{ displayName: 'Media ID', name: 'mediaId', type: 'string', default: '', required: true },
				],
			});
		}
		const other = await createEngine({ nodes: [Needy] });
		const run = await other.run({ node: 'needy' });
		await other.close();
		expect(run).toMatchObject({
			status: 'error',
			output: [],
			error: { name: 'WorkflowHasIssuesError' },
		});
	});
});

describe('requests', () => {
	it('carry what the credential adds, defaults of the credential included', async () => {
		const run = await engine.run({ node: 'fetch', credentials, items: [{ json: { url: base } }] });
		expect(seen[0]!.headers.authorization).toBe(`Bearer ${TOKEN}`);
		expect(run.output[0]![0]!.json).toEqual({ statusCode: 200, type: 'image/png' });
		expect(engine.credentialReads).toBe(1);
	});

	it('fail as NodeApiError, and what is saved of it has no token', async () => {
		const run = await engine.run({
			node: 'plain',
			credentials,
			items: [{ json: { url: `${base}/401` } }],
		});
		expect(run.error).toMatchObject({
			name: 'NodeApiError',
			httpCode: '401',
			description: 'Token gone',
		});
		expect(run.saved).toContain('Token gone');
		expect(run.saved).not.toContain(TOKEN);
	});

	it('end when the execution is stopped, and leave no file', async () => {
		const abort = new AbortController();
		const running = engine.run({
			node: 'fetch',
			credentials,
			items: [{ json: { url: `${base}/slow` } }],
			abortSignal: abort.signal,
		});
		while (!(await engine.binaryFiles()).some((file) => file.includes('.tmp.')))
			await new Promise(setImmediate);
		abort.abort();
		// Whether n8n calls it canceled or failed is a race between its signal and the error of this test's own node.
		expect(['canceled', 'error']).toContain((await running).status);
		expect((await engine.binaryFiles()).filter((file) => file.includes('.tmp.'))).toEqual([]);
	});

	it('that break off fail, and leave no file', async () => {
		const before = await engine.binaryFiles();
		const run = await engine.run({
			node: 'fetch',
			credentials,
			items: [{ json: { url: `${base}/cut` } }],
		});
		expect(run.error?.message).toContain('aborted');
		expect(await engine.binaryFiles()).toEqual(before);
	});
});

describe.each(['default', 'filesystem', 'database'] as const)('binary mode %s', (binaryMode) => {
	let other: Engine;
	beforeAll(async () => void (other = await start(binaryMode)));
	afterAll(async () => await other.close());
	const fetch = async (settings?: 'combined') =>
		await other.run({
			node: 'fetch',
			credentials,
			items: [{ json: { url: base } }],
			binaryMode: settings,
		});

	it('keeps a streamed file whole', async () => {
		const run = await fetch();
		const [item] = run.output[0]!;
		expect(item!.binary!.data).toMatchObject({
			fileName: 'a.bin',
			mimeType: 'application/octet-stream',
			bytes: BYTES.length,
		});
		expect(item!.binary!.data!.directory).toBeUndefined();
		expect((await run.binary(item)).equals(BYTES)).toBe(true);
		// filesystem: the file and its metadata; database: one row
		expect(await other.binaryFiles()).toHaveLength(
			{ default: 0, filesystem: 2, database: 1 }[binaryMode],
		);
	});

	it('moves files to json._files in a combined workflow, except in memory', async () => {
		const run = await fetch('combined');
		const [item] = run.output[0]!;
		expect((await run.binary(item)).equals(BYTES)).toBe(true);
		if (binaryMode === 'default') expect(item!.json._files).toBeUndefined();
		else
			expect(item).toMatchObject({
				binary: undefined,
				json: { _files: { data: { fileName: 'a.bin' } } },
			});
	});

	it('takes a file as input', async () => {
		class Size implements INodeType {
			description = describeNode('size');
			async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
				const { fileName } = this.helpers.assertBinaryData(0, 'data');
				return [
					[
						{
							json: { fileName, size: (await this.helpers.getBinaryDataBuffer(0, 'data')).length },
						},
					],
				];
			}
		}
		const sizes = await createEngine({ nodes: [Size], binaryMode });
		const data = await sizes.file(BYTES, { fileName: 'b.png', mimeType: 'image/png' });
		const run = await sizes.run({ node: 'size', items: [{ json: {}, binary: { data } }] });
		expect(run.output[0]![0]!.json).toEqual({ fileName: 'b.png', size: BYTES.length });
		await sizes.close();
	});
});

describe('webhooks', () => {
	const trigger = { node: 'testTrigger', credentials };
	const signed = (body: object) => {
		const rawBody = JSON.stringify(body);
		return { rawBody, headers: { 'x-hash': createHash('sha256').update(rawBody).digest('hex') } };
	};

	it('start one execution with the items and answer an empty 200', async () => {
		const delivery = await deliver(engine, {
			...trigger,
			request: signed({ messages: [{ id: 1 }, { id: 2 }] }),
		});
		expect(delivery).toMatchObject({
			status: 200,
			body: '',
			workflowData: [[{ json: { id: 1 } }, { json: { id: 2 } }]],
		});
	});

	it('can be answered by the node, refused, and fail', async () => {
		const server = await serveTrigger(engine, trigger);
		expect(await server.deliver({ method: 'GET', query: { 'hub.challenge': '42' } })).toMatchObject(
			{ status: 200, body: '42' },
		);
		expect(await server.deliver({ rawBody: '{}' })).toMatchObject({
			status: 401,
			body: '{"message":"Wrong hash"}',
		});
		expect(await server.deliver({ rawBody: '{' })).toMatchObject({ status: 422 });
		expect(await server.deliver(signed({}))).toMatchObject({
			status: 200,
			body: '{"message":"Webhook call received"}',
		});
		const failed = await server.deliver(signed({ broken: true }));
		expect(failed).toMatchObject({ status: 500, error: { message: 'Cannot read this' } });
		expect(failed.body).toContain('Workflow could not be started');
		expect(server.executions).toEqual([]);
		await server.close();
	});

	it('are not acknowledged before n8n has taken the execution', async () => {
		const server = await serveTrigger(engine, {
			...trigger,
			onExecution: () => {
				throw new Error('queue is down');
			},
		});
		expect(await server.deliver(signed({ messages: [{ id: 1 }] }))).toMatchObject({
			status: 500,
			error: { message: 'queue is down' },
		});
		expect(server.executions).toEqual([]);
		await server.close();
	});

	it('are registered and removed by the hooks', async () => {
		const server = await serveTrigger(engine, trigger);
		await server.activate();
		expect(server.staticData).toEqual({ url: server.url });
		expect(await server.hook('checkExists')).toBe(true);
		await server.deactivate();
		expect(server.staticData).toEqual({});
		expect(await server.deliver(signed({ messages: [{ id: 1 }] }))).toMatchObject({ status: 404 });
		await server.close();
	});

	it('listen on the test URL until the first execution', async () => {
		const server = await serveTrigger(engine, trigger);
		await server.startTest();
		expect(await server.deliver({ ...signed({}), test: true })).not.toHaveProperty('workflowData');
		expect(
			await server.deliver({ ...signed({ messages: [{ id: 1 }] }), test: true }),
		).toMatchObject({ workflowData: [[{}]] });
		expect(await server.deliver({ ...signed({}), test: true })).toMatchObject({ status: 404 });
		await server.close();
	});

	it('and their lists are loaded with the credential', async () => {
		const parameters = { more: 'x' };
		expect(await engine.loadOptions({ ...trigger, parameters, method: 'schemes' })).toEqual([
			{ name: 'Bearer', value: 'x' },
		]);
		expect(await engine.listSearch({ ...trigger, method: 'numbers', filter: 'y' })).toEqual({
			results: [{ name: 'found y', value: '1' }],
		});
	});
});
