import { MediaError } from '../../errors';
import type { Credentials } from '../provider';

/** The credential's fields as its form names them. */
const FIELD_NAMES: Partial<Record<keyof Credentials, string>> = {
	phoneNumberId: 'Phone Number ID',
	businessAccountId: 'WhatsApp Business Account ID',
	appId: 'App ID',
	webhookSecret: 'App Secret',
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
	const missing = [...new Set(fields)].filter((field) => !credentials[field]);
	if (!missing.length) return;
	throw new MediaError(
		'credential',
		`${purpose} needs ${missing.map((field) => FIELD_NAMES[field]).join(' and ')} in the credential`,
		'Open the credential; each field says where its value is found.',
	);
}
