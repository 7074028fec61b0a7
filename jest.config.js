const shared = {
	testEnvironment: 'node',
	transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2022' } }] },
	modulePathIgnorePatterns: ['<rootDir>/dist'],
};

/** `fast` needs nothing but npm packages; `fuzz` neither, but half a minute; `n8n` installs, once, and drives a real n8n. */
module.exports = {
	projects: [
		{ ...shared, displayName: 'fast', testMatch: ['<rootDir>/test/**/*.test.ts'], testPathIgnorePatterns: ['/node_modules/', '\\.(n8n|fuzz)\\.test\\.ts$'] },
		{ ...shared, displayName: 'fuzz', testMatch: ['<rootDir>/test/**/*.fuzz.test.ts'] },
		{ ...shared, displayName: 'n8n', testMatch: ['<rootDir>/test/**/*.n8n.test.ts'], testPathIgnorePatterns: ['/node_modules/', '(trigger|editor)\\.n8n\\.test\\.ts$'] },
		// Four minutes; one of its 24 tests (n8n killed in the middle of tests) is not steady yet, so it runs apart: npm run test:trigger
		{ ...shared, displayName: 'n8n-trigger', testMatch: ['<rootDir>/test/trigger.n8n.test.ts'] },
		// In Chromium: npm run test:editor
		{ ...shared, displayName: 'n8n-editor', testMatch: ['<rootDir>/test/editor.n8n.test.ts'] },
	],
	testTimeout: 30_000,
};
