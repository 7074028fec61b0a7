import type { MetaEmulator } from '.';
import { vendorControl } from '../control';
import { readable, type Site } from '../server';

/** `/_emulator/receive`, `/_emulator/fault` and `/_emulator/handshake`, for a person with curl. */
export function control(meta: MetaEmulator): Site['control'] {
	const shared = vendorControl(meta, ({ phoneNumberId, url }) => ({
		phoneNumberId,
		url: url !== 'false',
	}));
	return {
		...shared,
		async receive(request) {
			const { callback, phoneNumberId, shape } = request.query;
			if (!shape) return await shared.receive!(request);
			return readable(await meta.receiveShape(shape, { phoneNumberId }, { callback }));
		},
		async handshake({ query }) {
			return readable(
				await meta.handshake(query.callback ?? '', {
					token: query.token,
					challenge: query.challenge,
				}),
			);
		},
	};
}

/** What to type where, for the emulator's own window. */
export function help({ credentials, secondPhoneNumberId, url, filesUrl }: MetaEmulator): string {
	return `META CLOUD API
  Base URL             ${url}
  Media hosts          ${filesUrl}
  Access token         ${credentials.accessToken}
  Phone number ID      ${credentials.phoneNumberId}   (a second number: ${secondPhoneNumberId})
  Business account ID  ${credentials.businessAccountId}
  App ID               ${credentials.appId}
  App secret           ${credentials.appSecret}
  Verify token         ${credentials.verifyToken}

  Send a file to the business, as a customer would (without callback=…: to whoever is subscribed):
    curl -F file=@voice.ogg "${url}/_emulator/receive?callback=http://localhost:5678/webhook/…/webhook&from=16505551234&caption=Hello"
    also: name, type (image, video, audio, voice, document, sticker), mimeType, phoneNumberId, url=false
  Or a text:
    curl -d "" "${url}/_emulator/receive?text=Hello&callback=http://localhost:5678/webhook/…/webhook"
  Anything else that Meta delivers, by its name in test/fixtures/meta (too-large, view-once, status-failed, …):
    curl -d "" "${url}/_emulator/receive?shape=edit&callback=http://localhost:5678/webhook/…/webhook"
  Prove a callback, as Meta does before it subscribes one (also: token, challenge):
    curl "${url}/_emulator/handshake?callback=http://localhost:5678/webhook/…/webhook"
  Let something go wrong, once (test/emulator/faults.ts has the words):
    curl -d '{"on":"file","cutAt":0.5}' ${url}/_emulator/fault
  See every request, move the clock by milliseconds, forget everything:
    curl ${url}/_emulator/requests
    curl "${url}/_emulator/advance?ms=300000"
    curl ${url}/_emulator/reset

  Not imitated: sending (a message is accepted, its media ID checked, and it goes nowhere), templates, delivery statuses, checks of codecs,
  colours and durations, the https that Meta demands of callbacks, repeating a webhook that was refused, rate limits (order them as faults).
  Where no source says how Meta answers, the choice stands in test/emulator/meta/variants.ts.
`;
}
