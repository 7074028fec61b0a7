import axios from 'axios';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { emulator, expectError, files, graph, meta, PHOTO, sha256, useEmulator } from './testbed';

useEmulator();

describe('webhooks', () => {
	let receiver: Server;
	let callback: string;
	const got: Array<{
		method: string;
		url: URL;
		headers: IncomingMessage['headers'];
		body: Buffer;
	}> = [];
	/** What the receiver answers to a handshake. */
	let answerTo: (query: URLSearchParams) => { status: number; body: string };

	beforeAll(async () => {
		receiver = createServer(async (request, response) => {
			const pieces: Buffer[] = [];
			for await (const piece of request) pieces.push(piece as Buffer);
			const url = new URL(request.url!, 'http://receiver');
			got.push({
				method: request.method!,
				url,
				headers: request.headers,
				body: Buffer.concat(pieces),
			});
			const { status, body } =
				request.method === 'GET' ? answerTo(url.searchParams) : { status: 200, body: 'taken' };
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
		const { mediaId, answer, body } = await meta.receive({
			type: 'image',
			bytes: PHOTO,
			caption: 'Café 😀 a/b',
			name: 'Zoë',
			timestamp: '1778766865',
			message: { id: 'wamid.A/B=' },
		});
		expect(answer).toMatchObject({ status: 200, body: 'taken' });
		const [{ method, headers, body: bytes }] = got as [(typeof got)[0]];
		expect(method).toBe('POST');
		expect(headers).toMatchObject({
			'user-agent': 'facebookexternalua',
			'content-type': 'application/json',
			'content-length': String(bytes.length),
		});
		expect(headers['x-hub-signature-256']).toBe(
			`sha256=${createHmac('sha256', meta.credentials.appSecret).update(bytes).digest('hex')}`,
		);
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
		expect(
			(
				await files.get(
					(JSON.parse(body).entry[0].changes[0].value.messages[0].image as { url: string }).url,
				)
			).data,
		).toEqual(PHOTO);
	});

	it('shapes each type', async () => {
		const media = async (incoming: Parameters<typeof meta.receive>[0]) => {
			const { message } = await meta.receive(incoming);
			return [message.type, Object.keys(message[message.type as string] as object)];
		};
		expect(await media({ type: 'voice', bytes: 'x' })).toEqual([
			'audio',
			['mime_type', 'sha256', 'id', 'url', 'voice'],
		]);
		expect(await media({ type: 'sticker', bytes: 'x' })).toEqual([
			'sticker',
			['mime_type', 'sha256', 'id', 'url', 'animated'],
		]);
		expect(await media({ type: 'document', bytes: 'x', caption: 'c', url: false })).toEqual([
			'document',
			['caption', 'filename', 'mime_type', 'sha256', 'id'],
		]);
		const { message } = await meta.receive({ type: 'voice', bytes: 'x' });
		expect(message.audio).toMatchObject({ mime_type: 'audio/ogg; codecs=opus', voice: true });
		const { body } = await meta.receive({
			type: 'image',
			bytes: 'x',
			from: null,
			context: { forwarded: true },
		});
		expect(body).not.toMatch(/wa_id|"from":/);
		expect(got).toEqual([]);
	});

	it('delivers many at once, statuses among them, or any body at all', async () => {
		meta.callback = callback;
		const one = meta.prepare({ type: 'image', bytes: 'x' }).message;
		const two = meta.text('hello', {
			from: '49152',
			name: 'Zoë',
			phoneNumberId: meta.secondPhoneNumberId,
		});
		await meta.deliver([
			one,
			meta.status('delivered'),
			meta.message('reaction', { message_id: one.id, emoji: '👍' }),
		]);
		await meta.deliver(
			meta.envelope([[meta.value([one]), { field: 'history', value: {} }], [meta.value([two])]]),
		);
		await meta.deliver('{"broken', {
			signature: 'sha256=00',
			headers: { 'X-Hub-Signature': 'sha1=1' },
		});
		await meta.deliver('{}', { signature: null });
		const [first, second, third, fourth] = got;
		const { value } = JSON.parse(String(first!.body)).entry[0].changes[0];
		expect([value.messages.length, value.statuses.length, value.contacts.length]).toEqual([
			2, 1, 1,
		]);
		const { entry } = JSON.parse(String(second!.body));
		expect(
			entry.map(({ changes }: { changes: Array<{ field: string }> }) =>
				changes.map(({ field }) => field),
			),
		).toEqual([['messages', 'history'], ['messages']]);
		expect(entry[1].changes[0].value.metadata).toEqual({
			display_phone_number: '4915255550199',
			phone_number_id: meta.secondPhoneNumberId,
		});
		expect([String(third!.body), third!.headers['x-hub-signature-256']]).toEqual([
			'{"broken',
			'sha256=00',
		]);
		expect(fourth!.headers).not.toHaveProperty('x-hub-signature-256');
	});

	it('proves a callback', async () => {
		expect(
			await meta.handshake(`${callback}?a=1`, { token: 'a b&c', challenge: '1158201444' }),
		).toMatchObject({ ok: true, status: 200, body: '1158201444' });
		expect(got[0]!.url.search).toBe(
			'?a=1&hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a%20b%26c',
		);
		expect(got[0]!.headers['user-agent']).toBe(
			'facebookplatform/1.0 (+http://developers.facebook.com)',
		);
		answerTo = (query) => ({ status: 200, body: `"${query.get('hub.challenge')}"` });
		expect((await meta.handshake(callback)).ok).toBe(false);
	});

	it('subscribes app, account and number, each proven first, the narrowest winning', async () => {
		const {
			appId,
			appSecret,
			businessAccountId: account,
			phoneNumberId: number,
			verifyToken,
		} = meta.credentials;
		const asApp = { headers: { Authorization: `Bearer ${appId}|${appSecret}` } };
		const override = (level: string) => ({
			override_callback_uri: `${callback}/${level}`,
			verify_token: verifyToken,
		});
		const appForm = new URLSearchParams({
			object: 'whatsapp_business_account',
			callback_url: `${callback}/app`,
			verify_token: verifyToken,
			fields: 'messages',
		});
		const receive = async () => {
			await meta.receive({ type: 'image', bytes: 'x' });
			return got.at(-1)?.method === 'POST' ? got.pop()!.url.pathname.split('/').pop() : 'nobody';
		};

		expectError(
			await graph.post(`/${appId}/subscriptions`, appForm),
			400,
			'{"error":{"message":"(#15) This method must be called with an app access_token.","type":"OAuthException","code":15,',
		);
		expectError(
			await graph.post(`/${account}/subscribed_apps`, override('account')),
			400,
			'{"error":{"message":"(#100) Before override the current callback uri, your app must be subscribed to receive messages for WhatsApp Business Account","type":"OAuthException","code":100,',
		);
		expect((await graph.post(`/${appId}/subscriptions`, appForm, asApp)).data).toBe(
			'{"success":true}',
		);
		expect(await receive()).toBe('nobody');
		expect((await graph.post(`/${account}/subscribed_apps`)).data).toBe('{"success":true}');
		expect(await receive()).toBe('app');
		expect((await graph.post(`/${account}/subscribed_apps`, override('account'))).data).toBe(
			'{"success":true}',
		);
		expect(await receive()).toBe('account');
		expect(
			(await graph.post(`/${number}`, { webhook_configuration: override('number') })).data,
		).toBe('{"success":true}');
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
		expect((await graph.post(`/${account}/subscribed_apps`, dead)).data).toContain(
			"curl_errno = 7; curl_error = Couldn't connect to server; HTTP Status Code = 0",
		);
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
		const { data } = await axios.post(
			`${meta.url}/_emulator/receive?from=49152&callback=${callback}`,
			form,
		);
		expect(data[0]).toMatchObject({
			message: { from: '49152', audio: { mime_type: 'audio/ogg; codecs=opus', voice: true } },
			answer: { status: 200 },
		});
		expect(
			(await axios.get(`${meta.url}/_emulator/handshake?callback=${callback}`)).data,
		).toMatchObject({ ok: true });
		await graph.get('/1');
		expect((await axios.get(`${meta.filesUrl}/_emulator/requests`)).data).toHaveLength(1);
		await axios.get(`${meta.url}/_emulator/reset`);
		expect(emulator.requests).toEqual([]);
	});
});
