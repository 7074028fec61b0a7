import { readFile } from 'node:fs/promises';
import tls from 'node:tls';

import { startVendorNames } from './n8n/tls';

const PROXY_VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'];

/**
 * Leads https calls of this process for real host names to local ports, as `startVendorNames` does for one that it starts.
 * @param ports by host name
 */
export async function useVendorNames(ports: Record<string, number>) {
	const names = await startVendorNames(ports);
	const restoreTrust = trust(await readFile(names.env.NODE_EXTRA_CA_CERTS!, 'utf8'));
	const before = PROXY_VARIABLES.map((name) => [name, process.env[name]] as const);
	for (const name of PROXY_VARIABLES) process.env[name] = names.env[name];
	return {
		refused: names.refused,
		async close() {
			for (const [name, value] of before) {
				if (value === undefined) delete process.env[name];
				else process.env[name] = value;
			}
			restoreTrust();
			await names.close();
		},
	};
}

/** Node 20 reads NODE_EXTRA_CA_CERTS when it starts, and has no other way to add a root for all connections. */
function trust(certificate: string): () => void {
	const { createSecureContext } = tls;
	tls.createSecureContext = (options) => {
		const context = createSecureContext(options);
		(context.context as { addCACert(pem: string): void }).addCACert(certificate);
		return context;
	};
	return () => void (tls.createSecureContext = createSecureContext);
}
