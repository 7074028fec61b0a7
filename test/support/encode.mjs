/**
 * Encrypts files with other people's code: WhatsApp clients that send such files every day. A program of its own, since one
 * of them is an ES module, which jest does not load.
 *
 * Reads `{encoder, files: [{type, path, mediaKey?}]}` from stdin; writes beside each path a file `.enc`, and to stdout what a
 * message would say of it.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

import { encryptedStream, getMediaKeys } from 'baileys/lib/Utils/messages-media.js';
import { WaMediaCrypto } from 'zapo-js/media';

const base64 = (bytes) => Buffer.from(bytes).toString('base64');

const encoders = {
	async baileys({ type, path }) {
		const { mediaKey, fileSha256, fileEncSha256, encFilePath } = await encryptedStream(
			{ url: path },
			type,
		);
		await rename(encFilePath, `${path}.enc`);
		return { mediaKey, fileSha256, fileEncSha256, keys: await getMediaKeys(mediaKey, type) };
	},
	async zapo({ type, path, mediaKey: given }) {
		const mediaKey = given ? Buffer.from(given, 'base64') : await WaMediaCrypto.generateMediaKey();
		const { encrypted, metadata } = await WaMediaCrypto.encryptReadable(
			type,
			mediaKey,
			createReadStream(path),
		);
		await pipeline(encrypted, createWriteStream(`${path}.enc`));
		const { fileSha256, fileEncSha256 } = await metadata;
		const { iv, encKey: cipherKey, macKey } = await WaMediaCrypto.deriveKeys(type, mediaKey);
		return { mediaKey, fileSha256, fileEncSha256, keys: { iv, cipherKey, macKey } };
	},
};

const { encoder, files } = await json(process.stdin);
const messages = [];
for (const file of files) {
	const { keys, ...message } = await encoders[encoder](file);
	const written = (all) =>
		Object.fromEntries(Object.entries(all).map(([name, bytes]) => [name, base64(bytes)]));
	messages.push({ ...written(message), keys: written(keys) });
}
process.stdout.write(JSON.stringify(messages));
