/** RFC 1951, for the beginning of an entry of a zip: n8n's verified packages may not import zlib. */

/** 3.2.5: what each length and distance code stands for, and how many more bits follow it. */
const LENGTHS = [
	3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
	163, 195, 227, 258,
];
const DISTANCES = [
	1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
	3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
const lengthBits = (code: number) => (code < 8 || code === 28 ? 0 : (code >> 2) - 1);
const distanceBits = (code: number) => (code < 4 ? 0 : (code >> 1) - 1);

/** 3.2.7: the order in which the lengths of the code for lengths stand. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** 3.2.2: how many codes there are of each length, and what they stand for, in order. */
interface Code {
	counts: number[];
	symbols: number[];
}

/** The data are cut off here, or are no such data. */
class End extends Error {}

/** What compressed data begin with: as much as can be read of them, and no more than about `limit` bytes. Never throws. */
export function inflateStart(data: Buffer, limit: number): Buffer {
	const out: number[] = [];
	try {
		new Inflater(data, out, limit).run();
	} catch {
		// What was read until there is all that there is.
	}
	return Buffer.from(out);
}

class Inflater {
	/** In bits. */
	private at = 0;

	constructor(
		private readonly data: Buffer,
		private readonly out: number[],
		private readonly limit: number,
	) {}

	run(): void {
		for (let isLast = 0; !isLast && this.out.length < this.limit;) {
			isLast = this.bits(1);
			const kind = this.bits(2);
			if (kind === 0) this.copyStored();
			else if (kind === 1) this.decode(FIXED_LITERALS, FIXED_DISTANCES);
			else if (kind === 2) this.decode(...this.readCodes());
			else throw new End();
		}
	}

	private bits(count: number): number {
		let value = 0;
		for (let bit = 0; bit < count; bit++, this.at++) {
			const byte = this.data[this.at >> 3];
			if (byte === undefined) throw new End();
			value |= ((byte >> (this.at & 7)) & 1) << bit;
		}
		return value;
	}

	private copyStored(): void {
		this.at = (this.at + 7) & ~7;
		const length = this.bits(16);
		this.bits(16);
		for (let left = length; left && this.out.length < this.limit; left--)
			this.out.push(this.bits(8));
	}

	private decode(literals: Code, distances: Code): void {
		while (this.out.length < this.limit) {
			const symbol = this.symbol(literals);
			if (symbol === 256) return;
			if (symbol < 256) this.out.push(symbol);
			else this.repeat(symbol - 257, distances);
		}
	}

	private repeat(code: number, distances: Code): void {
		const length = (LENGTHS[code] ?? 0) + this.bits(lengthBits(code));
		const distanceCode = this.symbol(distances);
		const distance = (DISTANCES[distanceCode] ?? Infinity) + this.bits(distanceBits(distanceCode));
		if (!LENGTHS[code] || distance > this.out.length) throw new End();
		for (let left = length; left; left--) this.out.push(this.out[this.out.length - distance]!);
	}

	/** Codes of one length are consecutive numbers: 3.2.2. */
	private symbol({ counts, symbols }: Code): number {
		let [code, first, index] = [0, 0, 0];
		for (let length = 1; length <= 15; length++) {
			code |= this.bits(1);
			const count = counts[length]!;
			if (code - first < count) return symbols[index + code - first]!;
			index += count;
			first = (first + count) << 1;
			code <<= 1;
		}
		throw new End();
	}

	private readCodes(): [literals: Code, distances: Code] {
		const [literals, distances, order] = [this.bits(5) + 257, this.bits(5) + 1, this.bits(4) + 4];
		const lengths = Array<number>(19).fill(0);
		for (const place of ORDER.slice(0, order)) lengths[place] = this.bits(3);
		const code = makeCode(lengths);
		const all: number[] = [];
		while (all.length < literals + distances) {
			const symbol = this.symbol(code);
			if (symbol < 16) all.push(symbol);
			else if (symbol === 16) all.push(...Array<number>(3 + this.bits(2)).fill(all.at(-1) ?? 0));
			else all.push(...Array<number>(symbol === 17 ? 3 + this.bits(3) : 11 + this.bits(7)).fill(0));
		}
		return [makeCode(all.slice(0, literals)), makeCode(all.slice(literals, literals + distances))];
	}
}

function makeCode(lengths: number[]): Code {
	const counts = Array<number>(16).fill(0);
	for (const length of lengths) counts[length]!++;
	counts[0] = 0;
	const symbols = lengths
		.map((length, symbol) => ({ length, symbol }))
		.filter(({ length }) => length)
		.sort((a, b) => a.length - b.length || a.symbol - b.symbol)
		.map(({ symbol }) => symbol);
	return { counts, symbols };
}

/** 3.2.6 */
const FIXED_LITERALS = makeCode(
	Array.from({ length: 288 }, (_, symbol) =>
		symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
	),
);
const FIXED_DISTANCES = makeCode(Array<number>(30).fill(5));
