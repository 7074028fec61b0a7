import { MediaError } from '../../errors';
import { listInWords } from '../../units';
import type { Credentials } from '../provider';

/** The credential's fields as its form names them, in its order. */
const FIELD_NAMES: Partial<Record<keyof Credentials, string>> = {
	accessToken: 'Access Token',
	webhookSecret: 'App Secret',
	phoneNumberId: 'Phone Number ID',
	businessAccountId: 'WhatsApp Business Account ID',
	appId: 'App ID',
};

/** The API version becomes part of every path. */
export function checkCredentials({ apiVersion }: Credentials): MediaError | undefined {
	if (/^v\d+\.\d+$/.test(apiVersion)) return undefined;
	return new MediaError(
		'credential',
		`"${apiVersion}" is not a version of the API`,
		'Enter one like v25.0 in API Version in the credential.',
	);
}

/**
 * @param purpose what needs the fields, as the beginning of a sentence
 * @throws MediaError that names the fields that are empty
 */
export function requireFields(
	credentials: Credentials,
	fields: Array<keyof Credentials>,
	purpose: string,
): void {
	const invalid = checkCredentials(credentials);
	if (invalid) throw invalid;
	if (fields.every((field) => credentials[field])) return;
	// Whoever fills in one field is not to be told of the next by another failure: these two, a trigger always needs.
	const needed = new Set<string>([...fields, 'accessToken', 'webhookSecret']);
	const missing = Object.entries(FIELD_NAMES).flatMap(([name, label]) =>
		needed.has(name) && !credentials[name as keyof Credentials] ? label : [],
	);
	throw new MediaError(
		'credential',
		`${purpose} needs ${listInWords(missing)} in the credential`,
		'Open the credential. The text below each field says where to find its value.',
	);
}
