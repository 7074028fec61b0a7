import { join } from 'node:path';

import { ROOT } from '../paths';
import type { Program } from '../programs';

/** One step of `npm test`: a ring of tests (a jest project), or a check. */
export type Ring = {
	name: string;
	/** Program and arguments. */
	command: string[];
	/** Its tests are counted; it takes jest's arguments. A check counts as one test. */
	isJest: boolean;
	/** What has to be on the machine. */
	needs: Program[];
	/** Steps that must have passed. */
	after: string[];
	/** Needs no n8n: runs before those that do, and its output is shown when it ends. */
	isFast: boolean;
	/** A test that fails is run once more, and named at the end. Only with a real n8n, on a machine that others load too. */
	retries: boolean;
	limitMinutes: number;
};

const bin = (name: string) => join(ROOT, 'node_modules', name);
const JEST = [process.execPath, bin('jest/bin/jest.js')];
const npmRun = (script: string) =>
	process.env.npm_execpath?.endsWith('.js')
		? [process.execPath, process.env.npm_execpath, 'run', '--silent', script]
		: ['npm', 'run', '--silent', script];

/** More than a small machine has cores: most of their time these tests wait for a server that is slow on purpose. */
const FAST_WORKERS = 3;
/** These wait most of all. */
const FUZZ_WORKERS = 4;

const plain = {
	isJest: false,
	needs: [],
	after: [],
	isFast: true,
	retries: false,
	limitMinutes: 5,
};
const check = (name: string, command: string[]): Ring => ({ ...plain, name, command });
const jest = (name: string, more: Partial<Ring> = {}): Ring => ({
	...plain,
	name,
	command: [
		...JEST,
		'--selectProjects',
		name,
		...(more.isFast === false ? ['--runInBand'] : [`--maxWorkers=${FAST_WORKERS}`]),
	],
	isJest: true,
	...more,
});
/** The packed package in a real n8n. */
const n8n = (name: string, needs: Program[] = []) =>
	jest(name, {
		needs: ['n8n', ...needs],
		after: ['build'],
		isFast: false,
		retries: true,
		limitMinutes: 25,
	});

/** In the order in which they start: those without n8n first, then the longest first, since two run at a time. */
export const RINGS: Ring[] = [
	jest('nodes'),
	jest('support'),
	jest('formats'),
	jest('providers'),
	jest('emulator'),
	check('typecheck', npmRun('typecheck')),
	check('lint', npmRun('lint')),
	check('build', npmRun('build')),
	jest('fuzz', {
		isFast: false,
		limitMinutes: 15,
		command: [...JEST, '--selectProjects', 'fuzz', `--maxWorkers=${FUZZ_WORKERS}`],
	}),
	n8n('n8n'),
	n8n('editor', ['chromium']),
	n8n('queue', ['redis', 'postgres']),
	n8n('examples', ['postgres']),
];
