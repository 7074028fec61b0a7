import { providers } from '../../nodes/WhatsApp/providers';
import type { Credentials } from '../../nodes/WhatsApp/providers/provider';
import corpus from '../fixtures/recorded/gateways.json';

/** Deliveries of gateways that others recorded or published, and what a person who reads them expects. */

interface Recorded {
	name: string;
	provider: string;
	payload: unknown;
	expected: Array<Record<string, unknown>>;
}

/** Left open by those who collected them: the word is On-Premise's. No item is right too. */
const OPEN = ['360dialog voice'];

/** The address of one's own server, and what a file's URL there begins with. */
const OWN: Record<string, [baseUrl: string, files: string]> = {
	dialog360: [
		'https://waba-v2.360dialog.io',
		'https://waba-v2.360dialog.io/whatsapp_business/attachments/?mid=',
	],
	waha: ['http://waha.internal:3000', 'http://waha.internal:3000/api/files/'],
};

const recorded = (corpus as Recorded[]).filter(({ provider }) => provider in OWN);

test('all of them are here', () => {
	expect(recorded.map(({ provider }) => provider)).toEqual([
		...Array(7).fill('dialog360'),
		...Array(12).fill('waha'),
	]);
});

test.each(recorded)('$name', ({ name, provider: vendor, payload, expected }) => {
	const provider = providers[vendor]!;
	// Texts start a workflow only where they are asked for.
	const items = provider.parse(payload).filter(({ type }) => type !== 'text');
	if (OPEN.includes(name) && !items.length) return;
	expect(items).toHaveLength(expected.length);
	for (const [index, fields] of expected.entries()) {
		const item = items[index]!;
		expect(item).toMatchObject({ provider: vendor, ...fields });
		for (const field of [
			'mediaId',
			'sha256',
			'caption',
			'fileName',
			'url',
			'size',
			'unavailable',
			'origin',
			'from',
			'fromUserId',
		] as const)
			if (!(field in fields)) expect(item[field]).toBeUndefined();
		const [baseUrl, files] = OWN[vendor]!;
		const own = item.url && provider.ownFileUrl!(item.url, { baseUrl } as Credentials);
		if (/localhost|waha:3000|lookaside/.test(item.url ?? ''))
			expect(own!.startsWith(files)).toBe(true);
		else expect(own).toBe(item.url);
	}
});
