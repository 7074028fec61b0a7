import type { ParsedCredentials } from './credentials';

/** In characters. Shorter ones would be found in any text. */
const MIN_SECRET_LENGTH = 8;

/**
 * A copy of an API's answer without our secrets. Some APIs repeat the token that they reject (Graph: "Malformed access
 * token …"), and n8n saves errors.
 */
export function redact<T>(
	answer: T,
	{ provider, credentials }: Pick<ParsedCredentials, 'provider' | 'credentials'>,
): T {
	const { accessToken, webhookSecret, verifyToken } = credentials;
	const derived = provider.derivedSecrets?.(credentials) ?? [];
	const secrets = [accessToken, webhookSecret, verifyToken, ...derived].filter(
		({ length }) => length >= MIN_SECRET_LENGTH,
	);
	const clean = (text: string) =>
		secrets.reduce((all, secret) => all.replaceAll(secret, '…'), text);
	return JSON.parse(JSON.stringify(answer ?? null), (_, value) =>
		typeof value === 'string' ? clean(value) : value,
	) as T;
}
