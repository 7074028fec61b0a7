import type { Dialog360Emulator } from '.';
import { vendorControl } from '../control';
import type { Site } from '../server';

export function control(dialog360: Dialog360Emulator): Site['control'] {
	return vendorControl(dialog360, ({ url }) => ({ url: url !== 'false' }));
}

/** What to type where, for the emulator's own window. */
export function help({ credentials, url }: Dialog360Emulator): string {
	return `360DIALOG
  Base URL             ${url}
  API key              ${credentials.accessToken}
  Webhook secret       ${credentials.webhookSecret}   (of a callback=…; a registered webhook has its own)

  Send a file to the business, as a customer would (without callback=…: to the webhook that is set):
    curl -F file=@voice.ogg "${url}/_emulator/receive?callback=http://localhost:5678/webhook/…/webhook&from=16505551234&caption=Hello"
    also: name, type (image, video, audio, voice, document, sticker), mimeType, url=false
  Or a text:
    curl -d "" "${url}/_emulator/receive?text=Hello"
  Look at the webhook that is set:
    curl -H "D360-API-KEY: ${credentials.accessToken}" ${url}/v1/configs/webhook

  Not imitated: sending, templates, the Hub, the webhook of a whole account, switching the list of webhooks on, repeating a webhook that
  was refused, limits of uploads a second. Where no source says how 360dialog answers, the choice stands in test/emulator/dialog360/variants.ts.
`;
}
