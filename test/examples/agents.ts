import { readFile } from 'node:fs/promises';

import { demoFile } from '../support/paths';
import { callTool, type Message } from './openAi';
import type { ExamplesTestbed } from './testbed';

export function agentTests(testbed: ExamplesTestbed): void {
	describe('agents', () => {
		test('an AI agent looks a file up, uploads the one in the chat, and deletes', async () => {
			const id = await testbed.fillIn('ai-agent');
			const invoice = await readFile(demoFile('invoice.pdf'));

			/** What the Chat panel of the editor does. The model calls the tool, if any, and then says what the tool answered. */
			const chat = async (text: string, toolCall: Message, attachment?: Buffer) => {
				const tools: string[] = [];
				testbed.openAi.model = (messages, offered) => {
					tools.splice(0, tools.length, ...offered.map((tool) => tool.function.name));
					const last = messages.at(-1)!;
					return last.role === 'tool'
						? { role: 'assistant', content: `The tool said: ${last.content}` }
						: toolCall;
				};
				const chatSessionId = `chat-${text}`.replace(/\W/g, '');
				await testbed.n8n.api.call('POST', `/rest/workflows/${id}/run`, {
					triggerToStartFrom: { name: 'When chat message received' },
					chatSessionId,
				});
				const form = new FormData();
				for (const [key, value] of Object.entries({
					action: 'sendMessage',
					sessionId: chatSessionId,
					chatInput: text,
				}))
					form.set(key, value);
				if (attachment)
					form.set(
						'files',
						new Blob([new Uint8Array(attachment)], { type: 'application/pdf' }),
						'Invoice.pdf',
					);
				const answer = await fetch(`${testbed.n8n.url}/webhook-test/${id}/${chatSessionId}`, {
					method: 'POST',
					body: form,
				});
				const body = await answer.text();
				expect({ status: answer.status, body }).toMatchObject({ status: 200 });
				return { tools, body };
			};

			const photo = testbed.emulator.meta.store.add({
				bytes: await readFile(demoFile('photo.jpg')),
				mimeType: 'image/jpeg',
				inbound: true,
			});
			const looked = await chat('How large is it?', callTool('Get_Media_URL', { mediaId: photo }));
			expect(looked.tools.sort()).toEqual(['Delete_Media', 'Get_Media_URL', 'Upload_Media']);
			expect(looked.body).toContain('27080');

			const uploaded = await chat('Upload this', callTool('Upload_Media', {}), invoice);
			const upload = testbed.emulator.meta.store.list().find(({ kind }) => kind === 'uploaded')!;
			expect(upload).toMatchObject({ fileName: 'Invoice.pdf', mimeType: 'application/pdf' });
			expect(Buffer.concat([...upload.bytes.read()]).equals(invoice)).toBe(true);
			expect(uploaded.body).toContain(upload.id);

			const deleted = await chat('Delete it', callTool('Delete_Media', { mediaId: upload.id }));
			expect(testbed.emulator.meta.store.get(upload.id)).toMatchObject({ deleted: true });
			expect(deleted.body).toContain('deleted');

			// What goes wrong is the agent's to read and to say; it ends nothing.
			const failed = await chat(
				'How large is that?',
				callTool('Get_Media_URL', { mediaId: upload.id }),
			);
			expect(failed.body).toContain('100/33');
			const nothing = await chat('Upload that', callTool('Upload_Media', {}));
			expect(nothing.body).toContain('Input Binary Field is empty');
		});
	});
}
