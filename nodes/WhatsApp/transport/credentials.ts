import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { MediaError } from '../errors';
import { providers } from '../providers';
import type { CredentialForm } from '../providers/credentialForm';
import type { Credentials, Provider } from '../providers/provider';
import { listInWords } from '../units';

/** Name of the credential type. */
export const CREDENTIAL = 'whatsAppMediaApi';

/** What the user entered in the credential. */
export interface ParsedCredentials {
	provider: Provider;
	credentials: Credentials;
	/** Hosts that the user has added to the provider's own, in the form of `Provider.mediaHosts`. */
	ownMediaHosts: string[];
}

/**
 * The only reader of the credential's fields.
 * @throws MediaError when no provider is chosen, or Base URL is none that may be used
 */
export function parseCredentials(data: ICredentialDataDecryptedObject): ParsedCredentials {
	// White space comes along when a value is copied. Inside, a secret of the user's own may hold some.
	const field = (name: string) => String(data[name] ?? '').trim();
	const idField = (name: string) => field(name).replace(/\s+/g, '');
	const name = field('provider');
	const provider = Object.hasOwn(providers, name) && providers[name];
	if (!provider) {
		throw new MediaError(
			'credential',
			'No provider is chosen in the credential',
			'Open the credential and choose a provider.',
		);
	}
	const baseUrl = (field('baseUrl') || provider.defaultBaseUrl || '').replace(/\/+$/, '');
	if (!baseUrl) throw missingError(provider.credentialForm, field);
	checkBaseUrl(baseUrl, provider);
	return {
		provider,
		credentials: {
			accessToken: field('accessToken'),
			apiVersion: idField('apiVersion'),
			appId: idField('appId'),
			baseUrl,
			businessAccountId: idField('businessAccountId'),
			phoneNumberId: idField('phoneNumberId'),
			verifyToken: field('verifyToken'),
			webhookSecret: field('webhookSecret'),
		},
		ownMediaHosts: String(data.mediaHosts ?? '')
			.split(/[\s,;]+/)
			.filter(Boolean),
	};
}

function checkBaseUrl(baseUrl: string, { defaultBaseUrl, displayName }: Provider): void {
	if (!/^https?:\/\/./.test(baseUrl) || !URL.canParse(baseUrl)) {
		throw new MediaError(
			'credential',
			'Base URL in the credential is not a web address',
			defaultBaseUrl
				? `Open the credential and enter one that starts with https://, or leave it empty for ${defaultBaseUrl}.`
				: `Open the credential and enter the address of ${displayName}, with http:// or https://.`,
		);
	}
	const { username, password } = new URL(baseUrl);
	if (!username && !password) return;
	// It would stand in the URLs of files, and so in items and saved executions.
	throw new MediaError(
		'credential',
		'Take the user name and password out of Base URL in the credential: they would be saved with every execution',
		`If a proxy in front of ${displayName} asks for them, enter the address behind the proxy, or have the proxy let requests with the API’s key through.`,
	);
}

/** What the credential lacks, all at once. A server of the user's own may want no key, and a relay may add the token itself. */
export function checkFilled({
	provider: { defaultBaseUrl, credentialForm },
	credentials,
}: Pick<ParsedCredentials, 'provider' | 'credentials'>): MediaError | undefined {
	const isVendors =
		defaultBaseUrl && new URL(credentials.baseUrl).origin === new URL(defaultBaseUrl).origin;
	if (credentials.accessToken || !isVendors) return undefined;
	return missingError(credentialForm, (name) => credentials[name]);
}

function missingError(
	{ fields }: CredentialForm,
	valueOf: (name: keyof Credentials) => string,
): MediaError {
	const labels = (need: 'required' | 'triggerNeeds') =>
		listInWords(
			fields.flatMap((field) =>
				'displayName' in field && field[need] && !valueOf(field.name as keyof Credentials)
					? field.displayName
					: [],
			),
		);
	const forTrigger = labels('triggerNeeds');
	return new MediaError(
		'credential',
		`The credential lacks ${labels('required')}${forTrigger && `, and for the trigger ${forTrigger}`}`,
		'Open the credential. The text below each field says where to find its value.',
	);
}

/** Why no request can be sent with these credentials; nothing when all is well. */
export function checkCredentials({
	provider,
	credentials,
}: Pick<ParsedCredentials, 'provider' | 'credentials'>): MediaError | undefined {
	return (
		checkToken(credentials.accessToken, 'The access token') ??
		provider.checkCredentials?.(credentials)
	);
}

/** Why a token cannot stand in a header, which is one line of ASCII; a copied one sometimes has two. */
export function checkToken(token: string, what: string): MediaError | undefined {
	if (/^[\x21-\x7e]*$/.test(token)) return undefined;
	return new MediaError(
		'credential',
		`${what} in the credential contains a space, a line break or another character that no token has`,
		'Copy it again in one piece and paste it into the credential.',
	);
}
