import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { ROOT } from './paths';

/** The rules of .dependency-cruiser.cjs and of eslint.config.mjs, seen to go red on a tree that breaks each of them. */

const THING = 'export const thing = 1; export type Thing = number;';
const importing = (path: string) =>
	`${THING} import { thing as other } from '${path}'; export const same = other;`;
const importingType = (path: string) =>
	`${THING} import type { Thing as Other } from '${path}'; export type Same = Other;`;
const TOKEN = 'export const headers = (token: string) => ({ Authorization: `Bearer ${token}` });\n';

/** Files, by the rule that each breaks. */
const VIOLATIONS: Array<[rule: string, file: string, code: string]> = [
	['execution-imports-downward', 'nodes/WhatsApp/execution/a.ts', importing('../transfer/thing')],
	['transfer-imports-downward', 'nodes/WhatsApp/transfer/a.ts', importing('../execution/thing')],
	['transport-imports-downward', 'nodes/WhatsApp/transport/a.ts', importing('../transfer/thing')],
	['providers-imports-downward', 'nodes/WhatsApp/providers/a.ts', importing('../transport/thing')],
	['formats-imports-downward', 'nodes/WhatsApp/formats/a.ts', importingType('../providers/thing')],
	['trigger-imports-downward', 'nodes/WhatsApp/trigger/a.ts', importing('../A.node')],
	['ground-imports-ground', 'nodes/WhatsApp/ground.ts', importing('./formats/thing')],
	[
		'one-vendor-does-not-know-another',
		'nodes/WhatsApp/providers/one/a.ts',
		importing('../two/thing'),
	],
	['vendors-behind-the-registry', 'nodes/WhatsApp/B.node.ts', importing('./providers/two/thing')],
	['emulator-stands-apart', 'test/emulator/a.ts', importing('../../nodes/WhatsApp/errors')],
	[
		'no-foreign-module',
		'nodes/WhatsApp/transfer/b.ts',
		"import { readFileSync } from 'fs'; export const read = readFileSync;",
	],
	[
		'no-foreign-module',
		'nodes/WhatsApp/transfer/c.ts',
		"import axios from 'axios'; export const get = axios.get;",
	],
	['no-circle', 'nodes/WhatsApp/formats/c.ts', importingType('./d')],
];

/** Files that break none. */
const SOUND: Array<[file: string, code: string]> = [
	['nodes/WhatsApp/A.node.ts', importing('./trigger/thing')],
	['nodes/WhatsApp/trigger/thing.ts', importing('../execution/thing')],
	['nodes/WhatsApp/execution/thing.ts', importing('../transport/thing')],
	['nodes/WhatsApp/transfer/thing.ts', importing('../formats/thing')],
	['nodes/WhatsApp/transport/thing.ts', importing('../errors')],
	['nodes/WhatsApp/providers/thing.ts', importing('./two/thing')],
	['nodes/WhatsApp/providers/two/thing.ts', importingType('../../formats/thing')],
	['nodes/WhatsApp/formats/thing.ts', importing('../errors')],
	// The other half of the circle, which is reported once.
	['nodes/WhatsApp/formats/d.ts', importingType('./c')],
	[
		'nodes/WhatsApp/errors.ts',
		`import { createHash } from 'crypto'; import { jsonParse } from 'n8n-workflow'; export const used = [createHash, jsonParse]; ${THING}`,
	],
];

const run = promisify(execFile);
let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'rooms-'));
	for (const name of [
		'node_modules',
		'.dependency-cruiser.cjs',
		'eslint.config.mjs',
		'tsconfig.json',
		'package.json',
	])
		await symlink(join(ROOT, name), join(folder, name));
	for (const [file, code] of [
		...VIOLATIONS.map(([, name, code]): [string, string] => [name, code]),
		...SOUND,
	]) {
		await mkdir(dirname(join(folder, file)), { recursive: true });
		await writeFile(join(folder, file), code);
	}
});
afterAll(async () => await rm(folder, { recursive: true }));

/** What a linter prints, whether it is content or not. */
async function lint(tool: string, ...args: string[]): Promise<string> {
	const { stdout } = await run(join(ROOT, 'node_modules/.bin', tool), args, { cwd: folder }).catch(
		(failed: { stdout: string }) => failed,
	);
	return stdout;
}

test('every import against the direction is found, of a type alone too, and every circle; nothing else is', async () => {
	const { summary } = JSON.parse(
		await lint('depcruise', 'nodes', 'test', '--output-type', 'json'),
	) as {
		summary: { violations: Array<{ from: string; rule: { name: string } }> };
	};
	const found = summary.violations.map(({ from, rule }) => `${rule.name}: ${from}`);
	expect(found.sort()).toEqual(VIOLATIONS.map(([rule, file]) => `${rule}: ${file}`).sort());
});

test('a token is attached in transport only', async () => {
	for (const room of ['transfer', 'transport'])
		await writeFile(join(folder, `nodes/WhatsApp/${room}/token.ts`), TOKEN);
	const printed = await lint('eslint', 'nodes/WhatsApp/*/token.ts');
	expect(printed).toContain('transfer/token.ts');
	expect(printed).toContain('Only transport/ attaches a token');
	expect(printed).not.toContain('transport/token.ts');
});
