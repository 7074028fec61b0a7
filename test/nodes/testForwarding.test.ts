import { timing } from '../../nodes/WhatsApp/trigger/testForwarding';
import { hostOverrides } from '../emulator/client';
import { serveTrigger, type TriggerServer } from '../support/core/webhook';
import { credentialFor, startHarness, type Harness } from '../support/harness';
import { until } from '../support/n8n/rest';

/** *Execute step* on a draft while the published workflow receives: what the test does not show is production's. */

let harness: Harness;
let server: TriggerServer;
beforeAll(async () => {
	harness = await startHarness();
});
afterAll(async () => await harness.close());
beforeEach(async () => {
	harness.emulator.reset();
	hostOverrides.clear();
});
afterEach(async () => await server.close());

/** A published workflow, and a test of its draft that listens. */
async function listen({ published = {}, draft = {}, onExecution = () => {} }) {
	server = await serveTrigger(harness.engine, {
		node: 'whatsAppMediaTrigger',
		parameters: { options: published },
		credentials: { whatsAppMediaApi: harness.credential },
		publicUrl: 'https://n8n.example/',
		onExecution,
	});
	hostOverrides.set('https://n8n.example', server.baseUrl.slice(0, -1));
	await server.activate();
	await server.startTest({ options: draft });
}

const photo = (from: string) =>
	harness.emulator.meta.prepare({ type: 'image', bytes: from, from }).message;
const deliver = async (...senders: string[]) =>
	await harness.emulator.meta.deliver(senders.map(photo));
const sendersOf = (executions: TriggerServer['executions']) =>
	executions.map((items) => items.map(({ json }) => json.from));
/** Without the tests, which the server counts among its executions. */
const production = () =>
	sendersOf(server.executions.filter((items) => !server.testExecutions.includes(items)));
const tested = () => sendersOf(server.testExecutions);

test('what the test’s filter drops goes to production', async () => {
	await listen({ draft: { from: '111' } });
	expect((await deliver('222')).status).toBe(200);
	expect((await deliver('333')).status).toBe(200);
	expect([tested(), production()]).toEqual([[], [['222'], ['333']]]);
});

test('what the test shows does not start production', async () => {
	await listen({});
	expect((await deliver('111', '222')).status).toBe(200);
	expect([tested(), production()]).toEqual([[['111', '222']], []]);
});

test('of one delivery, the test shows what it asks for, and production gets the rest', async () => {
	await listen({ draft: { from: '111' } });
	expect((await deliver('222', '111', '333')).status).toBe(200);
	expect([tested(), production()]).toEqual([[['111']], [['222', '333']]]);
});

test('production applies its own filter to the rest', async () => {
	await listen({ draft: { from: '111' }, published: { from: '222' } });
	expect((await deliver('111', '222', '333')).status).toBe(200);
	expect([tested(), production()]).toEqual([[['111']], [['222']]]);
});

test('a delivery that comes again does not start production with what a test has shown', async () => {
	await listen({ draft: { from: '111' } });
	const { callback, body } = await rest();
	expect((await harness.emulator.meta.deliver(body, { callback })).status).toBe(200);
	expect((await harness.emulator.meta.deliver(body, { callback: server.url })).status).toBe(200);
	expect([tested(), production()]).toEqual([[['111']], [['222']]]);
});

test('what n8n could not take in production comes again without what the test has shown', async () => {
	let full = true;
	const onExecution = (items: Array<{ json: { from?: unknown } }> = []) => {
		if (full && items[0]!.json.from === '222') throw new Error('The queue is full');
	};
	await listen({ draft: { from: '111' }, onExecution });
	const { callback, body } = await rest();
	expect((await harness.emulator.meta.deliver(body, { callback })).status).toBe(500);
	full = false;
	expect((await harness.emulator.meta.deliver(body, { callback: server.url })).status).toBe(200);
	expect([tested(), production()]).toEqual([[['111']], [['222']]]);
});

test('a thousand files in one delivery: each is the test’s or production’s', async () => {
	await listen({ draft: { from: '111' } });
	const senders = Array.from({ length: 1000 }, (_, i) => (i % 2 ? '111' : '222'));
	expect((await deliver(...senders)).status).toBe(200);
	const [shown, rest] = [tested().flat(), production().flat()];
	expect(shown.length).toBeGreaterThan(100);
	expect(new Set(shown)).toEqual(new Set(['111']));
	expect(shown.length + rest.length).toBe(1000);
});

test('ten deliveries at once, the first of which ends the test: each file is shown or starts production, once', async () => {
	await listen({});
	const senders = Array.from({ length: 10 }, (_, i) => `${100 + i}`);
	// All of them were on their way before the test ended.
	const { meta } = harness.emulator;
	const callback = meta.subscriptions.phoneNumbers.get(meta.credentials.phoneNumberId)!.url;
	const deliveries = await Promise.all(
		senders.map(async (sender) => await meta.deliver([photo(sender)], { callback })),
	);
	expect(deliveries.map(({ status }) => status)).toEqual(senders.map(() => 200));
	await server.settled();
	expect(tested().length).toBeGreaterThan(0);
	expect([...tested(), ...production()].flat().sort()).toEqual(senders);
});

test('another webhook of this n8n that answers 200 takes nothing', async () => {
	await listen({});
	await server.stopTest();
	// Production's own address: it answers every POST with 200, and is no test.
	const callback = `${server.url}?test=${encodeURIComponent('/webhook/a1b2c3d4-test/webhook')}`;
	expect((await harness.emulator.meta.deliver([photo('111')], { callback })).status).toBe(200);
	expect(production()).toHaveLength(1);
});

test('a test that takes long gets a delivery once, and production does not wait for it', async () => {
	const { testAnswer } = timing;
	timing.testAnswer = 300;
	try {
		// Its public address is its own, so that a second way to the test would lead there too.
		const registration = 'manual';
		server = await serveTrigger(harness.engine, {
			node: 'whatsAppMediaTrigger',
			parameters: { registration },
			credentials: { whatsAppMediaApi: harness.credential },
		});
		await server.startTest({ registration, options: { downloadFiles: true } });
		const callback = `${server.url}?test=${encodeURIComponent(new URL(server.testUrl).pathname)}`;
		const before = harness.emulator.requests.length;
		harness.emulator.meta.fault({ on: 'file', delay: 1500, times: 9 });
		const start = performance.now();
		const { status } = await harness.emulator.meta.deliver([photo('111')], { callback });
		expect(status).toBe(200);
		expect(performance.now() - start).toBeLessThan(1400);
		expect(production()).toEqual([['111']]);
		await server.settled();
		expect(tested()).toEqual([['111']]);
		const files = harness.emulator.requests
			.slice(before)
			.filter(({ operation }) => operation === 'file');
		expect(files).toHaveLength(1);
	} finally {
		timing.testAnswer = testAnswer;
	}
});

/** A delivery of two messages, of which the test of a draft for 111 shows one. */
async function rest() {
	const { meta } = harness.emulator;
	const callback = meta.subscriptions.phoneNumbers.get(meta.credentials.phoneNumberId)!.url;
	return { callback, body: meta.envelope([[meta.value([photo('111'), photo('222')])]]) };
}

describe.each(['meta', 'dialog360'] as const)('%s, which delivers to one URL', (vendor) => {
	/** A test and the production that it takes its place from, as the vendor has them. */
	const serve = async () => {
		server = await serveTrigger(harness.engine, {
			node: 'whatsAppMediaTrigger',
			parameters: { registration: 'phoneNumber' },
			credentials: { whatsAppMediaApi: credentialFor(harness.emulator, vendor) },
			publicUrl: 'https://n8n.example/',
		});
		hostOverrides.set('https://n8n.example', server.baseUrl.slice(0, -1));
		await server.activate();
		await server.startTest();
	};
	/** Where messages go to; 360dialog's webhook cannot be removed, and says that it is free. */
	const registered = () => {
		const { meta, dialog360 } = harness.emulator;
		if (vendor === 'meta')
			return meta.subscriptions.phoneNumbers.get(meta.credentials.phoneNumberId)?.url;
		const { url, headers } = dialog360.webhook!;
		return 'X-Webhook-Released' in headers ? undefined : url;
	};

	test.each(['before', 'after'])(
		'unpublished at the moment that the test ends, or rather just %s it: nothing is left',
		async (moment) => {
			await serve();
			await Promise.all(
				moment === 'before'
					? [server.deactivate(), server.stopTest()]
					: [server.stopTest(), server.deactivate()],
			);
			expect(registered()).toBeUndefined();
		},
	);

	test('unpublished while the end of a test is tried once more: nothing is left', async () => {
		await serve();
		const writes = () =>
			harness.emulator.requests.filter(
				({ operation }) => operation === 'setWebhook' || operation === 'subscribe',
			).length;
		const before = writes();
		const on = vendor === 'meta' ? 'subscribe' : 'setWebhook';
		harness.emulator[vendor].fault({ on, status: 503 } as never);
		const ending = server.stopTest();
		await until('the first try has failed', 5000, async () => writes() > before || undefined);
		await server.deactivate();
		await ending;
		expect(registered()).toBeUndefined();
	});
});

describe.each(['whapi', 'waha'] as const)(
	'%s, where each webhook has its place in a list',
	(vendor) => {
		const FOREIGN = 'https://other.example/hook';
		const list = () => {
			const { whapi, waha } = harness.emulator;
			return vendor === 'whapi' ? whapi.settings.webhooks : waha.config.webhooks!;
		};
		const urls = () => list().map(({ url }) => url);
		const receive = async (from: string) => {
			await harness.emulator[vendor].receive({ type: 'image', bytes: from, from });
			await server.settled();
		};
		/** A foreign webhook, which gets nothing, and a trigger. */
		const serve = async (publicUrl?: string) => {
			server = await serveTrigger(harness.engine, {
				...(publicUrl && { publicUrl }),
				node: 'whatsAppMediaTrigger',
				parameters: { options: {} },
				credentials: { whatsAppMediaApi: credentialFor(harness.emulator, vendor) },
			});
			if (publicUrl) hostOverrides.set(new URL(publicUrl).origin, server.baseUrl.slice(0, -1));
			list().push({ url: FOREIGN, events: [] as never, mode: 'body' });
		};

		test('the test shows what it asks for, production gets the rest, and afterwards all', async () => {
			await serve();
			await server.activate();
			const before = JSON.stringify(list());
			await server.startTest({ options: { from: '111' } });
			expect(urls()).toEqual([FOREIGN, `${server.url}?test=${encodedTestPath()}`]);
			await receive('222');
			await receive('111');
			expect([tested(), production()]).toEqual([[['111']], [['222']]]);
			expect(JSON.stringify(list())).toBe(before);
			await receive('333');
			expect([tested(), production()]).toEqual([[['111']], [['222'], ['333']]]);
			await server.deactivate();
			expect(urls()).toEqual([FOREIGN]);
		});

		test('killed in the middle of a test: production gets what comes, and its place', async () => {
			await serve();
			await server.activate();
			await server.startTest();
			server.forgetTest();
			await receive('111');
			expect(production()).toEqual([['111']]);
			await until('it has its place', 5000, async () => urls().includes(server.url) || undefined);
			expect(urls()).toEqual([FOREIGN, server.url]);
		});

		test('unpublished during the test: nothing of it is left', async () => {
			await serve();
			await server.activate();
			await server.startTest();
			await server.deactivate();
			await server.stopTest();
			expect(urls()).toEqual([FOREIGN]);
		});

		test('a place that was left when the workflow was unpublished: the test receives all the same', async () => {
			await serve();
			await server.activate();
			const left = structuredClone(list());
			await server.deactivate();
			list().splice(0, list().length, ...(left as never[]));
			await server.startTest();
			expect(urls().sort()).toEqual([FOREIGN, server.testUrl, server.url].sort());
			await receive('111');
			expect(tested()).toEqual([['111']]);
			expect(urls().sort()).toEqual([FOREIGN, server.url].sort());
		});

		test('a test that was killed before the workflow was published leaves no second way to the next', async () => {
			await serve();
			await server.startTest();
			server.forgetTest();
			await server.activate();
			await server.startTest();
			expect(urls()).toEqual([FOREIGN, `${server.url}?test=${encodedTestPath()}`]);
			await receive('111');
			expect([tested(), production()]).toEqual([[['111']], []]);
		});

		test('published while a test listens: one message starts one of them, and the next production', async () => {
			await serve();
			await server.startTest();
			await server.activate();
			expect(urls()).toEqual([FOREIGN, `${server.url}?test=${encodedTestPath()}`]);
			await receive('111');
			expect([tested(), production()]).toEqual([[['111']], []]);
			expect(urls()).toEqual([FOREIGN, server.url]);
			await receive('222');
			expect(production()).toEqual([['222']]);
		});

		test.each(['before', 'after'])(
			'unpublished at the moment that the test ends, or rather just %s it: nothing is left',
			async (moment) => {
				await serve();
				await server.activate();
				await server.startTest();
				await Promise.all(
					moment === 'before'
						? [server.deactivate(), server.stopTest()]
						: [server.stopTest(), server.deactivate()],
				);
				expect(urls()).toEqual([FOREIGN]);
			},
		);

		test('a forwarding that a killed n8n left, of a workflow that was unpublished since: the next test receives', async () => {
			await serve();
			await server.activate();
			await server.startTest();
			server.forgetTest();
			const left = structuredClone(list());
			await server.deactivate();
			list().splice(0, list().length, ...(left as never[]));
			await server.startTest();
			await receive('111');
			expect(tested()).toEqual([['111']]);
			expect(urls()).toEqual([FOREIGN, server.url]);
		});

		test('where n8n does not reach itself at its public address, the test listens beside production', async () => {
			await serve('https://n8n.example/');
			await server.activate();
			await server.startTest();
			expect(urls()).toEqual([FOREIGN, server.url, server.testUrl]);
			await receive('111');
			expect(tested()).toEqual([['111']]);
			expect(urls()).toEqual([FOREIGN, server.url]);
		});
	},
);

const encodedTestPath = () => encodeURIComponent(new URL(server.testUrl).pathname);
