import { deliverySecret } from '../deliverySecret';
import { equalSecrets, hmacHex } from '../signature';
import { verifier } from '../verifier';

export const verify = verifier({
	secret: deliverySecret,
	headers: {
		/** `<hex>`, SHA-512 over the raw bytes. Source: waha.devlike.pro, Events → HMAC authentication. */
		'x-webhook-hmac': (given, key, rawBody) =>
			equalSecrets(given.toLowerCase(), hmacHex(key, rawBody, 'sha512')),
	},
	noSecret:
		'the credential has neither an API Key nor a Webhook Secret, so no delivery can be checked.',
	noHeader:
		'it carries no X-Webhook-Hmac: either the webhook has no HMAC key in WAHA, or it does not come from WAHA, or a proxy dropped the header.',
	mismatch:
		'its signature does not match. Either the HMAC key of the webhook in WAHA is not the Webhook Secret in the credential, or a proxy in front of n8n changes the body.',
});
