import { MediaError } from '../../errors';
import { SECOND } from '../../units';
import { graphError } from '../cloudApi/errors';
import type { ApiClient, Credentials } from '../provider';
import { hmacHex } from '../signature';
import { graphPath } from './ids';

/**
 * Meta compares it with the secret of the app that the token was made for, whether the app asks for it or not.
 * Source: Graph API → Secure requests; facebook-python-business-sdk#528 has the whole answer to a wrong one.
 */
export const secretProof = {
	parameter: 'appsecret_proof',
	make: ({ accessToken, webhookSecret }: Credentials) =>
		webhookSecret && hmacHex(webhookSecret, accessToken),
};

/** What Meta says to a proof that was made with another secret, in English always. */
export const WRONG_PROOF = 'Invalid appsecret_proof provided in the API argument';

export const COPY_APP_SECRET =
	'Copy it again: developers.facebook.com → My Apps → the app that the token was generated for → App settings → Basic → Show.';

/** A published workflow waits for the answer when n8n starts. */
const TIMEOUT_MS = 10 * SECOND;

/** Why no delivery will carry a signature that fits; nothing also when Meta cannot say now, or there is no secret. */
export async function checkSecret(client: ApiClient): Promise<MediaError | undefined> {
	if (!client.credentials.webhookSecret) return undefined;
	const reply = await sendProof(client).catch(() => undefined);
	if (!reply || graphError(reply)?.message !== WRONG_PROOF) return undefined;
	return new MediaError(
		'credential',
		'The App Secret in the credential does not belong to the app of the access token, so every message would be refused',
		COPY_APP_SECRET,
		{ status: reply.status },
	);
}

async function sendProof(client: ApiClient) {
	const { phoneNumberId, apiVersion } = client.credentials;
	return await client.send({
		method: 'GET',
		path: phoneNumberId ? graphPath(client, phoneNumberId) : `/${apiVersion}/me`,
		query: { fields: 'id', [secretProof.parameter]: secretProof.make(client.credentials) },
		signal: AbortSignal.timeout(TIMEOUT_MS),
	});
}
