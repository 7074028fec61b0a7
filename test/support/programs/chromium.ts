import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';

import type { Log } from '../n8n/install';
import { cached, cacheFolder, exists, makeExecutable, onPath, run, unpackNpm } from './files';
import type { Found } from './redis';

const VERSION = '153.0.0';
const FOLDER = `chromium-${VERSION}`;
const FONTS =
	'<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir prefix="relative">fonts</dir><dir>/usr/share/fonts</dir></fontconfig>';
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const PLACES = [
	'/Applications/Chromium.app/Contents/MacOS/Chromium',
	'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
	'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** `CHROMIUM`, the machine's own, or the one that installChromium() has fetched. */
export async function findChromium(): Promise<Found | undefined> {
	const named = await Promise.all(NAMES.map(onPath));
	for (const command of [process.env.CHROMIUM, ...named, ...PLACES])
		if (command && (await exists(command))) return { command, env: {} };
	const folder = cacheFolder(FOLDER);
	const command = join(folder, 'chromium');
	if (!(await exists(command))) return undefined;
	return { command, env: { LD_LIBRARY_PATH: join(folder, 'al2023/lib'), FONTCONFIG_PATH: folder } };
}

/** A headless Chromium for Linux on x64, with the libraries and the font that a bare machine has not. */
export async function installChromium(log: Log): Promise<void> {
	if (process.platform !== 'linux' || process.arch !== 'x64')
		throw new Error(`npm has none for ${process.platform} ${process.arch}`);
	await cached(FOLDER, async (folder) => {
		await unpackNpm(folder, `@sparticuz/chromium@${VERSION}`, log);
		const unpacked = async (name: string) => {
			const to = join(folder, name);
			await pipeline(
				createReadStream(join(folder, 'package/bin', `${name}.br`)),
				createBrotliDecompress(),
				createWriteStream(to),
			);
			return to;
		};
		await makeExecutable(await unpacked('chromium'));
		for (const archive of ['al2023.tar', 'fonts.tar', 'swiftshader.tar']) {
			const to = archive === 'al2023.tar' ? join(folder, 'al2023') : folder;
			await mkdir(to, { recursive: true });
			const file = await unpacked(archive);
			await run('tar', ['-xf', file, '-C', to]);
			await rm(file);
		}
		// Its own list of folders is that of another machine.
		await writeFile(join(folder, 'fonts.conf'), FONTS);
		await rm(join(folder, 'package'), { recursive: true });
	});
}
