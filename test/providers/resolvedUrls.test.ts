import { startEmulator, type Emulator } from '../emulator';
import { providers } from '../../nodes/WhatsApp/providers';
import { axiosClient } from '../support/axiosClient';
import { startFileHost, type FileHost } from '../support/fileHost';

/** A file is at a web address, or the answer that names another place is none of the provider's. */

let emulator: Emulator;
let host: FileHost;
beforeAll(async () => {
	emulator = await startEmulator();
	host = await startFileHost();
});
afterAll(async () => {
	await emulator.close();
	await host.close();
});

const WAHA_ID = 'false_15551234567@c.us_3EB0C767D097B7C7C030';
const IDS = { meta: '123456', dialog360: '123456', waha: WAHA_ID, pipes: 'V1StGXR8_Z5jdHi6B-myT' };

const resolve = async (vendor: keyof typeof IDS | 'whapi', mediaId: string) =>
	await providers[vendor]!.resolve(
		axiosClient(emulator, vendor, { baseUrl: host.origin }),
		mediaId,
		{ details: true, messageId: 'message' },
	);

/** Answers a look-up with this URL, as each vendor does. */
const answerWith = (url: unknown) =>
	host.answer((request, response) => {
		const isRedirect = request.url!.includes('/download/');
		const media = { id: 'jpeg-8a1c5f', link: url, url };
		const body = { id: WAHA_ID, url, media, image: media };
		const location = isRedirect && { Location: String(url) };
		response.writeHead(isRedirect ? 302 : 200, { 'Content-Type': 'application/json', ...location });
		response.end(JSON.stringify(body));
	});

describe.each(Object.entries(IDS) as Array<[keyof typeof IDS, string]>)('%s', (vendor, mediaId) => {
	test.each(['javascript:alert(1)', 'https://[bad', 'http://', 'file:///etc/passwd'])(
		'%s is none',
		async (url) => {
			answerWith(url);
			await expect(resolve(vendor, mediaId)).rejects.toMatchObject({
				name: 'MediaError',
				message: expect.stringContaining(`Media ID ${mediaId} could not be looked up`),
				description: expect.any(String),
			});
		},
	);
});

test.each(['meta', 'dialog360', 'waha'] as const)('%s: what is no URL is none', async (vendor) => {
	for (const url of ['not a url', 5]) {
		answerWith(url);
		await expect(resolve(vendor, IDS[vendor])).rejects.toThrow('could not be looked up');
	}
});

test('a public link that is none: the file is at the API', async () => {
	answerWith('javascript:alert(1)');
	const { url, tokenRequired } = await resolve('whapi', 'jpeg-8a1c5f');
	expect({ url, tokenRequired }).toEqual({
		url: `${host.origin}/media/jpeg-8a1c5f`,
		tokenRequired: true,
	});
});

test.each([
	['waha', '/api/files/default/x.jpg'],
	['pipes', '/files/x.jpg'],
] as const)('%s: a path is one of the server that Base URL names', async (vendor, path) => {
	answerWith(path);
	expect(await resolve(vendor, IDS[vendor])).toMatchObject({ url: host.origin + path });
});
