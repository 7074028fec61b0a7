import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Without these, Chromium calls its maker's hosts at every start. */
const QUIET = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** Debian's Chromium, headless. */
export async function launchBrowser(): Promise<Browser> {
	const known = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
	const executablePath = known.find((path) => path && existsSync(path));
	if (!executablePath) throw new Error('This needs Chromium (Debian: apt-get install chromium). CHROMIUM names another place for it.');
	return await chromium.launch({ executablePath, args: ['--no-sandbox', ...QUIET] });
}
