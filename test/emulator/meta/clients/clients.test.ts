import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ownProcess, runMark } from '../../../support/ownProcess';
import { startReceiver } from '../../../support/receiver';
import { meta, sha256, useEmulator } from '../testbed';

/** Clients that others wrote for Meta work with the emulator as they do with Meta. */

useEmulator();

const PNG = Buffer.from('\x89PNG\r\n\x1a\n and the rest', 'latin1');

/** What a client saw, as program.mjs prints it. */
async function run(client: string, webhooks: object[]) {
	const { accessToken, appSecret, phoneNumberId } = meta.credentials;
	const bytes = PNG.toString('base64');
	const options = { graph: meta.url, accessToken, appSecret, phoneNumberId, bytes, webhooks };
	const child = spawn(
		process.execPath,
		[join(__dirname, 'program.mjs'), client, JSON.stringify(options)],
		{ env: { ...process.env, ...runMark }, stdio: ['ignore', 'pipe', 'pipe'] },
	);
	ownProcess(child);
	const printed = { out: '', error: '' };
	child.stdout.on('data', (text) => (printed.out += text));
	child.stderr.on('data', (text) => (printed.error += text));
	await once(child, 'close');
	if (!printed.out) throw new Error(printed.error);
	return JSON.parse(printed.out);
}

/** Deliveries as they arrive: a right one, one with an accent and a slash, one signed with another secret. */
async function deliveries() {
	const receiver = await startReceiver();
	const options = { callback: receiver.url };
	await meta.receive({ type: 'image', bytes: PNG }, options);
	await meta.receive({ type: 'image', bytes: PNG, caption: 'Grüße 中/文' }, options);
	await meta.receive({ type: 'image', bytes: PNG }, { ...options, secret: 'another' });
	await receiver.close();
	return receiver.requests.map(({ headers, body }) => ({
		body: body.toString(),
		signature: headers['x-hub-signature-256'],
	}));
}

test.each([
	['whatsapp-api-js', true],
	['whatsapp-business', false],
	['@kapso/whatsapp-cloud-api', true],
])('%s', async (client, verifies) => {
	const { id, found, file, deleted, gone, signatures } = await run(client, await deliveries());
	expect(Buffer.from(file, 'base64')).toEqual(PNG);
	expect(JSON.stringify(found)).toContain(sha256(PNG).toString('hex'));
	expect(deleted).toMatchObject({ success: true });
	// Not its sentence, which one of them replaces.
	expect(gone).toMatch(/"code":100.*subcode":33/i);
	expect(meta.store.get(id)).toMatchObject({ fileName: 'photo.png', deleted: true });
	if (verifies) expect(signatures).toEqual([true, true, false]);
});
