import type { BrowserContext, Locator, Page } from 'playwright-core';
import { owner } from '../support/n8n/rest';

/** What a user did with the mouse or the keyboard, in words. */
export type Step = { kind: 'click' | 'type'; what: string };

/** A slow machine may take this long to draw what a click asks for. */
export const PATIENCE_MS = Number(process.env.PATIENCE_MS ?? 60_000);

/**
 * n8n's editor as a user sees it. Everything that a user does goes through click() and type(), which count it; what is
 * looked at costs nothing.
 */
export class Editor {
	readonly steps: Step[] = [];

	page!: Page;

	constructor(
		private readonly browser: BrowserContext,
		readonly url: string,
	) {
		browser.setDefaultTimeout(PATIENCE_MS);
	}

	/** A window of its own: nothing that the one before showed, or still does, is left. Leaving its workflow frees that. */
	async open(): Promise<void> {
		await this.page?.goto('about:blank');
		await this.page?.close();
		this.page = await this.browser.newPage();
	}

	async click(what: string, target: Locator): Promise<void> {
		await target.click();
		this.steps.push({ kind: 'click', what });
	}

	async type(what: string, target: Locator, text: string): Promise<void> {
		await target.fill(text);
		this.steps.push({ kind: 'type', what });
	}

	part(testId: string): Locator {
		return this.page.getByTestId(testId);
	}

	// -- Getting somewhere

	async signIn(): Promise<void> {
		await this.page.goto(`${this.url}/signin`);
		const email = this.page.locator('[name="emailOrLdapLoginId"]');
		await email.or(this.part('universal-add')).first().waitFor();
		if (!(await email.isVisible())) return;
		await email.fill(owner.email);
		await this.page.locator('[name="password"]').fill(owner.password);
		await this.part('form-submit-button').click();
		await this.page.waitForURL(/\/(home|workflow)/);
	}

	async openWorkflow(id: string): Promise<void> {
		await this.page.goto(`${this.url}/workflow/${id}`);
		await this.part('canvas-node').first().waitFor();
	}

	/** Opens the form of a node on the canvas. */
	async openNode(name: string): Promise<void> {
		await this.node(name).dblclick();
		await this.part('ndv').waitFor();
	}

	/** What lies above all else: the form of a credential, of a node, or the list of nodes; else the window. */
	async inFront(): Promise<Locator> {
		for (const part of [this.form(), this.part('ndv'), this.part('node-creator')])
			if (await part.isVisible()) return part;
		return this.page.locator('body');
	}

	node(name: string): Locator {
		return this.page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`);
	}

	// -- What a user does on the canvas

	/** Opens the list of nodes: at the canvas's plus while it is empty, else at that of the only node without a successor. */
	async openNodeList(): Promise<void> {
		const first = this.part('canvas-plus-button');
		const next = this.part('canvas-handle-plus');
		await first.or(next.first()).waitFor();
		if (await first.isVisible()) await this.click('+ on the empty canvas', first);
		else await this.click('+ behind the last node', next.last());
		await this.search().waitFor();
	}

	search(): Locator {
		return this.part('node-creator-search-bar');
	}

	async find(words: string): Promise<void> {
		await this.type(`search: ${words}`, this.search(), words);
	}

	/** The names in the list of nodes, from its top. */
	names(): Locator {
		return this.part('node-creator-item-name');
	}

	async choose(name: string): Promise<void> {
		await this.click(name, this.names().getByText(name, { exact: true }));
	}

	/** A node of a community package, as n8n has them added: a page about it comes first. */
	async addCommunityNode(words: string, name: string): Promise<void> {
		await this.openNodeList();
		await this.find(words);
		await this.choose(name);
		await this.click('Add to workflow', this.page.getByText('Add to workflow'));
		await this.part('ndv').waitFor();
	}

	/** A node that comes with n8n: most offer a list of actions first. */
	async addBuiltInNode(words: string, name: string, action?: string): Promise<void> {
		await this.openNodeList();
		await this.find(words);
		await this.choose(name);
		if (action) await this.choose(action);
		await this.part('ndv').waitFor();
	}

	async closeNode(): Promise<void> {
		await this.click('close the node', this.part('ndv-close-button'));
		await this.part('ndv').waitFor({ state: 'detached' });
	}

	async publish(): Promise<void> {
		await this.click('Publish', this.part('workflow-open-publish-modal-button'));
		await this.click('Publish, in the dialog', this.part('workflow-publish-button'));
	}

	// -- What a user does in a node

	async execute(): Promise<void> {
		await this.click('Execute step', this.part('node-execute-button'));
	}

	/** The trigger waits for a message. */
	async listens(): Promise<void> {
		await this.page.getByText('Listening for test event').waitFor();
	}

	async listensNoMore(): Promise<void> {
		await this.page.getByText('Listening for test event').waitFor({ state: 'detached' });
		await this.showsOutput();
	}

	async showsOutput(): Promise<void> {
		await this.output().getByTestId('run-data-item-count').first().waitFor();
	}

	parameter(name: string): Locator {
		return this.part(`parameter-input-${name}`);
	}

	/** Opens a list of options and takes one. */
	async pick(what: string, list: Locator, option: string): Promise<void> {
		await this.click(what, list);
		await this.click(option, this.listed(option));
	}

	/** The labels of the form, from its top; those of the tab *Settings* are not drawn. */
	labels(): Locator {
		return this.part('ndv')
			.getByTestId('node-parameters')
			.locator('label[for]:visible [class*=title]');
	}

	async openOptions(): Promise<void> {
		await this.click('Add option', this.part('collection-parameter-add'));
		await this.listed().first().waitFor();
	}

	async addOption(name: string): Promise<void> {
		await this.openOptions();
		await this.click(name, this.listed(name));
	}

	/** What a list that was opened offers, or one of it. */
	listed(name?: string): Locator {
		const all = this.page.locator('.el-select-dropdown__item:visible');
		return name ? all.filter({ has: this.page.getByText(name, { exact: true }) }).first() : all;
	}

	connect(): Locator {
		return this.part('node-credentials-empty-state').getByRole('button');
	}

	output(): Locator {
		return this.part('output-panel');
	}

	async viewFile(): Promise<void> {
		await this.click('View', this.output().getByTestId('ndv-view-binary-data'));
	}

	/** In the output panel, drawn: an image that could not be read has no width. */
	async showsPicture(): Promise<void> {
		await this.page.waitForFunction(
			"document.querySelector('.binary-data-window img')?.naturalWidth > 0",
		);
	}

	// -- What a user does in a credential

	async fillIn(fields: Record<string, string>): Promise<void> {
		for (const [name, value] of Object.entries(fields))
			await this.type(name, this.field(name), value);
	}

	/** A text field of the credential's form, by its label. */
	field(label: string): Locator {
		return this.form()
			.getByTestId('credential-connection-parameter')
			.filter({ hasText: new RegExp(`^\\s*${label}`) })
			.locator('input');
	}

	form(): Locator {
		return this.part('editCredential-modal');
	}

	/** Saves, which tests too. n8n closes the form of a credential that works. */
	async saveCredential(): Promise<void> {
		await this.click('Save', this.part('credential-save-button'));
	}

	/** After a test that went wrong: tests the same again. */
	async retryTest(): Promise<void> {
		await this.click('Retry', this.form().getByRole('button', { name: 'Retry' }));
	}

	// -- What the screen says

	/** Below the message of a test that went wrong; n8n hides it behind a link. */
	async readRefusal(sentence: string): Promise<void> {
		await this.click('More details', this.form().getByText('More details'));
		await this.form().getByText(sentence).waitFor();
	}

	/** In the output panel, once a node has ended. */
	async readError(message: string | RegExp, description: string | RegExp): Promise<void> {
		await this.part('node-error-message').filter({ hasText: message }).waitFor();
		await this.part('node-error-description').filter({ hasText: description }).waitFor();
		await this.part('node-execute-button').getByText('Execute step').waitFor();
	}

	/** In the corner of the window, which has room for some 350 characters: more would be read by those only who scroll there. */
	async readNotification(sentence: string): Promise<void> {
		const notification = this.page.getByRole('alert').filter({ hasText: sentence }).first();
		await notification.waitFor();
		await (await notification.elementHandle())!.waitForElementState('stable');
		type Text = { scrollHeight: number; clientHeight: number };
		const cutOff = await notification
			.locator('[class*=content]')
			.evaluateAll((parts: unknown[]) =>
				(parts as Text[]).some((part) => part.scrollHeight > part.clientHeight + 1),
			);
		if (cutOff)
			throw new Error(`This is too long for a notification: ${await notification.innerText()}`);
	}
}
