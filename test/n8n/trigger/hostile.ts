import { PUBLIC, type TriggerTestbed } from './testbed';

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
}
