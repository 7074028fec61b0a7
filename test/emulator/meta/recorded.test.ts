import type { AxiosResponse } from 'axios';
import recordings from '../../fixtures/recorded/meta-media-api.json';
import { files, graph, meta, upload, useEmulator } from './testbed';

/** The emulator's answers beside recorded ones of Meta: all but what differs from call to call. */

useEmulator();

interface Recording {
	cassette: string;
	request: { uri: string };
	response: { status: number; headers: Record<string, string | string[]>; body?: string };
}

const recorded = (name: string) =>
	(recordings as unknown as Recording[]).find(({ cassette }) => cassette.includes(`/${name}.yml`))!
		.response;

/** Headers of Meta's network rather than of its API. */
const OF_THE_NETWORK =
	/^(date|connection|content-length|alt-svc|keep-alive|vary|proxy-status|etag|content-digest|x-fb-(rev|connection-quality)|x-manifold-.*)$/;

const headersOf = (headers: object) =>
	Object.fromEntries(
		Object.entries(headers)
			.map(([name, value]) => [name.toLowerCase(), masked(String(value))] as const)
			.filter(([name]) => !OF_THE_NETWORK.test(name))
			.map(([name, value]) =>
				/^x-fb-.*-id$|version$/.test(name) ? [name, value.length > 4] : [name, value],
			),
	);

/** Without IDs, hashes, times and hosts. */
const masked = (text: string) =>
	text
		.replace(/https?:[^"]*?attachments/g, 'HOST')
		.replace(/(hash=)[\w-]+/g, '$1H')
		.replace(/("fbtrace_id":")A[\w-]{22}/g, '$1T')
		.replace(/[\da-f]{64}/g, 'SHA256')
		.replace(/"file_size":\d+/, '"file_size":SIZE')
		.replace(/\d{7,}/g, 'N')
		.replace(/v\d\d\.0/g, 'V');

function expectAsRecorded(answer: AxiosResponse, name: string): void {
	const { status, headers, body } = recorded(name);
	expect(answer.status).toBe(status);
	expect(headersOf(answer.headers)).toEqual(headersOf(headers));
	if (body !== undefined) expect(masked(answer.data)).toBe(masked(body));
}

const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const add = () => meta.store.add({ bytes: PNG, mimeType: 'image/png', fileName: 'whatsapp.png' });
const unversioned = (path: string) => `${meta.url}/${path}`;

test('GET, a file, DELETE', async () => {
	const id = add();
	const found = await graph.get(unversioned(id));
	expectAsRecorded(found, 'media_with_success_response');
	expectAsRecorded(await files.get(JSON.parse(found.data).url), 'download_media_success_response');
	expectAsRecorded(await graph.delete(unversioned(id)), 'delete_media_with_success_response');
});

test('an upload, of an old version', async () => {
	const number = `${meta.url}/v19.0/${meta.credentials.phoneNumberId}`;
	expectAsRecorded(
		await upload(PNG, 'image/png', undefined, number),
		'upload_media_with_success_response',
	);
	const sticker = await upload(Buffer.alloc(2_163_666), 'image/webp', undefined, number);
	expectAsRecorded(sticker, 'upload_sticker_media_with_success_response');
	expectAsRecorded(
		await upload(PNG, 'image/png', undefined, `${meta.url}/v19.0/1234567`),
		'upload_media_handles_error_response',
	);
});

test('what is not there', async () => {
	expectAsRecorded(await graph.get(unversioned('123_123')), 'media_handles_error_response');
	expectAsRecorded(
		await graph.delete(unversioned('123_123')),
		'delete_media_handles_error_response',
	);
	const fields =
		'id,is_official_business_account,display_phone_number,verified_name,account_mode,quality_rating,certificate,code_verification_status,eligibility_for_api_business_global_search,is_pin_enabled,name_status,new_name_status,status,search_visibility,messaging_limit_tier';
	expectAsRecorded(
		await graph.get(`${meta.url}/v19.0/123123?fields=${fields}`),
		'registered_number_handles_error_response',
	);
	const { phoneNumberId } = meta.credentials;
	expect(
		Object.keys(JSON.parse((await graph.get(`/${phoneNumberId}?fields=${fields}`)).data)),
	).toEqual(
		fields
			.split(',')
			.filter((name) => !/^(id|certificate)$/.test(name))
			.concat('id'),
	);
});

test('fields that there are not', async () => {
	const refusal = (field: string) => `(#100) Tried accessing nonexisting field (${field}) on node`;
	for (const path of [
		add(),
		meta.credentials.phoneNumberId,
		`${meta.credentials.businessAccountId}/phone_numbers`,
	]) {
		const { status, data } = await graph.get(`/${path}?fields=id,nothing`);
		expect([status, data]).toEqual([400, expect.stringContaining(refusal('nothing'))]);
	}
});

test('the query of a URL in whatever order', async () => {
	meta.variants.urlQuery = ['ext', 'hash', 'mid'];
	const { url } = JSON.parse((await graph.get(`/${add()}`)).data);
	expect([...new URL(url).searchParams.keys()]).toEqual(['ext', 'hash', 'mid']);
	expect((await files.get(url)).data).toEqual(PNG);
});
