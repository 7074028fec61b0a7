import { until } from '../support/n8n/rest';
import { node, workflow, type WorkflowNode } from '../support/n8n/workflow';
import { PUBLIC, type Testbed } from './testbed';
import {
	bareTrigger,
	builtInDownload,
	builtInTrigger,
	download,
	plainWebhook,
	trigger,
} from './peers';
import type { Peers, Row } from './row';

/** In each round: five make 400. */
const DELIVERIES = 80;
const AT_ONCE = 16;

/** Deliveries as a busy number has them: for each message, so many statuses of what the business sent. */
function bodies({ emulator: { meta } }: Testbed, statuses: number): string[] {
	const states = ['sent', 'delivered', 'read'] as const;
	return Array.from({ length: DELIVERIES }, (_, index) => {
		const turn = index % (statuses + 1);
		const item = turn
			? meta.status(states[(turn - 1) % 3]!)
			: meta.prepare({ type: 'image', bytes: `photo ${index}` }).message;
		return meta.envelope([[meta.value([item])]]);
	});
}

/** Deliveries per second, from the first until everything that they started has ended. */
async function deliver(
	testbed: Testbed,
	flow: { id: string; url: string },
	all: string[],
	executions: number,
): Promise<number> {
	const sinceId =
		(await testbed.sql<{ id: number | null }>('select max(id) as id from execution_entity'))[0]!
			.id ?? 0;
	const started = performance.now();
	let next = 0;
	const worker = async () => {
		while (next < all.length) {
			const { status } = await testbed.emulator.meta.deliver(all[next++]!, { callback: flow.url });
			if (status !== 200) throw new Error(`n8n answered ${status}`);
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, worker));
	await until('all executions have ended', 120_000, async () => {
		const [count] = await testbed.sql<{ ended: number; all: number }>(
			`select count(*) as "all", count(stoppedAt) as ended from execution_entity where workflowId = '${flow.id}' and id > ${sinceId}`,
		);
		if (count!.all > executions)
			throw new Error(`${count!.all} executions instead of ${executions}`);
		return count!.ended === executions || undefined;
	});
	return (all.length * 1000) / (performance.now() - started);
}

async function activated(
	testbed: Testbed,
	node: WorkflowNode,
	rest: WorkflowNode[] = [],
): Promise<{ id: string; url: string }> {
	// Meta has one place for an app's deliveries, and n8n's own trigger wants it empty.
	testbed.emulator.meta.subscriptions.app = undefined;
	const { id } = await testbed.n8n.api.createWorkflow(workflow({ nodes: [node, ...rest] }));
	await testbed.n8n.api.activate(id);
	const path =
		node.type === 'n8n-nodes-base.webhook'
			? String(node.parameters.path)
			: `${node.webhookId}/webhook`;
	return { id, url: `${PUBLIC}/webhook/${path}` };
}

function row(
	name: string,
	what: string,
	statuses: number,
	peers: string[],
	bars: Row['bars'],
): Row {
	const nodes: Record<string, (testbed: Testbed) => WorkflowNode> = {
		'built-in': (testbed) => builtInTrigger(testbed),
		'built-in, told to drop statuses': (testbed) =>
			builtInTrigger(testbed, { messageStatusUpdates: [] }),
		'plain Webhook': () => plainWebhook(`plain-${name}`),
		'bare node': () => bareTrigger(),
		ours: (testbed) => trigger(testbed),
	};
	return {
		name,
		what,
		unit: '/s',
		bars,
		async prepare(testbed) {
			testbed.delay(0);
			const media = DELIVERIES / (statuses + 1);
			const all: Peers = {};
			for (const peer of peers) {
				const flow = await activated(testbed, nodes[peer]!(testbed));
				const drops = peer === 'ours' || peer.includes('drop');
				all[peer] = async () => ({
					value: await deliver(
						testbed,
						flow,
						bodies(testbed, statuses),
						drops ? media : DELIVERIES,
					),
				});
			}
			return all;
		},
	};
}

/** What a chain that starts with a message writes into n8n's database, in bytes. */
function written(
	name: string,
	what: string,
	deliveriesOf: (testbed: Testbed) => string[],
	between: WorkflowNode[],
	bars: Row['bars'],
	frame = false,
): Row {
	return {
		name,
		what,
		unit: 'bytes',
		bars,
		rounds: 5,
		warmUps: 1,
		async prepare(testbed) {
			testbed.delay(0);
			const peer = async (nodes: WorkflowNode[]) => {
				const flow = await activated(testbed, nodes[0]!, nodes.slice(1));
				const drops = nodes[0]!.type.includes('whatsAppMediaTrigger');
				return async () => {
					const since =
						(
							await testbed.sql<{ id: number | null }>('select max(id) as id from execution_entity')
						)[0]!.id ?? 0;
					const all = deliveriesOf(testbed);
					for (const body of all) await testbed.emulator.meta.deliver(body, { callback: flow.url });
					const expected = drops ? 1 : all.length;
					const sum = `select count(*) as n, sum(length(cast(d.data as blob))) as bytes from execution_data d join execution_entity e on e.id = d.executionId where e.workflowId = '${flow.id}' and e.id > ${since} and e.stoppedAt is not null`;
					const value = await until('it is written', 30_000, async () => {
						const [row] = await testbed.sql<{ n: number; bytes: number }>(sum);
						return row!.n === expected ? row!.bytes : undefined;
					});
					return { value };
				};
			};
			return {
				'built-in': await peer([
					builtInTrigger(testbed),
					...between,
					...builtInDownload(testbed, '={{ $json.messages[0].image.id }}'),
				]),
				ours: await peer([trigger(testbed), ...download(testbed)]),
				// A file in an empty item: what n8n itself writes.
				...(frame && {
					'bare node': await peer([
						bareTrigger(),
						node(
							'n8n-nodes-base.convertToFile',
							'File',
							{ operation: 'toJson', options: {} },
							{ typeVersion: 1.1 },
						),
					]),
				}),
			};
		},
	};
}

/** What everybody needs behind n8n's own trigger, which starts for statuses, too. */
const onlyMessages = () => {
	const condition = {
		id: 'messages',
		leftValue: '={{ $json.messages }}',
		rightValue: '',
		operator: { type: 'array', operation: 'exists', singleValue: true },
	};
	const conditions = {
		options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 },
		conditions: [condition],
		combinator: 'and',
	};
	return node(
		'n8n-nodes-base.filter',
		'Messages',
		{ conditions, options: {} },
		{ typeVersion: 2.2 },
	);
};

const one = (testbed: Testbed) => [
	testbed.emulator.meta.envelope([
		[
			testbed.emulator.meta.value([
				testbed.emulator.meta.prepare({ type: 'image', bytes: 'photo' }).message,
			]),
		],
	]),
];

export const deliveries: Row[] = [
	row(
		'statuses',
		'80 deliveries, 16 at once, 75 % statuses',
		3,
		['built-in', 'built-in, told to drop statuses', 'plain Webhook', 'ours'],
		[
			{ of: 'ours / built-in', atLeast: 2 },
			{ of: 'ours / built-in, told to drop statuses', atLeast: 1.5 },
		],
	),
	row(
		'media',
		'80 deliveries, 16 at once, all of them media',
		0,
		['built-in', 'plain Webhook', 'bare node', 'ours'],
		[{ of: 'ours / plain Webhook', atLeast: 0.9 }, { of: 'ours / bare node' }],
	),
	written(
		'written',
		'execution data in the database, message received and downloaded',
		one,
		[],
		[{ of: 'ours / built-in', atMost: 0.5 }],
		true,
	),
	written(
		'written-statuses',
		'the same, with the three statuses that come with a message',
		(testbed) => [
			...one(testbed),
			...(['sent', 'delivered', 'read'] as const).map((state) =>
				testbed.emulator.meta.envelope([
					[testbed.emulator.meta.value([testbed.emulator.meta.status(state)])],
				]),
			),
		],
		[onlyMessages()],
		[{ of: 'ours / built-in', atMost: 0.5 }],
	),
];
