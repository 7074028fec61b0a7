import fc from 'fast-check';

import { extensionOf, mimeEssence } from '../../nodes/WhatsApp/formats/mimeTypes';
import { providers } from '../../nodes/WhatsApp/providers';
import type { MediaMessage } from '../../nodes/WhatsApp/providers/mediaMessage';
import { matchesFilter } from '../../nodes/WhatsApp/trigger/messageFilter';
import { startEmulator, VENDORS, type Emulator } from '../emulator';
import { VENDOR_FACTS } from '../support/vendors';
import { shape, shapeNames } from '../emulator/meta';

/**
 * Whatever stands in a webhook's body or in a frame of a live connection: nothing throws, and a message that cannot be
 * read costs no other. The bodies are real ones with a few places spoilt.
 */

const RUNS = 1000;
const TYPES = ['image', 'video', 'audio', 'voice', 'document', 'sticker'] as const;

let emulator: Emulator;
beforeAll(async () => {
	emulator = await startEmulator();
});
afterAll(async () => await emulator.close());

type Json = Record<string, unknown>;

/** What JSON can hold that code stumbles over: names that every object has, objects that are no text, times past the last one. */
const JUNK: unknown[] = [
	...[null, true, false, 0, -1, 0.5, 1e308, -1e308, 2 ** 53],
	...[8.64e15, -8.64e15, 8.64e12, '8640000000000000', '-8640000000000000', '+275760-09-13'],
	...['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', '', ' ', '../..'],
	...[
		'\u0000',
		'\ud800',
		'\u202e',
		'{}',
		'[',
		'{"a":{"id":{"toString":null}}}',
		'x'.repeat(70_000),
	],
	...[{}, [], [[]], [null], { toString: null }, { toString: null, valueOf: 1 }],
	...[{ length: -1 }, { toJSON: 1 }, JSON.parse('{"__proto__":null}'), [{ toString: null }]],
	JSON.parse(`${'[{"message":'.repeat(400)}1${'}]'.repeat(400)}`),
];

interface Spoiling {
	at: number;
	junk: unknown;
	how: 'value' | 'key' | 'delete';
	key: string;
}

const spoilings: fc.Arbitrary<Spoiling[]> = fc.array(
	fc.record({
		at: fc.nat(),
		junk: fc.constantFrom(...JUNK),
		how: fc.constantFrom('value', 'value', 'value', 'key', 'delete'),
		key: fc.constantFrom('type', 'id', 'edit', 'toString', '__proto__', 'constructor', 'image'),
	}),
	{ minLength: 1, maxLength: 4 },
);

function spoil(root: unknown, { at, junk, how, key }: Spoiling): void {
	const places: Array<[Json, string]> = [];
	const walk = (node: unknown): void => {
		if (typeof node !== 'object' || node === null || places.length > 300) return;
		for (const name of Object.keys(node)) {
			places.push([node as Json, name]);
			walk((node as Json)[name]);
		}
	};
	walk(root);
	if (!places.length) return;
	const [node, name] = places[at % places.length]!;
	if (how === 'delete') delete node[name];
	else {
		const target = how === 'key' && !Array.isArray(node) ? key : name;
		const value = structuredClone(junk);
		const options = { enumerable: true, writable: true, configurable: true };
		Object.defineProperty(node, target, { value, ...options });
	}
}

/** The first list of messages in a body. */
function messagesIn(node: unknown): Json[] | undefined {
	if (typeof node !== 'object' || node === null) return undefined;
	for (const [name, value] of Object.entries(node)) {
		const found = name === 'messages' && Array.isArray(value) ? value : messagesIn(value);
		if (found) return found as Json[];
	}
	return undefined;
}

/** A field of the wrong shape counts as absent: no JSON at all costs a message. */
const isUnreadable = (cause: Error): never => {
	throw cause;
};

/** As it comes over the network: `__proto__` is a key like any other. */
const sent = (body: unknown) => JSON.parse(JSON.stringify(body)) as unknown;

const KINDS: Json = { voice: 'boolean', animated: 'boolean', forwarded: 'boolean' };
Object.assign(KINDS, {
	unavailable: 'boolean',
	size: 'number',
	errorCode: 'number',
	referral: 'object',
	raw: 'object',
});

/** The rest of the way to an item does not stumble either, and every field is of its kind. */
function judge(messages: MediaMessage[]): void {
	for (const message of messages) {
		const options = { from: '+1 650', mimeTypes: 'image/*', phoneNumberIds: '1', maxSizeMb: 1 };
		expect(typeof matchesFilter(message, { mediaTypes: [...TYPES], options })).toBe('boolean');
		expect(typeof mimeEssence(message.mimeType)).toBe('string');
		expect(typeof (extensionOf(message.mimeType ?? '') ?? '')).toBe('string');
		const wrong = Object.entries(message).filter(
			([name, value]) => typeof value !== (KINDS[name] ?? 'string'),
		);
		expect(wrong).toEqual([]);
		for (const time of [message.timestamp, message.urlExpiresAt])
			if (time) expect(time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
	}
	expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
}

describe.each(VENDORS)('%s', (vendor) => {
	const provider = providers[vendor]!;
	const bodies: unknown[] = [];
	beforeAll(async () => {
		for (const type of TYPES) {
			const { body } = await emulator[vendor].receive({ type, bytes: 'x', caption: 'Hi' });
			bodies.push(JSON.parse(body));
		}
		if (vendor === 'meta') bodies.push(...shapeNames().map((name) => shape(name).body));
	});
	const body = fc.nat().map((at) => structuredClone(bodies[at % bodies.length]));

	test(`${RUNS} spoilt bodies: none throws`, () => {
		fc.assert(
			fc.property(body, spoilings, (spoilt, changes) => {
				for (const change of changes) spoil(spoilt, change);
				judge(provider.parse(sent(spoilt), isUnreadable));
			}),
			{ numRuns: RUNS },
		);
	});

	test.each([
		['a MIME type that is the name of a function', { mime_type: 'constructor' }, {}],
		['a type that is no text', {}, { type: { toString: null } }],
		['the last time that there is', {}, { timestamp: 8640000000000000 }],
		[
			'an answer to a form that is no text',
			{},
			{ type: 'interactive', interactive: { nfm_reply: { response_json: { toString: null } } } },
		],
	])('%s costs its own message only', async (_, inMedia, inMessage) => {
		const spoilt = structuredClone(bodies[0]);
		const list = messagesIn(spoilt);
		// Some vendors deliver one message at a time.
		if (!list) return;
		const good = structuredClone(list[0]!);
		const poison = { ...list[0]!, ...inMessage, id: 'poison' };
		for (const value of Object.values(poison))
			if (typeof value === 'object' && value !== null && 'mime_type' in value)
				Object.assign(value, inMedia);
		list.splice(0, 1, poison, { ...good, id: 'good' });
		const read = provider.parse(sent(spoilt));
		judge(read);
		expect(read.map(({ messageId }) => messageId)).toContain('good');
	});

	test('a message that cannot be read at all costs itself only, and its reason is told', () => {
		const body = structuredClone(bodies[0]);
		const list = messagesIn(body);
		if (!list) return;
		const poison = {
			get type(): never {
				throw new Error('no type');
			},
		};
		list.splice(0, 1, poison, { ...list[0]!, id: 'good' });
		const reasons: string[] = [];
		const read = provider.parse(body, ({ message }) => void reasons.push(message));
		expect(read.map(({ messageId }) => messageId)).toEqual(['good']);
		expect(reasons).toEqual(['no type']);
	});

	test(`${RUNS} spoilt messages: the one beside each of them arrives`, () => {
		fc.assert(
			fc.property(body, spoilings, (spoilt, changes) => {
				const list = messagesIn(spoilt);
				if (!list?.length || !provider.parse(sent(spoilt)).length) return;
				const good = messagesIn(structuredClone(bodies[0]))![0]!;
				for (const change of changes) spoil(list[0], change);
				list.push({ ...good, id: 'good' });
				const read = provider.parse(sent(spoilt));
				judge(read);
				expect(read.map(({ messageId }) => messageId)).toContain('good');
			}),
			{ numRuns: RUNS },
		);
	});

	const { live } = provider;
	if (live)
		test(`${RUNS} spoilt frames of the live connection: none throws`, () => {
			const frames = TYPES.map((type) =>
				VENDOR_FACTS[vendor].liveFrame!(emulator, { type, bytes: 'x', caption: 'Hi' }),
			);
			expect(frames.flatMap((frame) => live.parse(JSON.stringify(frame)))).toHaveLength(
				TYPES.length,
			);
			fc.assert(
				fc.property(fc.constantFrom(...frames), spoilings, (frame, changes) => {
					const spoilt = structuredClone(frame);
					for (const change of changes) spoil(spoilt, change);
					judge(live.parse(JSON.stringify(spoilt), isUnreadable));
				}),
				{ numRuns: RUNS },
			);
			for (const frame of ['', '{', 'null', '[]', '"x"', '\u0000', '[[[['.repeat(10_000)])
				expect(live.parse(frame)).toEqual([]);
		});
});
