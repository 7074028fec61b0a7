import { readFile } from 'node:fs/promises';

import gateways from '../fixtures/recorded/gateways.json';
import { encryptWith } from '../support/encoders';
import { items } from '../support/n8n/rest';
import { demoFile } from '../support/paths';
import { expectSuccess, WAIT, type ExamplesTestbed } from './testbed';

export function voiceNoteTests(testbed: ExamplesTestbed): void {
	describe('voice notes', () => {
		test('voice note → transcription → reply with the text', async () => {
			const id = await testbed.fillIn('voice-note-to-text');
			const voiceNote = await readFile(demoFile('voice-note.ogg'));
			await testbed.published(id, async () => {
				testbed.openAi.speech = 'Can you come on Tuesday?';
				expectSuccess(
					await testbed.send(id, { type: 'voice', bytes: voiceNote, from: '4915255501010' }),
				);
				expect(testbed.openAi.heard).toHaveLength(1);
				expect(testbed.openAi.heard[0]).toMatchObject({
					fileName: expect.stringMatching(/\.ogg$/),
					mimeType: expect.stringMatching(/^audio\/ogg/),
					model: 'whisper-1',
				});
				expect(testbed.openAi.heard[0]!.bytes.equals(voiceNote)).toBe(true);
				expect(testbed.emulator.meta.sent).toEqual([
					expect.objectContaining({
						phoneNumberId: testbed.emulator.meta.credentials.phoneNumberId,
						to: '4915255501010',
						type: 'text',
						text: { body: 'Can you come on Tuesday?' },
					}),
				]);

				// WhatsApp takes no empty text, and none above 4096 characters.
				testbed.openAi.speech = '';
				expectSuccess(await testbed.send(id, { type: 'voice', bytes: voiceNote }));
				testbed.openAi.speech = 'x'.repeat(5000);
				expectSuccess(await testbed.send(id, { type: 'voice', bytes: voiceNote }));
				expect(
					testbed
						.sent()
						.slice(1)
						.map(({ body }) => String(body)),
				).toEqual([expect.stringContaining('Sorry'), 'x'.repeat(4096)]);

				// Not a recording: OpenAI refuses it, as the stand-in does, and nobody is answered.
				const { data } = await testbed.send(id, {
					type: 'voice',
					bytes: Buffer.from('OggS, but no sound'),
				});
				expect(data.resultData).toMatchObject({ lastNodeExecuted: 'Transcribe' });
				expect(testbed.emulator.meta.sent).toHaveLength(3);
			});
		});

		test('a gateway’s webhook → Download Media without a credential → transcription', async () => {
			const id = await testbed.fillIn('gateway-voice-note-to-text', {}, ['Download Media']);
			const voiceNote = await readFile(demoFile('voice-note.ogg'));
			const [encrypted] = await encryptWith('baileys', [{ type: 'ptt', plaintext: voiceNote }]);
			const { mediaKey, fileSha256, fileEncSha256 } = encrypted!;
			const links = testbed.emulator.messageFiles.put(encrypted!.file);
			const recorded = gateways.find(({ name }) => name === 'evolution v2 voice note')!.payload;
			const { data } = recorded as unknown as { data: { message: { audioMessage: object } } };
			const announced = { ...links, mediaKey, fileSha256, fileEncSha256 };
			const message = { audioMessage: { ...data.message.audioMessage, ...announced } };
			const call = async (changes: object) => {
				const body = JSON.stringify({ ...recorded, data: { ...data, message, ...changes } });
				const headers = { 'Content-Type': 'application/json' };
				const answer = await fetch(`${testbed.n8n.url}/webhook/whatsapp-gateway`, {
					method: 'POST',
					headers,
					body,
				});
				expect(answer.status).toBe(200);
			};
			await testbed.published(id, async () => {
				testbed.openAi.speech = 'Can you come on Tuesday?';
				await call({});
				const [execution] = await testbed.n8n.api.waitForExecutions(id, 1, WAIT);
				expectSuccess(execution!);
				expect(testbed.openAi.heard).toMatchObject([
					{ fileName: 'voice.ogg', mimeType: 'audio/ogg' },
				]);
				expect(testbed.openAi.heard[0]!.bytes.equals(voiceNote)).toBe(true);
				expect(items(execution!, 'Sender and Text').map(({ json }) => json)).toEqual([
					{
						chat: '59170000001@s.whatsapp.net',
						sender: 'Test Name',
						text: 'Can you come on Tuesday?',
					},
				]);
				expect(
					testbed.emulator.requests.map(({ host, headers }) => [host, headers.authorization]),
				).toEqual([['mmg.whatsapp.net', undefined]]);

				// A text, and a voice note of one's own, go no further than the filter.
				await call({ messageType: 'conversation', message: { conversation: 'hello' } });
				await call({ key: { fromMe: true } });
				await testbed.n8n.api.waitForExecutions(id, 3, WAIT);
				expect(testbed.openAi.heard).toHaveLength(1);
			});
		});

		test('voice note → transcription → answer → speech → voice note', async () => {
			const id = await testbed.fillIn('voice-note-to-voice-note');
			const { emulator, openAi } = testbed;
			const voiceNote = await readFile(demoFile('voice-note.ogg'));
			const questions: unknown[] = [];
			openAi.model = (messages) => {
				questions.push(messages.at(-1)!.content);
				return { role: 'assistant', content: 'Yes, at ten.' };
			};
			await testbed.published(id, async () => {
				openAi.speech = 'Can you come on Tuesday?';
				const incoming = { type: 'voice', bytes: voiceNote, from: '4915255501010' } as const;
				expectSuccess(await testbed.send(id, incoming));
				expect(questions).toEqual(['Can you come on Tuesday?']);
				expect(openAi.spoken).toEqual([{ text: 'Yes, at ten.', format: 'opus' }]);
				const upload = emulator.meta.store.list().find(({ kind }) => kind === 'uploaded')!;
				expect(upload).toMatchObject({
					mimeType: 'audio/ogg',
					fileName: expect.stringMatching(/\.ogg$/),
				});
				expect(Buffer.concat([...upload.bytes.read()]).equals(voiceNote)).toBe(true);
				expect(emulator.meta.sent).toEqual([
					{
						phoneNumberId: emulator.meta.credentials.phoneNumberId,
						messaging_product: 'whatsapp',
						to: '4915255501010',
						type: 'audio',
						audio: { id: upload.id, voice: true },
					},
				]);

				// Nothing to be heard: the agent is told so.
				openAi.speech = '';
				expectSuccess(await testbed.send(id, { ...incoming, from: '4915255502020' }));
				expect(questions[1]).toBe('(nothing to be heard)');
				expect(emulator.meta.sent[1]).toMatchObject({ to: '4915255502020', type: 'audio' });
			});
		});
	});
}
