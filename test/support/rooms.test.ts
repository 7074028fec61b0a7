import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { ROOT } from './paths';

/** The rules of .dependency-cruiser.cjs and of eslint.config.mjs, seen to go red. */

const run = promisify(execFile);
let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'rooms-'));
	for (const name of ['node_modules', '.dependency-cruiser.cjs', 'eslint.config.mjs', 'tsconfig.json', 'package.json'])
		await symlink(join(ROOT, name), join(folder, name));
});
afterEach(async () => await rm(folder, { recursive: true }));

/** Writes files below `nodes/WhatsApp`, unless their path begins elsewhere, and returns what a linter says of them. */
async function lint(tool: string, args: string[], files: Record<string, string>): Promise<string> {
	for (const [name, text] of Object.entries(files)) {
		const path = join(folder, /^(test|credentials)\//.test(name) ? name : `nodes/WhatsApp/${name}`);
		await mkdir(dirname(path), { recursive: true });
		await writeFile(path, text);
	}
	const { stdout } = await run(join(ROOT, 'node_modules/.bin', tool), args, { cwd: folder }).catch((failed: { stdout: string }) => failed);
	return stdout;
}

const cruise = async (files: Record<string, string>) => await lint('depcruise', ['nodes', ...(Object.keys(files).some((name) => name.startsWith('test/')) ? ['test'] : [])], files);

const THING = 'export const thing = 1; export type Thing = number;';
const importing = (path: string) => `import { thing } from '${path}'; export const other = thing;`;

test.each([
	['execution-imports-downward', { 'execution/a.ts': importing('../transfer/b'), 'transfer/b.ts': THING }],
	['transfer-imports-downward', { 'transfer/a.ts': importing('../execution/b'), 'execution/b.ts': THING }],
	['transport-imports-downward', { 'transport/a.ts': importing('../transfer/b'), 'transfer/b.ts': THING }],
	['providers-imports-downward', { 'providers/a.ts': importing('../transport/b'), 'transport/b.ts': THING }],
	['formats-imports-downward', { 'formats/a.ts': importing('../providers/b'), 'providers/b.ts': THING }],
	['trigger-imports-downward', { 'trigger/a.ts': importing('../A.node'), 'A.node.ts': THING }],
	['ground-imports-ground', { 'errors.ts': importing('./formats/b'), 'formats/b.ts': THING }],
	['one-vendor-does-not-know-another', { 'providers/one/a.ts': importing('../two/b'), 'providers/two/b.ts': THING }],
	['vendors-behind-the-registry', { 'A.node.ts': importing('./providers/one/b'), 'providers/one/b.ts': THING }],
	['emulator-stands-apart', { 'test/emulator/a.ts': importing('../../nodes/WhatsApp/errors'), 'errors.ts': THING }],
	['no-foreign-module', { 'transfer/a.ts': "import { readFileSync } from 'fs'; export const read = readFileSync;" }],
	['no-foreign-module', { 'transfer/a.ts': "import axios from 'axios'; export const get = axios.get;" }],
])('%s', async (rule, files) => {
	expect(await cruise(files as unknown as Record<string, string>)).toContain(`error ${rule}`);
});

test('an import of a type alone counts, and closes a circle, too', async () => {
	const upward = { 'formats/a.ts': "import type { Thing } from '../providers/b'; export type A = Thing;", 'providers/b.ts': THING };
	expect(await cruise(upward)).toContain('error formats-imports-downward');
	const circle = {
		'formats/c.ts': "import type { D } from './d'; export type C = D | 1;",
		'formats/d.ts': "import type { C } from './c'; export type D = C | 2;",
	};
	expect(await cruise(circle)).toContain('error no-circle');
});

test('downward imports, the ground and what n8n provides are fine', async () => {
	const files = {
		'A.node.ts': importing('./trigger/b'),
		'trigger/b.ts': `${THING} ${importing('../execution/c')}`,
		'execution/c.ts': `${THING} ${importing('../transport/d')}`,
		'transport/d.ts': `${THING} ${importing('../errors')}`,
		'errors.ts': `import { createHash } from 'crypto'; import { jsonParse } from 'n8n-workflow'; export const used = [createHash, jsonParse]; ${THING}`,
	};
	expect(await cruise(files)).toContain('no dependency violations found');
});

test('a token is attached in transport only', async () => {
	const code = "export const headers = (token: string) => ({ Authorization: `Bearer ${token}` });\n";
	const said = await lint('eslint', ['nodes'], { 'transfer/a.ts': code, 'transport/b.ts': code });
	expect(said).toContain('Only transport/ attaches a token');
	expect(said).not.toContain('transport/b.ts');
});
