import js from '@eslint/js';
import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import n8nNodesBase from 'eslint-plugin-n8n-nodes-base';
import tseslint from 'typescript-eslint';

/** The token is attached in one room. Which room may import which is checked by .dependency-cruiser.cjs. */
const TOKEN_ATTACHERS = [
	{
		selector: 'Property[key.name="Authorization"], Property[key.value="Authorization"]',
		message: 'Only transport/ attaches a token.',
	},
	{
		selector: 'MemberExpression[property.name="httpRequestWithAuthentication"]',
		message: 'Only transport/ sends requests with a token.',
	},
];

/**
 * The rules of n8n's verification scan: its community-node rules and the nodes-base style rules, without inline
 * disabling. What the scan does not read (tests, scripts) gets the ordinary TypeScript rules.
 */
export default tseslint.config(
	{ ignores: ['dist', 'node_modules', '.demo', '**/*.tgz'] },
	{
		files: ['**/*.ts'],
		extends: [js.configs.recommended, ...tseslint.configs.recommended],
	},
	{
		files: ['nodes/**/*.ts', 'credentials/**/*.ts', 'package.json'],
		extends: [n8nCommunityNodesPlugin.configs.recommended],
		plugins: { 'n8n-nodes-base': n8nNodesBase },
		languageOptions: { parser: tseslint.parser, parserOptions: { extraFileExtensions: ['.json'] } },
		linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' },
		rules: {
			'no-console': 'error',
			'max-lines': ['error', 250],
			'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
			'max-params': ['error', 4],
		},
	},
	{
		files: ['nodes/**/*.ts'],
		ignores: ['nodes/WhatsApp/transport/**'],
		rules: { 'no-restricted-syntax': ['error', ...TOKEN_ATTACHERS] },
	},
	{
		files: ['package.json'],
		rules: { ...n8nNodesBase.configs.community.rules, 'no-console': 'off' },
	},
	{
		files: ['credentials/**/*.ts'],
		rules: {
			...n8nNodesBase.configs.credentials.rules,
			// The community plugin has newer rules for both.
			'n8n-nodes-base/cred-class-field-documentation-url-miscased': 'off',
			'n8n-nodes-base/cred-class-field-type-options-password-missing': 'off',
		},
	},
	{
		files: ['nodes/**/*.ts'],
		rules: {
			...n8nNodesBase.configs.nodes.rules,
			// These two want the pre-1.0 string 'main'; n8n-workflow now has NodeConnectionTypes.
			'n8n-nodes-base/node-class-description-inputs-wrong-regular-node': 'off',
			'n8n-nodes-base/node-class-description-outputs-wrong': 'off',
		},
	},
);
