import { matchesFilter, type AlsoStartOn } from '../../nodes/WhatsApp/trigger/messageFilter';
import { meta } from '../../nodes/WhatsApp/providers/meta';
import type { MediaMessage, MediaType } from '../../nodes/WhatsApp/providers/mediaMessage';
import { serveTrigger, type TriggerServer } from '../support/core/webhook';
import { shape, shapeNames } from '../emulator/meta';
import { startHarness, type Harness } from '../support/harness';

/** Every shape of webhook body, one file each: what it becomes, and what of it starts a workflow. */

const TYPES: MediaType[] = ['image', 'video', 'audio', 'voice', 'document', 'sticker'];
const ALL: AlsoStartOn[] = [
	'flow',
	'echo',
	'history',
	'edit',
	'call',
	'failed',
	'unavailable',
	'text',
];
const names = shapeNames();

const started = (messages: MediaMessage[], alsoStartOn?: AlsoStartOn[], nodeVersion?: number) =>
	messages.filter((message) =>
		matchesFilter(message, {
			mediaTypes: TYPES,
			options: { ...(alsoStartOn && { alsoStartOn }) },
			nodeVersion,
		}),
	);

/** What the node must be told to start on, all of it, for an item. */
const needsOf = ({ origin, type, unavailable }: Record<string, unknown>) =>
	[origin, type === 'text' && 'text', unavailable && 'unavailable'].filter(
		Boolean,
	) as AlsoStartOn[];

describe.each(names)('%s', (name) => {
	const { body, items, source } = shape(name);
	const needed = new Set(items.flatMap(needsOf));
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

	test(`starts a workflow with each item that it was asked for${needed.size ? `: ${[...needed]}` : ''}`, () => {
		const count = (...chosen: AlsoStartOn[]) =>
			items.filter((item) => needsOf(item).every((one) => chosen.includes(one))).length;
		expect(started(messages, ALL)).toHaveLength(items.length);
		expect(started(messages, [])).toHaveLength(count());
		expect(started(messages)).toHaveLength(count('flow', 'unavailable'));
		for (const one of needed) {
			const others = ALL.filter((other) => other !== one);
			expect(started(messages, others)).toHaveLength(count(...others));
		}
		// Published workflows of older versions: as they were.
		expect(started(messages, undefined, 1.1)).toHaveLength(count('flow'));
	});
});

describe('what the emulator delivers of them', () => {
	let harness: Harness;
	let trigger: TriggerServer;
	beforeAll(async () => {
		harness = await startHarness();
		trigger = await serveTrigger(harness.engine, {
			node: 'whatsAppMediaTrigger',
			parameters: { options: { alsoStartOn: ALL } },
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
		expect(items.flatMap(({ json }) => json.mediaId ?? [])).toEqual(mediaIds);
		const { output } = await harness.run('DownloadMedia', items);
		// A text and a file that did not arrive pass through.
		expect(output[0]!.map(({ json, binary }) => [json.verified, binary?.data?.bytes])).toEqual(
			items.map(({ json }) =>
				json.mediaId ? [true, `the file of ${name}`.length] : [undefined, undefined],
			),
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
