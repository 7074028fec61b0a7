import { MediaError } from '../errors';

/**
 * Where a file may be fetched from. A URL field can hold whatever a stranger wrote into a chat, so addresses inside the
 * network that n8n runs in are blocked. A name that resolves to such an address is n8n's to block
 * (`N8N_SSRF_PROTECTION_ENABLED`): nodes may not look names up.
 * @param address the URL as given, relative where it is a redirect
 * @param from the URL that redirects to it
 * @param isAllowed whether a URL may be fetched although it is inside the network
 * @throws MediaError of code `permanent`
 */
export function checkUrl(
	address: string,
	from: URL | undefined,
	isAllowed: (url: URL) => boolean,
): URL {
	const source = from ? `${from.host} redirects to` : 'The file is at';
	const url = URL.canParse(address, from?.href) ? new URL(address, from) : undefined;
	if (!url || !/^https?:$/.test(url.protocol)) {
		throw new MediaError(
			'permanent',
			from
				? `${source} something that is not a web address`
				: `"${withoutSecrets(address)}" is not a web address`,
			'Clear URL in the node, or enter an address that starts with https://.',
		);
	}
	if (url.username || url.password) {
		throw new MediaError(
			'permanent',
			`${source} an address with a user name in it (${url.host})`,
			'Such addresses can hide where they lead. Clear URL in the node.',
		);
	}
	if (isPrivate(url.hostname) && !isAllowed(url)) {
		throw new MediaError(
			'permanent',
			`${source} ${url.host}, an address inside a private network`,
			'Only the API’s own host may be private. If you trust this address, download the file with the HTTP Request node.',
		);
	}
	return url;
}

/** The first 80 characters, without what may be a password or a signature. */
function withoutSecrets(address: string): string {
	return address
		.replace(/^.*@/s, '…@')
		.replace(/[?#].*$/s, '')
		.slice(0, 80);
}

/** `URL` has already brought every spelling of an IP address (0x7f.1, 2130706433, [::ffff:127.0.0.1]) into one form. */
function isPrivate(hostname: string): boolean {
	const name = hostname.replace(/\.$/, '');
	// Of IPv6, only 2000::/3 is public; 2002:: and 2001:0:: hold any IPv4 address (RFC 3056, RFC 4380).
	if (name.startsWith('['))
		return !/^\[[23][\da-f]{3}:/.test(name) || /^\[200(2:|1::|1:0:)/.test(name);
	const isIpv4 = /^\d+(\.\d+){3}$/.test(name);
	if (!isIpv4)
		return !name.includes('.') || /\.(localhost|local|internal|lan|home\.arpa)$/.test(name);
	const [a = 0, b = 0, c = 0] = name.split('.').map(Number);
	return (
		[0, 10, 127].includes(a) ||
		a >= 224 ||
		(a === 169 && b === 254) ||
		(a === 172 && b >= 16 && b < 32) ||
		(a === 192 && b === 168) ||
		// RFC 6890: protocols of networks (where some clouds have their metadata), and measurements.
		(a === 192 && b === 0 && c === 0) ||
		(a === 198 && (b === 18 || b === 19)) ||
		(a === 100 && b >= 64 && b < 128)
	);
}
