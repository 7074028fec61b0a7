import type { MediaMessage } from '../../nodes/WhatsApp/providers/mediaMessage';
import { deduplicate } from '../../nodes/WhatsApp/trigger/deduplicate';

/** Which messages count as one. Redeliveries over HTTP are in trigger.test.ts. */

let serial = 0;
/** A trigger that has seen nothing yet. */
const trigger = (mode: 'webhook' | 'manual' = 'webhook') => {
	const id = `node-${++serial}`;
	return {
		getMode: () => mode,
		getNode: () => ({ id, name: 'My Trigger' }),
		getWorkflow: () => ({ id: 'w' }),
		logger: { warn: (text: string) => warnings.push(text) },
	} as never;
};
const warnings: string[] = [];
beforeEach(() => void (warnings.length = 0));
const message = (ids: Partial<MediaMessage>): MediaMessage => ({
	provider: 'meta',
	type: 'image',
	raw: {},
	...ids,
});

test('messages without any ID are all new: nothing tells that they are one', async () => {
	const context = trigger();
	const two = [message({}), message({})];
	expect(await deduplicate(context, two)).toEqual(two);
	expect(await deduplicate(context, two)).toEqual(two);
});

test('IDs that would run into each other are of two messages', async () => {
	const two = [
		message({ messageId: 'a/b', mediaId: 'c' }),
		message({ messageId: 'a', mediaId: 'b/c' }),
	];
	expect(await deduplicate(trigger(), two)).toEqual(two);
});

test('the same message to two numbers of a group is two, and to one of them a copy', async () => {
	const context = trigger();
	const copies = [
		message({ messageId: 'a', mediaId: 'a', accountId: 'sales' }),
		message({ messageId: 'a', mediaId: 'a', accountId: 'support' }),
		message({ messageId: 'a', mediaId: 'a', accountId: 'support', phoneNumberId: '1' }),
	];
	for (const copy of copies) expect(await deduplicate(context, [copy])).toEqual([copy]);
	expect(await deduplicate(context, copies)).toEqual([]);
});

test('two files of one message that did not arrive are two', async () => {
	const context = trigger();
	const files = (['audio', 'document'] as const).map((type) =>
		message({ messageId: 'a', type, unavailable: true }),
	);
	expect(await deduplicate(context, files)).toEqual(files);
	expect(await deduplicate(context, files)).toEqual([]);
});

test('two files of one message are two, a file without an ID is known by its message', async () => {
	const context = trigger();
	const files = [
		message({ messageId: 'a', mediaId: '1' }),
		message({ messageId: 'a', mediaId: '2' }),
	];
	expect(await deduplicate(context, [...files, message({ messageId: 'b' })])).toHaveLength(3);
	expect(await deduplicate(context, [...files, message({ messageId: 'b' })])).toEqual([]);
});

test('a copy of a message that is under way without end holds up no new one beside it', async () => {
	const context = trigger();
	const [slow, fresh] = [message({ messageId: 'a' }), message({ messageId: 'b' })];
	const never = async () => await new Promise<boolean>(() => {});
	expect(await deduplicate(context, [slow], never)).toEqual([slow]);
	expect(await deduplicate(context, [slow, fresh], never)).toEqual([fresh]);
});

test('what counted as a copy, and came to nothing after all, is said, and new when it is delivered again', async () => {
	const context = trigger();
	const [slow, fresh] = [message({ messageId: 'wamid.A' }), message({ messageId: 'wamid.B' })];
	const ends: Array<(hasStarted: boolean) => void> = [];
	const underWay = async () => await new Promise<boolean>((resolve) => ends.push(resolve));
	await deduplicate(context, [slow], underWay);
	expect(await deduplicate(context, [slow, fresh], underWay)).toEqual([fresh]);
	ends[1]!(true);
	expect(warnings).toEqual([]);
	ends[0]!(false);
	await new Promise(setImmediate);
	expect(warnings).toEqual([
		'My Trigger could not start the workflow with message wamid.A, though another delivery of it was answered as received. If it is not delivered again, ask its sender for it.',
	]);
	expect(await deduplicate(context, [slow, fresh], underWay)).toEqual([slow]);
});

test('a copy that has started its workflow in the end is nothing to speak of', async () => {
	const context = trigger();
	const [slow, fresh] = [message({ messageId: 'a' }), message({ messageId: 'b' })];
	let end!: (hasStarted: boolean) => void;
	await deduplicate(context, [slow], async () => await new Promise((resolve) => (end = resolve)));
	expect(await deduplicate(context, [slow, fresh], async () => true)).toEqual([fresh]);
	end(true);
	await new Promise(setImmediate);
	expect(warnings).toEqual([]);
});

test('a copy beside a new message is new where the first came to nothing', async () => {
	const context = trigger();
	const both = [message({ messageId: 'a' }), message({ messageId: 'b' })];
	let end!: (hasStarted: boolean) => void;
	const underWay = async () => await new Promise<boolean>((resolve) => (end = resolve));
	await deduplicate(context, both.slice(0, 1), underWay);
	const second = deduplicate(context, both, async () => true);
	end(false);
	expect(await second).toEqual(both);
});
