import type { N8n } from '../support/n8n/instance';
import type { N8nApi } from '../support/n8n/rest';

/** What became of a file that a customer sent, in words for the terminal. */

const WAIT_MS = 10_000;
const POLL_MS = 200;

interface ListedWorkflow {
	id: string;
	name: string;
	active: boolean;
	isArchived: boolean;
}

export async function listWorkflows(api: N8nApi): Promise<ListedWorkflow[]> {
	return await api.call('GET', '/rest/workflows');
}

type Listed = Awaited<ReturnType<N8nApi['executions']>>[number] & {
	workflowId: string;
	workflowName?: string;
	mode?: string;
};

type Send = (webhookUrl?: string) => Promise<{ status?: number }>;

const LEFT_OUT = {
	file: 'the trigger’s Media Types or Options leave this file out',
	text: 'texts start one only if the trigger has the option Also Start On with Text Messages',
};

/** Sends, and looks which workflow starts. */
export async function whereItWent(
	{ api, url }: N8n,
	send: Send,
	kind: keyof typeof LEFT_OUT,
): Promise<string> {
	const before = new Set((await api.executions()).map(({ id }) => id));
	const { status } = await send();
	if (status === undefined || status === 404)
		return 'Nobody receives it: publish a workflow with WhatsApp Media Trigger, or press Execute step in one, then Enter here.';
	if (status !== 200)
		return `n8n refused it with HTTP ${status}: choose the credential that the demo has made, unchanged, in the trigger. If you have changed it, press Ctrl+C and start the demo again.`;
	for (const since = Date.now(); Date.now() - since < WAIT_MS;) {
		const started = ((await api.executions()) as Listed[]).filter(({ id }) => !before.has(id));
		if (started.length) return started.map((execution) => describe(execution, url)).join('\n  ');
		await new Promise((done) => setTimeout(done, POLL_MS));
	}
	return `n8n took it, and no workflow started: ${LEFT_OUT[kind]}.`;
}

function describe({ id, workflowId, workflowName, mode }: Listed, url: string): string {
	const name = `“${workflowName ?? workflowId}”`;
	return mode === 'manual'
		? `Your test of ${name} has it: look into the editor.`
		: `The published workflow ${name} has it: ${url}/workflow/${workflowId}/executions/${id}`;
}

/** Where a vendor is told by hand where to deliver: to the test that listens, else to the workflow that is published. */
export async function sendByHand(api: N8nApi, publicUrl: string, send: Send): ReturnType<Send> {
	const workflows = (await listWorkflows(api)).filter(({ isArchived }) => !isArchived);
	const webhooks = await Promise.all(
		workflows.map(async ({ id }) =>
			(await api.workflow(id)).nodes.flatMap(({ type, webhookId }) =>
				type.endsWith('.whatsAppMediaTrigger') && webhookId ? webhookId : [],
			),
		),
	);
	const ids = webhooks.flat();
	for (const kind of ['webhook-test', 'webhook'])
		for (const webhookId of ids) {
			const answer = await send(`${publicUrl}/${kind}/${webhookId}/webhook`);
			if (answer.status !== 404) return answer;
		}
	return {};
}
