import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import { createHash, createHmac } from 'node:crypto';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type Emulator, htmlPage, pattern, startEmulator } from '..';
import { GraphError } from '.';

const PHOTO = Buffer.from('\xff\xd8\xff\xe0 not much of a photo \r\n--x\r\n\0', 'latin1');
const AGENT = 'n8n-nodes-whatsapp-media/0.1.0';
const TRACE = '"fbtrace_id":"A[\\w-]{22}"';

let emulator: Emulator;
let meta: Emulator['meta'];
let graph: AxiosInstance;
/** A client of files: asks with the token and a product's name, gets buffers. */
let files: AxiosInstance;

beforeAll(async () => {
	emulator = await startEmulator();
	({ meta } = emulator);
	const common = { validateStatus: () => true, maxRedirects: 0, headers: { Authorization: `Bearer ${meta.credentials.accessToken}`, 'User-Agent': AGENT } };
	graph = axios.create({ ...common, baseURL: `${meta.url}/v25.0`, responseType: 'text', transformResponse: (text) => text });
	files = axios.create({ ...common, responseType: 'arraybuffer' });
});
afterAll(() => emulator.close());
beforeEach(() => emulator.reset());

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
const addPhoto = () => meta.store.add({ bytes: PHOTO, mimeType: 'image/jpeg', inbound: true });

async function upload(bytes: Buffer, type: string, fields: Record<string, string> = { messaging_product: 'whatsapp' }, id = meta.credentials.phoneNumberId) {
	const form = new FormData();
	form.append('file', new Blob([new Uint8Array(bytes)], { type }), 'photo "1".jpg');
	for (const [name, value] of Object.entries(fields)) form.append(name, value);
	return await graph.post(`/${id}/media`, form);
}

/** Matches a whole error answer, byte for byte but for the trace. */
function expectError(answer: AxiosResponse, status: number, start: string): void {
	expect(answer.status).toBe(status);
	const [head, tail] = [answer.data.slice(0, start.length), answer.data.slice(start.length)];
	expect(head).toBe(start);
	expect(tail).toMatch(new RegExp(`^${TRACE}}}$`));
	expect(answer.headers['content-type']).toBe('application/json; charset=UTF-8');
	expect(answer.headers['www-authenticate']).toMatch(/^OAuth "Facebook Platform" "invalid_(token|request)" "/);
}

const gone = (verb: string, id: string) =>
	`{"error":{"message":"Unsupported ${verb} request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https:\\/\\/developers.facebook.com\\/docs\\/graph-api","type":"GraphMethodException","code":100,"error_subcode":33,`;

describe('GET a media ID', () => {
	it('answers in the byte order of real traffic', async () => {
		const id = addPhoto();
		const answer = await graph.get(`/${id}`);
		const ext = Math.floor((emulator.clock.now() + 300_000) / 1000);
		expect(answer.status).toBe(200);
		expect(answer.data.replace(/hash=AR[\w-]{40}/, 'hash=AR').replace(/ext=\d+/, (text: string) => (Math.abs(Number(text.slice(4)) - ext) < 3 ? 'ext=EXT' : text))).toBe(
			`{"url":"${meta.filesUrl.replaceAll('/', '\\/')}\\/whatsapp_business\\/attachments\\/?mid=${id}&source=getMedia&ext=EXT&hash=AR",` +
				`"mime_type":"image\\/jpeg","sha256":"${sha256(PHOTO).toString('hex')}","file_size":${PHOTO.length},"id":"${id}","messaging_product":"whatsapp"}`,
		);
		expect(answer.headers).toMatchObject({ 'content-type': 'application/json; charset=UTF-8', 'facebook-api-version': 'v25.0' });
		expect(id).toMatch(/^\d{15,16}$/);
	});

	it('selects fields, serves dead versions, and varies', async () => {
		const id = addPhoto();
		expect(Object.keys(JSON.parse((await graph.get(`/${id}?fields=mime_type`)).data))).toEqual(['mime_type', 'id']);
		expect((await graph.get(`${meta.url}/v13.0/${id}`)).headers['facebook-api-version']).toBe('v21.0');
		Object.assign(meta.variants, { fileSize: 'string', getHash: 'base64' });
		expect((await graph.get(`/${id}`)).data).toContain(`"sha256":"${sha256(PHOTO).toString('base64').replaceAll('/', '\\/')}","file_size":"${PHOTO.length}"`);
		meta.variants.hash = 'wrong';
		expect((await graph.get(`/${id}`)).data).not.toContain(sha256(PHOTO).toString('base64'));
	});

	it('is 100/33 for unknown, expired and foreign media alike', async () => {
		const inbound = addPhoto();
		const uploaded = meta.store.add({ bytes: PHOTO, mimeType: 'image/jpeg' });
		expectError(await graph.get('/123'), 400, gone('get', '123'));
		emulator.clock.advance(7 * 86_400_000 + 1);
		expectError(await graph.get(`/${inbound}`), 400, gone('get', inbound));
		expect((await graph.get(`/${uploaded}`)).status).toBe(200);
		emulator.clock.advance(23 * 86_400_000);
		expectError(await graph.get(`/${uploaded}`), 400, gone('get', uploaded));
		meta.tokens.set('EAAGother', { state: 'valid', scopes: ['whatsapp_business_messaging'], owns: false });
		const fresh = addPhoto();
		expectError(await graph.get(`/${fresh}`, { headers: { Authorization: 'Bearer EAAGother' } }), 400, gone('get', fresh));
	});

	it('checks phone_number_id, and refuses it for inbound media if told to', async () => {
		const id = addPhoto();
		const own = `/${id}?phone_number_id=${meta.credentials.phoneNumberId}`;
		const refusal = '{"error":{"message":"(#100) Param phone_number_id is not a valid whatsapp business phone number id ID","type":"OAuthException","code":100,';
		expect((await graph.get(own)).status).toBe(200);
		expectError(await graph.get(`/${id}?phone_number_id=${meta.secondPhoneNumberId}`), 400, refusal);
		meta.variants.phoneNumberIdOnInbound = 'refused';
		expectError(await graph.get(own), 400, refusal);
	});

	it('tells tokens apart', async () => {
		const path = `/${addPhoto()}`;
		const withToken = (Authorization?: string) => axios.get(`${meta.url}/v25.0${path}`, { headers: { Authorization }, validateStatus: () => true, transformResponse: (text) => text });
		expectError(await withToken(), 401, '{"error":{"message":"An access token is required to request this resource.","type":"OAuthException","code":104,');
		expectError(await withToken(`Bearer ${meta.credentials.appSecret}`), 401, '{"error":{"message":"Invalid OAuth access token - Cannot parse access token","type":"OAuthException","code":190,');
		const token = meta.tokens.get(meta.credentials.accessToken)!;
		token.scopes = [];
		expectError(await graph.get(path), 403, '{"error":{"message":"(#10) Application does not have permission for this action","type":"OAuthException","code":10,');
		token.state = 'expired';
		const expired = await graph.get(path);
		expect(expired.status).toBe(401);
		expect(expired.data).toMatch(
			/^{"error":{"message":"Error validating access token: Session has expired on \w+day, \d\d-\w{3}-\d\d \d\d:\d\d:\d\d P[DS]T\. The current time is \w+day, \d\d-\w{3}-\d\d \d\d:\d\d:\d\d P[DS]T\.","type":"OAuthException","code":190,"error_subcode":463,"fbtrace_id":/,
		);
	});
});

describe('the file host', () => {
	it('serves the bytes, whole and in ranges', async () => {
		const url = meta.fileUrl(addPhoto());
		const whole = await files.get(url);
		expect(whole.data).toEqual(PHOTO);
		expect(whole.headers).toMatchObject({ 'content-type': 'image/jpeg', 'content-length': String(PHOTO.length) });
		const part = await files.get(url, { headers: { Range: 'bytes=2-5' } });
		expect([part.status, part.headers['content-range'], part.data]).toEqual([206, `bytes 2-5/${PHOTO.length}`, PHOTO.subarray(2, 6)]);
		meta.variants.chunkedFiles = true;
		const chunked = await files.get(url);
		expect([chunked.data, chunked.headers['content-length']]).toEqual([PHOTO, undefined]);
	});

	it('refuses expired and tampered URLs, wrong tokens, and agents it dislikes', async () => {
		const url = meta.fileUrl(addPhoto());
		const get = async (headers: Record<string, string | undefined>, at = url) => {
			const { status, data } = await files.get(at, { headers });
			return [status, data.toString()];
		};
		const unauthorized = [401, '{"error":{"message":"Authentication Error","code":401}}'];
		expect(await get({ Authorization: undefined })).toEqual(unauthorized);
		expect(await get({ Authorization: 'Bearer x' })).toEqual(unauthorized);
		expect(await get({}, `${url.slice(0, -1)}!`)).toEqual([404, '']);
		expect(await get({}, url.replace(/ext=\d/, 'ext=9'))).toEqual([404, '']);
		for (const agent of ['node', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36']) {
			expect(await get({ 'User-Agent': agent })).toEqual([404, '']);
		}
		for (const agent of ['n8n', 'axios/1.2.3', 'curl/8.0', 'Mozilla/5.0 (compatible; n8n/2.41.0; +https://n8n.io/)']) expect((await get({ 'User-Agent': agent }))[0]).toBe(200);
		meta.variants.refusedUserAgent = 'html';
		expect(await get({ 'User-Agent': 'node' })).toEqual([200, expect.stringContaining('<!DOCTYPE html>')]);
		emulator.clock.advance(296_000);
		expect((await get({}))[0]).toBe(200);
		emulator.clock.advance(5_000);
		expect(await get({})).toEqual([404, '']);
		meta.variants.expiredUrl = 401;
		expect(await get({})).toEqual(unauthorized);
	});
});

describe('upload and delete', () => {
	it('gives back what it got, until it is deleted', async () => {
		const answer = await upload(PHOTO, 'image/jpeg');
		expect([answer.status, answer.data]).toEqual([200, expect.stringMatching(/^{"id":"\d{15,16}"}$/)]);
		const { id } = JSON.parse(answer.data);
		expect(meta.store.get(id)).toMatchObject({ fileName: 'photo "1".jpg', kind: 'uploaded', mimeType: 'image/jpeg' });
		const url = meta.fileUrl(id);
		expect((await files.get(url)).data).toEqual(PHOTO);
		expect((await graph.delete(`/${id}`)).data).toBe('{"success":true}');
		expectError(await graph.delete(`/${id}`), 400, gone('delete', id));
		expect((await files.get(url)).status).toBe(404);
	});

	it('takes chunked bodies, parts in any order, and the product in the query', async () => {
		const body = `--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nhello\r\n\r\n--b--\r\n`;
		const answer = await new Promise<IncomingMessage>((resolve) => {
			const request = httpRequest(
				`${meta.url}/v25.0/${meta.credentials.phoneNumberId}/media?messaging_product=whatsapp`,
				{ method: 'POST', headers: { Authorization: `Bearer ${meta.credentials.accessToken}`, 'Content-Type': 'multipart/form-data; boundary=b' } },
				resolve,
			);
			request.write(body.slice(0, 20));
			setTimeout(() => request.end(body.slice(20)), 10);
		});
		answer.resume();
		expect(answer.statusCode).toBe(200);
		expect([...meta.store.list()[0]!.bytes.read()].toString()).toBe('hello\r\n');
		expect(emulator.requests[0]).toMatchObject({ operation: 'upload', bodySize: body.length, status: 200 });
	});

	it('refuses what Meta refuses, in its words', async () => {
		const list =
			'text/plain, video/mp4, video/3gpp, image/jpeg, image/png, image/webp, audio/aac, audio/mp4, audio/mpeg, audio/amr, audio/ogg, audio/opus, application/vnd.ms-powerpoint, application/msword, application/vnd.openxmlformats-officedocument.wordprocessingml.document, application/vnd.openxmlformats-officedocument.presentationml.presentation, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, application/pdf, application/vnd.ms-excel';
		const refusal = (text: string) => `{"error":{"message":"(#100) ${text}","type":"OAuthException","code":100,`;
		for (const type of ['application/octet-stream', 'audio/ogg; codecs=opus', 'audio/wav']) {
			const text = `Param file must be a file with one of the following types: ${list}. Received file of type '${type}'.`;
			expectError(await upload(PHOTO, type), 400, refusal(text.replaceAll('/', '\\/')));
		}
		expectError(await upload(PHOTO, 'image/jpeg', {}), 400, refusal('The parameter messaging_product is required.'));
		expectError(await upload(PHOTO, 'image/jpeg', { messaging_product: 'xyz' }), 400, refusal('Param messaging_product must be one of {WHATSAPP} - got \\"xyz\\".'));
		expectError(await graph.post(`/${meta.credentials.phoneNumberId}/media?messaging_product=whatsapp`, {}), 400, refusal('The parameter file is required.'));
		expectError(await upload(PHOTO, 'image/jpeg', undefined, '999'), 400, gone('post', '999'));
		meta.variants.uploadLimits.image = PHOTO.length - 1;
		expect((await upload(PHOTO, 'image/jpeg')).data).toContain('"code":100,');
		meta.variants.tooLarge = 'html413';
		expect(await upload(PHOTO, 'image/jpeg')).toMatchObject({ status: 413, headers: { 'content-type': 'text/html; charset=utf-8' } });
	});

	it('lives an hour on a no-storage number, or as long as asked', async () => {
		meta.variants.noStorage = true;
		const short = JSON.parse((await upload(PHOTO, 'image/jpeg')).data).id;
		const long = JSON.parse((await upload(PHOTO, 'image/jpeg', { messaging_product: 'whatsapp', ttl_minutes: '120' })).data).id;
		emulator.clock.advance(61 * 60_000);
		expect([(await graph.get(`/${short}`)).status, (await graph.get(`/${long}`)).status]).toEqual([400, 200]);
	});

	it('takes a message only with a living media ID of the same number', async () => {
		const { id } = JSON.parse((await upload(PHOTO, 'image/jpeg')).data);
		const message = { messaging_product: 'whatsapp', to: '+1 650', type: 'image', image: { id } };
		expect((await graph.post(`/${meta.credentials.phoneNumberId}/messages`, message)).data).toMatch(/^{"messaging_product":"whatsapp","contacts":\[{"input":"\+1 650","wa_id":"1650"}\],"messages":\[{"id":"wamid\./);
		expectError(
			await graph.post(`/${meta.secondPhoneNumberId}/messages`, message),
			400,
			`{"error":{"message":"(#100) Param image['id'] is not a valid whatsapp business account media attachment ID","type":"OAuthException","code":100,`,
		);
	});
});

describe('webhooks', () => {
	let receiver: Server;
	let callback: string;
	const got: Array<{ method: string; url: URL; headers: IncomingMessage['headers']; body: Buffer }> = [];
	/** What the receiver answers to a handshake. */
	let answerTo: (query: URLSearchParams) => { status: number; body: string };

	beforeAll(async () => {
		receiver = createServer(async (request, response) => {
			const pieces: Buffer[] = [];
			for await (const piece of request) pieces.push(piece as Buffer);
			const url = new URL(request.url!, 'http://receiver');
			got.push({ method: request.method!, url, headers: request.headers, body: Buffer.concat(pieces) });
			const { status, body } = request.method === 'GET' ? answerTo(url.searchParams) : { status: 200, body: 'taken' };
			response.writeHead(status).end(body);
		}).listen(0, '127.0.0.1');
		await new Promise((resolve) => receiver.once('listening', resolve));
		callback = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/webhook/1/webhook`;
	});
	afterAll(() => receiver.close());
	beforeEach(() => {
		got.length = 0;
		answerTo = (query) => ({ status: 200, body: query.get('hub.challenge') ?? '' });
	});

	it('delivers a file as Meta does, signed over the very bytes', async () => {
		meta.callback = callback;
		const { mediaId, answer, body } = await meta.receive({ type: 'image', bytes: PHOTO, caption: 'Café 😀 a/b', name: 'Zoë', timestamp: '1778766865', message: { id: 'wamid.A/B=' } });
		expect(answer).toMatchObject({ status: 200, body: 'taken' });
		const [{ method, headers, body: bytes }] = got as [(typeof got)[0]];
		expect(method).toBe('POST');
		expect(headers).toMatchObject({ 'user-agent': 'facebookexternalua', 'content-type': 'application/json', 'content-length': String(bytes.length) });
		expect(headers['x-hub-signature-256']).toBe(`sha256=${createHmac('sha256', meta.credentials.appSecret).update(bytes).digest('hex')}`);
		expect(bytes.toString()).toBe(body);
		const userId = /"user_id":"(US\.\d+)"/.exec(body)![1];
		expect(body.replace(/ext=\d+&hash=[\w-]+/, 'ext=…')).toBe(
			'{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp",' +
				'"metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},' +
				`"contacts":[{"profile":{"name":"Zo\\u00eb"},"wa_id":"16505551234","user_id":"${userId}"}],` +
				`"messages":[{"from":"16505551234","from_user_id":"${userId}","id":"wamid.A\\/B=","timestamp":"1778766865","type":"image",` +
				`"image":{"caption":"Caf\\u00e9 \\ud83d\\ude00 a\\/b","mime_type":"image\\/jpeg","sha256":"${sha256(PHOTO).toString('base64').replaceAll('/', '\\/')}","id":"${mediaId}",` +
				`"url":"${meta.filesUrl.replaceAll('/', '\\/')}\\/whatsapp_business\\/attachments\\/?mid=${mediaId}&source=webhook&ext=…"}}]},"field":"messages"}]}]}`,
		);
		expect((await files.get((JSON.parse(body).entry[0].changes[0].value.messages[0].image as { url: string }).url)).data).toEqual(PHOTO);
	});

	it('shapes each type', async () => {
		const media = async (incoming: Parameters<typeof meta.receive>[0]) => {
			const { message } = await meta.receive(incoming);
			return [message.type, Object.keys(message[message.type as string] as object)];
		};
		expect(await media({ type: 'voice', bytes: 'x' })).toEqual(['audio', ['mime_type', 'sha256', 'id', 'url', 'voice']]);
		expect(await media({ type: 'sticker', bytes: 'x' })).toEqual(['sticker', ['mime_type', 'sha256', 'id', 'url', 'animated']]);
		expect(await media({ type: 'document', bytes: 'x', caption: 'c', url: false })).toEqual(['document', ['caption', 'filename', 'mime_type', 'sha256', 'id']]);
		const { message } = await meta.receive({ type: 'voice', bytes: 'x' });
		expect(message.audio).toMatchObject({ mime_type: 'audio/ogg; codecs=opus', voice: true });
		const { body } = await meta.receive({ type: 'image', bytes: 'x', from: null, context: { forwarded: true } });
		expect(body).not.toMatch(/wa_id|"from":/);
		expect(got).toEqual([]);
	});

	it('delivers many at once, statuses among them, or any body at all', async () => {
		meta.callback = callback;
		const one = meta.prepare({ type: 'image', bytes: 'x' }).message;
		const two = meta.text('hello', { from: '49152', name: 'Zoë', phoneNumberId: meta.secondPhoneNumberId });
		await meta.deliver([one, meta.status('delivered'), meta.message('reaction', { message_id: one.id, emoji: '👍' })]);
		await meta.deliver(meta.envelope([[meta.value([one]), { field: 'history', value: {} }], [meta.value([two])]]));
		await meta.deliver('{"broken', { signature: 'sha256=00', headers: { 'X-Hub-Signature': 'sha1=1' } });
		await meta.deliver('{}', { signature: null });
		const [first, second, third, fourth] = got;
		const { value } = JSON.parse(String(first!.body)).entry[0].changes[0];
		expect([value.messages.length, value.statuses.length, value.contacts.length]).toEqual([2, 1, 1]);
		const { entry } = JSON.parse(String(second!.body));
		expect(entry.map(({ changes }: { changes: Array<{ field: string }> }) => changes.map(({ field }) => field))).toEqual([['messages', 'history'], ['messages']]);
		expect(entry[1].changes[0].value.metadata).toEqual({ display_phone_number: '4915255550199', phone_number_id: meta.secondPhoneNumberId });
		expect([String(third!.body), third!.headers['x-hub-signature-256']]).toEqual(['{"broken', 'sha256=00']);
		expect(fourth!.headers).not.toHaveProperty('x-hub-signature-256');
	});

	it('proves a callback', async () => {
		expect(await meta.handshake(`${callback}?a=1`, { token: 'a b&c', challenge: '1158201444' })).toMatchObject({ ok: true, status: 200, body: '1158201444' });
		expect(got[0]!.url.search).toBe('?a=1&hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a%20b%26c');
		expect(got[0]!.headers['user-agent']).toBe('facebookplatform/1.0 (+http://developers.facebook.com)');
		answerTo = (query) => ({ status: 200, body: `"${query.get('hub.challenge')}"` });
		expect((await meta.handshake(callback)).ok).toBe(false);
	});

	it('subscribes app, account and number, each proven first, the narrowest winning', async () => {
		const { appId, appSecret, businessAccountId: account, phoneNumberId: number, verifyToken } = meta.credentials;
		const asApp = { headers: { Authorization: `Bearer ${appId}|${appSecret}` } };
		const override = (level: string) => ({ override_callback_uri: `${callback}/${level}`, verify_token: verifyToken });
		const appForm = new URLSearchParams({ object: 'whatsapp_business_account', callback_url: `${callback}/app`, verify_token: verifyToken, fields: 'messages' });
		const receive = async () => {
			await meta.receive({ type: 'image', bytes: 'x' });
			return got.at(-1)?.method === 'POST' ? got.pop()!.url.pathname.split('/').pop() : 'nobody';
		};

		expectError(await graph.post(`/${appId}/subscriptions`, appForm), 400, '{"error":{"message":"(#15) This method must be called with an app access_token.","type":"OAuthException","code":15,');
		expectError(
			await graph.post(`/${account}/subscribed_apps`, override('account')),
			400,
			'{"error":{"message":"(#100) Before override the current callback uri, your app must be subscribed to receive messages for WhatsApp Business Account","type":"OAuthException","code":100,',
		);
		expect((await graph.post(`/${appId}/subscriptions`, appForm, asApp)).data).toBe('{"success":true}');
		expect(await receive()).toBe('nobody');
		expect((await graph.post(`/${account}/subscribed_apps`)).data).toBe('{"success":true}');
		expect(await receive()).toBe('app');
		expect((await graph.post(`/${account}/subscribed_apps`, override('account'))).data).toBe('{"success":true}');
		expect(await receive()).toBe('account');
		expect((await graph.post(`/${number}`, { webhook_configuration: override('number') })).data).toBe('{"success":true}');
		expect(await receive()).toBe('number');

		const slashes = callback.replaceAll('/', '\\/');
		expect((await graph.get(`/${appId}/subscriptions`, asApp)).data).toBe(
			`{"data":[{"object":"whatsapp_business_account","callback_url":"${slashes}\\/app","active":true,"fields":[{"name":"messages","version":"v25.0"}]}]}`,
		);
		expect((await graph.get(`/${account}/subscribed_apps`)).data).toBe(
			`{"data":[{"whatsapp_business_api_data":{"link":"https:\\/\\/www.facebook.com\\/games\\/?app_id=${appId}","name":"n8n","id":"${appId}"},"override_callback_uri":"${slashes}\\/account"}]}`,
		);
		expect((await graph.get(`/${number}?fields=webhook_configuration`)).data).toBe(
			`{"webhook_configuration":{"phone_number":"${slashes}\\/number","whatsapp_business_account":"${slashes}\\/account","application":"${slashes}\\/app"},"id":"${number}"}`,
		);

		answerTo = () => ({ status: 404, body: '' });
		expectError(
			await graph.post(`/${account}/subscribed_apps`, override('other')),
			400,
			'{"error":{"message":"(#2200) Callback verification failed with the following errors: HTTP Status Code = 404; HTTP Message = Not Found","type":"OAuthException","code":2200,',
		);
		const dead = { ...override('x'), override_callback_uri: 'http://127.0.0.1:1/x' };
		expect((await graph.post(`/${account}/subscribed_apps`, dead)).data).toContain("curl_errno = 7; curl_error = Couldn't connect to server; HTTP Status Code = 0");
		await graph.post(`/${number}`, { webhook_configuration: { override_callback_uri: '' } });
		expect(await receive()).toBe('account');
		await graph.post(`/${account}/subscribed_apps`);
		expect(await receive()).toBe('app');
		await graph.delete(`/${appId}/subscriptions?object=whatsapp_business_account`, asApp);
		expect(await receive()).toBe('nobody');
	});

	it('is driven by hand, too', async () => {
		const form = new FormData();
		form.append('file', new Blob(['OggS'], { type: 'application/octet-stream' }), 'voice.ogg');
		const { data } = await axios.post(`${meta.url}/_emulator/receive?from=49152&callback=${callback}`, form);
		expect(data[0]).toMatchObject({ message: { from: '49152', audio: { mime_type: 'audio/ogg; codecs=opus', voice: true } }, answer: { status: 200 } });
		expect((await axios.get(`${meta.url}/_emulator/handshake?callback=${callback}`)).data).toMatchObject({ ok: true });
		await graph.get('/1');
		expect((await axios.get(`${meta.filesUrl}/_emulator/requests`)).data).toHaveLength(1);
		await axios.get(`${meta.url}/_emulator/reset`);
		expect(emulator.requests).toEqual([]);
	});
});

describe('credentials', () => {
	it('answers what a credential test asks', async () => {
		const { phoneNumberId, businessAccountId, appId, appSecret, accessToken } = meta.credentials;
		expect((await graph.get(`/${phoneNumberId}?fields=id,display_phone_number,verified_name,quality_rating`)).data).toBe(
			`{"display_phone_number":"+1 555-078-3881","verified_name":"Jaspers Market","quality_rating":"GREEN","id":"${phoneNumberId}"}`,
		);
		expect((await graph.get(`/${businessAccountId}/phone_numbers`)).data).toContain('{"verified_name":"Jaspers Caf\\u00e9","display_phone_number":"+49 1525 5550199","id":"118924467839205","quality_rating":"UNKNOWN"}');
		expectError(
			await graph.get(`/${businessAccountId}?fields=display_phone_number`),
			400,
			'{"error":{"message":"(#100) Tried accessing nonexisting field (display_phone_number) on node type (WhatsAppBusinessAccount)","type":"OAuthException","code":100,',
		);
		meta.variants.accountAsPhoneNumber = 'gone';
		expectError(await graph.get(`/${businessAccountId}?fields=display_phone_number`), 400, gone('get', businessAccountId));
		expect((await graph.get('/me')).data).toBe('{"name":"n8n system user","id":"122101234567890123"}');
		const { access_token } = JSON.parse((await graph.get(`/oauth/access_token?client_id=${appId}&client_secret=${appSecret}&grant_type=client_credentials`)).data);
		const debug = await graph.get('/debug_token', { params: { input_token: accessToken }, headers: { Authorization: `Bearer ${access_token}` } });
		expect(JSON.parse(debug.data).data).toMatchObject({ is_valid: true, expires_at: 0, scopes: ['whatsapp_business_management', 'whatsapp_business_messaging'] });
		expect(JSON.parse((await graph.get('/debug_token?input_token=x')).data).data).toMatchObject({ is_valid: false, error: { code: 190 } });
	});
});

describe('faults', () => {
	const seen = (bytes: Buffer) => ({ size: bytes.length, sha256: sha256(bytes).toString('hex') });

	/** What a plain client sees of an answer: how much was declared, how much came, and how it ended. */
	function raw(url: string, timeout = 3000): Promise<{ status?: number; declared?: string; size: number; sha256: string; end: 'whole' | 'cut' | 'silence' | 'reset' }> {
		return new Promise((resolve) => {
			const pieces: Buffer[] = [];
			let response: IncomingMessage | undefined;
			const done = (end: 'whole' | 'cut' | 'silence' | 'reset') => {
				request.destroy();
				const bytes = Buffer.concat(pieces);
				resolve({ status: response?.statusCode, declared: response?.headers['content-length'], ...seen(bytes), end });
			};
			const request = httpRequest(url, { headers: { Authorization: `Bearer ${meta.credentials.accessToken}`, 'User-Agent': AGENT }, agent: false }, (incoming) => {
				response = incoming;
				incoming.on('data', (piece: Buffer) => pieces.push(piece));
				incoming.on('end', () => done('whole'));
				incoming.on('error', () => done('cut'));
			});
			request.on('error', () => done('reset'));
			setTimeout(() => done('silence'), timeout).unref();
			request.end();
		});
	}

	it('play once, or as often and as late as told, on the media told', async () => {
		const [id, other] = [addPhoto(), addPhoto()];
		meta.fault({ on: 'getUrl', mediaId: id, error: '131016', after: 1, times: 2, headers: { 'Retry-After': '1' } });
		const statuses = [];
		for (let n = 0; n < 4; n++) statuses.push((await graph.get(`/${id}`)).status, (await graph.get(`/${other}`)).status);
		expect(statuses).toEqual([200, 200, 500, 200, 500, 200, 200, 200]);
		meta.fault({ on: 'getUrl', error: 80007, times: Infinity, headers: { 'Retry-After': '1' } });
		expect(await graph.get(`/${id}`)).toMatchObject({ status: 400, headers: { 'retry-after': '1', 'x-business-use-case-usage': expect.stringContaining('estimated_time') } });
		emulator.reset();
		meta.fault({ on: 'delete', error: new GraphError(400, { message: '(#1) Odd', type: 'OAuthException', code: 1 }) });
		expectError(await graph.delete('/1'), 400, '{"error":{"message":"(#1) Odd","type":"OAuthException","code":1,');
	});

	it('spoil a body in every way', async () => {
		const bytes = Buffer.concat([...pattern(140_000).read()]);
		const url = meta.fileUrl(meta.store.add({ bytes, mimeType: 'image/jpeg' }));
		const half = bytes.subarray(0, 70_000);

		meta.fault({ on: 'file', cutAt: 0.5 });
		expect(await raw(url)).toEqual({ status: 200, declared: '140000', ...seen(half), end: 'cut' });
		meta.fault({ on: 'file', stallAt: 0.5 });
		expect(await raw(url)).toEqual({ status: 200, declared: '140000', ...seen(half), end: 'silence' });
		meta.fault({ on: 'file', truncateAt: 0.5 });
		expect(await raw(url)).toEqual({ status: 200, declared: '70000', ...seen(half), end: 'whole' });
		meta.fault({ on: 'file', contentLength: 300_000 });
		expect(await raw(url)).toEqual({ status: 200, declared: '300000', ...seen(bytes), end: 'cut' });
		meta.fault({ on: 'file', body: '' });
		expect(await raw(url)).toEqual({ status: 200, declared: '0', ...seen(Buffer.alloc(0)), end: 'whole' });
		meta.fault({ on: 'file', ...htmlPage() });
		expect((await files.get(url)).data.toString()).toContain('<!DOCTYPE html>');
		meta.fault({ on: 'file', endless: true });
		expect(await raw(url, 500)).toMatchObject({ status: 200, declared: undefined, end: 'silence' });
		meta.fault({ on: 'file', wrongBytes: true, times: 2 });
		const [wrong, again] = [await raw(url), await raw(url)];
		expect([wrong.size, wrong.sha256 === seen(bytes).sha256, wrong.sha256 === again.sha256]).toEqual([bytes.length, false, true]);
		meta.fault({ on: 'file', wrongBytes: 'changing', times: 2 });
		expect((await raw(url)).sha256).not.toBe((await raw(url)).sha256);
		expect(await raw(url)).toEqual({ status: 200, declared: '140000', ...seen(bytes), end: 'whole' });
	});

	it('lose the answer, with the operation done or not', async () => {
		const id = addPhoto();
		meta.fault({ on: 'delete', reset: true });
		await expect(graph.delete(`/${id}`)).rejects.toThrow();
		expect((await graph.get(`/${id}`)).status).toBe(200);
		meta.fault({ on: 'delete', status: 502, effect: true });
		expect((await graph.delete(`/${id}`)).status).toBe(502);
		expect((await graph.get(`/${id}`)).status).toBe(400);
		meta.fault({ on: 'getUrl', delay: Infinity });
		expect(await raw(`${meta.url}/${id}`, 50)).toMatchObject({ status: undefined, end: 'silence' });
		meta.fault({ on: 'getUrl', truncateAt: 0.5 });
		const broken = (await graph.get(`/${id}`)).data;
		expect(broken).toMatch(/^{"error"/);
		expect(() => JSON.parse(broken)).toThrow();
	});

	it('redirect to an origin that sees whether the token came along', async () => {
		const url = meta.fileUrl(addPhoto());
		meta.fault({ on: 'file', redirect: 'thirdParty' });
		const { status, headers } = await files.get(url);
		expect([status, headers.location.startsWith(`${emulator.thirdParty.url}/stored/`)]).toEqual([302, true]);
		expect((await axios.get(headers.location, { responseType: 'arraybuffer' })).data).toEqual(PHOTO);
		emulator.thirdParty.refuseAuthorization = true;
		expect((await files.get(headers.location)).status).toBe(400);
		expect(emulator.requests.filter(({ vendor }) => vendor === 'thirdParty').map(({ headers }) => 'authorization' in headers)).toEqual([false, true]);
	});

	it('answer an upload before its body is read', async () => {
		meta.fault({ on: 'upload', early: true, ...htmlPage(413) });
		const { port } = new URL(meta.url);
		const text = await new Promise<string>((resolve) => {
			const socket = connect(Number(port), '127.0.0.1', () =>
				socket.write(`POST /v25.0/${meta.credentials.phoneNumberId}/media HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nfirst bytes`),
			);
			socket.once('data', (data) => {
				socket.destroy();
				resolve(data.toString());
			});
		});
		expect(text).toMatch(/^HTTP\/1\.1 413 /);
	});
});

describe('under the vendor’s own names', () => {
	it('goes by the Host header, whichever port it came to, and remembers what the client meant', async () => {
		const named = await startEmulator({ meta: { apiOrigin: 'https://graph.facebook.com', filesOrigin: 'https://lookaside.fbsbx.com' } });
		const { credentials, store } = named.meta;
		const id = store.add({ bytes: PHOTO, mimeType: 'image/jpeg' });
		const ask = (path: string, Host: string) =>
			axios.get(`${named.localUrl}${path}`, { headers: { Host, Authorization: `Bearer ${credentials.accessToken}`, 'User-Agent': AGENT }, responseType: 'arraybuffer' });
		const { url } = JSON.parse((await ask(`/v25.0/${id}`, 'graph.facebook.com')).data.toString());
		expect(url).toMatch(/^https:\/\/lookaside\.fbsbx\.com\/whatsapp_business\/attachments\/\?mid=/);
		expect((await ask(url.slice('https://lookaside.fbsbx.com'.length), 'lookaside.fbsbx.com:443')).data).toEqual(PHOTO);
		expect(named.requests.map(({ host, url, status }) => [host, url, status])).toEqual([
			['graph.facebook.com', `https://graph.facebook.com/v25.0/${id}`, 200],
			['lookaside.fbsbx.com', url, 200],
		]);
		await named.close();
	});
});

describe('100 MB', () => {
	it('go up and come down within about twice their size', async () => {
		const size = 100 * 1024 * 1024;
		const content = pattern(size);
		const head = '--b\r\nContent-Disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n';
		const tail = '\r\n--b--\r\n';
		const before = process.memoryUsage().rss;
		let most = before;
		const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);

		const { id } = await new Promise<{ id: string }>((resolve, reject) => {
			const request = httpRequest(
				`${meta.url}/v25.0/${meta.credentials.phoneNumberId}/media`,
				{
					method: 'POST',
					headers: { Authorization: `Bearer ${meta.credentials.accessToken}`, 'Content-Type': 'multipart/form-data; boundary=b', 'Content-Length': head.length + size + tail.length },
				},
				async (response) => {
					let text = '';
					for await (const piece of response) text += piece;
					resolve(JSON.parse(text));
				},
			);
			request.on('error', reject);
			void (async () => {
				request.write(head);
				for (const piece of content.read()) if (!request.write(piece)) await new Promise((go) => request.once('drain', go));
				request.end(tail);
			})();
		});

		const hash = createHash('sha256');
		const { data } = await files.get(meta.fileUrl(id), { responseType: 'stream' });
		for await (const piece of data) hash.update(piece);
		clearInterval(timer);
		expect(hash.digest()).toEqual(meta.store.get(id)!.sha256);
		expect(most - before).toBeLessThan(2.2 * size);
	});
});
