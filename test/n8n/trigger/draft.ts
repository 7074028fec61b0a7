import { readFile } from 'node:fs/promises';

import { demoFile } from '../../support/paths';
import { items, until, type Execution } from '../../support/n8n/rest';
import { mediaNode, workflow, type Json } from '../../support/n8n/workflow';
import { throughTest, type Flow, type TriggerTestbed } from './testbed';

/** The draft's *Senders*. Everybody else is production's. */
const TESTER = '16505550111';
const CUSTOMERS = ['16505550222', '16505550333'];

/** *Execute step* on a draft that asks for less than the published workflow: a test that takes all once lost two customers' PDFs. */
export function draftTests(testbed: TriggerTestbed): void {
	describe('a draft with other Senders listens beside the published workflow', () => {
		let flow: Flow;
		let invoice: Buffer;
		beforeAll(async () => {
			invoice = await readFile(demoFile('invoice.pdf'));
			flow = await testbed.ours();
			await edit(testbed, flow, {});
			await flow.activate();
			// Saved, not published.
			await edit(testbed, flow, { from: TESTER });
		});
		beforeEach(async () => {
			await flow.listen();
			expect(flow.place.get()).toBe(throughTest(flow));
		});
		afterAll(async () => await flow.deactivate());

		/** Every sender's file has bytes of its own. */
		const pdfOf = (sender: string) => Buffer.concat([invoice, Buffer.from(`\n% ${sender}\n`)]);
		const pdf = (from: string) => {
			const { phoneNumberId } = flow;
			const file = { type: 'document', bytes: pdfOf(from), fileName: 'invoice.pdf' } as const;
			return testbed.emulator.meta.prepare({ ...file, from, phoneNumberId });
		};
		/** One delivery, to where Meta delivers now. */
		async function deliver(...senders: string[]) {
			const sent = senders.map((from) => ({ from, ...pdf(from) }));
			const messages = sent.map(({ message }) => message);
			const callback = flow.place.get()!;
			const { status } = await testbed.emulator.meta.deliver(messages, { callback });
			expect(status).toBe(200);
			return sent;
		}
		type Sent = Awaited<ReturnType<typeof deliver>>;

		/** Exactly these files have come out of Download, each in one execution of this mode, byte for byte. */
		async function expectFiles(sent: Sent, mode: 'webhook' | 'manual') {
			const mediaIds = sent.map(({ mediaId }) => mediaId);
			const about = async () => {
				const files = (await flow.executions()).flatMap(downloaded);
				return files.filter(({ item }) => mediaIds.includes(String(item.json.mediaId)));
			};
			// Its items are to be read once it has ended, which takes a moment after the answer.
			const files = await until('all files are there', 20_000, async () => {
				const found = await about();
				return found.length >= sent.length ? found : undefined;
			});
			expect(files.map(({ item, execution }) => [item.json.mediaId, execution.mode])).toEqual(
				mediaIds.map((mediaId) => [mediaId, mode]),
			);
			for (const [index, { from }] of sent.entries()) {
				const { item } = files[index]!;
				expect(item.json).toMatchObject({ from, fileName: 'invoice.pdf', verified: true });
				expect(await testbed.n8n.api.bytes(item.binary!.data!)).toEqual(pdfOf(from));
			}
		}

		test('what the draft drops starts production, and what it shows does not', async () => {
			const sent: Sent = [];
			for (const customer of CUSTOMERS) sent.push(...(await deliver(customer)));
			await expectFiles(sent, 'webhook');
			expect(flow.place.get()).toBe(throughTest(flow));
			await expectFiles(await deliver(TESTER), 'manual');
			await flow.expectPlain();
			expect((await flow.executions()).map(({ mode }) => mode)).toEqual([
				'webhook',
				'webhook',
				'manual',
			]);
		});

		test('of one delivery, each gets its own', async () => {
			const [first, shown, last] = await deliver(CUSTOMERS[0]!, TESTER, CUSTOMERS[1]!);
			await expectFiles([first!, last!], 'webhook');
			await expectFiles([shown!], 'manual');
			await flow.expectPlain();
			await expectFiles(await deliver(TESTER), 'webhook');
		});
	});
}

/** Saves the draft: a trigger with these options, and Download behind it. */
async function edit({ n8n }: TriggerTestbed, { id }: Flow, options: Json): Promise<void> {
	const [trigger] = (await n8n.api.workflow(id)).nodes;
	const { credentials } = trigger!;
	const download = mediaNode('whatsAppDownloadMedia', 'Download', {}, { credentials });
	const parameters = { ...trigger!.parameters, options };
	const { nodes, connections } = workflow({ nodes: [{ ...trigger!, parameters }, download] });
	await n8n.api.updateWorkflow(id, { nodes, connections });
}

const downloaded = (execution: Execution) =>
	items(execution, 'Download').map((item) => ({ item, execution }));
