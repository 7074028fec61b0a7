import fc from 'fast-check';
import { createHmac } from 'node:crypto';

import { serveTrigger, type Delivery, type TriggerServer } from '../support/core/webhook';
import { shape, shapeNames } from '../emulator/meta';
import { startHarness, type Harness } from '../support/harness';

jest.setTimeout(120_000);

/**
 * Whatever comes in on the webhook URL: an answer of the right class, and never an execution that Meta did not ask for.
 * 200, 401 and 403 are ours; 422 is n8n's own, before the node is asked, for a body that is not what its type says.
 */

/** 10,000 in all. */
const RUNS = { signed: 4000, forged: 3000, types: 1500, handshakes: 1500 };
const HEADER = 'x-hub-signature-256';

let harness: Harness;
let trigger: TriggerServer;
beforeAll(async () => {
	harness = await startHarness();
	trigger = await serveTrigger(harness.engine, {
		node: 'whatsAppMediaTrigger',
		parameters: {
			options: {
				alsoStartOn: ['flow', 'echo', 'history', 'edit', 'call'],
				includeRaw: true,
				from: '',
				mimeTypes: '',
			},
		},
		credentials: { whatsAppMediaApi: harness.credential },
	});
});
afterAll(async () => {
	await trigger.close();
	await harness.close();
});

const sign = (body: Buffer | string, secret = harness.credential.webhookSecret!) =>
	`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

/** What every answer has in common. `signed` ones alone may start something, and then with files only. */
function judge(
	{ status, error, workflowData, body }: Delivery,
	allowed: number[],
	signed: boolean,
) {
	if (error && status !== 422) throw error;
	if (!allowed.includes(status) || /at .*\.(ts|js):\d+/.test(body))
		throw new Error(`${status} ${body}`);
	if (workflowData === undefined) return;
	expect([signed, status]).toEqual([true, 200]);
	expect(workflowData[0]!.length).toBeGreaterThan(0);
	for (const { json } of workflowData[0]!) {
		expect(json).toMatchObject({
			provider: 'meta',
			type: expect.stringMatching(/^(image|video|audio|voice|document|sticker)$/),
			mediaId: expect.any(String),
		});
		expect(
			Object.entries(json).filter(([name, value]) => typeof value !== (KINDS[name] ?? 'string')),
		).toEqual([]);
	}
	expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
}

const KINDS: Record<string, string> = {
	voice: 'boolean',
	animated: 'boolean',
	forwarded: 'boolean',
	errorCode: 'number',
	referral: 'object',
	raw: 'object',
};

const check = async <T>(
	numRuns: number,
	arbitrary: fc.Arbitrary<T>,
	run: (value: T) => Promise<void>,
) => await fc.assert(fc.asyncProperty(arbitrary, run), { numRuns });

// -- Bodies

const KEYS = [
	...[
		'object',
		'entry',
		'id',
		'changes',
		'field',
		'value',
		'metadata',
		'phone_number_id',
		'contacts',
		'profile',
		'name',
		'wa_id',
		'user_id',
	],
	...[
		'messages',
		'message_echoes',
		'statuses',
		'history',
		'threads',
		'calls',
		'errors',
		'type',
		'from',
		'from_user_id',
		'to',
		'timestamp',
		'context',
	],
	...[
		'image',
		'video',
		'audio',
		'document',
		'sticker',
		'interactive',
		'nfm_reply',
		'response_json',
		'edit',
		'message',
		'call_recording',
		'call_transcript',
	],
	...[
		'mime_type',
		'sha256',
		'url',
		'caption',
		'filename',
		'file_name',
		'voice',
		'animated',
		'forwarded',
		'referral',
		'group_id',
	],
	...[
		'__proto__',
		'constructor',
		'prototype',
		'toString',
		'toJSON',
		'hasOwnProperty',
		'length',
		'polluted',
	],
];
const WORDS = [
	'messages',
	'smb_message_echoes',
	'history',
	'calls',
	'edit',
	'image',
	'audio',
	'interactive',
	'unsupported',
	'wacid.x',
	'',
	'0',
	'1778766865',
	'1e400',
	'{}',
	'[{"id":1,"mime_type":2,"sha256":3}]',
	'{"__proto__":{"polluted":1}}',
	'\u0000',
	'\ud800',
	'../..',
];

const scalar = fc.oneof(
	fc.constantFrom<unknown>(
		null,
		true,
		false,
		0,
		-0,
		-1,
		1e308,
		1e21,
		Number.MAX_SAFE_INTEGER + 1,
		0.1,
		...WORDS,
	),
	fc.double(),
	fc.string({ maxLength: 20 }),
	fc.constant('😀\u202e\uffff'.repeat(200)),
);

/** JSON with Meta's own words in unexpected places. Made of entries, so that `__proto__` is a key like any other. */
const json = fc.letrec<{ any: unknown }>((tie) => ({
	any: fc.oneof(
		{ maxDepth: 6, depthSize: 'small' },
		scalar,
		fc.array(tie('any'), { maxLength: 4 }),
		fc
			.array(fc.tuple(fc.constantFrom(...KEYS), tie('any')), { maxLength: 6 })
			.map((entries) => Object.fromEntries(entries)),
	),
})).any;

/** The envelope is right, so that what is wrong gets further in. */
const enveloped = fc.tuple(fc.constantFrom(...WORDS), json).map(([field, value]) => ({
	object: 'whatsapp_business_account',
	entry: [{ id: '1', changes: [{ field, value }] }],
}));

type Change = {
	at: number;
	how: 'replace' | 'delete' | 'repeat' | 'wrap' | 'key' | 'deep';
	key: string;
	junk: unknown;
};
const change: fc.Arbitrary<Change> = fc.record({
	at: fc.nat(),
	how: fc.constantFrom('replace', 'delete', 'repeat', 'wrap', 'key', 'deep'),
	key: fc.constantFrom(...KEYS),
	junk: json,
});

/** A real shape with a few places spoilt. */
const mutated = fc
	.tuple(
		fc.constantFrom(...shapeNames().map((name) => shape(name).body)),
		fc.array(change, { minLength: 1, maxLength: 4 }),
	)
	.map(([body, changes]) => {
		const copy = structuredClone(body) as unknown;
		for (const one of changes) spoil(copy, one);
		return copy;
	});

function spoil(root: unknown, { at, how, key, junk }: Change) {
	const places: Array<[Record<string, unknown>, string]> = [];
	const walk = (node: unknown) => {
		if (typeof node !== 'object' || node === null || places.length > 500) return;
		for (const name of Object.keys(node)) {
			places.push([node as Record<string, unknown>, name]);
			walk((node as Record<string, unknown>)[name]);
		}
	};
	walk(root);
	if (!places.length) return;
	const [node, name] = places[at % places.length]!;
	const set = (target: string, value: unknown) => {
		if (!Array.isArray(node) || /^\d+$/.test(target))
			Object.defineProperty(node, target, {
				value,
				enumerable: true,
				writable: true,
				configurable: true,
			});
	};
	if (how === 'delete') delete node[name];
	else if (how === 'repeat') set(name, [node[name], node[name], node[name]]);
	else if (how === 'wrap') set(name, { [key]: node[name], ...(node[name] as object) });
	else if (how === 'key') set(key, junk);
	else if (how === 'deep')
		set(name, JSON.parse(`${'[{"message":'.repeat(500)}1${'}]'.repeat(500)}`));
	else set(name, junk);
}

const bodies = fc
	.oneof({ weight: 3, arbitrary: mutated }, enveloped, json)
	.map((body) => JSON.stringify(body) ?? 'null');

test(`${RUNS.signed} signed bodies: 200, and what starts is a file`, async () => {
	let started = 0;
	let serial = 0;
	await check(RUNS.signed, bodies, async (body) => {
		// The shapes are used again and again, and are not to be taken for redelivered.
		const rawBody = body.replaceAll('wamid.', `wamid.${++serial}.`);
		const delivery = await trigger.deliver({ rawBody, headers: { [HEADER]: sign(rawBody) } });
		judge(delivery, [200], true);
		if (delivery.workflowData) started++;
	});
	// Else the bodies are too strange to show anything.
	expect(started).toBeGreaterThan(RUNS.signed / 10);
});

// -- Headers

const types = fc.constantFrom(
	'application/json',
	'application/json; charset=utf-8',
	'application/json; charset=utf-16le',
	'text/plain',
	'application/x-www-form-urlencoded',
	'multipart/form-data',
	'multipart/form-data; boundary=x',
	'application/octet-stream',
	'image/jpeg',
	';;;',
	'APPLICATION/JSON',
);
const rawBodies = fc.oneof(
	bodies,
	fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
	fc.constantFrom('', '{', 'null', '"', '{"entry":', 'a=b', '--x\r\n\r\n'),
);
const headerValue = fc.string({ maxLength: 80 });
const foreign = fc.record(
	{
		[HEADER]: headerValue,
		'content-encoding': fc.constantFrom('identity', 'br', 'x'),
		'x-forwarded-for': headerValue,
		'user-agent': headerValue,
	},
	{ requiredKeys: [] },
);

/** How a signature can be wrong that looks right. */
const forged: fc.Arbitrary<(body: Buffer | string) => string | undefined> = fc.constantFrom<
	(body: Buffer | string) => string | undefined
>(
	() => undefined,
	() => '',
	() => 'sha256=',
	() => `sha256=${'0'.repeat(64)}`,
	(body) => sign(body, ''),
	(body) => sign(body, 'undefined'),
	(body) => sign(body, harness.credential.verifyToken),
	(body) => sign(`${body.toString()} `),
	(body) => sign(body).slice(7),
	(body) => sign(body).toUpperCase(),
	(body) => `${sign(body)}0`,
	(body) => `${sign(body)}, ${sign(body)}`,
	(body) => sign(body).slice(0, -1),
	(body) => sign(body).replace('sha256', 'sha1'),
);

test(`${RUNS.forged} unsigned or forged bodies of any type: 401 or n8n's 422, nothing starts`, async () => {
	await check(
		RUNS.forged,
		fc.tuple(rawBodies, types, foreign, forged),
		async ([rawBody, type, others, forge]) => {
			const headers: Record<string, string> = {
				...(others as Record<string, string>),
				'content-type': type,
			};
			const signature = forge(rawBody);
			if (signature !== undefined) headers[HEADER] = signature;
			const before = trigger.executions.length;
			judge(
				await trigger.deliver({ rawBody, headers }),
				type.toLowerCase().includes('json') ? [401, 422] : [401],
				false,
			);
			expect(trigger.executions.length).toBe(before);
		},
	);
});

test(`${RUNS.types} signed bodies of any type, also no JSON at all: 200 or n8n's 422; 401 where n8n keeps no bytes to check`, async () => {
	await check(RUNS.types, fc.tuple(rawBodies, types), async ([rawBody, type]) => {
		// For nodes past version 1, n8n reads bodies of these types only.
		const read =
			/^(application\/json|text\/plain|application\/x-www-form-urlencoded)|[/+]xml$/.test(
				type.split(';')[0]!.trim().toLowerCase(),
			);
		const allowed = read ? [200, 422] : [401, 200];
		judge(
			await trigger.deliver({
				rawBody,
				headers: { 'content-type': type, [HEADER]: sign(rawBody) },
			}),
			allowed,
			true,
		);
	});
});

// -- Handshakes

const PARTS = ['hub.mode', 'hub.verify_token', 'hub.challenge'];
const rest = fc.dictionary(
	fc.oneof(fc.constantFrom('hub[mode]', 'hub', 'test', '__proto__'), fc.string({ maxLength: 8 })),
	fc.string({ maxLength: 30 }),
);
const wrong = fc.constantFrom(
	'',
	' ',
	'Subscribe',
	'unsubscribe',
	'<script>alert(1)</script>',
	'undefined',
	'null',
);

test(`${RUNS.handshakes} GETs: the challenge, as text, for the right token; 403 for everything else`, async () => {
	const cases = fc.tuple(
		rest,
		fc.string({ minLength: 1, maxLength: 20 }),
		fc.subarray(PARTS),
		fc.subarray(PARTS),
		wrong,
	);
	await check(RUNS.handshakes, cases, async ([others, challenge, missing, spoilt, instead]) => {
		const right: Record<string, string> = {
			'hub.mode': 'subscribe',
			'hub.verify_token': harness.credential.verifyToken!,
			'hub.challenge': challenge,
		};
		const query: Record<string, string> = { ...others, ...right };
		for (const part of spoilt) query[part] = instead;
		for (const part of missing) delete query[part];
		// Any challenge is as good as another, but none is not.
		const isRight = !missing.length && spoilt.every((part) => part === 'hub.challenge' && instead);
		const delivery = await trigger.deliver({ method: 'GET', query });
		judge(delivery, [isRight ? 200 : 403], false);
		expect(delivery.headers['content-type']).toContain('text/plain');
		expect(delivery.headers['x-content-type-options']).toBe('nosniff');
		if (isRight) expect(delivery.body).toBe(query['hub.challenge']);
	});
});
