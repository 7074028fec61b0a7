import type { Credentials, VerificationFailure, Webhook } from '../provider';
import { equalSecrets, hmacHex } from '../signature';

/** Meta's signature is not passed on; a header of our own, registered with the webhook, comes back with each delivery. */
export const SECRET_HEADER = 'X-Webhook-Secret';

/** Only partners have a secret for this one: hex HMAC-SHA256 of the raw bytes. Source: docs.360dialog.com, Signature validation. */
const SIGNATURE_HEADER = 'x-360dialog-signature';

/** There is no handshake. */
export function challenge(): undefined {
	return undefined;
}

/** The user's own secret, or one that every n8n process can derive from the key and nobody else can guess. */
export function deliverySecret({ accessToken, webhookSecret }: Credentials): string {
	return webhookSecret || (accessToken && hmacHex(accessToken, 'n8n webhook'));
}

export function verify(
	{ headers, rawBody }: Webhook,
	credentials: Credentials,
): true | VerificationFailure {
	const secret = deliverySecret(credentials);
	if (!secret) return { reason: 'the credential has no API Key, so no delivery can be checked.' };
	const given = headers[SECRET_HEADER.toLowerCase()];
	if (typeof given === 'string' && equalSecrets(given, secret)) return true;
	const signature = headers[SIGNATURE_HEADER];
	const hex = typeof signature === 'string' ? signature.toLowerCase().replace(/^sha256=/, '') : '';
	if (equalSecrets(hex, hmacHex(secret, rawBody))) return true;
	if (!given && !hex)
		return {
			reason: `it carries no ${SECRET_HEADER}: either the webhook was set by hand without that header, or it does not come from 360dialog, or a proxy dropped the header.`,
		};
	return {
		reason: `its ${SECRET_HEADER} does not match. Either the Webhook Secret in the credential is not the one of the header, or the key has changed since the webhook was registered: unpublish the workflow and publish it again.`,
	};
}
