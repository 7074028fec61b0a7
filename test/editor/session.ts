import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, selectors, type Browser } from 'playwright-core';
import { type Emulator, startEmulator } from '../emulator';
import { reach } from '../emulator/client';
import { type N8n, startN8n } from '../n8n/instance';
import { packPackage } from '../n8n/pack';
import { Editor } from './editor';

/** Where this n8n believes to be: Meta delivers to https addresses only. */
const PUBLIC = 'https://n8n.example';

const ORIGINS = {
	meta: { graphOrigin: 'https://graph.facebook.com', filesOrigin: 'https://lookaside.fbsbx.com' },
	whapi: { gateOrigin: 'https://gate.whapi.cloud', filesOrigin: 'https://s3.eu-central-1.wasabisys.com' },
	pipes: { apiOrigin: 'https://api.pipes.bot', filesOrigin: 'https://media.account.r2.cloudflarestorage.com' },
};

/** Wide enough that the output panel shows all its tabs. */
const SCREEN = { width: 1440, height: 810 };

/** Without these, Chromium calls its maker's hosts at every start. */
const QUIET = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const IMAGES = join(__dirname, '..', '..', 'docs', 'img');

export type Session = {
	n8n: N8n;
	emulator: Emulator;
	editor: Editor;
	/** Takes a picture for the documentation, if asked to (`npm run docs:pictures`). */
	picture(name: string): Promise<void>;
	close(): Promise<void>;
};

/** One n8n with the packed package, the three vendors beside it, and a browser that is signed in. */
export async function startSession(): Promise<Session> {
	const emulator = await startEmulator(ORIGINS);
	const port = Number(new URL(emulator.localUrl).port);
	const hosts = Object.values(ORIGINS).flatMap((origins) => Object.values(origins)).map((origin) => new URL(origin).host);
	const n8n = await startN8n({
		packages: [await packPackage()],
		vendors: Object.fromEntries(hosts.map((host) => [host, port])),
		env: { WEBHOOK_URL: `${PUBLIC}/`, N8N_WEBHOOK_URL: `${PUBLIC}/` },
	});
	reach.set(PUBLIC, n8n.url);
	emulator.meta.variants.webhookTimeout = 60_000;

	const browser = await launch();
	selectors.setTestIdAttribute('data-test-id');
	const page = await browser.newPage({ viewport: SCREEN, reducedMotion: 'reduce' });
	const editor = new Editor(page, n8n.url);
	await editor.signIn();

	return {
		n8n,
		emulator,
		editor,
		async picture(name) {
			if (!process.env.PICTURES) return;
			await mkdir(IMAGES, { recursive: true });
			await page.screenshot({ path: join(IMAGES, `${name}.png`), animations: 'disabled', caret: 'hide' });
		},
		async close() {
			await browser.close();
			await n8n.stop();
			await emulator.close();
		},
	};
}

async function launch(): Promise<Browser> {
	const known = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
	const executablePath = known.find((path) => path && existsSync(path));
	if (!executablePath) throw new Error('These tests need Chromium (Debian: apt-get install chromium). CHROMIUM names another place for it.');
	return await chromium.launch({ executablePath, args: ['--no-sandbox', ...QUIET] });
}
