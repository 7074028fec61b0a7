import { Logger } from '@n8n/backend-common';
import { Container } from '@n8n/di';
import type { INodeExecutionData } from 'n8n-workflow';

import { timing } from '../../nodes/WhatsApp/trigger/waitForExecutionStart';
import { serveTrigger, type TriggerServer } from '../support/core/webhook';
import { sha256, startHarness, type Harness } from '../support/harness';
import { until } from '../support/n8n/rest';

const BYTES = Buffer.from('OggS a voice note');
const PDF = Buffer.from('%PDF-1.7\nan invoice');

let harness: Harness;
let trigger: TriggerServer;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(async () => {
	harness.emulator.reset();
	await serve();
});
afterEach(async () => await trigger.close());

async function serve(parameters = {}, credential = harness.credential) {
	await trigger?.close();
	trigger = await serveTrigger(harness.engine, {
		node: 'whatsAppMediaTrigger',
		parameters,
		credentials: { whatsAppMediaApi: credential },
	});
	harness.emulator.meta.callback = trigger.url;
}

const items = () => trigger.executions.flat().map(({ json }: INodeExecutionData) => json);

describe('the handshake', () => {
	test('is answered with the challenge, as text', async () => {
		expect(
			await harness.emulator.meta.handshake(trigger.url, { challenge: '1158201444' }),
		).toMatchObject({ ok: true, status: 200, body: '1158201444' });
		const { headers } = await trigger.deliver({
			method: 'GET',
			query: {
				'hub.mode': 'subscribe',
				'hub.challenge': '<script>',
				'hub.verify_token': harness.credential.verifyToken!,
			},
		});
		expect(headers['content-type']).toContain('text/plain');
		expect(trigger.executions).toEqual([]);
	});

	test.each([{ token: 'wrong' }, { token: '' }])('is refused with %p', async ({ token }) => {
		expect(await harness.emulator.meta.handshake(trigger.url, { token })).toMatchObject({
			ok: false,
			status: 403,
		});
	});

	test('is refused when the credential has no verify token', async () => {
		await serve({}, { ...harness.credential, verifyToken: '' });
		expect(await harness.emulator.meta.handshake(trigger.url, { token: '' })).toMatchObject({
			ok: false,
			status: 403,
		});
	});

	test('any other GET is refused', async () => {
		expect(await trigger.deliver({ method: 'GET' })).toMatchObject({ status: 403 });
	});
});

describe('the signature', () => {
	const photo = () =>
		harness.emulator.meta.prepare({ type: 'image', bytes: 'x', caption: 'Café / Ünï 😀' }).message;

	test('over escaped bytes is right', async () => {
		expect((await harness.emulator.meta.deliver([photo()])).status).toBe(200);
		expect(items()).toMatchObject([{ caption: 'Café / Ünï 😀' }]);
	});

	test('by another secret: 401, nothing starts', async () => {
		expect((await harness.emulator.meta.deliver([photo()], { secret: 'another' })).status).toBe(
			401,
		);
		expect(trigger.executions).toEqual([]);
	});

	test.each(['', 'sha256=', `sha256=${'0'.repeat(64)}`, '0'.repeat(64), 'sha1=abc'])(
		'%p: 401, nothing starts',
		async (signature) => {
			expect(
				(
					await trigger.deliver({
						rawBody: harness.emulator.meta.envelope([[harness.emulator.meta.value([photo()])]]),
						headers: { 'x-hub-signature-256': signature },
					})
				).status,
			).toBe(401);
			expect(trigger.executions).toEqual([]);
		},
	);

	test('missing: 401', async () => {
		expect((await trigger.deliver({ rawBody: '{}' })).status).toBe(401);
	});

	test('cannot be checked without an app secret: 401, even for one made with an empty key', async () => {
		await serve({}, { ...harness.credential, webhookSecret: '' });
		expect((await harness.emulator.meta.deliver([photo()])).status).toBe(401);
		expect((await harness.emulator.meta.deliver([photo()], { secret: '' })).status).toBe(401);
		expect(trigger.executions).toEqual([]);
	});

	test('white space around the secret does not matter', async () => {
		await serve(
			{},
			{ ...harness.credential, webhookSecret: ` ${harness.credential.webhookSecret}\n` },
		);
		expect((await harness.emulator.meta.deliver([photo()])).status).toBe(200);
	});
});

describe('the credential', () => {
	const photo = () => [harness.emulator.meta.prepare({ type: 'image', bytes: 'x' }).message];
	const status = async (secret?: string) =>
		(await harness.emulator.meta.deliver(photo(), { secret })).status;
	let credential: Record<string, string>;
	beforeEach(async () => {
		credential = { ...harness.credential };
		await serve({}, credential);
	});
	afterEach(() => jest.restoreAllMocks());
	const reads = async (work: () => Promise<unknown>) => {
		const before = harness.engine.credentialReads;
		await work();
		return harness.engine.credentialReads - before;
	};

	test('is read once for deliveries that follow one another', async () => {
		expect(
			await reads(async () =>
				expect([await status(), await status(), await status()]).toEqual([200, 200, 200]),
			),
		).toBe(1);
	});

	test('with a secret that was just changed is read at once', async () => {
		expect(await status()).toBe(200);
		credential.webhookSecret = 'new';
		expect(await status('new')).toBe(200);
		expect(await status(harness.credential.webhookSecret)).toBe(401);
		expect(await status('new')).toBe(200);
	});

	test('is not read where another trigger of this n8n asks whether this one listens', async () => {
		const headers = { 'x-whatsapp-media-is-there': '?' };
		const read = await reads(async () => {
			expect(await trigger.deliver({ method: 'GET', headers })).toMatchObject({ status: 200 });
		});
		expect([read, trigger.executions.length]).toEqual([0, 0]);
	});

	test('is not read for each of the deliveries that anybody can send', async () => {
		expect(await status()).toBe(200);
		const read = await reads(async () => {
			const start = performance.now();
			for (let i = 0; i < 50; i++) expect(await status('guessed')).toBe(401);
			expect(await status()).toBe(200);
			expect(performance.now() - start).toBeLessThan(5000);
		});
		expect(read).toBeLessThanOrEqual(5);
	});

	test('with a verify token that was just changed is read at once', async () => {
		const { meta } = harness.emulator;
		expect(await meta.handshake(trigger.url)).toMatchObject({ status: 200 });
		credential.verifyToken = 'new';
		expect(await meta.handshake(trigger.url, { token: 'new' })).toMatchObject({ status: 200 });
		expect(await meta.handshake(trigger.url)).toMatchObject({ status: 403 });
	});

	test('a secret that was withdrawn is believed for ten seconds, however many deliveries came meanwhile', async () => {
		const start = performance.now();
		const now = jest.spyOn(performance, 'now').mockReturnValue(start);
		expect(await status()).toBe(200);
		credential.webhookSecret = '';
		const after = async (seconds: number) => {
			now.mockReturnValue(start + seconds * 1000);
			return await status();
		};
		expect([await after(5), await after(9.9), await after(10.1), await after(11)]).toEqual([
			200, 200, 401, 401,
		]);
	});

	test('is not that of another node', async () => {
		expect(await status()).toBe(200);
		const first = trigger;
		const other = await serveTrigger(harness.engine, {
			node: 'whatsAppMediaTrigger',
			credentials: { whatsAppMediaApi: { ...credential, webhookSecret: 'other' } },
		});
		expect((await harness.emulator.meta.deliver(photo(), { callback: other.url })).status).toBe(
			401,
		);
		expect(
			(await harness.emulator.meta.deliver(photo(), { callback: other.url, secret: 'other' }))
				.status,
		).toBe(200);
		expect(
			(await harness.emulator.meta.deliver(photo(), { callback: first.url, secret: 'other' }))
				.status,
		).toBe(401);
		await other.close();
	});
});

describe('a file that a customer sends', () => {
	test('becomes an item in the words of every provider', async () => {
		const { mediaId, message } = await harness.emulator.meta.receive({
			type: 'voice',
			bytes: BYTES,
			from: '16505551234',
			name: 'Sheena',
			timestamp: 1778766865,
		});
		expect(items()).toEqual([
			{
				provider: 'meta',
				type: 'voice',
				mediaId,
				url: (message.audio as { url: string }).url,
				urlExpiresAt: expect.stringMatching(/Z$/),
				mimeType: 'audio/ogg; codecs=opus',
				sha256: sha256(BYTES),
				voice: true,
				messageId: message.id,
				chatId: '16505551234',
				from: '16505551234',
				fromUserId: expect.any(String),
				fromName: 'Sheena',
				timestamp: '2026-05-14T13:54:25.000Z',
				phoneNumberId: harness.credential.phoneNumberId,
				accountId: harness.credential.businessAccountId,
			},
		]);
	});

	test.each(['image', 'video', 'audio', 'voice', 'document', 'sticker'] as const)(
		'%s, with and without url',
		async (type) => {
			for (const url of [true, false])
				await harness.emulator.meta.receive({
					type,
					bytes: BYTES,
					fileName: type === 'document' ? 'a.pdf' : undefined,
					url,
				});
			expect(items().map((item) => [item.type, 'url' in item])).toEqual([
				[type, true],
				[type, false],
			]);
			if (type === 'document') expect(items()[0]).toMatchObject({ fileName: 'a.pdf' });
			if (type === 'sticker') expect(items()[0]).toMatchObject({ animated: false });
		},
	);

	test('goes through Download Media untouched: one file call', async () => {
		await harness.emulator.meta.receive({
			type: 'document',
			bytes: PDF,
			fileName: 'Rechnung.pdf',
			mimeType: 'application/pdf',
			caption: 'please',
		});
		const { output, binary } = await harness.run('DownloadMedia', trigger.executions[0]!);
		expect(output[0]![0]!.json).toMatchObject({
			verified: true,
			fileName: 'Rechnung.pdf',
			caption: 'please',
		});
		expect(await binary(output[0]![0])).toEqual(PDF);
		expect(harness.emulator.requests.map(({ path }) => path)).toEqual([
			'/whatsapp_business/attachments/',
		]);
	});

	test.each([
		['../../etc/passwd', 'passwd'],
		['C:\\Windows\\system32\\evil.dll', 'evil.dll'],
		['photo\u202egpj.exe', 'photogpj.exe'],
		['a\u0000b\n.pdf', 'ab.pdf'],
		['..', 'file'],
		['con.txt', '_con.txt'],
		[`${'x'.repeat(70_000)}.pdf`, `${'x'.repeat(196)}.pdf`],
	])(
		'its name is safe to write; how the sender spelled it stands in raw (%#)',
		async (fileName, safe) => {
			await serve({ options: { includeRaw: true } });
			await harness.emulator.meta.receive({ type: 'document', bytes: PDF, fileName });
			expect(items()).toMatchObject([
				{ fileName: safe, raw: { document: { filename: fileName } } },
			]);
		},
	);

	test.each([
		['dots', (length: number) => `a${'.'.repeat(length)}a`],
		['spaces', (length: number) => `a${' '.repeat(length)}a`],
	])('a name of 200,000 %s holds nobody up', async (_, name) => {
		const fileName = name(200_000);
		const { message } = harness.emulator.meta.prepare({ type: 'document', bytes: PDF, fileName });
		const start = performance.now();
		expect((await harness.emulator.meta.deliver([message])).status).toBe(200);
		// It was 14 seconds and more.
		expect(performance.now() - start).toBeLessThan(3000);
	});

	test('reply, forward, referral and group', async () => {
		const referral = { source_url: 'https://fb.me/x', source_type: 'ad', ctwa_clid: 'Aff' };
		await harness.emulator.meta.receive({
			type: 'image',
			bytes: 'x',
			context: { from: '1', id: 'wamid.A' },
		});
		await harness.emulator.meta.receive({
			type: 'image',
			bytes: 'x',
			context: { forwarded: true },
		});
		await harness.emulator.meta.receive({
			type: 'image',
			bytes: 'x',
			context: { frequently_forwarded: true },
			referral,
		});
		expect(items()).toMatchObject([
			{ replyTo: 'wamid.A' },
			{ forwarded: true },
			{ forwarded: true, referral },
		]);
	});

	test('the raw message only on request', async () => {
		await serve({ options: { includeRaw: true } });
		const { message } = await harness.emulator.meta.receive({ type: 'image', bytes: 'x' });
		expect(items()[0]!.raw).toEqual(message);
	});

	test('of a type that is not asked for starts nothing', async () => {
		await serve({ mediaTypes: ['voice'] });
		expect(
			(await harness.emulator.meta.receive({ type: 'image', bytes: 'x' })).answer!.status,
		).toBe(200);
		await harness.emulator.meta.receive({ type: 'voice', bytes: 'x' });
		expect(items()).toMatchObject([{ type: 'voice' }]);
	});
});

describe('many things in one body', () => {
	test('one item for each file, in one execution', async () => {
		const { meta } = harness.emulator;
		const photo = () => meta.prepare({ type: 'image', bytes: 'x' }).message;
		const body = meta.envelope([
			[meta.value([photo(), meta.text('hi'), photo()]), meta.value([meta.status('read')])],
			[meta.value([photo()])],
		]);
		expect((await meta.deliver(body)).status).toBe(200);
		expect(trigger.executions.map((execution) => execution.length)).toEqual([3]);
	});

	test('text, reactions and statuses start nothing and get 200', async () => {
		const { meta } = harness.emulator;
		for (const item of [
			meta.text('hi'),
			meta.message('reaction', { message_id: 'wamid.A', emoji: '👍' }),
			meta.status('delivered'),
		]) {
			expect((await meta.deliver([item])).status).toBe(200);
		}
		expect(trigger.executions).toEqual([]);
	});

	test('what is no webhook of WhatsApp gets 200 when it is signed, and starts nothing', async () => {
		for (const body of [
			'{}',
			'[]',
			'null',
			'{"entry":5}',
			'{"entry":[{"changes":[null,{"value":{"messages":[1,null,{"type":"image"}]}}]}]}',
		]) {
			const { status } = await harness.emulator.meta.deliver(body);
			expect([200, 422]).toContain(status);
		}
		expect(trigger.executions).toEqual([]);
	});

	test('an edit of an edit of an edit, 3 MB deep: 200, and starts nothing', async () => {
		const deep = 80_000;
		const message = `${'{"type":"edit","edit":{"message":'.repeat(deep)}{}${'}}'.repeat(deep)}`;
		const { status } = await harness.emulator.meta.deliver(
			`{"entry":[{"changes":[{"field":"messages","value":{"messages":[${message}]}}]}]}`,
		);
		expect(status).toBe(200);
		expect(trigger.executions).toEqual([]);
	});

	test('3 MB with a thousand updates', async () => {
		const { meta } = harness.emulator;
		const messages = Array.from({ length: 1000 }, (_, i) =>
			i % 4
				? meta.status('read', { padding: 'x'.repeat(2500) })
				: meta.prepare({ type: 'image', bytes: `${i}`, caption: 'x'.repeat(2500) }).message,
		);
		const { status, sent } = await meta.deliver(messages);
		expect(sent.length).toBeGreaterThan(2_500_000);
		expect(status).toBe(200);
		expect(items()).toHaveLength(250);
	});
});

describe('redelivered messages', () => {
	test('start nothing a second time, alone or among new ones', async () => {
		const { meta } = harness.emulator;
		const { body } = await meta.receive({ type: 'image', bytes: 'x' });
		expect((await meta.deliver(body)).status).toBe(200);
		expect(items()).toHaveLength(1);
		const old = (JSON.parse(body) as { entry: [{ changes: [{ value: { messages: [never] } }] }] })
			.entry[0].changes[0].value.messages[0];
		await meta.deliver([old, meta.prepare({ type: 'image', bytes: 'y' }).message]);
		expect(items()).toHaveLength(2);
	});

	test('twice in one body: one item', async () => {
		const { message } = harness.emulator.meta.prepare({ type: 'image', bytes: 'x' });
		await harness.emulator.meta.deliver([message, message]);
		expect(items()).toHaveLength(1);
	});

	test('whose execution n8n could not take are new the next time', async () => {
		let full = true;
		await trigger.close();
		trigger = await serveTrigger(harness.engine, {
			node: 'whatsAppMediaTrigger',
			credentials: { whatsAppMediaApi: harness.credential },
			onExecution: () => {
				if (full) throw new Error('The queue is full');
			},
		});
		harness.emulator.meta.callback = trigger.url;
		const { body, answer } = await harness.emulator.meta.receive({ type: 'image', bytes: 'x' });
		expect(answer!.status).toBe(500);
		full = false;
		expect((await harness.emulator.meta.deliver(body)).status).toBe(200);
		expect(trigger.executions.at(-1)).toHaveLength(1);
	});
});

describe('messages that Meta delivers again while they are still under way', () => {
	/** n8n takes executions only when told, one verdict for each. */
	let verdicts: Array<(takes: boolean) => void>;
	beforeEach(async () => {
		verdicts = [];
		await trigger.close();
		trigger = await serveTrigger(harness.engine, {
			node: 'whatsAppMediaTrigger',
			credentials: { whatsAppMediaApi: harness.credential },
			onExecution: async () => {
				if (!(await new Promise<boolean>((resolve) => verdicts.push(resolve))))
					throw new Error('The queue is full');
			},
		});
		harness.emulator.meta.callback = trigger.url;
	});
	afterEach(() => verdicts.forEach((take) => take(true)));
	const pause = async (ms = 100) => await new Promise((resolve) => setTimeout(resolve, ms));

	test('after it hung up: n8n took the first, the second starts nothing', async () => {
		const { meta } = harness.emulator;
		meta.variants.webhookTimeout = 100;
		const body = meta.envelope([
			[meta.value([meta.prepare({ type: 'image', bytes: 'x' }).message])],
		]);
		await expect(meta.deliver(body)).rejects.toThrow('timed out');
		meta.variants.webhookTimeout = 10_000;
		const second = meta.deliver(body);
		await pause();
		verdicts[0]!(true);
		await pause(400);
		expect(verdicts).toHaveLength(1);
		expect((await second).status).toBe(200);
		expect(trigger.executions).toHaveLength(1);
	});

	test('at once: the first comes to nothing, the second is the one', async () => {
		const { meta } = harness.emulator;
		const body = meta.envelope([
			[meta.value([meta.prepare({ type: 'image', bytes: 'x' }).message])],
		]);
		const both = [meta.deliver(body), pause(50).then(async () => await meta.deliver(body))];
		await pause();
		expect(verdicts).toHaveLength(1);
		verdicts[0]!(false);
		await pause();
		verdicts[1]!(true);
		expect((await Promise.all(both)).map(({ status }) => status)).toEqual([500, 200]);
		expect(trigger.executions).toHaveLength(1);
	});

	test('after more time for its file than n8n has to start an execution: none a second time', async () => {
		const { meta } = harness.emulator;
		const { maxWait } = timing;
		timing.maxWait = 300;
		try {
			await serve({ options: { downloadFiles: true } });
			meta.fault({ on: 'file', delay: 1500 });
			meta.variants.webhookTimeout = 100;
			const { message } = meta.prepare({ type: 'image', bytes: 'x' });
			const body = meta.envelope([[meta.value([message])]]);
			await expect(meta.deliver(body)).rejects.toThrow('timed out');
			meta.variants.webhookTimeout = 10_000;
			await pause(900);
			expect((await meta.deliver(body)).status).toBe(503);
			await trigger.settled();
			expect(trigger.executions).toHaveLength(1);
			expect((await meta.deliver(body)).status).toBe(200);
			expect(trigger.executions).toHaveLength(1);
		} finally {
			timing.maxWait = maxWait;
		}
	});

	describe('beside a new one', () => {
		/** The first is with n8n, which has not taken it yet, when it comes again beside a new one, which is with n8n now, too. */
		const arrive = async () => {
			const { meta } = harness.emulator;
			const [slow, fresh] = ['a', 'b'].map(
				(bytes) => meta.prepare({ type: 'image', bytes }).message,
			);
			const first = meta.deliver([slow!]);
			await until('n8n has the first', 5000, async () => verdicts[0]);
			const both = async () => await meta.deliver([slow!, fresh!]);
			const second = both();
			await until('n8n has the new one', 5000, async () => verdicts[1]);
			return { first, second, both, ids: { slow: slow!.id, fresh: fresh!.id } };
		};
		const started = () => items().map(({ messageId }) => messageId);

		test('while the first is undecided: the new one starts, and the delivery is to come again', async () => {
			const { first, second, both, ids } = await arrive();
			verdicts[1]!(true);
			expect((await second).status).toBe(503);
			expect(started()).toEqual([ids.fresh]);
			verdicts[0]!(true);
			expect((await first).status).toBe(200);
			expect((await both()).status).toBe(200);
			expect(started()).toEqual([ids.fresh, ids.slow]);
		});

		test('the first comes to nothing after that: it starts when the delivery comes again', async () => {
			const { first, second, both, ids } = await arrive();
			verdicts[1]!(true);
			expect((await second).status).toBe(503);
			verdicts[0]!(false);
			expect((await first).status).toBe(500);
			const third = both();
			await until('n8n has it again', 5000, async () => verdicts[2]);
			verdicts[2]!(true);
			expect((await third).status).toBe(200);
			expect(started()).toEqual([ids.fresh, ids.slow]);
		});

		test('the first is taken before the new one: both are received', async () => {
			const { first, second, ids } = await arrive();
			verdicts[0]!(true);
			expect((await first).status).toBe(200);
			await pause();
			verdicts[1]!(true);
			expect((await second).status).toBe(200);
			expect(started()).toEqual([ids.slow, ids.fresh]);
		});

		test('n8n cannot take the new one: that, too, is new when it comes again', async () => {
			const { first, second, both, ids } = await arrive();
			verdicts[1]!(false);
			expect((await second).status).toBe(500);
			verdicts[0]!(true);
			await first;
			const third = both();
			await until('n8n has it again', 5000, async () => verdicts[2]);
			verdicts[2]!(true);
			expect((await third).status).toBe(200);
			expect(started()).toEqual([ids.slow, ids.fresh]);
		});
	});

	test('in batches that overlap: none waits for ever, each message once', async () => {
		const { meta } = harness.emulator;
		const [a, b, c] = ['a', 'b', 'c'].map(
			(bytes) => meta.prepare({ type: 'image', bytes }).message,
		);
		const all = [
			[a!, b!],
			[b!, a!, c!],
			[c!, a!],
		].map(async (batch) => await meta.deliver(batch));
		for (let i = 0; i < 3; i++) {
			await pause();
			verdicts[i]?.(true);
		}
		expect((await Promise.all(all)).map(({ status }) => status)).toEqual([200, 200, 200]);
		expect(
			items()
				.map(({ messageId }) => messageId)
				.sort(),
		).toEqual([a!.id, b!.id, c!.id].sort());
	});
});

describe('filters', () => {
	const started = async (
		options: object,
		message: Parameters<Harness['emulator']['meta']['receive']>[0],
	) => {
		await serve({ options });
		expect((await harness.emulator.meta.receive(message)).answer!.status).toBe(200);
		return trigger.executions.length === 1;
	};

	test('sender', async () => {
		expect(
			await started(
				{ from: '+1 650-555-1234, 49152' },
				{ type: 'image', bytes: 'x', from: '16505551234' },
			),
		).toBe(true);
		expect(
			await started({ from: '49152' }, { type: 'image', bytes: 'x', from: '16505551234' }),
		).toBe(false);
	});

	test('sender without a number, by user ID', async () => {
		const hidden = (message: Record<string, unknown>) => ({
			type: 'image' as const,
			bytes: 'x',
			from: null,
			message,
		});
		expect(await started({ from: 'US.1' }, hidden({ from_user_id: 'US.1' }))).toBe(true);
		expect(await started({ from: 'US.1' }, hidden({ from_user_id: 'US.2' }))).toBe(false);
		expect(await started({ from: 'US.1' }, { type: 'image', bytes: 'x' })).toBe(false);
	});

	test('MIME type', async () => {
		expect(await started({ mimeTypes: 'audio/*' }, { type: 'voice', bytes: 'x' })).toBe(true);
		expect(
			await started(
				{ mimeTypes: 'image/png, application/pdf' },
				{ type: 'image', bytes: 'x', mimeType: 'image/jpeg' },
			),
		).toBe(false);
	});

	test('phone number', async () => {
		const [own, second] = harness.emulator.meta.phoneNumbers;
		expect(await started({ phoneNumberIds: own!.id }, { type: 'image', bytes: 'x' })).toBe(true);
		expect(
			await started(
				{ phoneNumberIds: own!.id },
				{ type: 'image', bytes: 'x', phoneNumberId: second!.id },
			),
		).toBe(false);
	});
});

describe('options that an expression gave', () => {
	const photo = async () =>
		(await harness.emulator.meta.receive({ type: 'image', bytes: 'x', from: '16505551234' }))
			.answer!.status;

	test.each([
		[{ from: 16505551234 }, 1],
		[{ from: ['16505551234', 49152] }, 1],
		[{ from: 49152 }, 0],
		[{ from: null, mimeTypes: null, phoneNumberIds: null, maxSizeMb: 0 }, 1],
		[{ phoneNumberIds: Number('106540352242922') }, 1],
		[{ maxSizeMb: '5' }, 1],
		[{ mimeTypes: ['image/*'] }, 1],
		[{ includeRaw: 'false', downloadFiles: 'false' }, 1],
		[{ includeRaw: 'yes', downloadFiles: {} }, 1],
		[{ includeRaw: 0 }, 1],
		[{ phoneNumberIds: [Number('106540352242922'), null, ''] }, 1],
		[{ alsoStartOn: 'flow,echo' }, 1],
		[{ alsoStartOn: null }, 1],
		[{ unheardOf: { toString: null } }, 1],
	])('%j starts %i', async (options, count) => {
		await serve({ options });
		expect(await photo()).toBe(200);
		expect(trigger.executions).toHaveLength(count);
		for (const item of items()) expect(item).not.toHaveProperty('raw');
		for (const { binary } of trigger.executions.flat()) expect(binary).toBeUndefined();
	});

	const FAILS = "={{ $('Another Node').item.json.megabytes }}";

	test.each([
		[{ maxSizeMb: -1 }, 'Maximum Size (MB) under Options is "-1". It must be a number'],
		[{ maxSizeMb: 'much' }, 'Maximum Size (MB) under Options is "much". It must be a number'],
		[{ maxSizeMb: {} }, 'Maximum Size (MB) under Options is "{}". It must be a'],
		[{ from: true }, 'The option from is true. It must be text. Change the expression'],
		[{ maxSizeMb: FAILS }, 'Open the node, and change the expression in its field.'],
		[{ from: FAILS }, 'Open the node, and change the expression in its field.'],
	])(
		'%j: 500, so that the vendor delivers again once it is mended, and n8n’s log says what to do',
		async (options, logged) => {
			await serve({ options });
			const log = jest.spyOn(Container.get(Logger), 'error');
			const delivery = await harness.emulator.meta.receive({ type: 'image', bytes: 'x' });
			expect(delivery.answer!.status).toBe(500);
			expect(trigger.executions).toEqual([]);
			const texts = log.mock.calls.map(([text]) => text);
			log.mockRestore();
			expect(texts).toEqual([
				expect.stringMatching(/^WhatsApp Media Trigger refused a delivery, since .+\.$/),
			]);
			expect(texts[0]).toContain(logged);
			expect(texts[0]).not.toMatch(/undefined|Cannot read|\n/);
			await serve();
			expect((await harness.emulator.meta.deliver(delivery.body)).status).toBe(200);
			expect(trigger.executions).toHaveLength(1);
		},
	);
});

describe('Download Files', () => {
	test('brings the file along', async () => {
		await serve({ options: { downloadFiles: true } });
		await harness.emulator.meta.receive({
			type: 'document',
			bytes: PDF,
			fileName: 'a.pdf',
			mimeType: 'application/pdf',
		});
		const [item] = trigger.executions[0]!;
		expect(item!.json).toMatchObject({ verified: true, fileName: 'a.pdf' });
		expect(item!.binary!.data).toMatchObject({ fileName: 'a.pdf', mimeType: 'application/pdf' });
	});

	test('loses no message when the file cannot be had', async () => {
		await serve({ options: { downloadFiles: true, includeRaw: true } });
		harness.emulator.meta.fault({ on: 'file', status: 500, times: Infinity });
		await harness.emulator.meta.receive({ type: 'image', bytes: BYTES });
		expect(items()[0]).toMatchObject({
			type: 'image',
			raw: expect.any(Object),
			error: expect.stringContaining('HTTP 500'),
		});
		expect(trigger.executions[0]![0]!.binary).toBeUndefined();
	});
});
