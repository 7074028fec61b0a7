import type { PipesEmulator } from '.';
import { curlUploads } from '../curlUploads';
import { readable, type Site } from '../server';

/** `/_emulator/receive` and `/_emulator/fault`, for a person with curl. */
export function control(pipes: PipesEmulator): Site['control'] {
	return {
		async receive(request) {
			const { callback, from, name, caption, unavailable } = request.query;
			const received = [];
			for (const file of await curlUploads(request)) {
				received.push(await pipes.receive({ ...file, from, name, caption, unavailable: unavailable === 'true' }, { callback }));
			}
			return readable(received);
		},
		async fault(request) {
			pipes.fault(JSON.parse((await request.read()).toString()));
			return readable({ ordered: true });
		},
	};
}

/** What to type where, for the emulator's own window. */
export function help({ credentials, url, filesUrl }: PipesEmulator): string {
	return `PIPES.BOT
  Base URL             ${url}
  API key              ${credentials.accessToken}
  Webhook secret       ${credentials.webhookSecret}
  Pool number ID       ${credentials.phoneNumberId}
  Storage              ${filesUrl}   (presigned, takes no key)

  Send a file to the bot, as its user would (without callback=…: to the WebSocket, or its queue):
    curl -F file=@voice.ogg "${url}/_emulator/receive?callback=http://localhost:5678/webhook/…/webhook&from=16505551234&caption=Hello"
    also: name, type (image, video, audio, voice, document, sticker), mimeType, unavailable=true

  Not imitated: sending, conversations, templates, repeating a webhook that was refused (it goes to the WebSocket at once). There is no upload
  and no delete: none is public. Where no source says how Pipes.bot answers, the choice stands in test/emulator/pipes/variants.ts.
`;
}
