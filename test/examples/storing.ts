import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { items, until, type N8nApi } from '../support/n8n/rest';
import { demoFile } from '../support/paths';
import { BUCKET, expectSuccess, WAIT, type ExamplesTestbed } from './testbed';

export function storingTests(testbed: ExamplesTestbed): void {
	describe('files are stored', () => {
		test('every file that arrives → disk', async () => {
			const id = await testbed.fillIn('receive-and-save');
			const invoice = await readFile(demoFile('invoice.pdf'));
			await testbed.published(id, async () => {
				expectSuccess(
					await testbed.send(id, { type: 'document', bytes: invoice, fileName: 'Invoice.pdf' }),
				);
				expect((await readFile(join(testbed.disk, 'Invoice.pdf'))).equals(invoice)).toBe(true);
			});
			await rm(join(testbed.disk, 'Invoice.pdf'));
		});

		test('photos and documents → S3 and disk, under sender and date, each once and only after its download', async () => {
			const id = await testbed.fillIn('store-photos-and-documents', {
				'Store in S3': { bucketName: BUCKET },
			});
			const photo = await readFile(demoFile('photo.jpg'));
			const invoice = await readFile(demoFile('invoice.pdf'));
			const timestamp = Date.parse('2026-11-21T14:03:22Z') / 1000;
			const stored = async () => ({
				cloud: (await testbed.s3.keys()).sort(),
				disk: (await readdir(testbed.disk)).sort(),
			});
			await testbed.published(id, async () => {
				// A file that cannot be had does not count as stored.
				testbed.emulator.meta.fault({ on: 'file', status: 404, times: 10 });
				testbed.emulator.meta.fault({ on: 'getUrl', error: '10', times: 10 });
				expect(
					(
						await testbed.send(id, {
							type: 'image',
							bytes: photo,
							from: '4915255501010',
							timestamp,
						})
					).data.resultData.lastNodeExecuted,
				).toBe('Download Media');
				expect(await stored()).toEqual({ cloud: [], disk: [] });
				testbed.emulator.reset();
				await testbed.n8n.api.deactivate(id);
				await testbed.n8n.api.activate(id);

				const first = await testbed.send(id, {
					type: 'image',
					bytes: photo,
					from: '4915255501010',
					timestamp,
				});
				expectSuccess(first);
				const photoName = `2026-11-21_${first.mediaId}_image.jpg`;
				expect(await stored()).toEqual({
					cloud: [`4915255501010/${photoName}`],
					disk: [`4915255501010_${photoName}`],
				});
				expect(await testbed.s3.object(`4915255501010/${photoName}`)).toEqual({
					mimeType: 'image/jpeg',
					bytes: photo,
				});
				expect(
					(await readFile(join(testbed.disk, `4915255501010_${photoName}`))).equals(photo),
				).toBe(true);

				// The same photo again in the same chat: not kept twice. From somebody else: kept.
				const again = await testbed.send(id, {
					type: 'image',
					bytes: photo,
					from: '4915255501010',
					timestamp,
				});
				expectSuccess(again);
				expect(items(again, 'Download Media')).toHaveLength(1);
				expect((await stored()).cloud).toHaveLength(1);
				const other = await testbed.send(id, {
					type: 'image',
					bytes: photo,
					from: '4915255502020',
					timestamp,
				});
				expectSuccess(other);

				const paper = await testbed.send(id, {
					type: 'document',
					bytes: invoice,
					// The trigger's item has it without its path.
					fileName: 'Rechnung März/2026.pdf',
					from: '4915255502020',
					timestamp,
				});
				expectSuccess(paper);
				const { cloud, disk: onDisk } = await stored();
				expect(cloud).toHaveLength(3);
				const paperKey = cloud.find((key) => key.includes(paper.mediaId))!;
				expect(paperKey).toMatch(/^4915255502020\/2026-11-21_\d+_2026\.pdf$/);
				expect(await testbed.s3.object(paperKey)).toEqual({
					mimeType: 'application/pdf',
					bytes: invoice,
				});
				expect(onDisk).toContain(paperKey.replace('/', '_'));

				// Voice notes do not start it.
				await testbed.emulator.meta.receive({ type: 'voice', bytes: 'x' });
				expect(await testbed.n8n.api.executions({ workflowId: id })).toHaveLength(5);
			});
		});

		test('1,000 media IDs: failures go to the second output, and the next run goes on where the last one stopped', async () => {
			const id = await testbed.fillIn('backfill');
			// The first run makes the table.
			expectSuccess(await testbed.n8n.api.run(id, WAIT));
			const path = await testbed.dataTablePath('whatsapp backfill');

			const mediaIds = Array.from({ length: 1000 }, (_, i) =>
				testbed.emulator.meta.store.add({
					bytes: `file ${i}`,
					mimeType: 'text/plain',
					inbound: true,
				}),
			);
			// Two that are too old; and one whole batch that fails at the first try.
			const tooOld = [mediaIds[3]!, mediaIds[999]!];
			for (const mediaId of tooOld) testbed.emulator.meta.store.get(mediaId)!.deleted = true;
			const later = mediaIds.slice(50, 100);
			for (const mediaId of later)
				testbed.emulator.meta.fault({ on: 'getUrl', mediaId, error: '10' });
			await importCsv(testbed.n8n.api, path, ['mediaId', ...mediaIds].join('\n'));

			const rows = async (status: string) => {
				const filter = JSON.stringify({
					type: 'and',
					filters: [{ columnName: 'status', condition: 'eq', value: status }],
				});
				const found: Array<{ mediaId: string; reason: string }> = [];
				for (let count = 1; found.length < count;) {
					const page = await testbed.n8n.api.call<{ count: number; data: typeof found }>(
						'GET',
						`${path}/rows?${new URLSearchParams({ filter, take: '250', skip: String(found.length) })}`,
					);
					count = page.count;
					found.push(...page.data);
				}
				return found;
			};
			const fetched = () =>
				testbed.emulator.requests.flatMap(({ operation, mediaId }) =>
					operation === 'file' ? [mediaId!] : [],
				);

			// Stopped in the middle: at the 401st file nothing more comes. By then nine batches are through.
			testbed.emulator.meta.fault({ on: 'file', after: 400, delay: Infinity });
			const { executionId } = await testbed.n8n.api.execute(id);
			await until(
				'401 files are asked for',
				200_000,
				async () => fetched().length > 400 || undefined,
			);
			await testbed.n8n.api.stopExecution(executionId!);
			await testbed.n8n.api.waitForExecution(executionId!, WAIT);
			const savedFirst = (await rows('saved')).map(({ mediaId }) => mediaId);
			expect(savedFirst).toEqual(
				mediaIds.slice(0, 450).filter((each) => ![tooOld[0], ...later].includes(each)),
			);
			expect((await rows('failed')).map(({ mediaId }) => mediaId)).toEqual([tooOld[0], ...later]);

			// The next run: no file that is saved is fetched again; what has failed is.
			testbed.emulator.requests.length = 0;
			const second = await testbed.n8n.api.run(id, WAIT);
			expectSuccess(second);
			expect(fetched().filter((mediaId) => savedFirst.includes(mediaId))).toEqual([]);
			expect((await rows('saved')).map(({ mediaId }) => mediaId).sort()).toEqual(
				mediaIds.filter((each) => !tooOld.includes(each)).sort(),
			);
			expect(items(second, 'Failed').map(({ json }) => json)).toEqual(
				tooOld.map((mediaId) =>
					expect.objectContaining({
						mediaId,
						status: 'failed',
						reason: expect.stringContaining('100/33'),
					}),
				),
			);
			const files = (await readdir(testbed.disk)).filter((name) =>
				mediaIds.includes(name.split('_')[0]!),
			);
			expect(files).toHaveLength(998);
			for (const i of [0, 50, 500, 998])
				expect(
					await readFile(
						join(
							testbed.disk,
							files.find((name) => name.startsWith(mediaIds[i]!))!,
						),
						'utf8',
					),
				).toBe(`file ${i}`);

			// And one more: only the two are tried.
			testbed.emulator.requests.length = 0;
			expectSuccess(await testbed.n8n.api.run(id, WAIT));
			expect(testbed.emulator.requests.map(({ mediaId }) => mediaId).sort()).toEqual(
				[...tooOld].sort(),
			);
		});
	});
}

/** Data tables → Import CSV. */
async function importCsv(api: N8nApi, tablePath: string, csv: string) {
	const form = new FormData();
	form.set('file', new Blob([csv], { type: 'text/csv' }), 'media.csv');
	const { id: fileId } = await api.call<{ id: string }>('POST', '/rest/data-tables/uploads', form);
	await api.call('POST', `${tablePath}/import-csv`, { fileId });
}
