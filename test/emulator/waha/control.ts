import type { WahaEmulator } from '.';
import { vendorControl } from '../control';
import type { Site } from '../server';

export function control(waha: WahaEmulator): Site['control'] {
	return vendorControl(waha, ({ url, groupId }) => ({
		url: url === undefined ? undefined : url !== 'false',
		groupId,
	}));
}

/** What to type where, for the emulator's own window. */
export function help({ credentials, url, filesUrl, session }: WahaEmulator): string {
	return `WAHA
  Base URL             ${url}
  API key              ${credentials.accessToken}
  Session              ${session}
  Webhook secret       ${credentials.webhookSecret}   (of a callback=…; registered webhooks have their own)
  S3                   ${filesUrl}   (presigned, takes no key; only when its variant says so)

  Send a file to the number, as a customer would (without callback=…: to the webhooks of the session; always to the WebSocket):
    curl -F file=@voice.ogg "${url}/_emulator/receive?from=16505551234&caption=Hello"
    also: name, type (image, video, gif, audio, voice, document, sticker), mimeType, groupId, url=false (the file comes later)
  Or a text:
    curl -d "" "${url}/_emulator/receive?text=Hello"
  Look at the session and its webhooks:
    curl -H "X-Api-Key: ${credentials.accessToken}" ${url}/api/sessions/${session}

  Not imitated: sending, logging in, other sessions, keys with fewer rights, apps beyond keeping them, repeating a webhook that was refused, the
  minute's ping of the WebSocket, PostgreSQL as storage. Where no source says how WAHA answers, the choice stands in test/emulator/waha/variants.ts.
`;
}
