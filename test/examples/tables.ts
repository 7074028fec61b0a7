import { readFile } from 'node:fs/promises';

import { items } from '../support/n8n/rest';
import { sha256 } from '../support/harness';
import { demoFile } from '../support/paths';
import { BUCKET, expectSuccess, WAIT, type ExamplesTestbed } from './testbed';

export function tableTests(testbed: ExamplesTestbed): void {
	describe('rows of a table', () => {
		const setUp = async (id: string) =>
			expectSuccess(await testbed.n8n.api.run(id, { from: 'Set Up Once', ...WAIT }));

		test('a photo of a receipt → S3 → a row with a link that opens the file', async () => {
			const origin = String(testbed.s3.credential.endpoint);
			const id = await testbed.fillIn('receipt-to-spreadsheet-row', {
				'Store in S3': { bucketName: BUCKET },
				Link: {
					assignments: {
						assignments: [
							{
								id: 'link',
								name: 'link',
								type: 'string',
								value: `=${origin}/${BUCKET}/receipts/{{ encodeURIComponent($json.fileName) }}`,
							},
						],
					},
				},
			});
			await setUp(id);
			const photo = await readFile(demoFile('photo.jpg'));
			const invoice = await readFile(demoFile('invoice.pdf'));
			const timestamp = Date.parse('2026-11-21T14:03:22Z') / 1000;
			await testbed.published(id, async () => {
				const caption = 'Lunch with Ms Braun, 23.50';
				const lunch = { type: 'image', bytes: photo, caption, from: '4915255501010' } as const;
				expectSuccess(await testbed.send(id, { ...lunch, name: 'Anna Blum', timestamp }));
				const paper = { type: 'document', bytes: invoice, fileName: 'März.pdf' } as const;
				expectSuccess(await testbed.send(id, { ...paper, from: '4915255502020', timestamp }));
			});
			const rows = await testbed.dataTableRows('whatsapp receipts');
			expect(rows).toMatchObject([
				{
					receivedAt: '2026-11-21T14:03:22.000Z',
					sender: '4915255501010',
					name: 'Anna Blum',
					note: 'Lunch with Ms Braun, 23.50',
					file: expect.stringMatching(/^2026-11-21_\d+_receipt\.jpg$/),
				},
				{ sender: '4915255502020', file: expect.stringMatching(/^2026-11-21_\d+_receipt\.pdf$/) },
			]);
			const linked = await Promise.all(
				rows.map(async ({ link }) => Buffer.from(await (await fetch(String(link))).arrayBuffer())),
			);
			expect(linked.map(sha256)).toEqual([photo, invoice].map(sha256));
		});

		test('each file → base64 in a row of a database, once', async () => {
			const id = await testbed.fillIn('file-to-database-row');
			await setUp(id);
			// A second time it changes nothing.
			await setUp(id);
			const photo = await readFile(demoFile('photo.jpg'));
			const voiceNote = await readFile(demoFile('voice-note.ogg'));
			const timestamp = Date.parse('2026-11-21T14:03:22Z') / 1000;
			const from = '4915255501010';
			await testbed.published(id, async () => {
				const caption = "It's 5 € -- isn't it?";
				const image = { type: 'image', bytes: photo, caption, from, timestamp } as const;
				expectSuccess(await testbed.send(id, image));
				const voice = { type: 'voice', bytes: voiceNote, from, name: 'Anna Blum' } as const;
				expectSuccess(await testbed.send(id, { ...voice, message: { id: 'wamid.voice' } }));
				// Published anew, the trigger has forgotten what it has seen.
				await testbed.n8n.api.deactivate(id);
				await testbed.n8n.api.activate(id);
				expectSuccess(await testbed.send(id, { ...voice, message: { id: 'wamid.voice' } }));
			});
			const rows = await testbed.postgres.rows<Row>(
				'SELECT * FROM whatsapp_files ORDER BY caption NULLS LAST',
			);
			expect(rows).toMatchObject([
				{
					sender: from,
					caption: "It's 5 € -- isn't it?",
					mime_type: 'image/jpeg',
					size: photo.length,
					sha256: sha256(photo),
					received_at: expect.stringContaining('2026-11-21T'),
				},
				{
					message_id: 'wamid.voice',
					sender_name: 'Anna Blum',
					file_name: expect.stringMatching(/\.ogg$/),
				},
			]);
			expect(rows.map(({ base64 }) => base64)).toEqual(
				[photo, voiceNote].map((bytes) => bytes.toString('base64')),
			);
		});

		test('photos in a row → one item with all of them, for each sender', async () => {
			const seconds = 4;
			const id = await testbed.fillIn('burst-to-one-item', {
				'Wait for More': { amount: seconds },
			});
			await setUp(id);
			const photo = await readFile(demoFile('photo.jpg'));
			/** Each photo is another one. */
			const bytes = (name: string) => Buffer.concat([photo, Buffer.from(name)]);
			const { meta } = testbed.emulator;
			const message = (name: string, from: string) =>
				meta.prepare({ type: 'image', bytes: bytes(name), caption: name, from }).message;
			const [anna, ben] = ['4915255501010', '4915255502020'];
			await testbed.published(id, async () => {
				for (const messages of [
					[message('a1', anna)],
					[message('a2', anna), message('b1', ben)],
					[message('a3', anna)],
				])
					expect((await meta.deliver(messages)).status).toBe(200);
				const executions = await testbed.n8n.api.waitForExecutions(id, 4, WAIT);
				executions.forEach(expectSuccess);
				const collected = executions.flatMap((each) => items(each, 'Your Next Step'));
				const found = await Promise.all(
					collected.map(async ({ json, binary = {} }) => ({
						// Deliveries at the same time come in any order.
						photos: (json.photos as Row[])
							.map(({ sender, caption }) => `${sender} ${caption}`)
							.sort(),
						files: await Promise.all(
							Object.values(binary).map(async (file) => sha256(await testbed.n8n.api.bytes(file))),
						),
					})),
				);
				const expected = (from: string, ...names: string[]) => ({
					photos: names.map((name) => `${from} ${name}`),
					files: names.map((name) => sha256(bytes(name))).sort(),
				});
				for (const { files } of found) files.sort();
				expect(found.sort((a, b) => b.files.length - a.files.length)).toEqual([
					expected(anna, 'a1', 'a2', 'a3'),
					expected(ben, 'b1'),
				]);
				expect(await testbed.dataTableRows('whatsapp burst')).toEqual([]);

				// What comes later is an item of its own.
				const later = await testbed.send(id, { type: 'image', bytes: bytes('a4'), from: anna });
				expectSuccess(later);
				expect(items(later, 'Your Next Step')).toHaveLength(1);
				expect(Object.keys(items(later, 'Your Next Step')[0]!.binary!)).toEqual(['data']);
			});
		});
	});
}

type Row = Record<string, unknown>;
