import type { Credentials } from '../providers/provider';

/** In characters. Shorter ones would be found in any text. */
const MIN_SECRET_LENGTH = 8;

/**
 * A copy of an API's answer without our secrets. Some APIs repeat the token that they reject (Graph: "Malformed access
 * token …"), and n8n saves errors.
 */
export function redact<T>(answer: T, credentials: Credentials): T {
	const { accessToken, webhookSecret, verifyToken } = credentials;
	const secrets = [accessToken, webhookSecret, verifyToken].filter(
		({ length }) => length >= MIN_SECRET_LENGTH,
	);
	const clean = (text: string) =>
		secrets.reduce((all, secret) => all.replaceAll(secret, '…'), text);
	return JSON.parse(JSON.stringify(answer ?? null), (_, value) =>
		typeof value === 'string' ? clean(value) : value,
	) as T;
}
