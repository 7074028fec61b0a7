import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MetaEmulator } from '.';
import type { Bytes } from '../store';
import { fileUrl } from './files';
import { type Json, wamid } from './messages';
import { ROOT } from '../../support/paths';

/** Every shape of webhook body that is known, each in a file of its own. */
export interface Shape {
	/** Where it is known from. */
	source: string;
	body: Json;
	/** What a trigger that starts on everything is to make of it. */
	items: Json[];
}

const FOLDER = join(ROOT, 'test/fixtures/meta');

export function shapeNames(): string[] {
	return readdirSync(FOLDER).map((name) => name.replace(/\.json$/, ''));
}

export function shape(name: string): Shape {
	return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'));
}

/**
 * The body of a shape as if it happened now, to this account: its files are in the store, its messages have IDs of their own,
 * and it is for this number.
 */
export function stage(
	meta: MetaEmulator,
	name: string,
	bytes: Bytes,
	phoneNumberId = meta.credentials.phoneNumberId,
): { body: Json; mediaIds: string[] } {
	const mediaIds: string[] = [];
	const walk = (value: unknown): unknown => {
		if (Array.isArray(value)) return value.map(walk);
		if (typeof value !== 'object' || value === null) return value;
		return Object.fromEntries(
			Object.entries(file(value as Json)).map(([key, one]) => [
				key,
				renewed(key, one) ?? walk(one),
			]),
		);
	};

	function file(value: Json): Json {
		const { id, mime_type: mimeType, sha256, filename, url } = value;
		if (!id || !mimeType || !sha256) return value;
		const mediaId = meta.store.add({
			bytes,
			mimeType: String(mimeType),
			fileName: filename as string,
			inbound: true,
			owner: phoneNumberId,
		});
		mediaIds.push(mediaId);
		const hash = meta.hashOf(mediaId, String(sha256).length === 64 ? 'hex' : 'base64');
		return {
			...value,
			id: mediaId,
			sha256: hash,
			...(url !== undefined && { url: fileUrl(meta, mediaId, 'webhook') }),
		};
	}

	function renewed(key: string, value: unknown): unknown {
		if (key === 'response_json') return JSON.stringify(walk(JSON.parse(String(value))));
		if (key === 'metadata')
			return {
				display_phone_number: meta.displayNumber(phoneNumberId),
				phone_number_id: phoneNumberId,
			};
		const call = /^(wacid|wamid)\./.exec(String(value))?.[1];
		return key === 'id' && call ? wamid().replace('wamid', call) : undefined;
	}

	return { body: walk(shape(name).body) as Json, mediaIds };
}
