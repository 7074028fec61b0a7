import { addPhoto, emulator, files, meta, PHOTO, useEmulator } from './testbed';

useEmulator();

describe('the file host', () => {
	it('serves the bytes, whole and in ranges', async () => {
		const url = meta.fileUrl(addPhoto());
		const whole = await files.get(url);
		expect(whole.data).toEqual(PHOTO);
		expect(whole.headers).toMatchObject({
			'content-type': 'image/jpeg',
			'content-length': String(PHOTO.length),
		});
		const part = await files.get(url, { headers: { Range: 'bytes=2-5' } });
		expect([part.status, part.headers['content-range'], part.data]).toEqual([
			206,
			`bytes 2-5/${PHOTO.length}`,
			PHOTO.subarray(2, 6),
		]);
		meta.variants.chunkedFiles = true;
		const chunked = await files.get(url);
		expect([chunked.data, chunked.headers['content-length']]).toEqual([PHOTO, undefined]);
	});

	it('goes on where a transfer broke off, as long as the file is the same', async () => {
		const url = meta.fileUrl(addPhoto());
		const { etag } = (await files.get(url)).headers;
		expect(etag).toMatch(/^\d+$/);
		const get = async (Range: string, ifRange?: string) => {
			const headers = { Range, ...(ifRange && { 'If-Range': ifRange }) };
			const { status, headers: got, data } = await files.get(url, { headers });
			return [status, got['content-range'], got.etag === etag, data.length];
		};
		const { length } = PHOTO;
		const rest = [206, `bytes 9-${length - 1}/${length}`, true, length - 9];
		expect(await get('bytes=9-')).toEqual(rest);
		expect(await get('bytes=9-', etag)).toEqual(rest);
		expect(await get('bytes=9-', '1')).toEqual([200, undefined, true, length]);
		expect(await get('bytes=1-2,4-5')).toEqual([200, undefined, true, length]);
		expect(await get(`bytes=${length}-`)).toEqual([416, `bytes */${length}`, true, 0]);
		meta.fault({ on: 'file', ignoreRange: true });
		expect(await get('bytes=9-', etag)).toEqual([200, undefined, true, length]);
		meta.fault({ on: 'file', headers: { 'Content-Range': 'bytes 1-2/3', Etag: '2' } });
		expect(await get('bytes=9-', etag)).toEqual([206, 'bytes 1-2/3', false, length - 9]);
	});

	it('tells the names of uploads, and of what customers sent if told to', async () => {
		const name = async (inbound: boolean, fileName: string) => {
			const file = { bytes: PHOTO, mimeType: 'image/jpeg', fileName, inbound };
			return (await files.get(meta.fileUrl(meta.store.add(file)))).headers['content-disposition'];
		};
		expect(await name(false, 'a b.jpg')).toBe('inline;filename=a b.jpg');
		expect(await name(false, 'Müller.jpg')).toBeUndefined();
		expect(await name(true, 'a.jpg')).toBeUndefined();
		meta.variants.inboundNames = 'told';
		expect(await name(true, 'a.jpg')).toBe('inline;filename=a.jpg');
	});

	it('refuses expired and tampered URLs, wrong tokens, and agents that it does not accept', async () => {
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
		for (const agent of [
			'node',
			'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
		]) {
			expect(await get({ 'User-Agent': agent })).toEqual([404, '']);
		}
		for (const agent of [
			'n8n',
			'axios/1.2.3',
			'curl/8.0',
			'Mozilla/5.0 (compatible; n8n/2.41.0; +https://n8n.io/)',
		])
			expect((await get({ 'User-Agent': agent }))[0]).toBe(200);
		meta.variants.refusedUserAgent = 'html';
		expect(await get({ 'User-Agent': 'node' })).toEqual([
			200,
			expect.stringContaining('<!DOCTYPE html>'),
		]);
		emulator.clock.advance(296_000);
		expect((await get({}))[0]).toBe(200);
		emulator.clock.advance(5_000);
		expect(await get({})).toEqual([404, '']);
		meta.variants.expiredUrl = 401;
		expect(await get({})).toEqual(unauthorized);
	});
});
