import type { Credentials, VerificationFailure, Webhook } from '../provider';
import { equalSecrets, hmacHex } from '../signature';

/** There is no handshake. */
export function challenge(): undefined {
	return undefined;
}

/** The HMAC key of a webhook: the user's own, or one that every n8n process can derive and nobody else can guess. */
export function hmacKey({ accessToken, webhookSecret }: Credentials): string {
	return webhookSecret || (accessToken && hmacHex(accessToken, 'n8n webhook'));
}

/** `X-Webhook-Hmac: <hex>`, SHA-512 over the raw bytes. Source: waha.devlike.pro, Events → HMAC authentication. */
export function verify(
	{ headers, rawBody }: Webhook,
	credentials: Credentials,
): true | VerificationFailure {
	const key = hmacKey(credentials);
	if (!key)
		return {
			reason:
				'the credential has neither an API Key nor a Webhook Secret, so no delivery can be checked.',
		};
	const signature = headers['x-webhook-hmac'];
	if (typeof signature !== 'string' || !signature)
		return {
			reason:
				'it carries no X-Webhook-Hmac: either the webhook has no HMAC key in WAHA, or it does not come from WAHA, or a proxy dropped the header.',
		};
	if (equalSecrets(signature.toLowerCase(), hmacHex(key, rawBody, 'sha512'))) return true;
	return {
		reason:
			'its signature does not match. Either the HMAC key of the webhook in WAHA is not the Webhook Secret in the credential, or a proxy in front of n8n changes the body.',
	};
}
