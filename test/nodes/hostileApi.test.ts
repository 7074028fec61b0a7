import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setInterval } from 'node:timers';

import { parseAnswer } from '../../nodes/WhatsApp/transport/readAnswer';
import { startHarness, type Harness } from '../support/harness';
import { outcomeOf } from '../support/run';

/** A server of the user's own at Base URL, and what it must not be able to do to n8n. */

const MEDIA_ID = 'false_15551234567@c.us_3EB0C767D097B7C7C030';
const KEY = 'secret-key-4711';

let harness: Harness;
let answer: RequestListener;
const server = createServer((request, response) => answer(request, response));
let baseUrl: string;

beforeAll(async () => {
	harness = await startHarness();
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
	server.closeAllConnections();
	server.close();
	await harness?.close();
});

const run = async (
	node: string,
	json: object,
	{ accessToken = KEY, at = baseUrl, provider = 'waha', ...options }: Record<string, unknown> = {},
) =>
	outcomeOf(
		await harness.run(node, [json as never], {
			parameters: { options: { maxTries: 1, ...options } as never },
			credentials: { whatsAppMediaApi: { provider, baseUrl: at, accessToken } as never },
		}),
	);

test('an answer of the API that trickles in is given up after Timeout', async () => {
	let isClosed!: Promise<unknown>;
	answer = (_request, response) => {
		response.writeHead(200, { 'Content-Type': 'application/json' }).write('{"id":"');
		const trickle = setInterval(() => response.write('a'), 50);
		isClosed = once(response, 'close').finally(() => clearInterval(trickle));
	};
	const { message } = await run('GetMediaUrl', { mediaId: MEDIA_ID }, { timeoutSeconds: 1 });
	expect(message).toContain('no answer in time');
	await isClosed;
});

test('an answer of the API that has no end is given up, and ends', async () => {
	let sent = 0;
	let isClosed = false;
	answer = (_request, response) => {
		response.writeHead(200, { 'Content-Type': 'application/json' }).write('{"id":"');
		response.on('close', () => (isClosed = true));
		const piece = 'a'.repeat(1_000_000);
		const more = () => {
			if (isClosed || (sent += piece.length) > 200e6) return response.end();
			if (response.write(piece)) setImmediate(more);
			else response.once('drain', more);
		};
		more();
	};
	const { message } = await run('GetMediaUrl', { mediaId: MEDIA_ID });
	expect(message).toContain('is longer than 16.0 MB');
	expect(sent).toBeLessThan(100e6);
});

test('an answer of the API that breaks off is an error, with no word of how it was read', async () => {
	answer = (_request, response) => {
		response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 1000 });
		response.write('{"id":"');
		setImmediate(() => response.destroy());
	};
	const { message } = await run('GetMediaUrl', { mediaId: MEDIA_ID });
	expect(message).toContain('could not be reached: the connection was closed');
});

test('a redirect to another path of the API carries no token', async () => {
	const seen: unknown[] = [];
	answer = ({ url, headers }, response) => {
		seen.push([url, headers['x-api-key']]);
		if (!url!.startsWith('/api/files/')) return response.writeHead(401).end();
		return response.writeHead(302, { Location: '/api/sessions/default' }).end();
	};
	await run('DownloadMedia', { url: `${baseUrl}/api/files/default/x.jpg` });
	expect(seen).toEqual([
		['/api/files/default/x.jpg', KEY],
		['/api/sessions/default', undefined],
	]);
});

test('a key that cannot stand in a header is said to be wrong before a file is asked for', async () => {
	answer = () => expect(true).toBe(false);
	const url = `${baseUrl}/api/files/default/x.jpg`;
	const { message } = await run('DownloadMedia', { url }, { accessToken: 'abc def' });
	expect(message).toContain('contains a space');
	expect(message).not.toContain('could not be reached');
});

test.each([
	['allowedMimeTypes', {}],
	['allowedMimeTypes', true],
	['allowedMimeTypes', [['image/*']]],
	['allowedMimeTypes', { value: { value: 1 } }],
	['requireHashMatch', 2],
	['requireHashMatch', 'yes'],
])(
	'the option %s that an expression makes %j refuses, rather than lets all through',
	async (name, value) => {
		answer = (_request, response) => response.end('a text');
		const url = `${baseUrl}/api/files/default/x.txt`;
		expect((await run('DownloadMedia', { url }, { [name]: value })).message).toContain(
			`The option ${name} is `,
		);
	},
);

test('a media ID as long as a file makes no error as long as a file', async () => {
	const { message } = await run('GetMediaUrl', { mediaId: 'x'.repeat(10_000_000) });
	expect(message!.length).toBeLessThan(1000);
});

test('nor does a session, or a file that cannot be deleted', async () => {
	const long = 'x'.repeat(100_000);
	const lookUp = await run('GetMediaUrl', { mediaId: MEDIA_ID, accountId: long });
	expect(lookUp.message).toMatch(/"x{200}…" is not a session$/);
	const { message } = await run('DeleteMedia', { mediaId: long });
	expect(message).toMatch(/^Media ID x{200}… was not deleted: /);
});

test.each(['waha', 'whapi', 'pipes', 'meta', 'dialog360'])(
	'nor does what %s says',
	async (provider) => {
		const says = 'a'.repeat(1_000_000);
		answer = (_request, response) => {
			response.writeHead(400, { 'Content-Type': 'application/json' });
			const error = { message: says, details: says, error_user_msg: says, code: 100 };
			const body = { error, message: says, meta: { developer_message: says } };
			response.end(JSON.stringify(body));
		};
		const ids: Record<string, string> = { waha: MEDIA_ID, pipes: 'V1StGXR8_Z5jdHi6B-myT' };
		const mediaId = ids[provider] ?? (provider === 'whapi' ? 'jpeg-8a1c5f' : '123456');
		const { message, saved } = await run('GetMediaUrl', { mediaId }, { provider });
		expect(message).toContain('could not be looked up');
		expect(saved.length).toBeLessThan(50_000);
	},
);

test.each([200, 400])(
	'an answer that nests without end (HTTP %d) is a sentence',
	async (status) => {
		answer = (_request, response) => {
			response.writeHead(status, { 'Content-Type': 'application/json' });
			response.end(`{"error":${'['.repeat(200_000)}${']'.repeat(200_000)}}`);
		};
		const looksUp = await run('GetMediaUrl', { mediaId: MEDIA_ID });
		expect(looksUp.message).toContain(`Media ID ${MEDIA_ID} could not be looked up`);
	},
);

const PARSES: Array<[string, string, boolean]> = [
	['100 levels', '['.repeat(100) + ']'.repeat(100), true],
	['101 levels', '['.repeat(101) + ']'.repeat(101), false],
	['101 levels of both kinds', `${'[{"a":'.repeat(51)}1${'}]'.repeat(51)}`, false],
	['brackets in a text', JSON.stringify({ a: '[{'.repeat(200) }), true],
	['… behind quotation marks', JSON.stringify({ a: `\\"${'["'.repeat(200)}\\` }), true],
	['levels behind a text', `["\\\\",${'['.repeat(101)}${']'.repeat(101)}]`, false],
	['many side by side', `[${'[],'.repeat(500)}{}]`, true],
];
test.each(PARSES)('an answer with %s', (_what, json, isParsed) => {
	expect(parseAnswer(json)).toEqual(isParsed ? JSON.parse(json) : json);
});

test('no error shows a key that a file’s answer repeats in escapes', async () => {
	answer = (_request, response) => {
		response.writeHead(400, { 'Content-Type': 'application/json' });
		response.end(`{"error":{"message":"no ${KEY.replaceAll('-', '\\u002d')}"}}`);
	};
	const asked = { mediaId: 'jpeg-8a1c5f-77d0' };
	const { message, description, saved } = await run('DownloadMedia', asked, { provider: 'whapi' });
	expect(`${message} ${description}`).toContain('no …');
	expect(saved).not.toContain(KEY);
});

const says = (body: object) => {
	answer = (_request, response) =>
		response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
};
const lookUp = async (provider: string) => {
	const ids: Record<string, string> = { waha: MEDIA_ID, pipes: 'V1StGXR8_Z5jdHi6B-myT' };
	const mediaId = ids[provider] ?? (provider === 'whapi' ? 'jpeg-8a1c5f-77d0' : '123456');
	const { message, description, saved } = await run('GetMediaUrl', { mediaId }, { provider });
	expect(saved).not.toContain(KEY);
	return `${message} ${description}`;
};

test.each(['waha', 'pipes', 'meta', 'dialog360'])(
	'nor one that %s repeats in an answer that calls itself a success',
	async (provider) => {
		const words = `Malformed key ${KEY}`;
		const bodies = [{ message: words }, { meta: { developer_message: words } }, { detail: words }];
		for (const body of bodies) {
			says(body);
			expect(await lookUp(provider)).toContain('could not be looked up');
		}
	},
);

test.each(['waha', 'pipes', 'meta', 'dialog360'])(
	'words of %s that are cut end behind a whole emoji',
	async (provider) => {
		for (const start of ['', 'x']) {
			const words = start + '😀'.repeat(2000);
			answer = (_request, response) => {
				const body = { error: { message: words, code: 131000 }, message: words };
				response.writeHead(400, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
			};
			const said = await lookUp(provider);
			expect(said).toContain('😀…');
			expect(said).toEqual(said.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/g, 'half'));
		}
	},
);

describe('a secret', () => {
	const refuse = async (message: unknown, secrets: object) => {
		answer = (_request, response) =>
			response
				.writeHead(400, { 'Content-Type': 'application/json' })
				.end(typeof message === 'string' ? JSON.stringify({ message }) : `{"message":${message}}`);
		const { message: shown } = outcomeOf(
			await harness.run('GetMediaUrl', [{ mediaId: MEDIA_ID }], {
				parameters: { options: { maxTries: 1 } },
				credentials: { whatsAppMediaApi: { provider: 'waha', baseUrl, ...secrets } },
			}),
		);
		return /WAHA says "(.*)"/.exec(shown ?? '')?.[1];
	};

	test('that begins like another leaves no rest', async () => {
		const secrets = { accessToken: 'main-key-1234', webhookSecret: 'main-key-1234-hook-TAIL' };
		expect(await refuse(`wrong: ${secrets.webhookSecret}`, secrets)).toBe('wrong: …');
		expect(await refuse(`wrong: ${secrets.accessToken}`, secrets)).toBe('wrong: …');
	});

	const TOKEN = 'Ab+Cd/Ef=12345678';
	test.each([
		['in a URL', encodeURIComponent(TOKEN)],
		['in a URL, in small letters', 'Ab%2bCd%2fEf%3d12345678'],
		['in base64', Buffer.from(TOKEN).toString('base64').replace(/=+$/, '')],
		['in base64url', Buffer.from(TOKEN).toString('base64url')],
		['in JSON of PHP', TOKEN.replace('/', '\\/')],
	])('is found %s', async (_where, spelled) => {
		expect(await refuse(`wrong: "${spelled}"!`, { accessToken: TOKEN })).toBe('wrong: "…"!');
	});

	test.each(['12345678901', '12345678901234567890'])(
		'of digits is found as a number: %s',
		async (accessToken) => {
			// Not as a text: JSON.stringify would write it in quotation marks.
			expect(await refuse(BigInt(accessToken), { accessToken })).toBe('…');
		},
	);

	test('that is short, or a number of few digits, spoils no honest text', async () => {
		const secrets = { accessToken: '00000001', webhookSecret: 'error' };
		const honest = 'error 1 in chapter 11, code 404';
		expect(await refuse(honest, secrets)).toBe(honest);
	});
});

const SIGNED = 'https://user:word@s3.example/b/x.jpg?X-Amz-Signature=abcdef0123456789';
test.each([
	[`Request failed: X-Api-Key ${KEY}`, 'WAHA says "Request failed: X-Api-Key …"'],
	[{ message: `${'x'.repeat(190)} ${KEY}` }, `WAHA says "${'x'.repeat(190)} …"`],
	[`GET ${SIGNED} failed`, 'WAHA says "GET https://s3.example/b/x.jpg failed"'],
	[{ details: `"${SIGNED}"` }, 'WAHA says ""https://s3.example/b/x.jpg""'],
	['GET /b/x.jpg?X-Amz-Signature=ab failed. Why?', 'WAHA says "GET /b/x.jpg failed. Why?"'],
	[
		'no postgres://me:word@db/x for https:\\/\\/me:word@s3/b',
		'WAHA says "no postgres://db/x for https:\\/\\/s3/b"',
	],
])('nor does why WAHA has no file: %j', async (error, shown) => {
	says({ id: MEDIA_ID, hasMedia: true, media: { error } });
	expect(await lookUp('waha')).toContain(shown);
});

test.each(['waha', 'whapi', 'pipes', 'meta', 'dialog360'])(
	'what %s says shows no signature of a URL',
	async (provider) => {
		answer = (_request, response) => {
			const words = `GET ${SIGNED} failed`;
			const body = { error: { message: words, code: 131000 }, message: words };
			response.writeHead(400, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
		};
		expect(await lookUp(provider)).toContain('"GET https://s3.example/b/x.jpg failed');
	},
);

test('a look-up’s own URL keeps its signature', async () => {
	const url = SIGNED.replace('user:word@', '');
	says({ id: MEDIA_ID, hasMedia: true, media: { url, mimetype: 'image/jpeg' } });
	expect((await run('GetMediaUrl', { mediaId: MEDIA_ID })).json).toMatchObject({ url });
});
