import axios from 'axios';

import type { Credentials, ApiClient, FileLocation, Provider } from '../../nodes/WhatsApp/providers/provider';
import type { Emulator } from '../emulator';
import { credentialFor, type Vendor } from './harness';

/** What providers are handed, made of axios: no n8n. */
export function axiosClient(emulator: Emulator, vendor: Vendor, changes: Partial<Credentials> = {}): ApiClient {
	const empty = { apiVersion: 'v25.0', appId: '', businessAccountId: '', phoneNumberId: '', verifyToken: '', webhookSecret: '' };
	const credentials: Credentials = { ...empty, ...(credentialFor(emulator, vendor) as unknown as Credentials), ...changes };
	return {
		credentials,
		async send({ method, path, query, headers, accessToken = credentials.accessToken, body }) {
			const reply = await axios.request({
				method,
				url: credentials.baseUrl + path,
				params: query,
				data: body,
				headers: { Authorization: `Bearer ${accessToken}`, ...headers },
				validateStatus: () => true,
				maxRedirects: 0,
			});
			return { status: reply.status, headers: reply.headers as Record<string, string>, body: reply.data };
		},
	};
}

/** Resolves a media ID and fetches the file as its location says. Throws the provider's refusal, from whichever of the two. */
export async function fetchFile(provider: Provider, client: ApiClient, mediaId: string): Promise<{ bytes: Buffer; location: FileLocation }> {
	const location = await provider.resolve(client, mediaId);
	const headers = location.tokenRequired ? { Authorization: `Bearer ${client.credentials.accessToken}` } : {};
	const { status, data, ...reply } = await axios.get(location.url, { responseType: 'arraybuffer', headers, validateStatus: () => true, maxRedirects: 0 });
	if (status === 200) return { bytes: data, location };
	const body = () => JSON.parse(data.toString());
	throw provider.fileError?.({ status, headers: reply.headers as Record<string, string>, body: body() }, `Media ID ${mediaId}`) ?? new Error(`HTTP ${status}`);
}
