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

/** A string as a whole, so that digits inside it stay; or a whole number too long to be held exactly by every reader. */
const STRING_OR_LONG_INTEGER = /"(?:[^"\\]|\\[^])*(?:"|$)|(?<![\w.+-])-?\d{16,}(?![\d.eE])/g;

/**
 * Parses JSON in which IDs may be numbers of more digits than JavaScript keeps (`27286093617715235`): such numbers become
 * text. What is no JSON is null.
 */
export function jsonWithLongIds(json: string): unknown {
	const quoted = json.replace(STRING_OR_LONG_INTEGER, (found) =>
		found.startsWith('"') ? found : `"${found}"`,
	);
	return jsonParse(quoted, { fallbackValue: null });
}

/** A non-empty text. Numbers count: vendors write IDs either way. */
export function text(value: unknown): string | undefined {
	if (typeof value === 'number') return String(value);
	return typeof value === 'string' && value !== '' ? value : undefined;
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

/** A point in time, written as Unix seconds, Unix milliseconds or ISO 8601, as ISO 8601 in UTC. */
export function isoTime(value: unknown): string | undefined {
	if (typeof value !== 'string' && typeof value !== 'number') return undefined;
	const time = /^\d+$/.test(String(value)) ? Number(value) : value;
	// As seconds this bound is the year 33658; as milliseconds it is 2001.
	const date = new Date(typeof time === 'number' && time < 1e12 ? time * 1000 : time);
	return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** Milliseconds that a `Retry-After` header asks for, written as seconds or as a date. */
export function retryAfterMs(header: string | undefined): number | undefined {
	if (!header) return undefined;
	const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
	return ms >= 0 ? ms : undefined;
}

/** The same object without the fields that are undefined. */
export function omitUndefined<T extends object>(value: T): T {
	return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
