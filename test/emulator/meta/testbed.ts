import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import { createHash } from 'node:crypto';
import { type Emulator, startEmulator } from '..';

export const PHOTO = Buffer.from('\xff\xd8\xff\xe0 not much of a photo \r\n--x\r\n\0', 'latin1');
export const AGENT = 'n8n-nodes-whatsapp-media/0.1.0';
const TRACE = '"fbtrace_id":"A[\\w-]{22}"';

export let emulator: Emulator;
export let meta: Emulator['meta'];
/** A client of Graph: asks with the token, gets the answer as text. */
export let graph: AxiosInstance;
/** A client of files: asks with the token and a product's name, gets buffers. */
export let files: AxiosInstance;

/** One emulator for a file of tests, as new before each of them. */
export function useEmulator(): void {
	beforeAll(async () => {
		emulator = await startEmulator();
		({ meta } = emulator);
		const common = {
			validateStatus: () => true,
			maxRedirects: 0,
			headers: { Authorization: `Bearer ${meta.credentials.accessToken}`, 'User-Agent': AGENT },
		};
		graph = axios.create({
			...common,
			baseURL: `${meta.url}/v25.0`,
			responseType: 'text',
			transformResponse: (text) => text,
		});
		files = axios.create({ ...common, responseType: 'arraybuffer' });
	});
	afterAll(() => emulator.close());
	beforeEach(() => emulator.reset());
}

export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
export const addPhoto = () =>
	meta.store.add({ bytes: PHOTO, mimeType: 'image/jpeg', inbound: true });

export async function upload(
	bytes: Buffer,
	type: string,
	fields: Record<string, string> = { messaging_product: 'whatsapp' },
	/** Or the number's whole URL. */
	id = meta.credentials.phoneNumberId,
) {
	const form = new FormData();
	form.append('file', new Blob([new Uint8Array(bytes)], { type }), 'photo "1".jpg');
	for (const [name, value] of Object.entries(fields)) form.append(name, value);
	return await graph.post(`${id.startsWith('http') ? '' : '/'}${id}/media`, form);
}

/** Matches a whole error answer, byte for byte but for the trace. */
export function expectError(answer: AxiosResponse, status: number, start: string): void {
	expect(answer.status).toBe(status);
	const [head, tail] = [answer.data.slice(0, start.length), answer.data.slice(start.length)];
	expect(head).toBe(start);
	expect(tail).toMatch(new RegExp(`^${TRACE}}}$`));
	expect(answer.headers['content-type']).toBe('application/json; charset=UTF-8');
	expect(answer.headers['www-authenticate']).toMatch(
		/^OAuth "Facebook Platform" "invalid_(token|request)" "/,
	);
}

export const gone = (verb: string, id: string) =>
	`{"error":{"message":"Unsupported ${verb} request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https:\\/\\/developers.facebook.com\\/docs\\/graph-api","type":"GraphMethodException","code":100,"error_subcode":33,`;
