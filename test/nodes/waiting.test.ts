import { getEventListeners } from 'events';

import { backoff, retry, wait } from '../../nodes/WhatsApp/waiting';

test('a wait takes its time, and leaves no listener behind', async () => {
	const { signal } = new AbortController();
	const started = performance.now();
	const waiting = wait(30.5, signal);
	expect(getEventListeners(signal, 'abort')).toHaveLength(1);
	await waiting;
	expect(performance.now() - started).toBeGreaterThanOrEqual(30);
	expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a wait ends when its signal is aborted, or does not begin', async () => {
	const stop = new AbortController();
	const waiting = wait(3_600_000, stop.signal);
	stop.abort();
	await waiting;
	await wait(3_600_000, stop.signal);
	expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
});

test('retry tries until it succeeds, and counts', async () => {
	const causes: unknown[] = [];
	const work = async (tryNumber: number) => {
		if (tryNumber < 3) throw `failure ${tryNumber}`;
		return tryNumber;
	};
	expect(await retry(work, (cause, tries) => (causes.push([cause, tries]), 0))).toBe(3);
	expect(causes).toEqual([
		['failure 1', 1],
		['failure 2', 2],
	]);
});

test('retry gives up with the last error, when it is told to or aborted', async () => {
	const stop = new AbortController();
	let tries = 0;
	const work = async () => {
		throw new Error(`failure ${++tries}`);
	};
	await expect(retry(work, (_, after) => (after < 2 ? 0 : undefined))).rejects.toThrow('failure 2');
	const waiting = retry(work, () => (stop.abort(), 3_600_000), stop.signal);
	await expect(waiting).rejects.toThrow('failure 3');
	await expect(retry(work, () => 0, stop.signal)).rejects.toThrow('failure 4');
});

test('backoff doubles, up to a bound', () => {
	expect([1, 2, 3, 4].map((tries) => backoff(tries, 500))).toEqual([500, 1000, 2000, 4000]);
	expect(backoff(9, 1000, 120_000)).toBe(120_000);
});
