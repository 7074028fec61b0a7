import { until } from '../../support/n8n/rest';
import { PUBLIC, triggerItems, type TriggerTestbed } from './testbed';

export function hostileTests(testbed: TriggerTestbed): void {
	test('hostile requests: an answer of the right class, and no execution', async () => {
		const flow = await testbed.ours();
		await flow.activate();
		const signature = `sha256=${'0'.repeat(64)}`;
		const post = async (body: string, headers: Record<string, string>) =>
			(
				await fetch(flow.url.replace(PUBLIC, testbed.n8n.url), {
					method: 'POST',
					body,
					headers: { 'x-hub-signature-256': signature, ...headers },
				})
			).status;
		const polluted = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
		expect(await post(polluted, { 'content-type': 'application/json' })).toBe(401);
		expect(await post('{', { 'content-type': 'application/json' })).toBe(422);
		expect(await post('[1]', { 'content-type': 'text/plain' })).toBe(401);
		expect(await post('a=b', { 'content-type': 'application/x-www-form-urlencoded' })).toBe(401);
		expect(
			await post('--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n', {
				'content-type': 'multipart/form-data; boundary=x',
			}),
		).toBe(401);
		expect(await post('x', { 'content-type': 'application/octet-stream' })).toBe(401);
		expect(await post('', {})).toBe(401);
		for (const body of [
			polluted,
			'null',
			'[]',
			'5',
			'"x"',
			'{"entry":[{"changes":[{"field":"messages","value":{"messages":[{"type":"edit"}]}}]}]}',
		])
			expect((await testbed.emulator.meta.deliver(body, { callback: flow.url })).status).toBe(200);
		expect(await flow.executions()).toEqual([]);
		await flow.deactivate();
	});

	test('a copy of what is under way, beside a new message: 503, and each starts one execution', async () => {
		const { meta } = testbed.emulator;
		const flow = await testbed.ours({ options: { downloadFiles: true } });
		await flow.activate();
		const { phoneNumberId } = flow;
		const [slow, fresh] = ['slow', 'fresh'].map(
			(bytes) => meta.prepare({ type: 'image', bytes, phoneNumberId }).message,
		);
		const deliver = async (...messages: Array<typeof slow>) =>
			await meta.deliver(meta.envelope([[meta.value(messages as never)]]), { callback: flow.url });
		const fetches = () =>
			testbed.emulator.requests.filter(({ operation }) => operation === 'file').length;
		const before = fetches();
		meta.fault({ on: 'file', delay: 5000 });
		const first = deliver(slow);
		await until('its file is asked for', 5000, async () => fetches() > before || undefined);
		expect((await deliver(slow, fresh)).status).toBe(503);
		expect((await first).status).toBe(200);
		expect((await deliver(slow, fresh)).status).toBe(200);
		const items = (await flow.executions()).flatMap(triggerItems);
		expect(items.map(({ json }) => json.messageId)).toEqual([fresh!.id, slow!.id]);
		await flow.deactivate();
	});
}
