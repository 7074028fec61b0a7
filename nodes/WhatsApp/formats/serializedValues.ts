/** Values as serializers of messages write them. Nothing here throws; what cannot be read is absent. */

/** Longer than any key or hash; keeps a hostile value from costing memory. */
const MAX_BYTES = 256;

/**
 * Bytes written as base64 or base64url (a data URL's too), as hex where that gives `expected` bytes, as a list of numbers,
 * as an object of them (`{"0": 146, …}`, how JSON prints a Uint8Array), or as Node prints a Buffer.
 */
export function readBytes(value: unknown, expected: number): Buffer | undefined {
	if (typeof value === 'string') return fromText(value, expected);
	if (typeof value !== 'object' || value === null) return undefined;
	if (ArrayBuffer.isView(value))
		return value.byteLength <= MAX_BYTES
			? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
			: undefined;
	if (Array.isArray(value)) return fromNumbers(value);
	const { type, data } = value as { type?: unknown; data?: unknown };
	if (type === 'Buffer') return Array.isArray(data) ? fromNumbers(data) : readText(data, expected);
	const entries = Object.entries(value);
	const inOrder = entries.every(([key], index) => key === String(index));
	return inOrder ? fromNumbers(entries.map(([, byte]) => byte)) : undefined;
}

function readText(value: unknown, expected: number): Buffer | undefined {
	return typeof value === 'string' ? fromText(value, expected) : undefined;
}

function fromText(written: string, expected: number): Buffer | undefined {
	if (written.length > 4 * MAX_BYTES) return undefined;
	const text = written.replace(/^data:[^,]*,/, '').replace(/\s+/g, '');
	if (text.length === 2 * expected && /^[0-9a-f]+$/i.test(text)) return Buffer.from(text, 'hex');
	if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return undefined;
	return Buffer.from(text, 'base64');
}

function fromNumbers(values: unknown[]): Buffer | undefined {
	if (!values.length || values.length > MAX_BYTES) return undefined;
	const areBytes = values.every(
		(byte) => Number.isInteger(byte) && (byte as number) >= 0 && (byte as number) < 256,
	);
	return areBytes ? Buffer.from(values as number[]) : undefined;
}

/** A whole number from 0 on, written as number, as text, or in two halves as `Long` prints itself. */
export function readCount(value: unknown): number | undefined {
	const { low, high } = Object(value) as { low?: unknown; high?: unknown };
	const isLong = typeof low === 'number' && typeof high === 'number';
	const isText = typeof value === 'string' && /^\d+$/.test(value);
	const count = isLong ? high * 2 ** 32 + (low >>> 0) : isText ? Number(value) : value;
	return Number.isSafeInteger(count) && (count as number) >= 0 ? (count as number) : undefined;
}

/** A text that is not empty. */
export function readString(value: unknown): string | undefined {
	return typeof value === 'string' && value !== '' ? value : undefined;
}
