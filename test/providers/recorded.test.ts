import { providers } from '../../nodes/WhatsApp/providers';
import { matchesFilter } from '../../nodes/WhatsApp/trigger/messageFilter';
import corpus from '../fixtures/recorded/webhooks.json';

/** Deliveries that others recorded or published, and the items that a person who reads them expects. */

interface Recorded {
	name: string;
	provider: string;
	transport: string;
	payload: unknown;
	expected: Array<Record<string, unknown>>;
}

const FILES: Parameters<typeof matchesFilter>[1] = {
	mediaTypes: ['image', 'video', 'audio', 'voice', 'document', 'sticker'],
	options: { alsoStartOn: ['flow', 'echo', 'history', 'edit', 'call'] },
	nodeVersion: 1.1,
};

/** Facts about the file, which an item must not have where the delivery does not say them. */
const FILE_FIELDS = [
	'mediaId',
	'sha256',
	'caption',
	'fileName',
	'url',
	'size',
	'unavailable',
	'origin',
];

test.each((corpus as Recorded[]).map((recorded) => [recorded.name, recorded] as const))(
	'%s',
	(_name, { provider: name, transport, payload, expected }) => {
		const provider = providers[name]!;
		const all =
			transport === 'websocket'
				? provider.live!.parse(JSON.stringify(payload))
				: provider.parse(payload);
		// What a trigger starts on that was not told to start on texts, in an older version.
		const items = all.filter((message) => matchesFilter(message, FILES));
		expect(items).toHaveLength(expected.length);
		for (const [index, fields] of expected.entries()) {
			const item: Record<string, unknown> = { ...items[index] };
			expect(item).toMatchObject(fields);
			for (const field of FILE_FIELDS) if (!(field in fields)) expect(item[field]).toBeUndefined();
		}
	},
);

test('a file with errors beside it says what the provider says of it', () => {
	const { payload } = (corpus as Recorded[]).find(({ name }) => name.includes('with errors'))!;
	expect(providers.meta!.parse(payload)).toMatchObject([
		{
			mediaId: 'b1c68f38-8734-4ad3-b4a1-ef0c10d683',
			errorCode: 400,
			reasonText:
				'Media download failed: Not retrying as download is not retriable at this time — Last error was: ServerThrottle. Http request error: HTTP response code said error. See logs for details',
		},
	]);
});
