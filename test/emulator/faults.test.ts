import axios from 'axios';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { htmlPage, pattern } from '.';
import { GraphError } from './meta';
import {
	addPhoto,
	AGENT,
	emulator,
	expectError,
	files,
	graph,
	meta,
	PHOTO,
	sha256,
	useEmulator,
} from './meta/testbed';

useEmulator();

describe('faults', () => {
	const seen = (bytes: Buffer) => ({ size: bytes.length, sha256: sha256(bytes).toString('hex') });

	/** What a plain client sees of an answer: how much was declared, how much came, and how it ended. */
	function raw(
		url: string,
		timeout = 3000,
	): Promise<{
		status?: number;
		declared?: string;
		size: number;
		sha256: string;
		end: 'whole' | 'cut' | 'silence' | 'reset';
	}> {
		return new Promise((resolve) => {
			const pieces: Buffer[] = [];
			let response: IncomingMessage | undefined;
			const done = (end: 'whole' | 'cut' | 'silence' | 'reset') => {
				request.destroy();
				const bytes = Buffer.concat(pieces);
				resolve({
					status: response?.statusCode,
					declared: response?.headers['content-length'],
					...seen(bytes),
					end,
				});
			};
			const request = httpRequest(
				url,
				{
					headers: { Authorization: `Bearer ${meta.credentials.accessToken}`, 'User-Agent': AGENT },
					agent: false,
				},
				(incoming) => {
					response = incoming;
					incoming.on('data', (piece: Buffer) => pieces.push(piece));
					incoming.on('end', () => done('whole'));
					incoming.on('error', () => done('cut'));
				},
			);
			request.on('error', () => done('reset'));
			setTimeout(() => done('silence'), timeout).unref();
			request.end();
		});
	}

	it('play once, or as often and as late as told, on the media told', async () => {
		const [id, other] = [addPhoto(), addPhoto()];
		meta.fault({
			on: 'getUrl',
			mediaId: id,
			error: '131016',
			after: 1,
			times: 2,
			headers: { 'Retry-After': '1' },
		});
		const statuses = [];
		for (let n = 0; n < 4; n++)
			statuses.push((await graph.get(`/${id}`)).status, (await graph.get(`/${other}`)).status);
		expect(statuses).toEqual([200, 200, 500, 200, 500, 200, 200, 200]);
		meta.fault({ on: 'getUrl', error: 80007, times: Infinity, headers: { 'Retry-After': '1' } });
		expect(await graph.get(`/${id}`)).toMatchObject({
			status: 400,
			headers: {
				'retry-after': '1',
				'x-business-use-case-usage': expect.stringContaining('estimated_time'),
			},
		});
		emulator.reset();
		meta.fault({
			on: 'delete',
			error: new GraphError(400, { message: '(#1) Odd', type: 'OAuthException', code: 1 }),
		});
		expectError(
			await graph.delete('/1'),
			400,
			'{"error":{"message":"(#1) Odd","type":"OAuthException","code":1,',
		);
	});

	it('spoil a body in every way', async () => {
		const bytes = Buffer.concat([...pattern(140_000).read()]);
		const url = meta.fileUrl(meta.store.add({ bytes, mimeType: 'image/jpeg' }));
		const half = bytes.subarray(0, 70_000);

		meta.fault({ on: 'file', cutAt: 0.5 });
		expect(await raw(url)).toEqual({ status: 200, declared: '140000', ...seen(half), end: 'cut' });
		meta.fault({ on: 'file', cutAfter: 70_000 });
		expect(await raw(url)).toEqual({ status: 200, declared: '140000', ...seen(half), end: 'cut' });
		meta.fault({ on: 'file', cutAfter: 140_000 });
		expect(await raw(url)).toMatchObject({ ...seen(bytes), end: 'whole' });
		meta.fault({ on: 'file', stallAt: 0.5 });
		expect(await raw(url)).toEqual({
			status: 200,
			declared: '140000',
			...seen(half),
			end: 'silence',
		});
		meta.fault({ on: 'file', truncateAt: 0.5 });
		expect(await raw(url)).toEqual({ status: 200, declared: '70000', ...seen(half), end: 'whole' });
		meta.fault({ on: 'file', contentLength: 300_000 });
		expect(await raw(url)).toEqual({ status: 200, declared: '300000', ...seen(bytes), end: 'cut' });
		meta.fault({ on: 'file', body: '' });
		expect(await raw(url)).toEqual({
			status: 200,
			declared: '0',
			...seen(Buffer.alloc(0)),
			end: 'whole',
		});
		meta.fault({ on: 'file', ...htmlPage() });
		expect((await files.get(url)).data.toString()).toContain('<!DOCTYPE html>');
		meta.fault({ on: 'file', endless: true });
		expect(await raw(url, 500)).toMatchObject({ status: 200, declared: undefined, end: 'silence' });
		meta.fault({ on: 'file', wrongBytes: true, times: 2 });
		const [wrong, again] = [await raw(url), await raw(url)];
		expect([
			wrong.size,
			wrong.sha256 === seen(bytes).sha256,
			wrong.sha256 === again.sha256,
		]).toEqual([bytes.length, false, true]);
		meta.fault({ on: 'file', wrongBytes: 'changing', times: 2 });
		expect((await raw(url)).sha256).not.toBe((await raw(url)).sha256);
		expect(await raw(url)).toEqual({
			status: 200,
			declared: '140000',
			...seen(bytes),
			end: 'whole',
		});
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
		expect([status, headers.location.startsWith(`${emulator.thirdParty.url}/stored/`)]).toEqual([
			302,
			true,
		]);
		expect((await axios.get(headers.location, { responseType: 'arraybuffer' })).data).toEqual(
			PHOTO,
		);
		emulator.thirdParty.refuseAuthorization = true;
		expect((await files.get(headers.location)).status).toBe(400);
		expect(
			emulator.requests
				.filter(({ vendor }) => vendor === 'thirdParty')
				.map(({ headers }) => 'authorization' in headers),
		).toEqual([false, true]);
	});

	it('answer an upload before its body is read', async () => {
		meta.fault({ on: 'upload', early: true, ...htmlPage(413) });
		const { port } = new URL(meta.url);
		const text = await new Promise<string>((resolve) => {
			const socket = connect(Number(port), '127.0.0.1', () =>
				socket.write(
					`POST /v25.0/${meta.credentials.phoneNumberId}/media HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nfirst bytes`,
				),
			);
			socket.once('data', (data) => {
				socket.destroy();
				resolve(data.toString());
			});
		});
		expect(text).toMatch(/^HTTP\/1\.1 413 /);
	});
});
