const shared = {
	testEnvironment: 'node',
	transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2022' } }] },
	modulePathIgnorePatterns: ['<rootDir>/dist'],
	setupFilesAfterEnv: ['<rootDir>/test/retryOnce.ts'],
};

/** One real n8n each, or several: with a project, and a script, of their own. */
const APART = ['trigger', 'examples', 'queue', 'editor'];

/** `fast` needs nothing but npm packages; `fuzz` neither, but minutes; `n8n` and those apart install, once, and drive a real n8n. */
module.exports = {
	projects: [
		{ ...shared, displayName: 'fast', testMatch: ['<rootDir>/test/**/*.test.ts'], testPathIgnorePatterns: ['/node_modules/', '\\.(n8n|fuzz)\\.test\\.ts$'] },
		{ ...shared, displayName: 'fuzz', testMatch: ['<rootDir>/test/**/*.fuzz.test.ts'] },
		{ ...shared, displayName: 'n8n', testMatch: ['<rootDir>/test/**/*.n8n.test.ts'], testPathIgnorePatterns: ['/node_modules/', `/(${APART.join('|')})\\.n8n\\.test\\.ts$`] },
		...APART.map((name) => ({ ...shared, displayName: `n8n-${name}`, testMatch: [`<rootDir>/test/${name}.n8n.test.ts`] })),
	],
	testTimeout: 30_000,
};
