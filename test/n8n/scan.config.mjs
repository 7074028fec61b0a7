import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import n8nNodesBase from 'eslint-plugin-n8n-nodes-base';
import tseslint from 'typescript-eslint';

/** What `@n8n/scan-community-package` asks of a published tarball; run inside it, with inline disabling off. What it asks of the source: eslint.config.mjs. */
export default [
	{
		...n8nCommunityNodesPlugin.configs.recommended,
		files: ['**/*.js', 'package.json'],
		languageOptions: { parser: tseslint.parser, parserOptions: { extraFileExtensions: ['.json'] } },
	},
	{ files: ['**/*.js', 'package.json'], rules: { 'no-console': 'error' } },
	{
		files: ['package.json'],
		plugins: { 'n8n-nodes-base': n8nNodesBase },
		rules: n8nNodesBase.configs.community.rules,
	},
];
