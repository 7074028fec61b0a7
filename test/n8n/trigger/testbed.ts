import { randomUUID } from 'node:crypto';

import { startEmulator, type Emulator } from '../../emulator';
import { hostOverrides } from '../../emulator/client';
import { startN8n, type N8n } from '../../support/n8n/instance';
import { packPackage } from '../../support/n8n/pack';
import { until, type Execution } from '../../support/n8n/rest';
import {
	mediaNode,
	node,
	workflow,
	type Item,
	type Json,
	type WorkflowNode,
} from '../../support/n8n/workflow';
import { credentialFor } from '../../support/harness';
import { hostPorts, publicOrigins } from '../../support/vendors';

/** Where this n8n believes it is. */
export const PUBLIC = 'https://n8n.example';
/** Another service's callback. */
export const FOREIGN = 'https://other.example/hook';

type Level = 'phoneNumber' | 'account' | 'app' | 'manual';

/**
 * One real n8n that believes it is at https://n8n.example, and Meta, which calls it there. Everything happens on one app
 * and one account; each workflow has a phone number of its own, so that no test needs a fresh n8n.
 */
export class TriggerTestbed {
	emulator!: Emulator;
	n8n!: N8n;
	/** An active workflow whose test nobody ends. */
	forgotten!: { flow: Flow; since: number };
	private numbers = 0;

	async start() {
		this.emulator = await startEmulator(publicOrigins(['meta']));
		this.n8n = await startN8n({
			packages: [await packPackage()],
			vendors: hostPorts(this.emulator, ['meta']),
			env: { N8N_WEBHOOK_URL: `${PUBLIC}/`, WEBHOOK_URL: `${PUBLIC}/` },
		});
		hostOverrides.set(PUBLIC, this.n8n.url);
		hostOverrides.set(new URL(FOREIGN).origin, 'http://127.0.0.1:9');
		this.emulator.meta.variants.webhookTimeout = 60_000;
		const flow = await this.ours();
		await flow.activate();
		this.forgotten = { flow, since: Date.now() };
		await flow.listen();
	}

	async stop() {
		await this.n8n?.stop();
		await this.emulator?.close();
	}

	/** Our trigger, as it is when it is dropped on the canvas. */
	async ours({
		level = 'phoneNumber' as Level,
		phoneNumberId = this.newNumber(),
		options = {} as Json,
	} = {}): Promise<Flow> {
		const data = { ...credentialFor(this.emulator), phoneNumberId, baseUrl: '', mediaHosts: '' };
		const { id, name } = await this.n8n.api.createCredential(
			`Number ${phoneNumberId}`,
			'whatsAppMediaApi',
			data,
		);
		const parameters = { ...(level !== 'phoneNumber' && { registration: level }), options };
		const trigger = mediaNode('whatsAppMediaTrigger', 'Trigger', parameters, {
			credentials: { whatsAppMediaApi: { id, name } },
		});
		return await this.flow(trigger, level, phoneNumberId);
	}

	/** n8n's own WhatsApp Trigger. */
	async builtIn({ phoneNumberId = this.newNumber() } = {}): Promise<Flow> {
		const { appId, appSecret } = this.emulator.meta.credentials;
		const { id, name } = await this.n8n.api.createCredential(
			'WhatsApp OAuth',
			'whatsAppTriggerApi',
			{ clientId: appId, clientSecret: appSecret },
		);
		const trigger = node(
			'n8n-nodes-base.whatsAppTrigger',
			'Trigger',
			{ updates: ['messages'], options: {} },
			{ credentials: { whatsAppTriggerApi: { id, name } } },
		);
		return await this.flow(trigger, 'app', phoneNumberId);
	}

	private async flow(trigger: WorkflowNode, level: Level, phoneNumberId: string): Promise<Flow> {
		const { id } = await this.n8n.api.createWorkflow(workflow({ nodes: [trigger] }));
		return new Flow(this, id, trigger, phoneNumberId, place(this.emulator, level, phoneNumberId));
	}

	private newNumber(): string {
		const { phoneNumbers } = this.emulator.meta;
		const id = String(200_000_000_000 + ++this.numbers);
		phoneNumbers.push({ ...phoneNumbers[0]!, id });
		return id;
	}
}

/** A workflow whose first node is a trigger for WhatsApp. */
export class Flow {
	readonly url: string;
	readonly testUrl: string;

	constructor(
		private readonly testbed: TriggerTestbed,
		readonly id: string,
		trigger: WorkflowNode,
		/** What customers write to. */
		readonly phoneNumberId: string,
		/** Where Meta delivers for it. */
		readonly place: Place,
	) {
		this.url = `${PUBLIC}/webhook/${trigger.webhookId}/webhook`;
		this.testUrl = this.url.replace('/webhook/', '/webhook-test/');
	}

	activate = async () => await this.testbed.n8n.api.activate(this.id);
	deactivate = async () => await this.testbed.n8n.api.deactivate(this.id);
	listen = async () => await this.testbed.n8n.api.listen(this.id);
	stopListening = async () => await this.testbed.n8n.api.stopListening(this.id);

	/** A customer sends a photo; the status that Meta was answered, if it had anybody to tell. */
	photo = async () => {
		const { mediaId, answer } = await this.testbed.emulator.meta.receive({
			type: 'image',
			bytes: randomUUID(),
			phoneNumberId: this.phoneNumberId,
		});
		return { mediaId, status: answer?.status };
	};

	/** The media IDs that have started this workflow, from its oldest execution on. */
	started = async () =>
		(await this.executions()).flatMap(triggerItems).map(({ json }) => json.mediaId);

	executions = async (): Promise<Execution[]> => {
		// One that ends while n8n makes the list stands in it twice.
		const ids = new Set<string>();
		const limit = 100;
		for (let from: Record<string, string> | undefined = {}; from;) {
			const query = new URLSearchParams({
				filter: JSON.stringify({ workflowId: this.id }),
				limit: String(limit),
				...from,
			});
			const page: { results: Array<{ id: string }>; nextCursor?: string | null } =
				await this.testbed.n8n.api.call('GET', `/rest/executions?${query}`);
			for (const { id } of page.results) ids.add(id);
			from = page.nextCursor ? { cursor: page.nextCursor } : undefined;
			// n8n 1 knows no cursors.
			if (page.nextCursor === undefined && page.results.length === limit)
				from = { lastId: page.results.at(-1)!.id };
		}
		const executions: Execution[] = [];
		const oldestFirst = [...ids].sort((a, b) => Number(a) - Number(b));
		// One that n8n was about to start when it was killed is "new" for ever.
		const ended = async (id: string) =>
			await this.testbed.n8n.api
				.waitForExecution(id, { timeoutMs: 10_000 })
				.catch(async () => await this.testbed.n8n.api.execution(id));
		await inParallel(oldestFirst, async (id, index) => void (executions[index] = await ended(id)));
		return executions;
	};

	/** A photo starts this workflow, in production, and Meta's callback is as plain as before any test. */
	expectReceives = async () => {
		await this.expectStarts('webhook');
		await this.expectPlain();
	};

	/** A photo starts one execution: in production, where n8n has it in its list by the time it answers, or a test. */
	expectStarts = async (mode: 'webhook' | 'manual') => {
		const { mediaId, status } = await this.photo();
		expect(status).toBe(200);
		const about = async () =>
			(await this.executions()).filter((execution) =>
				triggerItems(execution).some(({ json }) => json.mediaId === mediaId),
			);
		// Its items are to be read once it has ended, which takes a moment after the answer.
		await until('the execution is in the list', 20_000, async () => (await about())[0]);
		expect((await about()).map((execution) => execution.mode)).toEqual([mode]);
	};

	expectPlain = async (timeoutMs = 10_000) =>
		await until(
			'Meta delivers to production',
			timeoutMs,
			async () => this.place.get() === this.url || undefined,
		);
}

/** The items that started this execution. */
export function triggerItems({ data }: Execution): Item[] {
	const { resultData, executionData } = data as Execution['data'] & {
		executionData?: { nodeExecutionStack: Array<{ data: { main: Item[][] } }> };
	};
	// An execution that was killed before its first node had run still holds what it was to start with.
	return (
		resultData.runData.Trigger?.at(-1)?.data?.main[0] ??
		executionData?.nodeExecutionStack[0]?.data.main[0] ??
		[]
	);
}

/** A place that Meta holds a callback in. */
export interface Place {
	get(): string | undefined;
	set(url: string): void;
}

function place(emulator: Emulator, level: Level, phoneNumberId: string): Place {
	const { subscriptions } = emulator.meta;
	const theirs = (url: string) => ({ url, verifyToken: 'theirs' });
	if (level === 'app')
		return {
			get: () => subscriptions.app?.url,
			set: (url) =>
				(subscriptions.app = { ...theirs(url), fields: ['messages', 'flows'], version: 'v25.0' }),
		};
	if (level === 'account')
		return {
			get: () => subscriptions.account?.url,
			set: (url) => (subscriptions.account = theirs(url)),
		};
	return {
		get: () => subscriptions.phoneNumbers.get(phoneNumberId)?.url,
		set: (url) => subscriptions.phoneNumbers.set(phoneNumberId, theirs(url)),
	};
}

/** Meta goes on delivering to production, and production passes on to the test. */
export const throughTest = (active: Flow, tested = active) =>
	`${active.url}?test=${encodeURIComponent(new URL(tested.testUrl).pathname)}`;

export async function inParallel<T>(
	list: T[],
	work: (one: T, index: number) => Promise<void>,
	width = 8,
): Promise<void> {
	let next = 0;
	await Promise.all(
		Array.from({ length: width }, async () => {
			for (let index = next++; index < list.length; index = next++) await work(list[index]!, index);
		}),
	);
}

/** One for all tests of a file. */
export function sharedTestbed(): TriggerTestbed {
	jest.setTimeout(300_000);
	const testbed = new TriggerTestbed();
	beforeAll(async () => await testbed.start(), 900_000);
	afterAll(async () => await testbed.stop());
	return testbed;
}
