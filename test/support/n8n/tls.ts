import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';

export type VendorNames = {
	/** For the environment of the process whose calls are to be led. */
	env: Record<string, string>;
	/** Every `host:port` asked for and not named: what would have left this machine. */
	refused: string[];
	close(): Promise<void>;
};

/**
 * Leads https calls for the vendors' real host names to local stand-ins: a CONNECT proxy that ends TLS with a throw-away
 * certificate and passes the plain bytes on, Host header and all. Nothing else gets through.
 *
 * @param ports by host name, the port on 127.0.0.1 where plain http is spoken for it
 */
export async function startVendorNames(ports: Record<string, number>): Promise<VendorNames> {
	const { private: key, cert } = await certificate(Object.keys(ports));
	const folder = await mkdtemp(join(tmpdir(), 'vendor-names-'));
	const certFile = join(folder, 'cert.pem');
	await writeFile(certFile, cert);

	// Made once: each one reads key and certificate anew.
	const secureContext = createSecureContext({ key, cert });
	const refused: string[] = [];
	const sockets = new Set<Socket>();

	// A plain http:// call outward comes as an ordinary request; vendors are only known by https.
	const proxy = createServer((req: IncomingMessage, res: ServerResponse) => {
		refused.push(URL.canParse(req.url ?? '') ? new URL(req.url!).host : String(req.headers.host));
		res.writeHead(403).end('Refused by the test proxy: only the named vendors are reachable.');
	});
	proxy.on('connection', (socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
	});
	proxy.on('connect', (req: IncomingMessage, socket: Socket) => {
		socket.on('error', () => socket.destroy());
		const [host = '', port] = String(req.url).split(':');
		const local = port === '443' ? ports[host] : undefined;
		if (local === undefined) {
			refused.push(String(req.url));
			socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
			return;
		}
		socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
		const secure = new TLSSocket(socket, { isServer: true, secureContext });
		const standIn = connect(local, '127.0.0.1');
		secure.pipe(standIn).pipe(secure);
		// A caller that goes away takes its stand-in along. A stand-in that goes away may have left bytes to deliver,
		// unless it broke: tests cut answers short on purpose.
		secure.on('error', () => standIn.destroy()).on('close', () => standIn.destroy());
		standIn.on('error', () => secure.destroy()).on('close', () => secure.end());
	});
	await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));

	const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
	return {
		env: {
			HTTPS_PROXY: address,
			HTTP_PROXY: address,
			NO_PROXY: '127.0.0.1,localhost,::1',
			NODE_EXTRA_CA_CERTS: certFile,
			// npm trusts NODE_EXTRA_CA_CERTS only while no `cafile` is configured.
			NPM_CONFIG_CAFILE: certFile,
		},
		refused,
		async close() {
			for (const socket of sockets) socket.destroy();
			await new Promise((done) => proxy.close(done));
			await rm(folder, { recursive: true, force: true });
		},
	};
}

/** One certificate for all names. Whoever trusts it needs no authority above it. */
async function certificate(names: string[]) {
	return await generate([{ name: 'commonName', value: 'n8n-nodes-whatsapp-media tests' }], {
		keyType: 'ec',
		algorithm: 'sha256',
		extensions: [{ name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) }],
	});
}
