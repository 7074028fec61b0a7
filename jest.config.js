/** One ring of tests is one folder under test/ and one project here: `npm run test:<ring>` runs it. CONTRIBUTING.md says what each is for. */
const RINGS = [
	'formats',
	'providers',
	'emulator',
	'nodes',
	'support',
	'fuzz',
	'n8n',
	'examples',
	'queue',
	'editor',
];

/** Only these may run a test twice: the machine is loaded when they do, and each one retried is named at the end of `npm test`. */
const WITH_N8N = ['n8n', 'examples', 'queue', 'editor'];

module.exports = {
	projects: RINGS.map((name) => ({
		displayName: name,
		testEnvironment: 'node',
		testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
		transform: {
			'^.+\\.ts$': [
				'@swc/jest',
				{ jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2022' } },
			],
		},
		modulePathIgnorePatterns: ['<rootDir>/dist'],
		setupFilesAfterEnv: WITH_N8N.includes(name) ? ['<rootDir>/test/support/retryOnce.ts'] : [],
		// Not in the folder for temporary files: each run of \`npm test\` has one of its own.
		cacheDirectory: '<rootDir>/node_modules/.cache/jest',
	})),
	testTimeout: 30_000,
};
