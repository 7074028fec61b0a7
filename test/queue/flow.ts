import { randomUUID } from 'node:crypto';

import type { Incoming } from '../emulator/meta';
import type { N8n } from '../support/n8n/instance';
import { until, type Execution } from '../support/n8n/rest';
import {
	mediaNode,
	type Item,
	type WorkflowJson,
	type WorkflowNode,
} from '../support/n8n/workflow';
import { credentialFor } from '../support/harness';
import type { Cluster } from './cluster';

const UNDER_WAY = ['new', 'running', 'waiting'];

/** A published workflow that receives what customers send to a phone number of its own. */
export class Flow {
	constructor(
		private readonly cluster: Cluster,
		readonly id: string,
		/** Below the address of a webhook processor. */
		readonly path: string,
		readonly phoneNumberId: string,
	) {}

	/** A customer sends a file; this webhook processor gets the delivery. */
	async receive(processor: N8n, file: Incoming = newFile()) {
		return await this.cluster.emulator.meta.receive(
			{ ...file, phoneNumberId: this.phoneNumberId },
			{ callback: processor.url + this.path },
		);
	}

	/** A message with a file, and the body that delivers it. */
	message(file: Incoming = newFile()) {
		const { meta } = this.cluster.emulator;
		const { mediaId, message } = meta.prepare({ ...file, phoneNumberId: this.phoneNumberId });
		return { mediaId, body: meta.envelope([[meta.value([message])]]) };
	}

	/** Meta delivers, to this webhook processor; the status that it is answered, 0 if it is not. */
	async deliver(body: string, processor: N8n): Promise<number> {
		const answer = await this.cluster.emulator.meta
			.deliver(body, { callback: processor.url + this.path })
			.catch(() => undefined);
		return answer?.status ?? 0;
	}

	/** Oldest first. */
	async executions(): Promise<Execution[]> {
		const rows = await this.cluster.postgres.rows<{ id: number }>(
			`SELECT id FROM execution_entity WHERE "workflowId" = '${this.id}' ORDER BY id`,
		);
		const found: Execution[] = [];
		const some = 8;
		for (let at = 0; at < rows.length; at += some)
			found.push(
				...(await Promise.all(
					rows
						.slice(at, at + some)
						.map(async ({ id }) => await this.cluster.main.api.execution(String(id))),
				)),
			);
		return found;
	}

	/** Its executions, once there are at least so many and none is under way. */
	async ended(count: number, timeoutMs = 120_000): Promise<Execution[]> {
		await until(
			`workflow ${this.id} has ${count} execution(s), none under way`,
			timeoutMs,
			async () => {
				const statuses = (await this.statuses()).map(({ status }) => status);
				return (
					(statuses.length >= count && !statuses.some((status) => UNDER_WAY.includes(status))) ||
					undefined
				);
			},
		);
		return await this.executions();
	}

	async statuses(): Promise<Array<{ id: number; status: string }>> {
		return await this.cluster.postgres.rows(
			`SELECT id, status FROM execution_entity WHERE "workflowId" = '${this.id}' ORDER BY id`,
		);
	}
}

/** Of the version that the editor puts on a canvas. */
export const trigger = () => mediaNode('whatsAppMediaTrigger', 'Trigger', {}, { typeVersion: 1.1 });

let numbers = 300_000_000_000;

/** Publishes a workflow with one of our triggers, on a phone number and a credential of its own. */
export async function publish(
	cluster: Cluster,
	json: WorkflowJson,
	others: WorkflowNode['credentials'] = {},
): Promise<Flow> {
	const { emulator, main } = cluster;
	const phoneNumberId = String(++numbers);
	emulator.meta.phoneNumbers.push({ ...emulator.meta.phoneNumbers[0]!, id: phoneNumberId });
	const account = { ...credentialFor(emulator), phoneNumberId, baseUrl: '', mediaHosts: '' };
	const { id, name } = await main.api.createCredential(
		`Number ${phoneNumberId}`,
		'whatsAppMediaApi',
		account,
	);
	const credentials = { whatsAppMediaApi: { id, name }, ...others };
	const nodes = json.nodes.map((each): WorkflowNode => ({
		...each,
		webhookId: each.webhookId ?? randomUUID(),
		credentials,
	}));
	const created = await main.api.createWorkflow({ ...json, nodes });
	await main.api.activate(created.id);
	const trigger = nodes.find(({ type }) => type.endsWith('.whatsAppMediaTrigger'))!;
	return new Flow(cluster, created.id, `/webhook/${trigger.webhookId}/webhook`, phoneNumberId);
}

export const newFile = (): Incoming => ({
	type: 'document',
	mimeType: 'text/plain',
	fileName: 'Note.txt',
	bytes: Buffer.from(randomUUID()),
});

/** What an execution was started with, also when it was cut off before its first node had run. */
export function mediaIdOf({ data }: Execution): string | undefined {
	const { resultData, executionData } = data as Execution['data'] & {
		executionData?: { nodeExecutionStack: Array<{ data: { main: Item[][] } }> };
	};
	const [item] =
		Object.values(resultData.runData)[0]?.at(-1)?.data?.main[0] ??
		executionData?.nodeExecutionStack[0]?.data.main[0] ??
		[];
	return item?.json.mediaId as string | undefined;
}
