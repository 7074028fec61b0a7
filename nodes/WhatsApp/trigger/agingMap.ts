import { wait } from '../waiting';

interface Entry<Value> {
	/** Of `performance.now()`. */
	since: number;
	value: Value;
}

/** Remembers for a time. Entries leave by their age, also where nothing is asked or added, and by their number: the oldest first. */
export class AgingMap<Value> {
	/** Oldest first. */
	private readonly entries = new Map<string, Entry<Value>>();
	private isSweeping = false;

	constructor(
		private readonly maxAgeMs: number,
		private readonly maxEntries: number,
	) {}

	get size(): number {
		return this.entries.size;
	}

	get(key: string): Value | undefined {
		const entry = this.entries.get(key);
		return entry && !this.isOld(entry) ? entry.value : undefined;
	}

	/** @param since when its age begins, of `performance.now()` */
	set(key: string, value: Value, since = performance.now()): void {
		// A key that is set again would keep its old place.
		this.entries.delete(key);
		this.entries.set(key, { since, value });
		if (this.entries.size > this.maxEntries) this.entries.delete(this.entries.keys().next().value!);
		void this.sweep();
	}

	delete(key: string): void {
		this.entries.delete(key);
	}

	private isOld({ since }: Entry<Value>): boolean {
		return performance.now() - since >= this.maxAgeMs;
	}

	/** Goes on for as long as there are entries. The wait keeps no process alive. */
	private async sweep(): Promise<void> {
		if (this.isSweeping) return;
		this.isSweeping = true;
		for (const [key, entry] of this.entries) {
			await wait(Math.max(0, entry.since + this.maxAgeMs - performance.now()));
			if (this.entries.get(key) === entry) this.entries.delete(key);
		}
		this.isSweeping = false;
	}
}
