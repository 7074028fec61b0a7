import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { GraphError } from '../emulator/meta';
import { installN8n } from '../support/n8n/install';
import { items } from '../support/n8n/rest';
import { ROOT } from '../support/paths';
import { expectSuccess, WAIT, type ExamplesTestbed } from './testbed';

export function sendingTests(testbed: ExamplesTestbed): void {
	describe('files are sent', () => {
		test('a PDF → one upload → sent to many by its media ID → deleted', async () => {
			const { phoneNumberId } = testbed.emulator.meta.credentials;
			const recipients = ['+1 650 555 1234', '+49 1525 5501010', '+49 (1525) 550-2020'];
			const id = await testbed.fillIn('send-pdf-to-many', {
				'What and to whom': {
					assignments: {
						assignments: [
							{ id: '1', name: 'title', type: 'string', value: 'Preise (netto) für Café Zoë' },
							{
								id: '2',
								name: 'lines',
								type: 'array',
								value: ['Fenster: 120 \\ Stück', 'Türen: 300'],
							},
							{ id: '3', name: 'fileName', type: 'string', value: 'Preise.pdf' },
							{ id: '4', name: 'recipients', type: 'array', value: recipients },
						],
					},
				},
				'Send PDF': { phoneNumberId },
				// Ten minutes in the example.
				'Wait for Delivery': { amount: 1, unit: 'seconds' },
			});
			const notOnList = {
				message: '(#131030) Recipient phone number not in allowed list',
				type: 'OAuthException',
				code: 131030,
			} as const;
			testbed.emulator.meta.fault({ on: 'send', error: new GraphError(400, notOnList), after: 1 });
			const execution = await testbed.n8n.api.run(id, WAIT);
			expectSuccess(execution);

			const [upload, ...more] = testbed.emulator.meta.store.list();
			expect(more).toEqual([]);
			expect(upload).toMatchObject({
				mimeType: 'application/pdf',
				fileName: 'Preise.pdf',
				deleted: true,
			});
			expect(testbed.sent()).toHaveLength(2);
			for (const message of testbed.sent())
				expect(message).toMatchObject({ type: 'document', id: upload!.id, filename: 'Preise.pdf' });
			for (const { to } of testbed.sent())
				expect(['16505551234', '4915255501010', '4915255502020']).toContain(to);
			const who = items(execution, 'Who Got It').map(({ json }) => json);
			expect(who.map(({ recipient }) => recipient)).toEqual(recipients);
			expect(who.filter((each) => each.sent)).toHaveLength(2);
			expect(who.find((each) => !each.sent)).toMatchObject({
				reason: expect.stringContaining('Bad request'),
			});
			expect(testbed.emulator.requests.map(({ operation }) => operation)).toEqual([
				'upload',
				'send',
				'send',
				'send',
				'delete',
			]);

			expect(await textOfPdf(Buffer.concat([...upload!.bytes.read()]))).toBe(
				'Preise (netto) für Café Zoë\nFenster: 120 \\ Stück\nTüren: 300',
			);
		});
	});
}

/** As PDF.js reads it: in a process of its own, since Jest cannot load it, and with n8n's Node, which is new enough. */
async function textOfPdf(bytes: Buffer): Promise<string> {
	const script = `
		import { buffer } from 'node:stream/consumers';
		import { extractText } from 'unpdf';
		const { text } = await extractText(new Uint8Array(await buffer(process.stdin)), { mergePages: true });
		process.stdout.write(text);`;
	const { node } = await installN8n();
	const reading = promisify(execFile)(node, ['--input-type=module', '-e', script], { cwd: ROOT });
	reading.child.stdin!.end(bytes);
	return (await reading).stdout;
}
