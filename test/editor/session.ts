import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { selectors } from 'playwright-core';
import { type Emulator, startEmulator } from '../emulator';
import { hostOverrides } from '../emulator/client';
import { type N8n, startN8n } from '../support/n8n/instance';
import { packPackage } from '../support/n8n/pack';
import { launchBrowser } from './browser';
import { Editor } from './editor';
import { ROOT } from '../support/paths';
import { hostPorts, publicOrigins } from '../support/vendors';

/** Where this n8n believes to be: Meta delivers to https addresses only. */
export const PUBLIC = 'https://n8n.example';

/** Wide enough that the output panel shows all its tabs; drawn smaller, for pages of 1200 pixels. */
const SCREEN = { width: 1440, height: 810 };
const SCALE = 1200 / SCREEN.width;

/** Notifications cover what they tell of; the nodes beside a form are cut off by its edge. */
const NOT_IN_PICTURE =
	'.el-notification, [data-test-id=floating-nodes] { visibility: hidden !important }';

const IMAGES = join(ROOT, 'docs/img');

export type Session = {
	n8n: N8n;
	emulator: Emulator;
	editor: Editor;
	/**
	 * Takes a picture for the documentation, if asked to (`npm run docs:pictures`): of the form in front; of the
	 * window where the notification in its corner matters.
	 */
	picture(name: string, options?: { notification?: boolean }): Promise<void>;
	/** Has n8n believe to be there, which takes a restart if it does not yet. */
	moveTo(address: string): Promise<void>;
	close(): Promise<void>;
};

const addressed = (address: string) => ({
	WEBHOOK_URL: `${address}/`,
	N8N_WEBHOOK_URL: `${address}/`,
});

/** One n8n with the packed package, the three vendors beside it, and a browser that is signed in. */
export async function startSession(): Promise<Session> {
	const emulator = await startEmulator(publicOrigins());
	const n8n = await startN8n({
		packages: [await packPackage()],
		vendors: hostPorts(emulator),
		env: addressed(PUBLIC),
	});
	let address = PUBLIC;
	hostOverrides.set(PUBLIC, n8n.url);
	emulator.meta.variants.webhookTimeout = 60_000;

	const browser = await launchBrowser();
	selectors.setTestIdAttribute('data-test-id');
	const context = await browser.newContext({
		viewport: SCREEN,
		deviceScaleFactor: SCALE,
		reducedMotion: 'reduce',
	});
	const editor = new Editor(context, n8n.url);
	await editor.open();
	await editor.signIn();

	return {
		n8n,
		emulator,
		editor,
		async picture(name, { notification = false } = {}) {
			if (!process.env.PICTURES) return;
			await mkdir(IMAGES, { recursive: true });
			const { page } = editor;
			const path = join(IMAGES, `${name}.png`);
			const look = { path, animations: 'disabled', caret: 'hide' } as const;
			if (notification) return void (await page.screenshot(look));
			await (await editor.inFront()).screenshot({ ...look, style: NOT_IN_PICTURE });
		},
		async moveTo(to) {
			if (to !== address) await n8n.restart({ env: addressed((address = to)) });
		},
		async close() {
			await browser.close();
			await n8n.stop();
			await emulator.close();
		},
	};
}
