import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type {
	INodeProperties,
	INodePropertyCollection,
	INodePropertyOptions,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import ts from 'typescript';

/**
 * `npm run texts`: everything that the nodes and the credential say on screen, to be read in one go. First the forms, as
 * they are shown; then every other sentence of the code by file: errors, hints, what n8n's log says. `{…}` stands for a value.
 */

const ROOT = resolve(__dirname, '..');
const NODES = join(ROOT, 'nodes', 'WhatsApp');
const PACKAGE = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
	n8n: { nodes: string[]; credentials: string[] };
};

/** What has been printed as part of a form. */
const printed = new Set<string>();

function print(indent: number, label: string, text?: unknown): void {
	if (typeof text !== 'string' || !text) return;
	printed.add(text);
	const lines = text
		.replace(/<\/?(ul|li|br)>/g, '\n')
		.split(/\n+/)
		.filter(Boolean);
	console.log(`${'  '.repeat(indent)}${label}${lines.join(`\n${'  '.repeat(indent + 1)}`)}`);
}

type Entry = INodeProperties | INodePropertyOptions | INodePropertyCollection;

function printField(field: Entry, indent: number): void {
	const { displayName, name, type, hint, placeholder, description, options, modes } =
		field as Partial<INodeProperties>;
	if (type === 'hidden') return;
	const isNotice = type === 'notice';
	print(indent, isNotice ? '! ' : '* ', displayName ?? name);
	print(indent + 1, '', description);
	print(indent + 1, 'hint: ', hint);
	print(indent + 1, 'placeholder: ', placeholder);
	for (const mode of modes ?? []) print(indent + 1, 'mode: ', mode.displayName);
	for (const option of options ?? []) printField(option, indent + 1);
}

function printNode(description: INodeTypeDescription): void {
	const { displayName, subtitle, eventTriggerDescription, triggerPanel, builderHint } = description;
	console.log(`\n## ${displayName}\n`);
	print(0, '', description.description);
	print(0, 'subtitle: ', subtitle);
	print(0, 'on the canvas, while it listens: ', eventTriggerDescription);
	const panel = typeof triggerPanel === 'object' ? triggerPanel : {};
	for (const [label, value] of Object.entries(panel))
		for (const text of typeof value === 'object' ? Object.values(value) : [value])
			print(0, `panel, ${label}: `, text);
	print(0, 'for n8n’s AI: ', (builderHint as { searchHint?: string } | undefined)?.searchHint);
	for (const field of description.properties) printField(field, 0);
}

async function load<T>(paths: string[]): Promise<T[]> {
	const modules = paths.map(async (path) => {
		const source = join(ROOT, path.replace(/^dist\//, '').replace(/\.js$/, '.ts'));
		const [type] = Object.values((await import(source)) as Record<string, new () => T>);
		return new type!();
	});
	return await Promise.all(modules);
}

/** The sentences of a source file: literals of several words that are not code. */
function sentencesIn(path: string): string[] {
	const source = ts.createSourceFile(
		path,
		readFileSync(path, 'utf8'),
		ts.ScriptTarget.Latest,
		true,
	);
	const found: string[] = [];
	const visit = (node: ts.Node): void => {
		if (ts.isImportDeclaration(node)) return;
		const text = textOf(node);
		if (text !== undefined && isSentence(text)) found.push(text);
		ts.forEachChild(node, visit);
	};
	visit(source);
	return [...new Set(found)].filter((text) => !printed.has(text));
}

function textOf(node: ts.Node): string | undefined {
	if (ts.isStringLiteralLike(node)) return node.text;
	if (!ts.isTemplateExpression(node)) return undefined;
	const spans = node.templateSpans.map(
		({ expression, literal }) => `{${expression.getText().replace(/\s+/g, ' ')}}${literal.text}`,
	);
	return node.head.text + spans.join('');
}

function isSentence(text: string): boolean {
	const words = text.replace(/\{[^}]*\}/g, 'X').match(/[A-Za-z’']{2,}/g) ?? [];
	return words.length > 2 && text.includes(' ') && !/^[=.#/]|\$json|\$credentials/.test(text);
}

/** Lists of names, no sentences. */
const NAMES = /formats\/(mimeTypes|knownExtensions|textType)\.ts$|multipart\.ts$/;

function sources(folder: string): string[] {
	return readdirSync(folder, { withFileTypes: true })
		.flatMap((entry) => {
			const path = join(folder, entry.name);
			return entry.isDirectory() ? sources(path) : path;
		})
		.filter((path) => path.endsWith('.ts') && !NAMES.test(path))
		.sort();
}

async function main(): Promise<void> {
	console.log('# Forms');
	for (const { description } of await load<INodeType>(PACKAGE.n8n.nodes))
		printNode(description as INodeTypeDescription);
	for (const { displayName, properties } of await load<{
		displayName: string;
		properties: INodeProperties[];
	}>(PACKAGE.n8n.credentials)) {
		console.log(`\n## Credential: ${displayName}\n`);
		for (const field of properties) {
			const only = field.displayOptions?.show?.provider?.join(', ');
			if (only) console.log(`[${only}]`);
			printField(field, 0);
		}
	}
	console.log('\n# Other sentences\n');
	for (const path of [...sources(NODES), ...sources(join(ROOT, 'credentials'))]) {
		const sentences = sentencesIn(path);
		if (sentences.length)
			console.log(`${relative(ROOT, path)}\n${sentences.map((one) => `  - ${one}`).join('\n')}\n`);
	}
}

void main();
