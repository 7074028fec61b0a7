import type { MediaMessage } from '../../nodes/WhatsApp/providers/mediaMessage';
import { deduplicate as tellApart } from '../../nodes/WhatsApp/trigger/deduplicate';

/** Which messages count as one. Redeliveries over HTTP are in trigger.test.ts. */

let serial = 0;
/** A trigger that has seen nothing yet. */
const trigger = (mode: 'webhook' | 'manual' = 'webhook') => {
	const id = `node-${++serial}`;
	return {
		getMode: () => mode,
		getNode: () => ({ id, name: 'My Trigger' }),
		getWorkflow: () => ({ id: 'w' }),
	} as never;
};
const deduplicate = async (...given: Parameters<typeof tellApart>) =>
	(await tellApart(...given)).fresh;
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

test.each([
	[true, 'has started: it is done with'],
	[false, 'came to nothing: it has to come again, and then is new'],
])('what counted as a copy of one under way, which then (%s) %s', async (hasStarted) => {
	const context = trigger();
	const [slow, fresh] = [message({ messageId: 'a' }), message({ messageId: 'b' })];
	let end!: (hasStarted: boolean) => void;
	await deduplicate(context, [slow], async () => await new Promise((resolve) => (end = resolve)));
	const beside = await tellApart(context, [slow, fresh], async () => true);
	expect([beside.fresh, beside.haveCopiesStarted()]).toEqual([[fresh], false]);
	end(hasStarted);
	await new Promise(setImmediate);
	expect(beside.haveCopiesStarted()).toBe(hasStarted);
	expect(await deduplicate(context, [slow, fresh])).toEqual(hasStarted ? [] : [slow]);
});

test('a message twice in one delivery, and one without any ID, are copies of nothing', async () => {
	const twice = [message({ messageId: 'a' }), message({ messageId: 'a' }), message({})];
	const never = async () => await new Promise<boolean>(() => {});
	const { fresh, haveCopiesStarted } = await tellApart(trigger(), twice, never);
	expect([fresh.length, haveCopiesStarted()]).toEqual([2, true]);
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
