import type { Credentials, Provider } from '../providers/provider';
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
	const secrets = secretsOf(provider, credentials);
	const numbers = secrets.filter((secret) => /^[\d.e+-]+$/.test(secret));
	return JSON.parse(JSON.stringify(answer ?? null), (_, value) => {
		if (typeof value === 'string') return without(secrets, value);
		// Most answers with millions of numbers meet no secret that looks like one.
		if (typeof value !== 'number' || !numbers.length) return value;
		const cleaned = without(numbers, String(value));
		return cleaned === String(value) ? value : cleaned;
	}) as T;
}

function without(secrets: string[], text: string): string {
	if (text.length < MIN_SECRET_LENGTH) return text;
	return secrets.reduce((all, secret) => all.replaceAll(secret, '…'), text);
}

/** As an API may repeat them. The longest first: of one that begins like another, the rest would stay. */
function secretsOf(provider: Provider, credentials: Credentials): string[] {
	const { accessToken, webhookSecret, verifyToken } = credentials;
	const derived = provider.derivedSecrets?.(credentials) ?? [];
	const spelled = [accessToken, webhookSecret, verifyToken, ...derived].flatMap(spellings);
	return [...new Set(spelled)]
		.filter(({ length }) => length >= MIN_SECRET_LENGTH)
		.sort((one, other) => other.length - one.length);
}

function spellings(secret: string): string[] {
	if (secret.length < MIN_SECRET_LENGTH) return [];
	const bytes = Buffer.from(secret);
	// From the bytes, since half of a surrogate pair cannot be encoded.
	const inUrl = encodeURIComponent(bytes.toString());
	const inJson = JSON.stringify(secret).slice(1, -1);
	return [
		secret,
		...[inUrl, inUrl.replace(/%../g, (escape) => escape.toLowerCase())],
		...[inJson, inJson.replaceAll('/', '\\/')],
		// Without the padding, which not all write.
		...[bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url')],
		// A number of so many digits that the last ones are lost.
		...(/^\d+$/.test(secret) ? [String(Number(secret))] : []),
	];
}
