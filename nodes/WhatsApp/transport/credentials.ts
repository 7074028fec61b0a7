import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { MediaError } from '../errors';
import { providers } from '../providers';
import type { Credentials, Provider } from '../providers/provider';

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
 * @throws MediaError when no provider is chosen
 */
export function parseCredentials(data: ICredentialDataDecryptedObject): ParsedCredentials {
	// White space comes along when a secret is copied; none of these values can hold any.
	const field = (name: string) => String(data[name] ?? '').replace(/\s+/g, '');
	const name = field('provider');
	const provider = Object.hasOwn(providers, name) && providers[name];
	if (!provider) {
		throw new MediaError(
			'credential',
			'The credential names no provider',
			'Open the credential and choose one.',
		);
	}
	return {
		provider,
		credentials: {
			accessToken: field('accessToken'),
			apiVersion: field('apiVersion'),
			appId: field('appId'),
			baseUrl: (field('baseUrl') || provider.defaultBaseUrl).replace(/\/+$/, ''),
			businessAccountId: field('businessAccountId'),
			phoneNumberId: field('phoneNumberId'),
			verifyToken: field('verifyToken'),
			webhookSecret: field('webhookSecret'),
		},
		ownMediaHosts: String(data.mediaHosts ?? '')
			.split(/[\s,;]+/)
			.filter(Boolean),
	};
}
