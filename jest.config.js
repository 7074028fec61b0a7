/** One ring of tests is one folder under test/ and one project here: `npm run test:<ring>` runs it. CONTRIBUTING.md says what each is for. */
const RINGS = ['formats', 'providers', 'emulator', 'nodes', 'support', 'fuzz', 'n8n', 'examples', 'queue', 'editor'];

module.exports = {
	projects: RINGS.map((name) => ({
		displayName: name,
		testEnvironment: 'node',
		testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
		transform: {
			'^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2022' } }],
		},
		modulePathIgnorePatterns: ['<rootDir>/dist'],
		setupFilesAfterEnv: ['<rootDir>/test/support/retryOnce.ts'],
	})),
	testTimeout: 30_000,
};
