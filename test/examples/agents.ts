import { readFile } from 'node:fs/promises';

import { sha256 } from '../support/harness';
import { demoFile } from '../support/paths';
import { callTool, type Message, type Tool } from './openAi';
import { expectSuccess, type ExamplesTestbed } from './testbed';

export function agentTests(testbed: ExamplesTestbed): void {
	describe('agents', () => {
		test.each([
			['as in the example', false],
			['with its tools as they are when they are dropped', true],
		])(
			'an AI agent looks a file up, uploads the one in the chat, and deletes: %s',
			async (_, dropped) => {
				const id = await testbed.fillIn('ai-agent');
				if (dropped) await emptyTools(testbed, id);
				const invoice = await readFile(demoFile('invoice.pdf'));

				/** What the Chat panel of the editor does. The model calls the tool, if any, and then says what the tool answered. */
				const chat = async (text: string, toolCall: Message, attachment?: Buffer) => {
					const tools: Tool[] = [];
					testbed.openAi.model = (messages, offered) => {
						tools.splice(0, tools.length, ...offered);
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
					expect(body).not.toContain(chatSessionId);
					return { tools, body };
				};

				const photo = testbed.emulator.meta.store.add({
					bytes: await readFile(demoFile('photo.jpg')),
					mimeType: 'image/jpeg',
					inbound: true,
				});
				const looked = await chat(
					'How large is it?',
					callTool('Get_Media_URL', { mediaId: photo }),
				);
				const asked = Object.fromEntries(
					looked.tools.map(({ function: { name, parameters } }) => [name, parameters.properties]),
				);
				const mediaId = {
					type: 'string',
					description: expect.stringMatching(/^The media ID of the /),
				};
				expect(asked).toEqual({
					Delete_Media: { mediaId },
					Get_Media_URL: { mediaId },
					Upload_Media: {},
				});
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
			},
		);

		test('a text, a voice note and a picture → one agent → its answer to whoever asked', async () => {
			const id = await testbed.fillIn('answer-with-an-agent');
			const { openAi, emulator } = testbed;
			const photo = await readFile(demoFile('photo.jpg'));
			const [anna, ben] = ['4915255501010', '4915255502020'];
			/** What the model was given each time, but for the system message. */
			const chats: string[][] = [];
			openAi.model = (messages) => {
				const chat = messages
					.filter(({ role }) => !['system', 'developer'].includes(role))
					.flatMap(wordsOf);
				chats.push(chat);
				return { role: 'assistant', content: `answer ${chats.length}` };
			};
			await testbed.published(id, async () => {
				const [text, voiceNote] = ['Are you open on Tuesday?', 'And on Wednesday?'];
				expectSuccess(await testbed.sendTexts(id, [{ text, from: anna }]));
				openAi.speech = voiceNote;
				const bytes = await readFile(demoFile('voice-note.ogg'));
				expectSuccess(await testbed.send(id, { type: 'voice', bytes, from: anna }));
				const caption = 'How much is this?';
				const image = { type: 'image', bytes: photo, caption, from: ben } as const;
				expectSuccess(await testbed.send(id, image));
				const picture = `image/jpeg ${sha256(photo)}`;
				expect(chats).toEqual([
					[text],
					[text, 'answer 1', voiceNote],
					// Nobody gets what another one has asked.
					[caption, picture],
				]);

				// Meta may deliver the messages of several people together.
				const together = [
					{ text: 'Thanks', from: ben },
					{ text: 'See you', from: anna },
				];
				expectSuccess(await testbed.sendTexts(id, together));
				expect(chats.slice(3)).toEqual([
					[caption, 'answer 3', 'Thanks'],
					[text, 'answer 1', voiceNote, 'answer 2', 'See you'],
				]);
				const withoutCaption = { type: 'image', bytes: photo, from: anna } as const;
				expectSuccess(await testbed.send(id, withoutCaption));
				expect(chats[5]!.slice(-2)).toEqual(['(no words)', picture]);
			});
			expect(testbed.sent()).toEqual(
				[anna, anna, ben, ben, anna, anna].map((to, index) => ({
					to,
					type: 'text',
					body: `answer ${index + 1}`,
				})),
			);
			for (const { operation, headers } of emulator.requests)
				if (operation === 'send')
					expect(headers.authorization).toBe(`Bearer ${emulator.meta.credentials.accessToken}`);
		});
	});
}

/** The texts of a message, and its pictures by type and hash. */
function wordsOf({ content }: Message): string[] {
	if (typeof content === 'string') return [content];
	return (content ?? []).map((part) => {
		if (part.type === 'text') return part.text;
		const [, mimeType, base64] = /^data:(.*);base64,(.*)$/s.exec(part.image_url.url)!;
		return `${mimeType} ${sha256(Buffer.from(base64!, 'base64'))}`;
	});
}

/** As a user drops them on the canvas. */
async function emptyTools({ n8n: { api } }: ExamplesTestbed, id: string) {
	const { nodes } = await api.workflow(id);
	for (const node of nodes) if (/whatsApp\w+Tool$/.test(node.type)) node.parameters = {};
	await api.updateWorkflow(id, { nodes });
}
