import { createHash } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { pattern } from '..';
import {
	emulator,
	expectError,
	files,
	gone,
	graph,
	meta,
	PHOTO,
	upload,
	useEmulator,
} from './testbed';

useEmulator();

describe('upload and delete', () => {
	it('gives back what it got, until it is deleted', async () => {
		const answer = await upload(PHOTO, 'image/jpeg');
		expect([answer.status, answer.data]).toEqual([
			200,
			expect.stringMatching(/^{"id":"\d{15,16}"}$/),
		]);
		const { id } = JSON.parse(answer.data);
		expect(meta.store.get(id)).toMatchObject({
			fileName: 'photo "1".jpg',
			kind: 'uploaded',
			mimeType: 'image/jpeg',
		});
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
				{
					method: 'POST',
					headers: {
						Authorization: `Bearer ${meta.credentials.accessToken}`,
						'Content-Type': 'multipart/form-data; boundary=b',
					},
				},
				resolve,
			);
			request.write(body.slice(0, 20));
			setTimeout(() => request.end(body.slice(20)), 10);
		});
		answer.resume();
		expect(answer.statusCode).toBe(200);
		expect([...meta.store.list()[0]!.bytes.read()].toString()).toBe('hello\r\n');
		expect(emulator.requests[0]).toMatchObject({
			operation: 'upload',
			bodySize: body.length,
			status: 200,
		});
	});

	it('refuses what Meta refuses, in its words', async () => {
		const list =
			'text/plain, video/mp4, video/3gpp, image/jpeg, image/png, image/webp, audio/aac, audio/mp4, audio/mpeg, audio/amr, audio/ogg, audio/opus, application/vnd.ms-powerpoint, application/msword, application/vnd.openxmlformats-officedocument.wordprocessingml.document, application/vnd.openxmlformats-officedocument.presentationml.presentation, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, application/pdf, application/vnd.ms-excel';
		const refusal = (text: string) =>
			`{"error":{"message":"(#100) ${text}","type":"OAuthException","code":100,`;
		for (const type of ['application/octet-stream', 'audio/ogg; codecs=opus', 'audio/wav']) {
			const text = `Param file must be a file with one of the following types: ${list}. Received file of type '${type}'.`;
			expectError(await upload(PHOTO, type), 400, refusal(text.replaceAll('/', '\\/')));
		}
		expectError(
			await upload(PHOTO, 'image/jpeg', {}),
			400,
			refusal('The parameter messaging_product is required.'),
		);
		expectError(
			await upload(PHOTO, 'image/jpeg', { messaging_product: 'xyz' }),
			400,
			refusal('Param messaging_product must be one of {WHATSAPP} - got \\"xyz\\".'),
		);
		expectError(
			await graph.post(`/${meta.credentials.phoneNumberId}/media?messaging_product=whatsapp`, {}),
			400,
			refusal('The parameter file is required.'),
		);
		expectError(await upload(PHOTO, 'image/jpeg', undefined, '999'), 400, gone('post', '999'));
		meta.variants.uploadLimits.image = PHOTO.length - 1;
		expect((await upload(PHOTO, 'image/jpeg')).data).toContain('"code":100,');
		meta.variants.tooLarge = 'html413';
		expect(await upload(PHOTO, 'image/jpeg')).toMatchObject({
			status: 413,
			headers: { 'content-type': 'text/html; charset=utf-8' },
		});
	});

	it('lives an hour on a no-storage number, or as long as asked', async () => {
		meta.variants.noStorage = true;
		const short = JSON.parse((await upload(PHOTO, 'image/jpeg')).data).id;
		const long = JSON.parse(
			(await upload(PHOTO, 'image/jpeg', { messaging_product: 'whatsapp', ttl_minutes: '120' }))
				.data,
		).id;
		emulator.clock.advance(61 * 60_000);
		expect([(await graph.get(`/${short}`)).status, (await graph.get(`/${long}`)).status]).toEqual([
			400, 200,
		]);
	});

	it('takes a message only with a living media ID of the same number', async () => {
		const { id } = JSON.parse((await upload(PHOTO, 'image/jpeg')).data);
		const message = { messaging_product: 'whatsapp', to: '+1 650', type: 'image', image: { id } };
		expect((await graph.post(`/${meta.credentials.phoneNumberId}/messages`, message)).data).toMatch(
			/^{"messaging_product":"whatsapp","contacts":\[{"input":"\+1 650","wa_id":"1650"}\],"messages":\[{"id":"wamid\./,
		);
		expectError(
			await graph.post(`/${meta.secondPhoneNumberId}/messages`, message),
			400,
			`{"error":{"message":"(#100) Param image['id'] is not a valid whatsapp business account media attachment ID","type":"OAuthException","code":100,`,
		);
	});
});

describe('100 MB', () => {
	it('go up and come down within about twice their size', async () => {
		const size = 100 * 1024 * 1024;
		const content = pattern(size);
		const head =
			'--b\r\nContent-Disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n';
		const tail = '\r\n--b--\r\n';
		const before = process.memoryUsage().rss;
		let most = before;
		const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);

		const { id } = await new Promise<{ id: string }>((resolve, reject) => {
			const request = httpRequest(
				`${meta.url}/v25.0/${meta.credentials.phoneNumberId}/media`,
				{
					method: 'POST',
					headers: {
						Authorization: `Bearer ${meta.credentials.accessToken}`,
						'Content-Type': 'multipart/form-data; boundary=b',
						'Content-Length': head.length + size + tail.length,
					},
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
				for (const piece of content.read())
					if (!request.write(piece)) await new Promise((go) => request.once('drain', go));
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
