import { type Part, readParts } from '../formParts';
import type { EmulatorRequest } from '../server';
import { errors } from './errors';

export type Params = Record<string, unknown>;

/** A request, and what its path says. */
export interface Call {
	request: EmulatorRequest;
	method: string;
	/** The object that the path names. */
	id: string;
	/** With the leading `v`. */
	version: string;
	/** Query and body together; a body of JSON, of a form or of parts. */
	params(): Promise<Params>;
}

/**
 * Graph's field selection: in the order asked, `id` always and at the end. Absent values stay away, and a field that there is
 * not is refused.
 */
export function select(all: Params, fields: string, nodeType: string): Params {
	const names = fields.split(',').map((name) => name.trim());
	const unknown = names.find((name) => !(name in all));
	if (unknown !== undefined) throw errors.nonexistingField(unknown, nodeType);
	return Object.fromEntries(
		[...names.filter((name) => all[name] !== undefined && name !== 'id'), 'id'].map((name) => [
			name,
			all[name],
		]),
	);
}

export async function partsOf(request: EmulatorRequest): Promise<Part[]> {
	try {
		return await readParts(request);
	} catch {
		// What Graph makes of a broken form is unknown; like PHP, the emulator finds no parameter in it.
		return [];
	}
}

export async function readParams(request: EmulatorRequest): Promise<Params> {
	const type = request.headers['content-type'] ?? '';
	const query: Params = { ...request.query };
	if (type.startsWith('multipart/'))
		return {
			...query,
			...Object.fromEntries(
				(await partsOf(request)).map(({ name, bytes }) => [name, bytes.toString()]),
			),
		};
	const text = (await request.read()).toString();
	if (type.includes('json')) return { ...query, ...(parseJson(text) as Params) };
	return { ...query, ...Object.fromEntries(new URLSearchParams(text)) };
}

export function parseJson(text: string): unknown {
	try {
		return text ? JSON.parse(text) : {};
	} catch {
		return {};
	}
}
