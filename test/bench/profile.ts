import { writeFile } from 'node:fs/promises';
import { WebSocket } from 'undici';

/** Where a process spends its time, asked through Node's own inspector. */
export async function startProfiler(inspectorPort: number) {
	const [{ webSocketDebuggerUrl }] = (await (
		await fetch(`http://127.0.0.1:${inspectorPort}/json/list`)
	).json()) as [{ webSocketDebuggerUrl: string }];
	const socket = new WebSocket(webSocketDebuggerUrl);
	await new Promise((done) => socket.addEventListener('open', done, { once: true }));
	let serial = 0;
	const call = async <T>(method: string, params = {}): Promise<T> => {
		const id = ++serial;
		return await new Promise((resolve) => {
			const listen = ({ data }: { data: string }) => {
				const answer = JSON.parse(data);
				if (answer.id !== id) return;
				socket.removeEventListener('message', listen);
				resolve(answer.result);
			};
			socket.addEventListener('message', listen);
			socket.send(JSON.stringify({ id, method, params }));
		});
	};
	await call('Profiler.enable');
	await call('Profiler.setSamplingInterval', { interval: 500 });
	return {
		start: async () => await call('Profiler.start'),
		/** Keeps the profile for Chrome's DevTools, and answers with its summary. */
		async stop(file: string): Promise<string> {
			const { profile } = await call<{ profile: Profile }>('Profiler.stop');
			await writeFile(file, JSON.stringify(profile));
			return summary(profile);
		},
	};
}

type Frame = { functionName: string; url: string; lineNumber: number };
type Profile = {
	nodes: Array<{ id: number; callFrame: Frame; children?: number[] }>;
	samples: number[];
	timeDeltas: number[];
	startTime: number;
	endTime: number;
};

/** What a frame is about, by its file; the innermost frame that tells decides. */
const WORK: Array<[string, RegExp]> = [
	['this package', /^n8n-nodes-whatsapp-media\//],
	['TLS connections', /^(https-proxy-agent|agent-base)\/|^node:.*tls/],
	['sockets', /^node:(internal\/)?(net|stream_base)/],
	['HTTP', /^node:.*_?http/],
	["n8n's request helper, axios", /^(axios|@n8n\/backend-network)\//],
	['writing files', /^@n8n\/blob-storage\/|^node:(internal\/)?fs|binary-data/],
	['database', /^(@n8n\/(typeorm|db)|sqlite3)\//],
	['isolates for expressions', /^(@n8n\/expression-runtime|isolated-vm)\//],
	['n8n, other', /^(n8n|n8n-core|n8n-workflow|@n8n\/[^/]+|flatted|express)\//],
];

function workOf(stack: Frame[]): string {
	const [leaf] = stack;
	// n8n's C++ and the kernel's time; no frame tells for whom.
	if (leaf!.functionName.startsWith('(')) return leaf!.functionName;
	const urls = stack.map(({ url }) => shortUrl(url));
	for (const url of urls)
		for (const [name, files] of WORK)
			if (files.test(url))
				return name === WORK[0]![0] && urls.some((each) => each.includes('crypto/hash'))
					? `${name}: SHA-256`
					: name;
	return 'other';
}

/** By work; by package: the time in its own functions; and by function, with all that it calls. */
export function summary({ nodes, samples, timeDeltas }: Profile): string {
	const byId = new Map(nodes.map((node) => [node.id, node]));
	const parent = new Map(
		nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
	);
	const self = new Map<string, number>();
	const work = new Map<string, number>();
	const functions = new Map<string, number>();
	let total = 0;
	const add = (map: Map<string, number>, key: string, ms: number) =>
		map.set(key, (map.get(key) ?? 0) + ms);
	samples.forEach((sample, index) => {
		const ms = timeDeltas[index]! / 1000;
		const leaf = byId.get(sample)!.callFrame;
		if (leaf.functionName === '(idle)') return;
		total += ms;
		add(self, packageOf(leaf), ms);
		const stack: Frame[] = [];
		const named = new Set<string>();
		for (let id: number | undefined = sample; id !== undefined; id = parent.get(id)) {
			const { callFrame } = byId.get(id)!;
			stack.push(callFrame);
			const name = `${callFrame.functionName || '(anonymous)'} ${shortUrl(callFrame.url)}:${callFrame.lineNumber + 1}`;
			if (!named.has(name)) add(functions, name, ms);
			named.add(name);
		}
		add(work, workOf(stack), ms);
	});
	const table = (title: string, map: Map<string, number>, count: number) =>
		[
			title,
			...[...map]
				.sort((a, b) => b[1] - a[1])
				.slice(0, count)
				.map(
					([name, ms]) =>
						`${ms.toFixed(0).padStart(7)} ms ${((100 * ms) / total).toFixed(0).padStart(3)} %  ${name}`,
				),
		].join('\n');
	return [
		`busy ${total.toFixed(0)} ms`,
		table('By work', work, 20),
		table('Self, by package', self, 15),
		table('Under a function', functions, 90),
	].join('\n\n');
}

function packageOf({ url, functionName }: Frame): string {
	if (!url) return functionName.startsWith('(') ? functionName : 'native';
	if (url.startsWith('node:')) return url.replace('node:internal/', 'node:').split('/')[0]!;
	const name = url.split('/node_modules/').at(-1)!.split('/');
	return name[0]!.startsWith('@') ? `${name[0]}/${name[1]}` : name[0]!;
}

function shortUrl(url: string): string {
	return url.split('/node_modules/').at(-1)!;
}
