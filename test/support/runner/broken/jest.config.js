/** The rings that runner.test.ts breaks on purpose. No project of the checkout's: nothing else runs them. */
module.exports = {
	rootDir: __dirname,
	testEnvironment: 'node',
	testMatch: ['<rootDir>/*.broken.ts'],
	transform: {
		'^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }],
	},
	cacheDirectory: '<rootDir>/../../../../node_modules/.cache/jest',
};
