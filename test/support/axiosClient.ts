import axios from 'axios';
import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import type {
	Credentials,
	ApiClient,
	FileLocation,
	Provider,
} from '../../nodes/WhatsApp/providers/provider';
import { authenticate } from '../../nodes/WhatsApp/transport/authenticate';
import type { Emulator, Vendor } from '../emulator';
import { credentialFor } from './vendors';

/** What providers are handed, made of axios: no n8n. */
export function axiosClient(
	emulator: Emulator,
	vendor: Vendor,
	changes: Partial<Credentials> = {},
): ApiClient {
	const empty = {
		apiVersion: 'v25.0',
		appId: '',
		businessAccountId: '',
		phoneNumberId: '',
		verifyToken: '',
		webhookSecret: '',
	};
	const credentials: Credentials = {
		...empty,
		...(credentialFor(emulator, vendor) as unknown as Credentials),
		...changes,
	};
	return {
		credentials,
		async send({
			method,
			path,
			query,
			headers,
			accessToken = credentials.accessToken,
			body,
			signal,
		}) {
			const url = credentials.baseUrl + path;
			const reply = await axios.request({
				method,
				url,
				params: query,
				data: body,
				signal,
				headers: { ...(await tokenFor({ ...credentials, accessToken }, url)), ...headers },
				validateStatus: () => true,
				maxRedirects: 0,
			});
			return {
				status: reply.status,
				headers: reply.headers as Record<string, string>,
				body: reply.data,
			};
		},
	};
}

/** The headers that the credential's own `authenticate` adds for this URL. */
async function tokenFor(credentials: Credentials, url: string): Promise<Record<string, string>> {
	const { headers } = await authenticate(credentials as unknown as ICredentialDataDecryptedObject, {
		url,
	});
	return headers as Record<string, string>;
}

/** Resolves a media ID and fetches the file as its location says. Throws the provider's error, from whichever of the two. */
export async function fetchFile(
	provider: Provider,
	client: ApiClient,
	mediaId: string,
): Promise<{ bytes: Buffer; location: FileLocation }> {
	const location = await provider.resolve(client, mediaId);
	const headers = location.tokenRequired ? await tokenFor(client.credentials, location.url) : {};
	const { status, data, ...reply } = await axios.get(location.url, {
		responseType: 'arraybuffer',
		headers,
		validateStatus: () => true,
		maxRedirects: 0,
	});
	if (status === 200) return { bytes: data, location };
	const body = () => JSON.parse(data.toString());
	throw (
		provider.fileError?.(
			{ status, headers: reply.headers as Record<string, string>, body: body() },
			`Media ID ${mediaId}`,
		) ?? new Error(`HTTP ${status}`)
	);
}
