import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { ROOT } from '../support/paths';

const run = promisify(execFile);

/** What n8n's verification scan says of an unpacked package: `file: rule: message` each, empty where it finds nothing. */
export async function scanPackage(folder: string): Promise<string[]> {
	const args = [
		'--no-inline-config',
		'--config',
		join(__dirname, 'scan.config.mjs'),
		'--format',
		'json',
		'**/*.js',
		'package.json',
	];
	// In a test, which Jest says this is, some of the rules find nothing.
	const env = { ...process.env, NODE_ENV: 'production' };
	const { stdout } = await run(join(ROOT, 'node_modules/.bin/eslint'), args, {
		cwd: folder,
		env,
	}).catch((failed) => failed as { stdout: string });
	const results = JSON.parse(stdout) as Array<{
		filePath: string;
		messages: Array<{ ruleId: string; message: string }>;
	}>;
	expect(results.length).toBeGreaterThan(20);
	return results.flatMap(({ filePath, messages }) =>
		messages.map(
			({ ruleId, message }) => `${filePath.slice(folder.length)}: ${ruleId}: ${message}`,
		),
	);
}
