import { randomUUID } from 'node:crypto';

export type Json = Record<string, unknown>;
export type Item = { json: Json; binary?: Record<string, Binary>; pairedItem?: unknown };
/** `id` names the file in n8n's binary store; in memory mode there is none and `data` is the file, in base64. */
export type Binary = {
	id?: string;
	data: string;
	mimeType: string;
	fileName?: string;
	fileExtension?: string;
	bytes?: number;
};

export type WorkflowNode = {
	id: string;
	name: string;
	type: string;
	typeVersion: number;
	position: [number, number];
	parameters: Json;
	credentials?: Record<string, { id: string; name: string }>;
	webhookId?: string;
	onError?: 'stopWorkflow' | 'continueRegularOutput' | 'continueErrorOutput';
} & Json;

/** What a node has besides its parameters: `credentials`, `onError`, `retryOnFail`, `position` and so on. */
type NodeExtras = Partial<Omit<WorkflowNode, 'name' | 'type' | 'parameters'>>;

export type WorkflowJson = {
	name: string;
	nodes: WorkflowNode[];
	connections: Json;
	settings: Json;
	pinData?: Record<string, Item[]>;
};

/** Every node gets a webhookId: n8n's editor gives one to those that need it, and others do not mind. */
export function node(
	type: string,
	name: string,
	parameters: Json = {},
	extras: NodeExtras = {},
): WorkflowNode {
	return {
		id: randomUUID(),
		name,
		type,
		typeVersion: 1,
		position: [0, 0],
		parameters,
		webhookId: randomUUID(),
		...extras,
	};
}

/** A node of this package, by its short name such as `whatsAppDownloadMedia`. */
export const mediaNode = (type: string, name: string, parameters?: Json, extras?: NodeExtras) =>
	node(`n8n-nodes-whatsapp-media.${type}`, name, parameters, extras);

/**
 * Where a trigger of this package listens, below the instance's `url`: under `webhook` once its workflow is active, under
 * `webhook-test` while a test of it waits.
 */
export const triggerPath = (
	{ webhookId }: WorkflowNode,
	kind: 'webhook' | 'webhook-test' = 'webhook',
) => `/${kind}/${webhookId}/webhook`;

export const manualTrigger = (name = 'Start') => node('n8n-nodes-base.manualTrigger', name);

/** Answers at once; its address is `/webhook/<path>`. */
export const webhook = (name: string, path: string, parameters: Json = {}) =>
	node(
		'n8n-nodes-base.webhook',
		name,
		{ path, httpMethod: 'POST', options: {}, ...parameters },
		{ typeVersion: 2.1 },
	);

/** The Edit Fields node: the item becomes this json. Text that starts with `=` is an expression. */
export const editFields = (name: string, json: Json | string) =>
	node(
		'n8n-nodes-base.set',
		name,
		{
			mode: 'raw',
			jsonOutput: typeof json === 'string' ? json : JSON.stringify(json),
			options: {},
		},
		{ typeVersion: 3.4 },
	);

/** Runs in n8n's task runner, a process of its own. */
export const code = (name: string, jsCode: string) =>
	node('n8n-nodes-base.code', name, { jsCode }, { typeVersion: 2 });

/** Makes a file out of whatever `url` serves, under the binary field `data`. */
export const fetchFile = (name: string, url: string) =>
	node(
		'n8n-nodes-base.httpRequest',
		name,
		{ url, options: { response: { response: { responseFormat: 'file' } } } },
		{ typeVersion: 4.2 },
	);

/** From a node, to a node, and from which of its outputs (0 unless told; the error output is the last). */
export type Wire = [from: string, to: string, output?: number];

/**
 * A workflow as n8n's REST API takes it. Without `wires` each node leads to the next. `pinData` makes a trigger give
 * these items in a manual run.
 */
export function workflow({
	name = 'Test',
	nodes,
	wires = nodes.slice(1).map((to, index): Wire => [nodes[index]!.name, to.name]),
	settings = {},
	pinData,
}: {
	name?: string;
	nodes: WorkflowNode[];
	wires?: Wire[];
	settings?: Json;
	pinData?: Record<string, Item[]>;
}): WorkflowJson {
	const connections: Record<
		string,
		{ main: Array<Array<{ node: string; type: 'main'; index: 0 }>> }
	> = {};
	for (const [from, to, output = 0] of wires) {
		const { main } = (connections[from] ??= { main: [] });
		while (main.length <= output) main.push([]);
		main[output]!.push({ node: to, type: 'main', index: 0 });
	}
	const placed = nodes.map((each, index) => ({ ...each, position: at(each, index) }));
	return {
		name,
		nodes: placed,
		connections,
		settings: { executionOrder: 'v1', ...settings },
		pinData,
	};
}

/** Side by side on the canvas, unless the node was placed by hand. */
const at = ({ position }: WorkflowNode, index: number): [number, number] =>
	position[0] || position[1] ? position : [index * 220, 0];
