import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { pattern } from '../emulator';
import type { N8n } from '../support/n8n/instance';
import { items, until, type Execution } from '../support/n8n/rest';
import { mediaNode, workflow, type WorkflowJson, type WorkflowNode } from '../support/n8n/workflow';
import { hasPackage, installPackage, PUBLIC, startCluster, type Cluster } from './cluster';
import { mediaIdOf, publish, trigger, type Flow } from './flow';
import { sha256 } from '../support/harness';
import { ROOT } from '../support/paths';

/**
 * Queue mode: one main, two webhook processors and two workers of the real n8n on a real Redis and Postgres, with
 * the settings of docs/queue-mode/compose.yaml (compose.test.ts). One cluster for all tests: what one has killed, the next
 * finds replaced.
 */

jest.setTimeout(300_000);

const MB = 1_000_000;

let cluster: Cluster;
beforeAll(async () => {
	cluster = await startCluster();
	await installPackage(cluster);
	// A process that waits for Redis answers late; what Meta does then is the tests' own affair here.
	cluster.emulator.meta.variants.webhookTimeout = 60_000;
}, 900_000);
beforeEach(async () => await cluster.mend(), 120_000);
afterAll(async () => await cluster?.close(), 120_000);

const download = () => mediaNode('whatsAppDownloadMedia', 'Download');
const upload = () => mediaNode('whatsAppUploadMedia', 'Upload');
const remove = () => mediaNode('whatsAppDeleteMedia', 'Delete');

const receiving = () => workflow({ nodes: [trigger(), download()] });
const wholeChain = () => workflow({ nodes: [trigger(), download(), upload(), remove()] });

async function example(name: string): Promise<WorkflowJson> {
	return JSON.parse(await readFile(join(ROOT, 'examples', `${name}.json`), 'utf8'));
}

// -- Who answers

test('registered by main, proved and delivered to by either webhook processor', async () => {
	const { emulator, main, webhooks } = cluster;
	for (const processor of webhooks) {
		// While `create` runs on main, Meta calls the public address.
		cluster.front(processor);
		const flow = await publish(cluster, receiving());
		expect(emulator.meta.subscriptions.phoneNumbers.get(flow.phoneNumberId)?.url).toBe(
			PUBLIC + flow.path,
		);
		for (const { url } of webhooks) {
			expect(await emulator.meta.handshake(url + flow.path)).toMatchObject({ ok: true });
			expect(await emulator.meta.handshake(url + flow.path, { token: 'wrong' })).toMatchObject({
				ok: false,
				status: 403,
			});
		}
		// Main shows its editor there.
		expect(await emulator.meta.handshake(main.url + flow.path)).toMatchObject({ ok: false });

		const received = [await flow.receive(webhooks[0]!), await flow.receive(webhooks[1]!)];
		expect(received.map(({ answer }) => answer!.status)).toEqual([200, 200]);
		const executions = await flow.ended(2);
		expect(executions.map(outcome)).toEqual(['success', 'success']);
		expect(executions.map(mediaIdOf)).toEqual(received.map(({ mediaId }) => mediaId));
	}
});

// -- Redelivered messages

describe('the same message at both webhook processors', () => {
	const MESSAGES = 20;

	/** At the same moment: the worst that a provider can do. */
	async function deliverTwice(flow: Flow): Promise<string[]> {
		const messages = Array.from({ length: MESSAGES }, () => flow.message());
		for (const { body } of messages)
			expect(
				await Promise.all(
					cluster.webhooks.map(async (processor) => await flow.deliver(body, processor)),
				),
			).toEqual([200, 200]);
		return messages.map(({ mediaId }) => mediaId);
	}

	test('each processor drops its own; between the two there is nothing that could', async () => {
		const flow = await publish(cluster, receiving());
		const twice = await deliverTwice(flow);
		const { mediaId, body } = flow.message();
		for (const status of [200, 200, 200])
			expect(await flow.deliver(body, cluster.webhooks[0]!)).toBe(status);

		const executions = await flow.ended(MESSAGES * 2 + 1);
		const times = (id: string) =>
			executions.filter((execution) => mediaIdOf(execution) === id).length;
		expect(times(mediaId)).toBe(1);
		expect(twice.map(times)).toEqual(twice.map(() => 2));
		// And both workers take their share.
		const took = cluster.workers.map(({ logs }) =>
			executions.some(({ id }) => logs().includes(`Worker started execution ${id} `)),
		);
		expect(took).toEqual([true, true]);
	});

	test('examples/receive-once-in-queue-mode.json: every file goes on once', async () => {
		const { emulator, main, redis, webhooks } = cluster;
		const {
			QUEUE_BULL_REDIS_HOST: host,
			QUEUE_BULL_REDIS_PORT: port,
			QUEUE_BULL_REDIS_USERNAME: user,
			QUEUE_BULL_REDIS_PASSWORD: password,
			QUEUE_BULL_REDIS_DB: database,
			QUEUE_BULL_REDIS_TLS: ssl,
		} = redis.env;
		const { id, name } = await main.api.createCredential('Redis', 'redis', {
			host,
			port: Number(port),
			user: user ?? '',
			password: password ?? '',
			database: Number(database ?? 0),
			ssl: ssl === 'true',
		});
		const flow = await publish(cluster, await example('receive-once-in-queue-mode'), {
			redis: { id, name },
		});
		const files = await deliverTwice(flow);
		// A copy whose download fails is not counted: the other one goes on.
		const late = flow.message();
		emulator.meta.fault({ on: 'file', mediaId: late.mediaId, status: 403 });
		emulator.meta.fault({ on: 'getUrl', mediaId: late.mediaId, error: 190 });
		expect(await flow.deliver(late.body, webhooks[0]!)).toBe(200);
		await flow.ended(MESSAGES * 2 + 1);
		expect(await flow.deliver(late.body, webhooks[1]!)).toBe(200);

		const executions = await flow.ended(MESSAGES * 2 + 2);
		expect(executions.filter(({ status }) => status !== 'success').map(mediaIdOf)).toEqual([
			late.mediaId,
		]);
		const passed = executions.flatMap((execution) => items(execution, 'What Must Happen Once'));
		expect(passed.map(({ json }) => json.mediaId).sort()).toEqual([...files, late.mediaId].sort());
		expect(await main.api.bytes(passed[0]!.binary!.data!)).toEqual(
			Buffer.concat([...emulator.meta.store.get(String(passed[0]!.json.mediaId))!.bytes.read()]),
		);
	});
});

/** How it ended, and why if it failed. */
const outcome = ({ status, data }: Execution) =>
	status === 'error' ? `error: ${data.resultData.error?.message}` : status;

/** Every file that n8n keeps is an execution's, which n8n removes with it. */
async function expectNoOrphans() {
	const known = new Set(
		(await cluster.postgres.rows<{ id: number }>('SELECT id FROM execution_entity')).map(({ id }) =>
			String(id),
		),
	);
	const inDatabase = await cluster.postgres.rows<{ sourceId: string }>(
		'SELECT "sourceId" FROM binary_data',
	);
	const paths = await readdir(cluster.storage, { recursive: true, withFileTypes: true });
	const onDisk = paths
		.filter((entry) => entry.isFile())
		.map(({ parentPath, name }) => join(parentPath, name));
	expect(inDatabase.map(({ sourceId }) => sourceId).filter((id) => !known.has(id))).toEqual([]);
	expect(
		onDisk.filter((path) => !known.has(/executions\/([^/]+)\//.exec(path)?.[1] ?? '')),
	).toEqual([]);
}

/** examples/retry-after-a-crash.json as it runs every five minutes, but that it takes 3 seconds for long. */
async function tidyUp() {
	const { api, url } = cluster.main;
	janitor ??= await (async () => {
		const scopes = ['execution:list', 'execution:read', 'execution:stop', 'execution:retry'];
		const { rawApiKey } = await api.call<{ rawApiKey: string }>('POST', '/rest/api-keys', {
			label: 'Janitor',
			expiresAt: null,
			scopes,
		});
		const credential = await api.createCredential('n8n', 'n8nApi', {
			apiKey: rawApiKey,
			baseUrl: `${url}/api/v1`,
		});
		const credentials = { n8nApi: { id: credential.id, name: credential.name } };
		const json = await example('retry-after-a-crash');
		const nodes = json.nodes.map((node): WorkflowNode => {
			if (node.type === 'n8n-nodes-base.httpRequest') return { ...node, credentials };
			if (node.name !== 'Settings') return node;
			const jsonOutput = String(node.parameters.jsonOutput)
				.replace('http://n8n:5678', url)
				.replace(': 15', ': 0.05');
			return { ...node, parameters: { ...node.parameters, jsonOutput } };
		});
		return (await api.createWorkflow({ ...json, nodes })).id;
	})();
	await until('what is left has run for long', 60_000, async () => {
		const [{ youngest }] = (await cluster.postgres.rows<{ youngest: number | null }>(
			`SELECT extract(epoch FROM now() - max("startedAt")) AS youngest FROM execution_entity WHERE status = 'running'`,
		)) as [{ youngest: number | null }];
		return youngest === null || youngest > 4 || undefined;
	});
	const { status } = await api.run(janitor, { from: 'Every 5 Minutes', timeoutMs: 120_000 });
	expect(status).toBe('success');
}
let janitor: string | undefined;

// -- Servers that go away

/**
 * Customers send files, four a second; a third of the way on, `incident` happens. A delivery that is not answered with 200 is
 * made again, to the next processor, as Meta does. Resolves when all are answered.
 */
async function underLoad(flow: Flow, incident: () => Promise<void>, count = 60): Promise<string[]> {
	const { webhooks } = cluster;
	const messages = Array.from({ length: count }, () => flow.message());
	let repeated = 0;
	let happened: Promise<void> | undefined;
	const sent = messages.map(async ({ body }, index) => {
		await new Promise((resolve) => setTimeout(resolve, index * 250));
		if (index === Math.floor(count / 3)) happened = incident();
		let turn = index;
		await until('Meta is answered with 200', 120_000, async () => {
			const processor = webhooks[turn++ % webhooks.length]!;
			if ((await flow.deliver(body, processor)) === 200) return true;
			repeated++;
			await new Promise((resolve) => setTimeout(resolve, 500));
			return undefined;
		});
	});
	await Promise.all(sent);
	await happened;
	console.log(
		`${expect.getState().currentTestName}: ${count} messages, ${repeated} deliveries made again`,
	);
	return messages.map(({ mediaId }) => mediaId);
}

/** Each has arrived; what was cut off is to be seen with its media ID, and arrives when it is retried. */
async function expectNoneLost(flow: Flow, mediaIds: string[]) {
	const missing = (executions: Execution[]) =>
		mediaIds.filter((id) => !executions.some((execution) => mediaIdOf(execution) === id));
	let since = Date.now();
	let seen = '';
	await until('all have ended, or hang', 120_000, async () => {
		const statuses = await flow.statuses();
		if (!statuses.some(({ status }) => status === 'new' || status === 'running')) return true;
		const now = JSON.stringify(statuses);
		if (now !== seen) [seen, since] = [now, Date.now()];
		return Date.now() - since > HANGS_MS || undefined;
	});
	// Looks for executions that Redis knows nothing of, as it does every N8N_EXECUTIONS_QUEUE_RECOVERY_INTERVAL.
	if ((await flow.statuses()).some(({ status }) => status === 'new')) await cluster.main.restart();

	const before = await flow.executions();
	const cutOff = before.filter(({ status }) => status !== 'success');
	console.log(
		`${expect.getState().currentTestName}: ${before.length} executions, cut off: ${cutOff.map(({ status }) => status).join(', ') || 'none'}`,
	);
	expect(before.filter((execution) => !mediaIdOf(execution))).toEqual([]);
	expect(missing(before)).toEqual([]);
	// What failed in red is for the user to retry, as with n8n's button; the rest is the janitor's.
	for (const { id, status } of cutOff)
		if (status === 'error')
			await cluster.main.api.call('POST', `/rest/executions/${id}/retry`, { loadWorkflow: false });
	if (cutOff.some(({ status }) => status !== 'error')) await tidyUp();
	const after = await flow.ended(before.length + cutOff.length);
	expect(missing(after.filter(hasArrived))).toEqual([]);
	await expectNoOrphans();
	return after;
}
/** n8n calls a retry failed, whatever it did, when the one before had been stopped: what was queued and never begun has to be. */
function hasArrived({ status, mode, data: { resultData } }: Execution) {
	const runs = Object.values(resultData.runData).flat();
	const wasStopped =
		mode === 'retry' && resultData.error?.message === 'The execution was cancelled manually';
	return (
		status === 'success' ||
		(wasStopped && 'Download' in resultData.runData && runs.every(({ error }) => !error))
	);
}
/** Without any change. Longer than n8n takes to connect to its database again, which is 10 seconds. */
const HANGS_MS = 15_000;

test('Redis gone for ten seconds: no message is lost', async () => {
	const flow = await publish(cluster, receiving());
	const sent = await underLoad(flow, async () => {
		await cluster.redis.kill();
		await new Promise((resolve) => setTimeout(resolve, 10_000));
		await cluster.redis.start();
	});
	await expectNoneLost(flow, sent);
});

test('Postgres restarted: no message is lost', async () => {
	const flow = await publish(cluster, receiving());
	const sent = await underLoad(flow, async () => {
		await cluster.postgres.stop();
		await cluster.postgres.start();
	});
	await expectNoneLost(flow, sent);
});

test.each([
	[
		'a webhook processor and a worker stopped and started',
		async ([, processor]: N8n[], [worker]: N8n[]) =>
			void (await Promise.all([processor!.restart(), worker!.restart()])),
	],
	['one of two webhook processors killed', async ([, processor]: N8n[]) => await processor!.kill()],
])('%s under load: no message is lost', async (_, incident) => {
	const { webhooks, workers } = cluster;
	const flow = await publish(cluster, receiving());
	const sent = await underLoad(flow, async () => await incident(webhooks, workers), 40);
	await expectNoneLost(flow, sent);
});

// -- Files

describe.each(['database', 'filesystem'] as const)('binary data mode %s', (binaryMode) => {
	beforeAll(async () => {
		// What they began with is the mode that n8n chooses by itself in queue mode.
		if (binaryMode !== 'database') await cluster.keepFilesIn(binaryMode);
	}, 300_000);
	const keptHere = binaryMode === 'database' ? /^database:/ : /^filesystem/;
	const document = (size: number) =>
		({
			type: 'document',
			mimeType: 'text/plain',
			fileName: 'Report.txt',
			bytes: pattern(size),
		}) as const;

	test('a file goes through trigger, download, upload and delete, by either webhook processor', async () => {
		const { emulator, main, webhooks } = cluster;
		const flow = await publish(cluster, wholeChain());
		const received = [];
		for (const processor of webhooks)
			received.push(await flow.receive(processor, document(5 * MB)));
		const executions = await flow.ended(2);
		for (const [index, execution] of executions.entries()) {
			const { mediaId } = received[index]!;
			expect(outcome(execution)).toBe('success');
			const [file] = items(execution, 'Download');
			expect(file!.json).toMatchObject({ mediaId, verified: true, size: 5 * MB });
			expect(file!.binary!.data!.id).toMatch(keptHere);
			// Main shows what a worker has kept.
			expect(sha256(await main.api.bytes(file!.binary!.data!))).toBe(file!.json.sha256);
			const [sent] = items(execution, 'Upload');
			expect(sent!.json).toMatchObject({ sha256: file!.json.sha256, size: 5 * MB });
			expect(items(execution, 'Delete')[0]!.json).toMatchObject({
				deleted: true,
				mediaId: sent!.json.mediaId,
			});
			expect(emulator.meta.store.get(String(sent!.json.mediaId))).toMatchObject({ deleted: true });
		}
		await expectNoOrphans();
	});

	test('a worker killed in the middle of 100 MB, under load: the file arrives all the same', async () => {
		const { emulator, workers } = cluster;
		const flow = await publish(cluster, workflow({ nodes: [trigger(), download(), upload()] }));
		const { mediaId, body } = flow.message(document(100 * MB));
		emulator.meta.fault({ on: 'file', mediaId, stallAt: 0.5 });
		expect(await flow.deliver(body, cluster.webhooks[0]!)).toBe(200);
		await until('it is on its way', 60_000, async () =>
			emulator.requests.find(
				(each) => each.operation === 'file' && each.mediaId === mediaId && each.status === 200,
			),
		);
		const [running] = await flow.statuses();
		const victim = workers.find(({ logs }) =>
			logs().includes(`Worker started execution ${running!.id} `),
		)!;
		const small = await underLoad(flow, async () => await victim.kill(), 12);
		workers.splice(workers.indexOf(victim), 1);
		const replacement = cluster.addWorker();

		// It is to be seen, with its media ID, until the janitor of examples/ comes by.
		const [cutOff] = await flow.executions();
		expect([cutOff!.status, mediaIdOf(cutOff!)]).toEqual(['running', mediaId]);
		const tried = (await expectNoneLost(flow, [mediaId, ...small])).filter(
			(execution) => mediaIdOf(execution) === mediaId,
		);
		expect(tried.map((execution) => [outcome(execution), execution.mode])).toEqual([
			['canceled', 'webhook'],
			['success', 'retry'],
		]);
		expect(items(tried[1]!, 'Download')[0]!.binary!.data!.id).toMatch(keptHere);
		expect(items(tried[1]!, 'Upload')[0]!.json).toMatchObject({
			size: 100 * MB,
			sha256: sha256(Buffer.concat([...emulator.meta.store.get(mediaId)!.bytes.read()])),
		});
		expect(hasPackage(await replacement)).toBe(true);
	});
});
