import { jsonParse } from 'n8n-workflow';

/** Reads JSON that others wrote. Nothing here throws; a value of the wrong shape counts as absent. */
export type Json = Record<string, unknown>;

export function object(value: unknown): Json {
	return typeof value === 'object' && value !== null && !Array.isArray(value)
		? (value as Json)
		: {};
}

export function objects(value: unknown): Json[] {
	return Array.isArray(value) ? value.map(object) : [];
}

/** A whole number too long to be held exactly by every reader. */
const LONG_INTEGER = /(?<![\w.+-])-?\d{16,}(?![\d.eE])/g;

/**
 * Parses JSON in which IDs may be numbers of more digits than JavaScript keeps (`27286093617715235`): such numbers become
 * text. What is no JSON is null.
 */
export function jsonWithLongIds(json: string): unknown {
	return jsonParse(quoteLongIntegers(json), { fallbackValue: null });
}

/** Digits inside a string stay as they are. By hand: a regular expression for strings runs out of stack at some megabytes. */
function quoteLongIntegers(json: string): string {
	const parts: string[] = [];
	for (let start = 0; start < json.length;) {
		const quote = json.indexOf('"', start);
		const end = quote < 0 ? json.length : quote;
		parts.push(json.slice(start, end).replace(LONG_INTEGER, '"$&"'));
		start = quote < 0 ? json.length : endOfString(json, quote);
		parts.push(json.slice(end, start));
	}
	return parts.join('');
}

/** Behind the quotation mark that closes the string which begins at `start`. */
export function endOfString(json: string, start: number): number {
	for (let quote = json.indexOf('"', start + 1); quote > 0; quote = json.indexOf('"', quote + 1)) {
		let backslashes = 0;
		while (json[quote - 1 - backslashes] === '\\') backslashes++;
		if (backslashes % 2 === 0) return quote + 1;
	}
	return json.length;
}

/** A non-empty text. Numbers count: vendors write IDs either way. */
export function text(value: unknown): string | undefined {
	if (typeof value === 'number') return String(value);
	return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A web address as it is written; with a base, one that may be relative to it, as a whole. */
export function webUrl(value: unknown, base?: string): string | undefined {
	const address = text(value);
	if (!address || !URL.canParse(address, base)) return undefined;
	const { protocol, href } = new URL(address, base);
	if (!/^https?:$/.test(protocol)) return undefined;
	return base ? href : address;
}

export function flag(value: unknown): boolean | undefined {
	return typeof value === 'boolean' ? value : undefined;
}

/** A number of bytes, written as a number or as text. */
export function byteCount(value: unknown): number | undefined {
	const bytes = typeof value === 'string' && value !== '' ? Number(value) : value;
	return Number.isSafeInteger(bytes) && (bytes as number) >= 0 ? (bytes as number) : undefined;
}

/** A SHA-256 written as hex, base64 or base64url, as lower-case hex. */
export function sha256Hex(value: unknown): string | undefined {
	if (typeof value !== 'string') return undefined;
	if (/^[0-9a-f]{64}$/i.test(value)) return value.toLowerCase();
	if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(value)) return undefined;
	const bytes = Buffer.from(value, 'base64');
	return bytes.length === 32 ? bytes.toString('hex') : undefined;
}

/** The end of the year 9999. */
const LAST_TIME = Date.UTC(10_000, 0) - 1;

/** A point in time, written as Unix seconds, Unix milliseconds or ISO 8601, as ISO 8601 in UTC. */
export function isoTime(value: unknown): string | undefined {
	if (typeof value !== 'string' && typeof value !== 'number') return undefined;
	const time = /^\d+$/.test(String(value)) ? Number(value) : value;
	// As seconds this bound is the year 33658; as milliseconds it is 2001.
	const date = new Date(typeof time === 'number' && time < 1e12 ? time * 1000 : time);
	return toIso(date);
}

/** So many milliseconds after a point in time. */
export function isoTimeAfter(time: string | undefined, milliseconds: number): string | undefined {
	return time && toIso(new Date(Date.parse(time) + milliseconds));
}

/** Years of more than four digits, which JavaScript writes with a sign, are no dates to other programs. */
function toIso(date: Date): string | undefined {
	const isUsual = Math.abs(date.getTime()) <= LAST_TIME && date.getUTCFullYear() >= 0;
	return isUsual ? date.toISOString() : undefined;
}

/** Milliseconds that a `Retry-After` header asks for, written as seconds or as a date. */
export function retryAfterMs(header: string | undefined): number | undefined {
	if (!header) return undefined;
	const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
	return ms >= 0 ? ms : undefined;
}

/** Is told why a message of a body could not be read. */
export type OnUnreadable = (cause: Error) => void;

/** What `read` makes of each entry. An entry that it throws for costs no other: a stranger wrote it. */
export function readEach<Entry, Result>(
	entries: Entry[],
	read: (entry: Entry) => Result[],
	onUnreadable: OnUnreadable = () => {},
): Result[] {
	return entries.flatMap((entry) => {
		try {
			return read(entry);
		} catch (cause) {
			onUnreadable(cause as Error);
			return [];
		}
	});
}

/** The same object without the fields that are undefined. */
export function omitUndefined<T extends object>(value: T): T {
	return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
