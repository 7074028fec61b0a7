import { matchesFilter } from '../../nodes/WhatsApp/trigger/messageFilter';
import { meta } from '../../nodes/WhatsApp/providers/meta';
import type { MediaMessage, MediaType, Origin } from '../../nodes/WhatsApp/providers/mediaMessage';
import { serveTrigger, type TriggerServer } from '../support/core/webhook';
import { shape, shapeNames } from '../emulator/meta';
import { startHarness, type Harness } from '../support/harness';

/** Every shape of webhook body, one file each: what it becomes, and what of it starts a workflow. */

const TYPES: MediaType[] = ['image', 'video', 'audio', 'voice', 'document', 'sticker'];
const ORIGINS: Origin[] = ['flow', 'echo', 'history', 'edit', 'call'];
const names = shapeNames();

const started = (messages: MediaMessage[], alsoStartOn?: Origin[]) =>
	messages.filter((message) =>
		matchesFilter(message, { mediaTypes: TYPES, options: { ...(alsoStartOn && { alsoStartOn }) } }),
	);

describe.each(names)('%s', (name) => {
	const { body, items, alsoStartOn, source } = shape(name);
	let messages: MediaMessage[];
	beforeEach(() => {
		messages = meta.parse(body);
	});

	test('becomes its items, each with the message that it stands in', () => {
		expect(source).toMatch(
			/\((Meta|real traffic|github|third parties|inferred|a guess|one public client)|no source/,
		);
		expect(messages.map((message) => ({ ...message, raw: undefined }))).toEqual(items);
		for (const { raw } of messages) expect(JSON.stringify(body)).toContain(JSON.stringify(raw));
	});

	test(
		alsoStartOn
			? `starts a workflow only on request: ${alsoStartOn}`
			: 'starts a workflow without being asked to',
		() => {
			const others = ORIGINS.filter((origin) => origin !== alsoStartOn);
			expect(started(messages)).toHaveLength(alsoStartOn ? 0 : items.length);
			expect(started(messages, others)).toHaveLength(alsoStartOn ? 0 : items.length);
			expect(started(messages, ORIGINS)).toHaveLength(items.length);
			expect(started(messages, [])).toHaveLength(items.filter(({ origin }) => !origin).length);
		},
	);
});

describe('what the emulator delivers of them', () => {
	let harness: Harness;
	let trigger: TriggerServer;
	beforeAll(async () => {
		harness = await startHarness();
		trigger = await serveTrigger(harness.engine, {
			node: 'whatsAppMediaTrigger',
			parameters: { options: { alsoStartOn: ORIGINS } },
			credentials: { whatsAppMediaApi: harness.credential },
		});
		harness.emulator.meta.callback = trigger.url;
	});
	afterAll(async () => {
		await trigger.close();
		await harness.close();
	});

	test.each(names)('%s: 200, and every file can be had', async (name) => {
		trigger.executions.length = 0;
		const { mediaIds, answer } = await harness.emulator.meta.receiveShape(name, {
			bytes: `the file of ${name}`,
		});
		expect(answer!.status).toBe(200);
		const items = trigger.executions.flat();
		expect(items).toHaveLength(shape(name).items.length);
		if (!items.length) return;
		expect(items.map(({ json }) => json.mediaId)).toEqual(mediaIds);
		const { output } = await harness.run('DownloadMedia', items);
		expect(output[0]!.map(({ json, binary }) => [json.verified, binary!.data!.bytes])).toEqual(
			items.map(() => [true, `the file of ${name}`.length]),
		);
	});

	test.each(['image', 'video', 'audio', 'voice', 'document', 'sticker'] as const)(
		'%s of a customer is of the same shape',
		(type) => {
			const { message } = harness.emulator.meta.prepare({ type, bytes: 'x', caption: 'c' });
			const key = type === 'voice' ? 'audio' : type;
			const [written] = (
				shape(type).body as never as {
					entry: [{ changes: [{ value: { messages: [Record<string, object>] } }] }];
				}
			).entry[0].changes[0].value.messages;
			expect(Object.keys(message).sort()).toEqual(Object.keys(written).sort());
			expect(Object.keys(message[key] as object).sort()).toEqual(Object.keys(written[key]!).sort());
		},
	);
});
