import { triggerItems, type TriggerTestbed } from './testbed';

export function registrationTests(testbed: TriggerTestbed): void {
	describe.each(['phoneNumber', 'account', 'app'] as const)(
		'registered for the level %s',
		(level) => {
			test('activate, receive, deactivate', async () => {
				const flow = await testbed.ours({ level });
				await flow.activate();
				expect(flow.place.get()).toBe(flow.url);
				const { mediaId, status } = await flow.photo();
				expect(status).toBe(200);
				expect(await flow.started()).toEqual([mediaId]);
				await flow.deactivate();
				expect(flow.place.get()).toBeUndefined();
				expect((await flow.photo()).status).toBeUndefined();
			});
		},
	);

	test('registered by hand: activate, the handshake, receive, deactivate', async () => {
		const flow = await testbed.ours({ level: 'manual' });
		const before = testbed.emulator.requests.length;
		await flow.activate();
		expect(await testbed.emulator.meta.handshake(flow.url)).toMatchObject({ ok: true });
		expect(await testbed.emulator.meta.handshake(flow.url, { token: 'wrong' })).toMatchObject({
			ok: false,
			status: 403,
		});
		flow.place.set(flow.url);
		const { mediaId } = await flow.photo();
		expect(await flow.started()).toEqual([mediaId]);
		await flow.deactivate();
		expect(flow.place.get()).toBe(flow.url);
		expect(testbed.emulator.requests.slice(before)).toEqual([]);
		expect((await flow.photo()).status).toBe(404);
	});

	test('two, then ten workflows on one app, one for each number', async () => {
		const flows = [await testbed.ours(), await testbed.ours()];
		const expectEachItsOwn = async () => {
			const sent = await Promise.all(flows.map(async (flow) => (await flow.photo()).mediaId));
			const items = await Promise.all(
				flows.map(async (flow) => (await flow.executions()).flatMap(triggerItems)),
			);
			expect(items.map((list) => list.at(-1)!.json.mediaId)).toEqual(sent);
			expect(items.map((list) => [...new Set(list.map(({ json }) => json.phoneNumberId))])).toEqual(
				flows.map(({ phoneNumberId }) => [phoneNumberId]),
			);
			return items.map(({ length }) => length);
		};
		await Promise.all(flows.map(async (flow) => await flow.activate()));
		await expectEachItsOwn();
		flows.push(...(await Promise.all(Array.from({ length: 8 }, async () => await testbed.ours()))));
		await Promise.all(flows.slice(2).map(async (flow) => await flow.activate()));
		expect(await expectEachItsOwn()).toEqual([2, 2, 1, 1, 1, 1, 1, 1, 1, 1]);

		await flows[3]!.deactivate();
		expect(flows.map((flow) => flow.place.get())).toEqual(
			flows.map((flow, index) => (index === 3 ? undefined : flow.url)),
		);
		await Promise.all(flows.map(async (flow) => await flow.deactivate()));
	});
}
