import type { Credentials, Webhook } from '../provider';
import { text } from '../read';
import { equalSecrets, hmacHex } from '../signature';
import { verifier } from '../verifier';

/** GET ?hub.mode=subscribe&hub.challenge=…&hub.verify_token=…, to be answered with the challenge and nothing else. */
export function challenge({ query }: Webhook, credentials: Credentials): string | undefined {
	const given = text(query['hub.verify_token']);
	const answer = text(query['hub.challenge']);
	const expected = verifyToken(credentials);
	if (query['hub.mode'] !== 'subscribe' || !given || !answer || !expected) return undefined;
	return equalSecrets(given.trim(), expected) ? answer : undefined;
}

/**
 * The user's own, or one that every n8n process can derive: whichever of them Meta calls can answer, also while another is
 * still registering. Empty when there is nothing to derive it from.
 */
export function verifyToken({ verifyToken: own, webhookSecret }: Credentials): string {
	return own || (webhookSecret && hmacHex(webhookSecret, 'n8n-nodes-whatsapp-media verify token'));
}

export const verify = verifier({
	secret: ({ webhookSecret }) => webhookSecret,
	headers: {
		/** `sha256=<hex>`, made with the app secret over the raw bytes. */
		'x-hub-signature-256': (given, secret, rawBody) =>
			equalSecrets(given, `sha256=${hmacHex(secret, rawBody)}`),
	},
	noSecret:
		'the credential has no App Secret, so no delivery can be checked. Copy it from App settings → Basic.',
	noHeader:
		'it carries no X-Hub-Signature-256, so it does not come from Meta, or a proxy dropped the header.',
	mismatch:
		'its signature does not match. Either the App Secret in the credential belongs to another app, or a proxy in front of n8n changes the body.',
});
