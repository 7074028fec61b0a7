import { deliverySecret, SECRET_HEADER } from '../deliverySecret';
import { equalSecrets, hmacHex } from '../signature';
import { verifier } from '../verifier';

/** Meta's signature is not passed on; a header of our own comes back with each delivery. */
export const verify = verifier({
	secret: deliverySecret,
	headers: {
		[SECRET_HEADER.toLowerCase()]: equalSecrets,
		/** Only partners have a secret for this one: hex HMAC-SHA256 of the raw bytes. Source: docs.360dialog.com, Signature validation. */
		'x-360dialog-signature': (given, secret, rawBody) =>
			equalSecrets(given.toLowerCase().replace(/^sha256=/, ''), hmacHex(secret, rawBody)),
	},
	noSecret: 'the credential has no API Key, so no delivery can be checked.',
	noHeader: `it carries no ${SECRET_HEADER}: either the webhook was set by hand without that header, or it does not come from 360dialog, or a proxy dropped the header.`,
	mismatch: `its ${SECRET_HEADER} does not match. Either the Webhook Secret in the credential is not the one of the header, or the key has changed since the webhook was registered: unpublish the workflow and publish it again.`,
});
