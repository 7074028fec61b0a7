import type { Credentials } from '../providers/provider';

/** Shorter ones would be found in any text. */
const MIN_SECRET_LENGTH = 8;

/** An API's answer without our secrets: some repeat the token that they reject (Graph: "Malformed access token …"), and errors are saved. */
export function redact<T>(answer: T, { accessToken, webhookSecret, verifyToken }: Credentials): T {
	const secrets = [accessToken, webhookSecret, verifyToken].filter(({ length }) => length >= MIN_SECRET_LENGTH);
	const clean = (text: string) => secrets.reduce((all, secret) => all.replaceAll(secret, '…'), text);
	return JSON.parse(JSON.stringify(answer ?? null), (_, value) => (typeof value === 'string' ? clean(value) : value)) as T;
}
