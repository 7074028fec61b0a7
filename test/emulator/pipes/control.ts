import type { PipesEmulator } from '.';
import { vendorControl } from '../control';
import type { Site } from '../server';

export function control(pipes: PipesEmulator): Site['control'] {
	return vendorControl(pipes, ({ unavailable }) => ({ unavailable: unavailable === 'true' }));
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
  Or a text:
    curl -d "" "${url}/_emulator/receive?text=Hello&callback=http://localhost:5678/webhook/…/webhook"

  Not imitated: sending, conversations, templates, repeating a webhook that was refused (it goes to the WebSocket at once). There is no upload
  and no delete: none is public. Where no source says how Pipes.bot answers, the choice stands in test/emulator/pipes/variants.ts.
`;
}
