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

/** Every peer once before anything counts, then in turn, a different one first each time. */
export async function measure(row: Row, bed: Bed, rounds: number, say: (line: string) => void): Promise<Measured> {
	const peers = Object.entries(await row.prepare(bed));
	const measured: Record<string, number[]> = Object.fromEntries(peers.map(([name]) => [name, []]));
	for (let round = -1; round < (row.rounds ?? rounds); round++) {
		const first = Math.max(round, 0) % peers.length;
		for (const [name, run] of [...peers.slice(first), ...peers.slice(0, first)]) {
			const value = await run();
			if (round >= 0) measured[name]!.push(value);
			await bed.clean();
		}
		say(`${row.name} ${round < 0 ? 'warm' : round + 1}: ${round < 0 ? '' : peers.map(([name]) => `${name} ${measured[name]!.at(-1)!.toFixed(1)}`).join(', ')}`);
	}
	const { name, what, unit, bars } = row;
	return { name, what, unit, rounds: measured, bars };
}
