import { chromium, type Browser } from 'playwright-core';

import { findChromium } from '../support/programs/chromium';

/** Without these, Chromium calls its maker's hosts at every start. */
const QUIET = [
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];

/** The machine's Chromium or the one that `npm test` has fetched, headless. */
export async function launchBrowser(): Promise<Browser> {
	const found = await findChromium();
	if (!found) throw new Error('This needs Chromium: `npm test` fetches one, CHROMIUM names one.');
	const env = { ...(process.env as Record<string, string>), ...found.env };
	return await chromium.launch({
		executablePath: found.command,
		args: ['--no-sandbox', ...QUIET],
		env,
	});
}
