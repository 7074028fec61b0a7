import { sublimeSearch } from '@n8n/utils/search/sublime-search';
import type { INodeTypeDescription } from 'n8n-workflow';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { name as packageName, n8n } from '../../package.json';
import { ROOT } from '../support/paths';

/** What people type into n8n's node panel, and what its assistant reads: the search is n8n's own. */

interface Found {
	properties: INodeTypeDescription & { codex: { alias: string[] } };
}

const nodes: Found[] = n8n.nodes.map((path) => {
	const source = join(ROOT, path.replace(/^dist\//, '').replace(/\.js$/, ''));
	const [type] = Object.values(
		jest.requireActual<Record<string, new () => { description: INodeTypeDescription }>>(source),
	);
	const codex = JSON.parse(readFileSync(`${source}.json`, 'utf8')) as { alias: string[] };
	return { properties: { ...new type!().description, codex } };
});
const find = (words: string) =>
	sublimeSearch<Found>(words, nodes).map(({ item }) => item.properties.name);

test.each([
	['save WhatsApp photos', 'whatsAppDownloadMedia', 'whatsAppMediaTrigger'],
	['transcribe voice messages', 'whatsAppDownloadMedia', 'whatsAppMediaTrigger'],
	['WhatsApp PDF', 'whatsAppDownloadMedia', 'whatsAppUploadMedia'],
	['whatsapp image', 'whatsAppMediaTrigger', 'whatsAppDownloadMedia'],
	['whatsapp file', 'whatsAppMediaTrigger', 'whatsAppDownloadMedia'],
	['receive whatsapp', 'whatsAppMediaTrigger', 'whatsAppMediaStreamTrigger'],
	['whatsapp bot', 'whatsAppMediaTrigger'],
	['whatsapp trigger', 'whatsAppMediaTrigger', 'whatsAppMediaStreamTrigger'],
	['on whatsapp message', 'whatsAppMediaTrigger'],
	['whatsapp webhook', 'whatsAppMediaTrigger'],
	['whatsapp voice note', 'whatsAppMediaTrigger', 'whatsAppDownloadMedia'],
	['whatsapp document', 'whatsAppMediaTrigger', 'whatsAppDownloadMedia'],
	['get whatsapp file', 'whatsAppDownloadMedia'],
	['evolution api', 'whatsAppDownloadMedia'],
	['waha', 'whatsAppMediaTrigger', 'whatsAppDownloadMedia'],
	['send whatsapp pdf', 'whatsAppUploadMedia'],
	['delete whatsapp file', 'whatsAppDeleteMedia'],
])('"%s" finds %s', (words, ...expected) => {
	expect(find(words).slice(0, 3)).toEqual(expect.arrayContaining(expected));
});

test('what is not for receiving is not found by it', () => {
	expect(find('receive whatsapp')).toHaveLength(2);
});

test('each node says what it is for, and which nodes go with it', () => {
	const types = nodes.map(({ properties }) => `${packageName}.${properties.name}`);
	for (const { properties } of nodes) {
		expect(properties.builderHint?.searchHint).toMatch(/^[A-Z].*\.$/);
		for (const { nodeType } of properties.builderHint?.relatedNodes ?? []) {
			expect(types).toContain(nodeType);
			expect(nodeType).not.toBe(`${packageName}.${properties.name}`);
		}
	}
});

test('the versions in the codex are those that new nodes get', () => {
	for (const { properties } of nodes) {
		const { nodeVersion } = properties.codex as never as { nodeVersion: string };
		expect(Number(nodeVersion)).toBe(properties.defaultVersion ?? properties.version);
	}
});
