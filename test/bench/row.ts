import type { Bed } from './bed';

/** One line of the table: several peers at the same work, in turn. */
export interface Row {
	name: string;
	/** What is done, for the table. */
	what: string;
	unit: string;
	/** What the issue asks for. */
	bars: Bar[];
	/** How often, where the default is too often or too seldom. */
	rounds?: number;
	/** Makes what the rounds need; answers with the peers, each of which measures itself once. */
	prepare(bed: Bed): Promise<Record<string, () => Promise<number>>>;
}

export interface Bar {
	/** `a / b`, or one peer's own number. */
	of: string;
	atMost?: number;
	atLeast?: number;
	unit?: string;
}

export interface Measured {
	name: string;
	what: string;
	unit: string;
	rounds: Record<string, number[]>;
	bars: Bar[];
}

export interface Result extends Measured {
	engine: string;
	date: string;
	machine: string;
}

export const median = (numbers: number[]): number => {
	const sorted = [...numbers].sort((a, b) => a - b);
	const middle = sorted.length >> 1;
	return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** A bar's value: ratios are taken within each round, where both peers had the same machine. */
export function valueOf({ of }: Bar, rounds: Record<string, number[]>): number {
	const [over, under] = of.split(' / ');
	return median(rounds[over!]!.map((value, round) => value / (under ? rounds[under]![round]! : 1)));
}

/** Every peer once before anything counts, then in turn, a different one first each time. `done` after each round, with all so far. */
export async function measure(row: Row, bed: Bed, rounds: number, say: (line: string) => void, done: (measured: Measured) => Promise<void>): Promise<void> {
	const peers = Object.entries(await row.prepare(bed));
	const measured: Record<string, number[]> = Object.fromEntries(peers.map(([name]) => [name, []]));
	const { name, what, unit, bars } = row;
	for (let round = -1; round < (row.rounds ?? rounds); round++) {
		const first = Math.max(round, 0) % peers.length;
		for (const [peer, run] of [...peers.slice(first), ...peers.slice(0, first)]) {
			const value = await run();
			if (round >= 0) measured[peer]!.push(value);
			await bed.clean();
		}
		if (round < 0) continue;
		say(`${name} ${round + 1}: ${peers.map(([peer]) => `${peer} ${measured[peer]!.at(-1)!.toFixed(1)}`).join(', ')}`);
		await done({ name, what, unit, rounds: measured, bars });
	}
}
