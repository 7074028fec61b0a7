import { until } from '../../support/n8n/rest';
import { throughTest, type Flow, type TriggerTestbed } from './testbed';

/** How long n8n listens for a test that nobody ends. */
const TEST_LISTENS_MS = 120_000;

export function testingTests(testbed: TriggerTestbed): void {
	describe('testing while the workflow is active', () => {
		let flow: Flow;
		beforeAll(async () => {
			flow = await testbed.ours();
			await flow.activate();
		});
		afterEach(async () => {
			await flow.expectPlain();
			await flow.expectReceives();
		});
		afterAll(async () => await flow.deactivate());

		const expectTested = async () => {
			expect(flow.place.get()).toBe(throughTest(flow));
			await flow.expectStarts('manual');
		};

		test('ends with the first event', async () => {
			await flow.listen();
			await expectTested();
		});

		test('ends with Stop', async () => {
			await flow.listen();
			await flow.stopListening();
		});

		test('again, and pressed twice', async () => {
			await flow.listen();
			await flow.listen();
			await expectTested();
		});

		test('goes on after what is not asked for', async () => {
			await flow.listen();
			const status = await testbed.emulator.meta.deliver(
				[testbed.emulator.meta.text('hi', { phoneNumberId: flow.phoneNumberId })],
				{ callback: flow.place.get() },
			);
			expect(status.status).toBe(200);
			await expectTested();
		});

		test('after one that could not begin while Meta was out', async () => {
			testbed.emulator.meta.fault({ on: 'phoneNumber', status: 503, times: 2 });
			await expect(flow.listen()).rejects.toThrow('HTTP 503');
			await flow.listen();
			await expectTested();
		});

		test('while Meta fails just as it ends', async () => {
			await flow.listen();
			testbed.emulator.meta.fault({ on: 'subscribe', error: 2, times: 2 });
			await flow.stopListening();
		});
	});

	test('testing an inactive workflow on a number that nobody has', async () => {
		const flow = await testbed.ours();
		await flow.listen();
		expect(flow.place.get()).toBe(`${flow.testUrl}?test=`);
		await flow.expectStarts('manual');
		await until(
			'nothing is left of it',
			10_000,
			async () => flow.place.get() === undefined || undefined,
		);
	});

	test('testing an inactive workflow on the number of an active one: that one gets its number back', async () => {
		const active = await testbed.ours();
		const other = await testbed.ours({ phoneNumberId: active.phoneNumberId });
		await active.activate();
		await other.listen();
		expect(active.place.get()).toBe(throughTest(active, other));
		await other.expectStarts('manual');
		const [mediaId] = await other.started();
		await active.expectPlain();
		await active.expectReceives();
		expect(await active.started()).not.toContain(mediaId);
		await active.deactivate();
	});
}

/** Tests that do not end as they should. They come last: one restarts n8n with another engine for what follows. */
export function abandonedTestTests(testbed: TriggerTestbed): void {
	test('a test that nobody ends: after its two minutes production receives again', async () => {
		const left = testbed.forgotten.since + TEST_LISTENS_MS - Date.now();
		if (left > 1_000)
			expect(testbed.forgotten.flow.place.get()).toBe(throughTest(testbed.forgotten.flow));
		await new Promise((resolve) => setTimeout(resolve, Math.max(0, left)));
		await testbed.forgotten.flow.expectPlain();
		await testbed.forgotten.flow.expectReceives();
		expect((await testbed.forgotten.flow.executions()).map(({ mode }) => mode)).toEqual([
			'webhook',
		]);
	});

	test('killed in the middle of tests: production receives again', async () => {
		const flow = await testbed.ours();
		const active = await testbed.ours();
		const other = await testbed.ours({ phoneNumberId: active.phoneNumberId });
		await Promise.all([flow.activate(), active.activate()]);
		await flow.listen();
		await other.listen();
		expect([flow.place.get(), active.place.get()]).toEqual([
			throughTest(flow),
			throughTest(active, other),
		]);
		await testbed.n8n.kill();
		expect(await flow.photo().catch(() => 'nobody')).toBe('nobody');
		// What comes after this is many deliveries; this engine evaluates them in a quarter of the time.
		await testbed.n8n.restart({ env: { N8N_EXPRESSION_ENGINE: 'legacy' } });
		await flow.expectReceives();
		await active.expectReceives();
		expect(await other.started()).toEqual([]);
		await testbed.forgotten.flow.expectReceives();
	});
}
