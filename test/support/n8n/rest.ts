import { parse } from 'flatted';
import type { Binary, Item, Json, WorkflowJson } from './workflow';

/** The owner of every n8n that the harness starts. */
export const owner = {
	email: 'owner@example.com',
	firstName: 'Test',
	lastName: 'Owner',
	password: 'Whatsapp-media-1',
};

export type Credential = { id: string; name: string; type: string };

export type NodeRun = {
	executionStatus: string;
	executionTime: number;
	error?: Json & { message: string; description?: string };
	/** Items by output, of the main connection. */
	data?: { main: Array<Item[] | null> };
	hints?: Array<{ message: string }>;
};

export type Execution = {
	id: string;
	workflowId: string;
	status: 'new' | 'running' | 'waiting' | 'success' | 'error' | 'crashed' | 'canceled';
	mode: string;
	startedAt: string;
	stoppedAt?: string;
	data: {
		resultData: {
			runData: Record<string, NodeRun[]>;
			lastNodeExecuted?: string;
			error?: NodeRun['error'];
		};
	};
};

export type N8nApi = Awaited<ReturnType<typeof signIn>>;

const POLL_MS = 100;

/** The items a node gave, in its last run. */
export function items(execution: Execution, nodeName: string, output = 0): Item[] {
	return execution.data.resultData.runData[nodeName]?.at(-1)?.data?.main[output] ?? [];
}

/** n8n's own REST API, as its editor uses it, signed in as the owner (who is created if there is none yet). */
export async function signIn(url: string) {
	// Each call has its own connection: n8n closes idle ones after 5 s, sometimes just as the next call goes out.
	// The session is bound to the browser-id it was opened with; push-ref names a tab, and manual runs want one.
	const headers: Record<string, string> = {
		'browser-id': 'test-harness',
		'push-ref': 'test-harness',
		connection: 'close',
	};

	async function send(method: string, path: string, body?: unknown) {
		const plain = body === undefined || body instanceof FormData;
		const response = await fetch(`${url}${path}`, {
			method,
			headers: plain ? headers : { ...headers, 'content-type': 'application/json' },
			body: plain ? body : JSON.stringify(body),
		});
		const cookie = response.headers.get('set-cookie');
		if (cookie) headers.cookie = cookie.split(';')[0]!;
		if (!response.ok) {
			const text = await response.text();
			const { message = text } = text.startsWith('{') ? JSON.parse(text) : {};
			throw new Error(`n8n: ${method} ${path} answered ${response.status}: ${message}`);
		}
		return response;
	}
	/** Most answers are `{ data }`. */
	async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
		const text = await (await send(method, path, body)).text();
		return (text ? JSON.parse(text).data : undefined) as T;
	}

	// Just started, on a busy machine, n8n may answer without any settings; n8n 1 says that it is up before it serves any.
	type Settings = { userManagement: { showSetupOnFirstLoad: boolean } } | undefined;
	const { userManagement } = await until(
		'n8n has its settings',
		60_000,
		async () =>
			await call<Settings>('GET', '/rest/settings').catch((error: Error) => {
				if (!error.message.includes('answered 404')) throw error;
				return undefined;
			}),
	);
	if (userManagement.showSetupOnFirstLoad) await call('POST', '/rest/owner/setup', owner);
	else
		await call('POST', '/rest/login', {
			emailOrLdapLoginId: owner.email,
			password: owner.password,
		});

	const { versionCli } = await call<{ versionCli: string }>('GET', '/rest/settings');
	/** It activates before it answers, runs what is sent to it rather than what it has saved, and tests only credentials that it has. */
	const isVersion1 = versionCli.startsWith('1.');

	const api = {
		/** Anything that has no function here, such as `call('GET', '/rest/settings')`. */
		call,

		async createCredential(name: string, type: string, data: Json): Promise<Credential> {
			return await call('POST', '/rest/credentials', { name, type, data });
		},
		/** What the Test button of the credential's form says. `id` is only needed to test what is stored. */
		async testCredential(credential: { id?: string; name?: string; type: string; data: Json }) {
			const stored =
				isVersion1 && !credential.id
					? await api.createCredential('Test', credential.type, credential.data)
					: { id: '' };
			return await call<{ status: 'OK' | 'Error'; message: string }>(
				'POST',
				'/rest/credentials/test',
				{
					credentials: { id: stored.id, name: 'Test', ...credential },
				},
			);
		},

		async createWorkflow(
			workflow: WorkflowJson,
		): Promise<WorkflowJson & { id: string; versionId: string }> {
			return await call(
				'POST',
				'/rest/workflows',
				isVersion1 ? { ...workflow, active: false } : workflow,
			);
		},
		async workflow(
			id: string,
		): Promise<WorkflowJson & { id: string; versionId: string; active: boolean }> {
			return await call('GET', `/rest/workflows/${id}`);
		},
		async updateWorkflow(id: string, changes: Partial<WorkflowJson>): Promise<void> {
			const { versionId } = await api.workflow(id);
			await call('PATCH', `/rest/workflows/${id}`, { ...changes, versionId });
		},
		async deleteWorkflow(id: string): Promise<void> {
			await call('POST', `/rest/workflows/${id}/archive`, {});
			// Which unpublishes, too, and until that is done it cannot be deleted.
			await api.settledPublication(id, 60_000);
			await call('DELETE', `/rest/workflows/${id}`);
		},
		/** Publishes, and resolves when every trigger has registered. Rejects with the triggers' own words if one has not. */
		async activate(id: string, { timeoutMs = 60_000 } = {}): Promise<void> {
			if (isVersion1) return await call('PATCH', `/rest/workflows/${id}`, { active: true });
			const { versionId } = await api.workflow(id);
			await call('POST', `/rest/workflows/${id}/activate`, { versionId });
			const { status, triggers } = await api.settledPublication(id, timeoutMs);
			if (status === 'published') return;
			const reasons = triggers.map(({ errorMessage }) => errorMessage).filter(Boolean);
			throw new Error(
				`Workflow ${id} is ${status}: ${reasons.join('; ') || 'n8n gives no reason'}`,
			);
		},
		async deactivate(id: string, { timeoutMs = 60_000 } = {}): Promise<void> {
			if (isVersion1) return await call('PATCH', `/rest/workflows/${id}`, { active: false });
			await call('POST', `/rest/workflows/${id}/deactivate`, {});
			await api.settledPublication(id, timeoutMs);
		},
		/** n8n answers activate and deactivate at once and does the work afterwards. */
		async settledPublication(id: string, timeoutMs: number) {
			return await until(`workflow ${id} is (de)activated`, timeoutMs, async () => {
				const publication = await call<{
					status: string;
					triggers: Array<{ errorMessage: string | null }>;
				}>('GET', `/rest/workflows/${id}/publication-status`);
				return publication.status === 'in_progress' ? undefined : publication;
			});
		},

		/** A manual run, as the Execute button does, from this trigger (the first node, unless told). */
		async run(id: string, options: { from?: string; timeoutMs?: number } = {}): Promise<Execution> {
			const { executionId } = await api.execute(id, options.from);
			if (!executionId) throw new Error(`Workflow ${id} now waits for its webhook: use listen()`);
			return await api.waitForExecution(executionId, options);
		},
		/** A test webhook opens, for two minutes or until the first call that starts something. */
		async listen(id: string, options: { from?: string } = {}): Promise<void> {
			const { waitingForWebhook } = await api.execute(id, options.from);
			if (!waitingForWebhook)
				throw new Error(`Workflow ${id} ran at once: its trigger has no webhook`);
		},
		async stopListening(id: string): Promise<void> {
			await call('DELETE', `/rest/test-webhook/${id}`);
		},
		/** What run() and listen() share; it does not wait. */
		async execute(id: string, from?: string) {
			const workflowData = await api.workflow(id);
			return await call<{ executionId?: string; waitingForWebhook?: boolean }>(
				'POST',
				`/rest/workflows/${id}/run`,
				{
					...(isVersion1 && { workflowData }),
					triggerToStartFrom: { name: from ?? workflowData.nodes[0]!.name },
				},
			);
		},

		/** Newest first, without their data. */
		async executions(
			filter: { workflowId?: string; status?: string } = {},
		): Promise<Array<Omit<Execution, 'data'>>> {
			const query = new URLSearchParams({ filter: JSON.stringify(filter), limit: '100' });
			return (
				await call<{ results: Array<Omit<Execution, 'data'>> }>('GET', `/rest/executions?${query}`)
			).results;
		},
		async execution(id: string): Promise<Execution> {
			const execution = await call<Omit<Execution, 'data'> & { data: string }>(
				'GET',
				`/rest/executions/${id}`,
			);
			return { ...execution, data: parse(execution.data) as Execution['data'] };
		},
		async waitForExecution(id: string, { timeoutMs = 60_000 } = {}): Promise<Execution> {
			return await until(`execution ${id} ends`, timeoutMs, async () => {
				const execution = await api.execution(id);
				const { lastNodeExecuted, error } = execution.data?.resultData ?? {};
				// n8n 1 writes the status before the data.
				const isWritten = !isVersion1 || lastNodeExecuted || error;
				return ['new', 'running', 'waiting'].includes(execution.status) || !isWritten
					? undefined
					: execution;
			});
		},
		/** Resolves when the workflow has had so many executions and all have ended; newest first. */
		async waitForExecutions(
			workflowId: string,
			count = 1,
			{ timeoutMs = 60_000 } = {},
		): Promise<Execution[]> {
			const found = await until(
				`workflow ${workflowId} has ${count} execution(s)`,
				timeoutMs,
				async () => {
					const list = await api.executions({ workflowId });
					return list.length >= count ? list : undefined;
				},
			);
			return await Promise.all(found.map(({ id }) => api.waitForExecution(id, { timeoutMs })));
		},
		async stopExecution(id: string): Promise<void> {
			await call('POST', `/rest/executions/${id}/stop`, {});
		},

		/** The file's bytes, wherever n8n keeps them. */
		async bytes(binary: Binary): Promise<Buffer> {
			if (!binary.id) return Buffer.from(binary.data, 'base64');
			const query = new URLSearchParams({ id: binary.id, action: 'download' });
			return Buffer.from(await (await send('GET', `/rest/binary-data?${query}`)).arrayBuffer());
		},

		/** The node types that the editor offers whose name starts so. */
		async nodeTypes(prefix = 'n8n-nodes-whatsapp-media.') {
			const all = (await (await send('GET', '/types/nodes.json')).json()) as Array<
				Json & { name: string; displayName: string }
			>;
			return all.filter(({ name }) => name.startsWith(prefix));
		},

		/** Settings > Community nodes > Install (or Update). */
		async installPackage(name: string): Promise<void> {
			await call('POST', '/rest/community-packages', { name });
		},
		async updatePackage(name: string): Promise<void> {
			await call('PATCH', '/rest/community-packages', { name });
		},
		async installedPackages() {
			return await call<Array<{ packageName: string; installedVersion: string }>>(
				'GET',
				'/rest/community-packages',
			);
		},
	};
	return api;
}

/** Asks until there is an answer. */
export async function until<T>(
	what: string,
	timeoutMs: number,
	ask: () => Promise<T | undefined>,
): Promise<T> {
	for (const started = Date.now(); Date.now() - started < timeoutMs;) {
		const answer = await ask();
		if (answer !== undefined) return answer;
		await new Promise((done) => setTimeout(done, POLL_MS));
	}
	throw new Error(`Waited ${timeoutMs / 1000} s in vain until ${what}.`);
}
