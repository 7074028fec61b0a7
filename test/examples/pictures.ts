import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { launchBrowser } from '../editor/browser';
import { type N8n, startN8n } from '../support/n8n/instance';
import { packPackage } from '../support/n8n/pack';
import { type Credential, owner, until } from '../support/n8n/rest';
import type { WorkflowJson } from '../support/n8n/workflow';
import { ROOT } from '../support/paths';

/**
 * `npm run pictures:examples`: imports every example through the editor of a real n8n, as a user does with *Import from
 * file*, and takes a picture of its canvas for docs/img/examples. Fails if the editor complains. `-- guard` takes that one.
 */

const examples = join(ROOT, 'examples');
const pictures = join(ROOT, 'docs', 'img', 'examples');
const LARGEST_BYTES = 100_000;
/** Around the outermost nodes, in pixels of the picture. */
const MARGIN = 24;
const WAIT_MS = 60_000;
/** The canvas's dots, and what floats above it. */
const NOT_IN_PICTURE = `.vue-flow__background, .vue-flow__panel, .el-notification, [class*=executionButtons] { visibility: hidden !important }`;

async function main(): Promise<void> {
	const n8n = await startN8n({ packages: [await packPackage()], log: console.error });
	const browser = await launchBrowser();
	const tooLarge: string[] = [];
	try {
		await mkdir(pictures, { recursive: true });
		// The editor picks them by itself, but in HTTP Request: no node is marked as incomplete.
		const credentials: Record<string, Credential> = {};
		for (const type of ['whatsAppMediaApi', 'whatsAppApi', 'openAiApi', 's3', 'postgres'])
			credentials[type] = await n8n.api.createCredential(type, type, {});
		const context = await browser.newContext();
		await signIn(context, n8n);
		for (const file of await chosen()) {
			const picture = join(pictures, `${basename(file, '.json')}.png`);
			const workflow = filledIn(await readFile(join(examples, file), 'utf8'), credentials);
			await takePicture(await context.newPage(), n8n, { name: file, workflow }, picture);
			const { size } = await stat(picture);
			console.log(`${basename(picture)}: ${Math.round(size / 1000)} KB`);
			if (size > LARGEST_BYTES) tooLarge.push(picture);
		}
	} finally {
		await browser.close();
		await n8n.stop();
	}
	if (tooLarge.length)
		throw new Error(`Larger than ${LARGEST_BYTES} bytes: ${tooLarge.join(', ')}`);
}

/** The files of the examples that were named, or of all. */
async function chosen(): Promise<string[]> {
	const names = process.argv.slice(2).map((name) => `${name}.json`);
	const all = (await readdir(examples)).filter((name) => name.endsWith('.json'));
	return names.length ? all.filter((name) => names.includes(name)) : all;
}

async function signIn(context: BrowserContext, { url }: N8n): Promise<void> {
	const page = await context.newPage();
	await page.goto(`${url}/signin`);
	await page.fill('input[name=emailOrLdapLoginId]', owner.email);
	await page.fill('input[name=password]', owner.password);
	await page.click('[data-test-id=form-submit-button]');
	await page.waitForURL((address) => !address.pathname.startsWith('/signin'));
	await page.close();
}

/** With what a user has to pick by hand. */
function filledIn(file: string, credentials: Record<string, Credential>): WorkflowJson {
	const workflow = JSON.parse(file) as WorkflowJson;
	for (const each of workflow.nodes) {
		const type = each.parameters.nodeCredentialType as string | undefined;
		if (type) each.credentials = { [type]: credentials[type]! };
	}
	return workflow;
}

async function takePicture(
	page: Page,
	{ url }: N8n,
	{ name, workflow }: { name: string; workflow: WorkflowJson },
	picture: string,
): Promise<void> {
	const { nodes } = workflow;
	// Wide ones need more room, or nobody can read their notes.
	const wide = nodes.some(({ position: [x] }) => x > 1500);
	await page.setViewportSize({ width: wide ? 1800 : 1400, height: 800 });
	await page.goto(`${url}/workflow/new`);
	const buffer = Buffer.from(JSON.stringify(workflow));
	await page
		.locator('[data-test-id=workflow-import-input]')
		.setInputFiles({ name, mimeType: 'application/json', buffer });
	const drawn = page.locator('.vue-flow__node');
	await until(
		'all nodes are drawn',
		WAIT_MS,
		async () => (await drawn.count()) === nodes.length || undefined,
	);
	const said = await page.locator('.el-notification').allInnerTexts();
	const complaints = said.filter((text) => !/We selected|Credentials auto-added/.test(text));
	if (complaints.length) throw new Error(`The editor says about ${name}: ${complaints.join(' ')}`);

	await page.addStyleTag({ content: NOT_IN_PICTURE });
	await page.locator('[data-test-id=zoom-to-fit]').evaluate('(button) => button.click()');
	// What was just imported is selected.
	await page.locator('.vue-flow__pane').click({ position: { x: 4, y: 4 } });
	await page.evaluate('document.fonts.ready');
	let before = '';
	await until('the canvas is at rest', WAIT_MS, async () => {
		const now = JSON.stringify(await boxes(drawn));
		return before === (before = now) || undefined;
	});
	const all = await boxes(drawn);
	const x = Math.min(...all.map((box) => box.x)) - MARGIN;
	const y = Math.min(...all.map((box) => box.y)) - MARGIN;
	const width = Math.max(...all.map((box) => box.x + box.width)) + MARGIN - x;
	const height = Math.max(...all.map((box) => box.y + box.height)) + MARGIN - y;
	await page.screenshot({ path: picture, clip: { x, y, width, height } });
	await page.close();
}

async function boxes(drawn: Locator) {
	return (
		await Promise.all((await drawn.all()).map(async (one) => await one.boundingBox()))
	).flatMap((box) => box ?? []);
}

main().catch((cause: Error) => {
	console.error(cause);
	process.exit(1);
});
