import type { WhapiEmulator } from '.';
import { vendorControl } from '../control';
import type { Site } from '../server';

export function control(whapi: WhapiEmulator): Site['control'] {
	return vendorControl(whapi, ({ url }) => ({
		url: url === undefined ? undefined : url !== 'false',
	}));
}

/** What to type where, for the emulator's own window. */
export function help({ credentials, url, filesUrl }: WhapiEmulator): string {
	return `WHAPI.CLOUD
  Base URL             ${url}
  Token                ${credentials.accessToken}
  Public storage       ${filesUrl}   (takes no token)

  Send a file to the channel, as a customer would (without callback=…: to the webhooks in its settings):
    curl -F file=@voice.ogg "${url}/_emulator/receive?from=16505551234&caption=Hello"
    also: name, type (image, video, gif, short, audio, voice, document, sticker), mimeType, url=true (Auto Download)
  Or a text:
    curl -d "" "${url}/_emulator/receive?text=Hello"
  Look at the webhooks that are registered:
    curl -H "Authorization: Bearer ${credentials.accessToken}" ${url}/settings

  Not imitated: sending, groups, channels and labels, codecs, repeating a webhook that was refused, the media of https URLs in POST /media,
  limits of size (none are documented). Where no source says how Whapi.Cloud answers, the choice stands in test/emulator/whapi/variants.ts.
`;
}
