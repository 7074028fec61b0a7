import type { Credentials } from './credentials';
import { hmacHex } from './signature';

/** A header of our own, registered with the webhook: the vendor sends it with each delivery. */
export const SECRET_HEADER = 'X-Webhook-Secret';

/** A secret that every n8n process can derive from the token, and nobody else can guess. Empty without a token. */
export function derivedSecret({ accessToken }: Credentials): string {
	return accessToken && hmacHex(accessToken, 'n8n webhook');
}

/** The user's own secret, or the derived one. */
export function deliverySecret(credentials: Credentials): string {
	return credentials.webhookSecret || derivedSecret(credentials);
}
