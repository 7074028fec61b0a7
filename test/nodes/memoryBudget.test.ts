import { sleep } from 'n8n-workflow';

import { MemoryBudget, type Share } from '../../nodes/WhatsApp/transfer/memoryBudget';

const MB = 1_000_000;
const TIMEOUT_MS = 300;

/** A file under way, until `end` is called. */
function begin(budget: MemoryBudget, size: number | undefined, timeoutMs = 60_000) {
	let end = () => {};
	const ended = new Promise<void>((resolve) => (end = resolve));
	const stop = new AbortController();
	const file = { hasBegun: false, share: {} as Share, end, stop };
	const work = async (share: Share) => {
		Object.assign(file, { hasBegun: true, share });
		await ended;
	};
	const done = budget.run(size, work, { timeoutMs, signal: stop.signal });
	done.catch(() => {});
	return Object.assign(file, { done });
}

/** Long enough for everything that can happen without a timer. */
const settle = async () => await new Promise((resolve) => setImmediate(resolve));

test('files get room in their order; a small one never waits', async () => {
	const budget = new MemoryBudget(100 * MB);
	const files = [60, 60, 30].map((size) => begin(budget, size * MB));
	const small = begin(budget, MB);
	await settle();
	expect(files.map(({ hasBegun }) => hasBegun)).toEqual([true, false, false]);
	expect(small.hasBegun).toBe(true);
	files[0]!.end();
	await files[0]!.done;
	await settle();
	expect(files.map(({ hasBegun }) => hasBegun)).toEqual([true, true, true]);
});

test('a size that turns out smaller makes room at once', async () => {
	const budget = new MemoryBudget(100 * MB);
	const [first, second] = [begin(budget, 100 * MB), begin(budget, 50 * MB)];
	await settle();
	expect(second.hasBegun).toBe(false);
	await first.share.setSize(7);
	await settle();
	expect(second.hasBegun).toBe(true);
});

test('files of unknown size count as they come, and never all wait for one another', async () => {
	const budget = new MemoryBudget(100 * MB);
	const files = Array.from({ length: 30 }, () => ({ ...begin(budget, undefined), received: 0 }));
	await settle();
	const inMemory = () => files.reduce((sum, { received }) => sum + received, 0);
	let most = 0;
	const receive = async (file: (typeof files)[number]) => {
		for (let megabytes = 0; megabytes < 40; megabytes++) {
			file.received += MB;
			most = Math.max(most, inMemory());
			await file.share.grow(file.received);
			await settle();
		}
		file.received = 0;
		file.end();
		await file.done;
	};
	await Promise.all(files.map(receive));
	// The limit, the one file that may grow over it, and what each has before it waits.
	expect(most).toBeLessThanOrEqual((100 + 40 + 2 * 30) * MB);
});

describe('nobody waits longer than Timeout', () => {
	const until = async (isTrue: () => boolean) => {
		while (!isTrue()) await sleep(10);
	};

	test('for a file that has announced much and sends little', async () => {
		const budget = new MemoryBudget(100 * MB);
		const liar = begin(budget, 100 * MB, TIMEOUT_MS);
		const others = [begin(budget, 90 * MB), begin(budget, 20 * MB)];
		await settle();
		void liar.share.grow(1000);
		const started = Date.now();
		await until(() => others[0]!.hasBegun);
		expect(Date.now() - started).toBeGreaterThan(TIMEOUT_MS / 2);
		// What has really come counts, and what others have announced.
		expect(others[1]!.hasBegun).toBe(false);
		others[0]!.end();
		await until(() => others[1]!.hasBegun);
	});

	test('for one whose own Timeout is longer: all that fit come in, not one each Timeout', async () => {
		const budget = new MemoryBudget(100 * MB);
		const patient = begin(budget, 100 * MB);
		const others = Array.from({ length: 5 }, () => begin(budget, 20 * MB, TIMEOUT_MS));
		const started = Date.now();
		await until(() => others.every(({ hasBegun }) => hasBegun));
		expect(Date.now() - started).toBeLessThan(2 * TIMEOUT_MS);
		patient.end();
		await patient.done;
	});

	test('for files that really hold all memory and never end', async () => {
		const budget = new MemoryBudget(100 * MB);
		const stuck = [begin(budget, 50 * MB, TIMEOUT_MS), begin(budget, 50 * MB, TIMEOUT_MS)];
		await settle();
		for (const { share } of stuck) void share.grow(50 * MB);
		const others = [60, 40, 60].map((size) => begin(budget, size * MB, TIMEOUT_MS));
		await until(() => others[1]!.hasBegun);
		expect(others.map(({ hasBegun }) => hasBegun)).toEqual([true, true, false]);
		others[0]!.end();
		await until(() => others[2]!.hasBegun);
	});
});

test('waiting ends with the execution', async () => {
	const budget = new MemoryBudget(100 * MB);
	const holder = begin(budget, 100 * MB);
	const waiting = begin(budget, 50 * MB);
	const growing = begin(budget, undefined);
	await settle();
	const growth = growing.share.grow(2 * MB);
	waiting.stop.abort();
	growing.stop.abort();
	await expect(waiting.done).rejects.toThrow('canceled');
	await expect(growth).rejects.toThrow('canceled');
	expect(waiting.hasBegun).toBe(false);
	growing.end();
	holder.end();
	await holder.done;
});
