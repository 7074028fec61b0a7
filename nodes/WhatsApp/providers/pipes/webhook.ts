import type { Credentials, VerificationFailure, Webhook } from '../provider';
import { equalSecrets, hmacHex } from '../signature';

/** There is no handshake. */
export function challenge(): undefined {
	return undefined;
}

/** `X-Pipes-Signature: <hex>`, made with the webhook secret over the raw bytes. */
export function verify(
	{ headers, rawBody }: Webhook,
	{ webhookSecret }: Credentials,
): true | VerificationFailure {
	if (!webhookSecret)
		return {
			reason:
				'the credential has no Webhook Secret, so no delivery can be checked. Set one in the Pipes.bot dashboard, 16 to 256 characters, and enter the same in the credential.',
		};
	const signature = headers['x-pipes-signature'];
	if (typeof signature !== 'string' || !signature)
		return {
			reason:
				'it carries no X-Pipes-Signature: either no Webhook Secret is set in the Pipes.bot dashboard, or it does not come from Pipes.bot, or a proxy dropped the header.',
		};
	if (equalSecrets(signature.toLowerCase(), hmacHex(webhookSecret, rawBody))) return true;
	return {
		reason:
			'its signature does not match. Either the Webhook Secret in the credential is not the one in the Pipes.bot dashboard, or a proxy in front of n8n changes the body.',
	};
}
