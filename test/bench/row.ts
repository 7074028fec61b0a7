import type { Testbed } from './testbed';

/** One line of the table: several peers at the same work, in turn. */
export interface Row {
	name: string;
	/** What is done, for the table. */
	what: string;
	unit: string;
	/** What a round must reach to count as good. */
	bars: Bar[];
	/** How often, where the default is too often or too seldom. */
	rounds?: number;
	/** Where three are too many. */
	warmUps?: number;
	/** Makes what the rounds need; answers with the peers, each of which measures itself once. */
	prepare(testbed: Testbed): Promise<Peers>;
	/** Where n8n's memory at its peak, over what it held before, makes a line of its own. */
	memory?: { bars: Bar[] };
}

export interface Taken {
	value: number;
	/** MB. */
	memory?: number;
}

export type Peers = Record<string, () => Promise<Taken>>;

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

/** Rounds before the first that counts: V8 compiles what it has seen often. */
export const warmUpsOf = ({ warmUps = 3 }: Row) => warmUps;

/** Every peer some times before anything counts, then in turn, a different one first each time. `done` after each round, with all so far. */
export async function measure(
	row: Row,
	testbed: Testbed,
	rounds: number,
	say: (line: string) => void,
	done: (lines: Measured[]) => Promise<void>,
): Promise<void> {
	const peers = Object.entries(await row.prepare(testbed));
	const lists = (): Record<string, number[]> =>
		Object.fromEntries(peers.map(([name]) => [name, []]));
	const [values, memory] = [lists(), lists()];
	const { name, what, unit, bars } = row;
	for (let round = -warmUpsOf(row); round < (row.rounds ?? rounds); round++) {
		const first = Math.max(round, 0) % peers.length;
		for (const [peer, run] of [...peers.slice(first), ...peers.slice(0, first)]) {
			const taken = await run();
			await testbed.clean();
			if (round < 0) continue;
			values[peer]!.push(taken.value);
			if (taken.memory !== undefined) memory[peer]!.push(taken.memory);
		}
		if (round < 0) continue;
		const lines: Measured[] = [{ name, what, unit, rounds: values, bars }];
		const held = Object.fromEntries(Object.entries(memory).filter(([, all]) => all.length));
		if (row.memory)
			lines.push({
				name: `${name}-memory`,
				what: `${what}: memory at its peak, over before`,
				unit: 'MB',
				rounds: held,
				bars: row.memory.bars,
			});
		for (const line of lines)
			say(
				`${line.name} ${round + 1}: ${Object.entries(line.rounds)
					.map(([peer, all]) => `${peer} ${all.at(-1)!.toFixed(1)}`)
					.join(', ')}`,
			);
		await done(lines);
	}
}
