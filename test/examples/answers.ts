import { readFile } from 'node:fs/promises';

import { pattern } from '../emulator';
import { items } from '../support/n8n/rest';
import { demoFile } from '../support/paths';
import { expectSuccess, WAIT, type ExamplesTestbed } from './testbed';

export function answerTests(testbed: ExamplesTestbed): void {
	describe('senders are answered', () => {
		test('only allowed types and sizes are downloaded, and everything else is answered', async () => {
			const id = await testbed.fillIn('guard');
			const photo = await readFile(demoFile('photo.jpg'));
			await testbed.published(id, async () => {
				const fine = await testbed.send(id, { type: 'image', bytes: photo });
				expectSuccess(fine);
				expect(items(fine, 'Your Next Step')).toHaveLength(1);
				expect(
					await testbed.n8n.api.bytes(items(fine, 'Your Next Step')[0]!.binary!.data!),
				).toEqual(photo);
				expect(testbed.emulator.meta.sent).toEqual([]);

				const video = await testbed.send(id, {
					type: 'video',
					bytes: pattern(5000),
					from: '4915255501010',
				});
				const large = await testbed.send(id, {
					type: 'document',
					bytes: pattern(12_300_000),
					from: '4915255502020',
				});
				for (const execution of [video, large]) {
					expectSuccess(execution);
					expect(execution.data.resultData.runData).not.toHaveProperty('Download Media');
				}
				expect(testbed.sent()).toEqual([
					{
						to: '4915255501010',
						type: 'text',
						body: expect.stringContaining('only take photos (JPEG, PNG) and PDFs'),
					},
					{
						to: '4915255502020',
						type: 'text',
						body: expect.stringContaining('has 13 MB, and we can only take 10 MB'),
					},
				]);
				expect(
					testbed.emulator.requests
						.filter(({ operation }) => operation === 'file')
						.map(({ mediaId }) => mediaId),
				).toEqual([fine.mediaId]);
			});
		});

		test('a file that did not arrive gets a polite answer, any other goes on', async () => {
			const id = await testbed.fillIn('file-did-not-arrive');
			const photo = await readFile(demoFile('photo.jpg'));
			await testbed.published(id, async () => {
				const fine = await testbed.send(id, { type: 'image', bytes: photo });
				expectSuccess(fine);
				expect(
					await testbed.n8n.api.bytes(items(fine, 'Your Next Step')[0]!.binary!.data!),
				).toEqual(photo);
				expect(testbed.emulator.meta.sent).toEqual([]);

				const { meta } = testbed.emulator;
				const sender = { from: '4915255501010' };
				const message = meta.unsupported('video', 131052, 'Media file size too big', sender);
				expect((await meta.deliver([message])).status).toBe(200);
				// None of these starts anything.
				for (const item of [meta.text('hi'), meta.status('read'), meta.status('failed')])
					expect((await meta.deliver([item])).status).toBe(200);
				const [newest, ...others] = await testbed.n8n.api.waitForExecutions(id, 2, WAIT);
				expect(others).toHaveLength(1);
				expectSuccess(newest!);
				expect(testbed.sent()).toEqual([
					{
						to: '4915255501010',
						type: 'text',
						body: expect.stringContaining('too large for us'),
					},
				]);
			});
		});
	});
}
