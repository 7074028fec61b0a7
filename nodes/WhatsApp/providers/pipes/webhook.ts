import { equalSecrets, hmacHex } from '../signature';
import { verifier } from '../verifier';

export const verify = verifier({
	secret: ({ webhookSecret }) => webhookSecret,
	headers: {
		/** `<hex>`, made with the webhook secret over the raw bytes. */
		'x-pipes-signature': (given, secret, rawBody) =>
			equalSecrets(given.toLowerCase(), hmacHex(secret, rawBody)),
	},
	noSecret:
		'the credential has no Webhook Secret, so no delivery can be checked. Set one in the Pipes.bot dashboard, 16 to 256 characters, and enter the same in the credential.',
	noHeader:
		'it carries no X-Pipes-Signature: either no Webhook Secret is set in the Pipes.bot dashboard, or it does not come from Pipes.bot, or a proxy dropped the header.',
	mismatch:
		'its signature does not match. Either the Webhook Secret in the credential is not the one in the Pipes.bot dashboard, or a proxy in front of n8n changes the body.',
});
