import { FAULTS, FILE, type NamedFault } from './catalog';
import type { Point } from './points';
import { writeReport, type Cell, type FaultTable } from './report';
import { credentialFor, sha256, startHarness, type Harness } from '../../support/harness';
import { VENDOR_FACTS } from '../../support/vendors';
import { VENDORS, type VendorEmulator } from '../../emulator';
import { quickRetries } from '../../support/quickRetries';

/** Silence is a second here, so that a thousand runs end in minutes. */
export const OPTIONS = { maxTries: 2, maxWaitSeconds: 2, timeoutSeconds: 1 };
const HANG_MS = 60_000;

/**
 * Every fault of the emulator, at each of these answers, once, and each time. Whatever happens, it ends, the right bytes or a
 * sentence come of it, and nothing is left behind. `npm run faults` plays all of them, which takes minutes, and writes the
 * tables to docs/faults.md. Otherwise it is a sample.
 */
export function faultMatrix(points: Point[]): void {
	jest.setTimeout(600_000);

	quickRetries();
	let harness: Harness;
	beforeAll(async () => {
		harness = await startHarness();
	});
	const table: FaultTable = new Map();
	afterAll(async () => {
		await harness.close();
		if (process.env.WRITE_FAULTS) await writeReport(table, new Map(), OPTIONS);
	});

	test.each(points)('$vendor, $node, $on', async (point) => {
		const cells = new Map<NamedFault, { once: Cell; always: Cell }>();
		for (const fault of FAULTS.filter((fault) => befalls(fault, point) && isPlayed(fault, point))) {
			cells.set(fault, {
				once: await judged(harness, await run(harness, point, fault, 1), fault, 'once'),
				always: await judged(harness, await run(harness, point, fault, Infinity), fault, 'always'),
			});
		}
		table.set(point, cells);
		const wrong = [...cells].flatMap(([{ name }, { once, always }]) =>
			Object.entries({ once, always })
				.filter(([, cell]) => cell.outcome === 'wrong')
				.map(([times, { words }]) => `${name}, ${times}: ${words}`),
		);
		expect(wrong).toEqual([]);
	});
}

export function befalls({ only = {} }: NamedFault, { vendor, body }: Point): boolean {
	if (only.vendor && only.vendor !== vendor) return false;
	return !only.body || only.body === body || (only.body === 'json' && body === 'change');
}

/** Statuses that the nodes tell apart, one of each kind. */
const SAMPLED_STATUSES = [400, 401, 403, 404, 429, 500, 503];

/**
 * All of them, if the table is to be written; else what a change of ours can break. A wait takes seconds each time and is
 * above the vendors: one vendor stands for it. An answer without a body has nothing but its status.
 */
function isPlayed({ fault }: NamedFault, { vendor }: Point): boolean {
	if (process.env.WRITE_FAULTS) return true;
	if (
		fault.delay === Infinity ||
		fault.stallAt !== undefined ||
		fault.headers?.['Retry-After'] === '1'
	)
		return vendor === VENDORS[0];
	return (
		fault.status === undefined ||
		fault.body !== undefined ||
		fault.status === 302 ||
		SAMPLED_STATUSES.includes(fault.status)
	);
}

interface Run {
	point: Point;
	name: string;
	result?: Awaited<ReturnType<Harness['run']>>;
	requests: number;
	left: string[];
	/** Whether the node's work is done: the file is here, or there, or gone. */
	done: () => Promise<boolean>;
}

async function run(
	harness: Harness,
	point: Point,
	{ fault }: NamedFault,
	times: number,
): Promise<Run> {
	const { emulator, engine } = harness;
	emulator.reset();
	const vendor: VendorEmulator = emulator[point.vendor];
	const { onlyInItem, publicUrl } = VENDOR_FACTS[point.vendor];
	const mediaId = vendor.store.add({ bytes: FILE, mimeType: 'image/jpeg', inbound: true });
	const known = { mimeType: 'image/jpeg', size: FILE.length, sha256: sha256(FILE) };
	const item: Record<string, unknown> = {
		mediaId,
		...Object.fromEntries(onlyInItem.map((field) => [field, known[field]])),
	};
	if (point.link) item.url = publicUrl!(emulator, mediaId);
	const fileName = 'contract.jpg';
	const data =
		point.node === 'UploadMedia'
			? await engine.file(FILE, { mimeType: 'image/jpeg', fileName })
			: undefined;
	const before = new Set(await engine.binaryFiles());
	vendor.fault({ on: point.on, times, ...fault });
	const own: Record<string, object> = {
		DownloadMedia: { maxSizeMb: 1 },
		// Else an answer that the file is gone counts as the work done.
		DeleteMedia: { missingIsDeleted: false },
	};
	const options = { ...OPTIONS, ...own[point.node] };
	const running = harness.run(
		point.node,
		[data ? { json: {}, binary: { data } } : (item as never)],
		{
			credentials: { whatsAppMediaApi: credentialFor(emulator, point.vendor) },
			parameters: { options },
		},
	);
	let timer: NodeJS.Timeout | undefined;
	const result = await Promise.race([
		running,
		new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), HANG_MS))),
	]);
	clearTimeout(timer);
	const output = result?.output[0]?.[0];
	return {
		point,
		name: data ? fileName : mediaId,
		result,
		requests: emulator.requests.length,
		left: (await engine.binaryFiles()).filter((file) => !before.has(file)),
		async done() {
			if (point.node === 'GetMediaUrl') return typeof output?.json.url === 'string';
			if (point.node === 'DownloadMedia')
				return output?.json.sha256 === sha256(FILE) && (await result!.binary(output)).equals(FILE);
			if (point.node === 'DeleteMedia')
				return output?.json.deleted === true && !vendor.store.live(mediaId);
			return (
				vendor.store.live(String(output?.json.mediaId))?.sha256.toString('hex') === sha256(FILE)
			);
		},
	};
}

async function judged(
	harness: Harness,
	run: Run,
	{ once, harmless, fault }: NamedFault,
	times: 'once' | 'always',
): Promise<Cell> {
	const { point, name, result, requests, left } = run;
	const isDownload = point.node === 'DownloadMedia';
	const cell = (outcome: Cell['outcome'], words: string): Cell => ({
		outcome,
		words: anonymous(words, name),
		requests,
	});
	const wrong = (words: string) => cell('wrong', words);
	if (!result) return wrong('it hangs');
	const secrets = Object.values(credentialFor(harness.emulator, point.vendor)).filter(
		(value) => value.length > 12 && !value.startsWith('http'),
	);
	// What the provider itself calls the file's URL is what Get Media URL is for.
	const leaked = [...secrets, ...(result.error ? ['hunter2'] : [])].find((secret) =>
		result.saved.includes(secret),
	);
	if (leaked) return wrong(`a secret is saved: ${leaked}`);
	if (left.some((file) => file.includes('.tmp')))
		return wrong(`half a file stays behind: ${left.join()}`);

	if (!result.error) {
		const unverified =
			isDownload && fault.wrongBytes && result.output[0]![0]!.json.verified === false;
		const unannounced = isDownload && fault.wrongBytes && !VENDOR_FACTS[point.vendor].announcesHash;
		if (!unverified && !unannounced && !(await run.done()))
			return wrong(`the result is not right: ${JSON.stringify(result.output[0]?.[0]?.json)}`);
		if (times === 'once' && once === 'says') return wrong('nothing is said');
		// The bytes, and what n8n notes of them.
		if (left.length !== (isDownload ? 2 : 0)) return wrong(`${left.length} files in the store`);
		return cell(
			'recovered',
			unverified
				? 'went on, marked `verified: false`'
				: unannounced
					? `went on: ${VENDOR_FACTS[point.vendor].title} announces no hash`
					: '',
		);
	}
	const { message, description } = result.error as Error & { description?: string };
	if (harmless || (times === 'once' && once === 'recovers'))
		return wrong(`it does not recover: ${message}`);
	if (!message.includes(name)) return wrong(`the file is not named: ${message}`);
	if (!description) return wrong(`no description: ${message}`);
	const said = `${message} ${description}`;
	if (/undefined|\bnull\b|NaN|\[object|\bat .*\.[jt]s|hash=|Signature=/.test(said))
		return wrong(`not for people: ${said}`);
	if (left.length) return wrong(`${left.length} files stay behind`);
	return cell('said', message);
}

/** The same at every run: without IDs and ports. */
function anonymous(words: string, name: string): string {
	return words
		.replaceAll(name, /^contract/.test(name) ? name : '…')
		.replace(/127\.0\.0\.1:\d+/g, '{host}')
		.replace(/\b[0-9a-f]{64}\b/g, '{hash}');
}
