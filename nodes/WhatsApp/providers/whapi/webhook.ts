import type { Credentials, VerificationFailure, Webhook } from '../provider';
import { equalSecrets, hmacHex } from '../signature';

/** Whapi.Cloud signs nothing; a header of our own, registered with the webhook, comes back with each delivery. */
export const SECRET_HEADER = 'X-Webhook-Secret';

/** There is no handshake. */
export function challenge(): undefined {
	return undefined;
}

/** The header's value: made from the token, so that any process of n8n can check it and nobody else can guess it. */
export function deliverySecret({ accessToken }: Credentials): string {
	return hmacHex(accessToken, 'n8n webhook');
}

export function verify({ headers }: Webhook, credentials: Credentials): true | VerificationFailure {
	if (!credentials.accessToken)
		return { reason: 'the credential has no token, so no delivery can be checked.' };
	const given = headers[SECRET_HEADER.toLowerCase()];
	if (typeof given !== 'string' || !given)
		return {
			reason: `it carries no ${SECRET_HEADER}, so it does not come from a webhook that was registered by this node, or a proxy dropped the header.`,
		};
	if (equalSecrets(given, deliverySecret(credentials))) return true;
	return {
		reason: `its ${SECRET_HEADER} does not match. The token may have changed since the webhook was registered: unpublish the workflow and publish it again.`,
	};
}
