import axios from 'axios';
import {
	addPhoto,
	emulator,
	expectError,
	gone,
	graph,
	meta,
	PHOTO,
	sha256,
	useEmulator,
} from './testbed';

useEmulator();

describe('GET a media ID', () => {
	it('answers in the byte order of real traffic', async () => {
		const id = addPhoto();
		const answer = await graph.get(`/${id}`);
		const ext = Math.floor((emulator.clock.now() + 300_000) / 1000);
		expect(answer.status).toBe(200);
		expect(
			answer.data
				.replace(/hash=AR[\w-]{40}/, 'hash=AR')
				.replace(/ext=\d+/, (text: string) =>
					Math.abs(Number(text.slice(4)) - ext) < 3 ? 'ext=EXT' : text,
				),
		).toBe(
			`{"url":"${meta.filesUrl.replaceAll('/', '\\/')}\\/whatsapp_business\\/attachments\\/?mid=${id}&ext=EXT&hash=AR",` +
				`"mime_type":"image\\/jpeg","sha256":"${sha256(PHOTO).toString('hex')}","file_size":${PHOTO.length},"id":"${id}","messaging_product":"whatsapp"}`,
		);
		expect(answer.headers).toMatchObject({
			'content-type': 'application/json; charset=UTF-8',
			'facebook-api-version': 'v25.0',
		});
		expect(id).toMatch(/^\d{15,16}$/);
	});

	it('selects fields, serves dead versions, and varies', async () => {
		const id = addPhoto();
		expect(Object.keys(JSON.parse((await graph.get(`/${id}?fields=mime_type`)).data))).toEqual([
			'mime_type',
			'id',
		]);
		expect((await graph.get(`${meta.url}/v13.0/${id}`)).headers['facebook-api-version']).toBe(
			'v21.0',
		);
		Object.assign(meta.variants, { fileSize: 'string', getHash: 'base64' });
		expect((await graph.get(`/${id}`)).data).toContain(
			`"sha256":"${sha256(PHOTO).toString('base64').replaceAll('/', '\\/')}","file_size":"${PHOTO.length}"`,
		);
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
		meta.tokens.set('EAAGother', {
			state: 'valid',
			scopes: ['whatsapp_business_messaging'],
			owns: false,
		});
		const fresh = addPhoto();
		expectError(
			await graph.get(`/${fresh}`, { headers: { Authorization: 'Bearer EAAGother' } }),
			400,
			gone('get', fresh),
		);
	});

	it('checks phone_number_id, and refuses it for inbound media if told to', async () => {
		const id = addPhoto();
		const own = `/${id}?phone_number_id=${meta.credentials.phoneNumberId}`;
		const refusal =
			'{"error":{"message":"(#100) Param phone_number_id is not a valid whatsapp business phone number id ID","type":"OAuthException","code":100,';
		expect((await graph.get(own)).status).toBe(200);
		expectError(
			await graph.get(`/${id}?phone_number_id=${meta.secondPhoneNumberId}`),
			400,
			refusal,
		);
		meta.variants.phoneNumberIdOnInbound = 'refused';
		expectError(await graph.get(own), 400, refusal);
	});

	it('tells tokens apart', async () => {
		const path = `/${addPhoto()}`;
		const withToken = (Authorization?: string) =>
			axios.get(`${meta.url}/v25.0${path}`, {
				headers: { Authorization },
				validateStatus: () => true,
				transformResponse: (text) => text,
			});
		expectError(
			await withToken(),
			401,
			'{"error":{"message":"An access token is required to request this resource.","type":"OAuthException","code":104,',
		);
		expectError(
			await withToken(`Bearer ${meta.credentials.appSecret}`),
			401,
			'{"error":{"message":"Invalid OAuth access token - Cannot parse access token","type":"OAuthException","code":190,',
		);
		const token = meta.tokens.get(meta.credentials.accessToken)!;
		token.scopes = [];
		expectError(
			await graph.get(path),
			403,
			'{"error":{"message":"(#10) Application does not have permission for this action","type":"OAuthException","code":10,',
		);
		token.state = 'expired';
		const expired = await graph.get(path);
		expect(expired.status).toBe(401);
		expect(expired.data).toMatch(
			/^{"error":{"message":"Error validating access token: Session has expired on \w+day, \d\d-\w{3}-\d\d \d\d:\d\d:\d\d P[DS]T\. The current time is \w+day, \d\d-\w{3}-\d\d \d\d:\d\d:\d\d P[DS]T\.","type":"OAuthException","code":190,"error_subcode":463,"fbtrace_id":/,
		);
	});
});
