/**
 * Others' clients of Meta's API, unchanged but for the address of Graph, in a process of their own: jest loads no ES modules.
 * Prints what each saw. Arguments, in one JSON: see clients.test.ts.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';

import { WhatsAppClient } from '@kapso/whatsapp-cloud-api';
import { verifySignature } from '@kapso/whatsapp-cloud-api/server';
import { WABAClient } from 'whatsapp-business';
import { WhatsAppAPI } from 'whatsapp-api-js';

const [client, options] = process.argv.slice(2);
const { graph, accessToken, appSecret, phoneNumberId, bytes, webhooks } = JSON.parse(options);
const content = Buffer.from(bytes, 'base64');
const USER_AGENT = 'judge/1.0';

/** What the client makes of an answer that is no success: thrown or returned, as text. */
const refusalOf = async (work) => {
	try {
		return JSON.stringify(await work());
	} catch (error) {
		const { name, message, ...rest } = error;
		return JSON.stringify({ name, message, ...rest });
	}
};

const RUNS = {
	async 'whatsapp-api-js'() {
		const toGraph = async (url, init) =>
			await fetch(String(url).replace('https://graph.facebook.com', graph), init);
		const ponyfill = { fetch: toGraph, subtle: crypto.subtle };
		const api = new WhatsAppAPI({ token: accessToken, appSecret, v: 'v23.0', ponyfill });
		const form = new FormData();
		form.set('file', new Blob([content], { type: 'image/png' }), 'photo.png');
		const { id } = await api.uploadMedia(phoneNumberId, form);
		const { url, ...found } = await api.retrieveMedia(id, phoneNumberId);
		const file = Buffer.from(await (await api.fetchMedia(url)).arrayBuffer());
		const deleted = await api.deleteMedia(id, phoneNumberId);
		const gone = await refusalOf(async () => await api.retrieveMedia(id));
		const signatures = webhooks.map(({ body, signature }) =>
			api.verifyRequestSignature(body, signature),
		);
		return { id, found, file, deleted, gone, signatures: await Promise.all(signatures) };
	},

	async 'whatsapp-business'() {
		const api = new WABAClient({ apiToken: accessToken, phoneId: phoneNumberId });
		api.restClient.fetch.defaults.baseURL = `${graph}/v17.0`;
		const folder = await mkdtemp(join(tmpdir(), 'judge-'));
		try {
			const [sent, got] = [join(folder, 'photo.png'), join(folder, 'got.png')];
			await writeFile(sent, content);
			const { id } = await api.uploadMedia({ file: sent, type: 'image/png' });
			const { url, ...found } = await api.getMedia(id);
			await finished(await api.downloadMedia(url, got));
			const file = await readFile(got);
			const deleted = await api.deleteMedia(id);
			return { id, found, file, deleted, gone: await refusalOf(() => api.getMedia(id)) };
		} finally {
			await rm(folder, { recursive: true });
		}
	},

	async '@kapso/whatsapp-cloud-api'() {
		const { media } = new WhatsAppClient({ accessToken, baseUrl: graph });
		const blob = new Blob([content], { type: 'image/png' });
		const upload = { phoneNumberId, type: 'image', file: blob, fileName: 'photo.png' };
		const { id } = await media.upload(upload);
		const { url, ...found } = await media.get({ mediaId: id, phoneNumberId });
		// Of its own accord it sends no token, which lookaside wants, and calls itself "node".
		const headers = { 'User-Agent': USER_AGENT };
		const file = Buffer.from(await media.download({ mediaId: id, headers, auth: 'always' }));
		const deleted = await media.delete({ mediaId: id, phoneNumberId });
		const gone = await refusalOf(() => media.get({ mediaId: id }));
		const signatures = webhooks.map(({ body, signature }) =>
			verifySignature({ appSecret, rawBody: body, signatureHeader: signature }),
		);
		return { id, found, file, deleted, gone, signatures };
	},
};

const { file, ...seen } = await RUNS[client]();
console.log(JSON.stringify({ ...seen, file: file.toString('base64') }));
