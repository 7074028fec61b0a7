import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { pattern } from './emulator';
import type { N8n } from './n8n/instance';
import { items, until, type Execution } from './n8n/rest';
import { mediaNode, node, workflow, type Item, type WorkflowJson, type WorkflowNode } from './n8n/workflow';
import { installPackage, PUBLIC, startCluster, type Cluster } from './queue/cluster';
import { credentialFor, sha256 } from './world';

/** Ring 4, queue mode: one main, two webhook processors and two workers of the real n8n, over a real Redis and Postgres. */

jest.setTimeout(300_000);

const MB = 1_000_000;

let cluster: Cluster;
beforeAll(async () => {
	cluster = await startCluster();
	await installPackage(cluster);
	// A process that is busy, or waits for Redis, answers late; this suite is not about Meta's patience.
	cluster.emulator.meta.variants.webhookTimeout = 60_000;
}, 900_000);
afterAll(async () => await cluster?.close());

// -- Workflows

let numbers = 300_000_000_000;

/** A published workflow that receives what is sent to a phone number of its own. */
class Flow {
	constructor(
		readonly id: string,
		readonly path: string,
		readonly phoneNumberId: string,
	) {}

	/** A customer sends a file; this webhook processor gets the delivery. */
	async receive(processor: N8n, file = newFile()) {
		const callback = processor.url + this.path;
		return await cluster.emulator.meta.receive({ ...file, phoneNumberId: this.phoneNumberId }, { callback });
	}

	/** Oldest first, with their data. */
	async executions(): Promise<Execution[]> {
		const ids = new Set<string>();
		for (let cursor: string | null | undefined; cursor !== null; ) {
			const query = new URLSearchParams({ filter: JSON.stringify({ workflowId: this.id }), limit: '100', ...(cursor && { cursor }) });
			const page: { results: Array<{ id: string }>; nextCursor?: string | null } = await cluster.main.api.call('GET', `/rest/executions?${query}`);
			for (const { id } of page.results) ids.add(id);
			cursor = page.nextCursor ?? null;
		}
		const found: Execution[] = [];
		for (const id of [...ids].sort((a, b) => Number(a) - Number(b))) found.push(await cluster.main.api.execution(id));
		return found;
	}

	/** All of them, once there is one for each of these files and none is under way. */
	async ended(mediaIds: string[], timeoutMs = 120_000): Promise<Execution[]> {
		return await until('every file has an execution, and all have ended', timeoutMs, async () => {
			const rows = await cluster.postgres.rows<{ status: string }>(`SELECT status FROM execution_entity WHERE "workflowId" = '${this.id}'`);
			if (rows.length < mediaIds.length || rows.some(({ status }) => UNDER_WAY.has(status))) return undefined;
			const executions = await this.executions();
			const had = new Set(executions.map(mediaIdOf));
			return mediaIds.every((id) => had.has(id)) ? executions : undefined;
		});
	}
}

const UNDER_WAY = new Set(['new', 'running', 'waiting']);

const newFile = () => ({ type: 'image' as const, bytes: Buffer.from(randomUUID()) });

/** What an execution was started with: an item of its trigger, also when it was cut off before its trigger had "run". */
function mediaIdOf({ data }: Execution): string {
	const { resultData, executionData } = data as Execution['data'] & { executionData?: { nodeExecutionStack: Array<{ data: { main: Item[][] } }> } };
	const [item] = Object.values(resultData.runData)[0]?.at(-1)?.data?.main[0] ?? executionData?.nodeExecutionStack[0]?.data.main[0] ?? [];
	return String(item?.json.mediaId);
}

async function publish(json: WorkflowJson): Promise<Flow> {
	const { emulator, main } = cluster;
	const phoneNumberId = String(++numbers);
	emulator.meta.phoneNumbers.push({ ...emulator.meta.phoneNumbers[0]!, id: phoneNumberId });
	const account = { ...credentialFor(emulator), phoneNumberId, baseUrl: '', mediaHosts: '' };
	const { id, name } = await main.api.createCredential(`Number ${phoneNumberId}`, 'whatsAppMediaApi', account);
	const nodes = json.nodes.map((each): WorkflowNode => {
		if (!each.type.startsWith('n8n-nodes-whatsapp-media.')) return each;
		return { ...each, webhookId: each.webhookId ?? randomUUID(), credentials: { whatsAppMediaApi: { id, name } } };
	});
	const created = await main.api.createWorkflow({ ...json, nodes });
	await main.api.activate(created.id);
	const trigger = nodes.find(({ type }) => type.endsWith('.whatsAppMediaTrigger'))!;
	return new Flow(created.id, `/webhook/${trigger.webhookId}/webhook`, phoneNumberId);
}

const trigger = () => mediaNode('whatsAppMediaTrigger', 'Trigger');
const download = () => mediaNode('whatsAppDownloadMedia', 'Download');
const upload = () => mediaNode('whatsAppUploadMedia', 'Upload');
const remove = () => mediaNode('whatsAppDeleteMedia', 'Delete');

// -- Tests

test('explore round trip', async () => {
	const { emulator, webhooks } = cluster;
	const flow = await publish(workflow({ nodes: [trigger(), download(), upload(), remove()] }));
	const a = await flow.receive(webhooks[0]!);
	console.log(a.answer);
	const [execution] = await flow.ended([a.mediaId]);
	console.log(execution!.status, JSON.stringify(items(execution!, 'Delete')), JSON.stringify(execution!.data.resultData.error));
	console.log(await cluster.postgres.rows('SELECT "fileId", "sourceType", "sourceId", "fileSize" FROM binary_data'));
});

test('explore kill worker', async () => {
	const { emulator, webhooks, workers } = cluster;
	const flow = await publish(workflow({ nodes: [trigger(), download(), upload(), remove()] }));
	emulator.meta.fault({ on: 'file', stallAt: 0.5 });
	const { mediaId } = await flow.receive(webhooks[0]!, { type: 'image', bytes: pattern(100 * MB) } as never);
	await until('download', 30_000, async () => emulator.requests.find((r) => r.operation === 'file' && r.mediaId === mediaId));
	await new Promise((r) => setTimeout(r, 2000));
	const [row] = await cluster.postgres.rows<{ id: number }>(`SELECT id FROM execution_entity WHERE "workflowId"='${flow.id}'`);
	const victim = workers.find((w) => w.logs().includes(`Worker started execution ${row!.id} `))!;
	console.log('victim', workers.indexOf(victim));
	const t = Date.now();
	await victim.kill();
	const [execution] = await flow.ended([mediaId]);
	console.log('ended after', Date.now() - t, execution!.status, mediaIdOf(execution!), JSON.stringify(execution!.data).slice(0, 3000));
	console.log(await cluster.postgres.rows('SELECT "fileId", "sourceType", "sourceId", "fileSize" FROM binary_data'));
	const retried = await cluster.main.api.call<{ id: string }>('POST', `/rest/executions/${execution!.id}/retry`, { loadWorkflow: false });
	console.log(JSON.stringify(retried).slice(0, 500));
	const all = await flow.ended([mediaId]);
	console.log(all.map((e) => [e.id, e.status, mediaIdOf(e), e.mode]));
	console.log(await cluster.postgres.rows('SELECT "fileId", "sourceType", "sourceId", "fileSize" FROM binary_data'));
});
