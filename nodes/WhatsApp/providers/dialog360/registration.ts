import { MediaError } from '../../errors';
import { deliverySecret, SECRET_HEADER } from '../deliverySecret';
import { unexpectedAnswer } from '../unexpectedAnswer';
import type { ApiClient, ApiReply, Credentials, Registration } from '../provider';
import { object, objects, text, type Json } from '../read';
import { shownUrl } from '../shownUrl';
import { hmacHex } from '../signature';
import { apiError, explanationOf } from './errors';

/**
 * A number has one webhook, and where 360dialog has switched that on a list of more. Ours is the one with our secret among its
 * headers; one of somebody else's is never written over. Source: docs.360dialog.com, Webhooks; OpenAPI 1.41.0.
 */
export const registration: Registration = {
	exclusive: true,

	async registeredUrls(client) {
		const { url, headers } = await findPlace(client);
		return url && !(RELEASED_HEADER in headers) ? [url] : [];
	},

	async register(client, _scope, url, replaced) {
		checkUrl(url);
		const place = await findPlace(client);
		const isFree = RELEASED_HEADER in place.headers || isOurs(place.headers, client.credentials);
		if (place.url && !isFree && place.url !== url && place.url !== replaced)
			throw new MediaError(
				'permanent',
				`Something else has just set the webhook of the 360dialog number: ${shownUrl(place.url)}`,
				'It was left as it is. Use another phone number, or switch off the service behind it.',
			);
		await place.write({ url, headers: { [SECRET_HEADER]: deliverySecret(client.credentials) } });
	},

	/** No request removes a webhook: it stays, marked as free for the next one. */
	async unregister(client, _scope, url) {
		const place = await findPlace(client);
		if (place.url !== url) return undefined;
		await place.write({ url, headers: { [RELEASED_HEADER]: releaseMark(client.credentials) } });
		return `360dialog has no way to remove a webhook. It keeps delivering to ${url}, where nobody listens any more, until another one is set.`;
	},
};

const RELEASED_HEADER = 'X-Webhook-Released';

/** Of destinations besides the main one. Source: docs.360dialog.com, Set multiple webhooks. */
const MAX_DESTINATIONS = 3;

interface Target {
	url: string;
	headers: Record<string, string>;
}

interface Place {
	url?: string;
	headers: Json;
	write(target: Target): Promise<void>;
}

/** Where our webhook is or may be: the main place, else, when that is somebody else's, one in the list. */
async function findPlace(client: ApiClient): Promise<Place> {
	const main = await readMain(client);
	if (!main.url || isOurs(main.headers, client.credentials)) return main;
	const { enabled, destinations: list } = await readList(client);
	const destinations = objects(list);
	const own = destinations.find(({ headers }) => isOurs(object(headers), client.credentials));
	if (enabled !== true || (!own && destinations.length >= MAX_DESTINATIONS)) return main;
	return inList(client, own, destinations);
}

async function readMain(client: ApiClient): Promise<Place> {
	const path = '/v1/configs/webhook';
	const reply = await client.send({ method: 'GET', path });
	const { url, headers } = read(reply, { expected: 'url', none: [404] });
	return {
		url: text(url),
		headers: object(headers),
		write: async (body) => checkDone(await client.send({ method: 'POST', path, body })),
	};
}

async function readList(client: ApiClient): Promise<Json> {
	const reply = await client.send({ method: 'GET', path: LIST });
	// 409: not switched on for this number.
	return read(reply, { expected: 'enabled', none: [404, 409] });
}

/**
 * What 360dialog says is set, or that nothing is. Both have a shape, which a proxy's answer with the same status has not.
 * @param shape the field that what is set always has, and with which statuses nothing is
 */
function read(reply: ApiReply, { expected, none }: { expected: string; none: number[] }): Json {
	const body = object(reply.body);
	const isNone = none.includes(reply.status);
	if (reply.status !== 200 && !isNone) throw refused(reply);
	if (isNone ? !explanationOf(reply) : body[expected] === undefined)
		throw unexpectedAnswer(reply, FAILED, '360dialog');
	return isNone ? {} : body;
}

const LIST = '/multi_webhook';

function inList(client: ApiClient, own: Json | undefined, destinations: Json[]): Place {
	const names = destinations.map(({ name }) => name);
	const free = ['n8n', 'n8n-2', 'n8n-3'].find((name) => !names.includes(name));
	return {
		url: text(own?.url),
		headers: object(own?.headers),
		async write(target) {
			const request = own
				? { method: 'PATCH' as const, body: { name: own.name, ...target } }
				: { method: 'PUT' as const, body: { destinations: [{ name: free, ...target }] } };
			checkDone(await client.send({ path: LIST, ...request }));
		},
	};
}

function isOurs(headers: Json, credentials: Credentials): boolean {
	const isOurSecret = headers[SECRET_HEADER] === deliverySecret(credentials);
	return isOurSecret || headers[RELEASED_HEADER] === releaseMark(credentials);
}

function releaseMark({ accessToken }: Credentials): string {
	return hmacHex(accessToken, 'n8n webhook released');
}

function checkUrl(url: string): void {
	const { protocol, hostname, port, origin } = new URL(url);
	if (protocol === 'https:' && !port && !hostname.includes('_')) return;
	throw new MediaError(
		'handshake',
		`360dialog delivers only to https addresses without a port and without "_" in the name, and this n8n’s address is ${origin}`,
		'Set n8n’s environment variable WEBHOOK_URL to its public https address. On your own computer, use a tunnel.',
	);
}

function checkDone(reply: ApiReply): void {
	if (reply.status >= 300) throw refused(reply);
	// Nothing at all says nothing against it; a page or text is somebody else's.
	if (reply.body && typeof reply.body !== 'object')
		throw unexpectedAnswer(reply, FAILED, '360dialog');
}

const FAILED = 'The webhook of the 360dialog number could not be read or changed';

function refused(reply: ApiReply): MediaError {
	return apiError(reply, FAILED);
}
