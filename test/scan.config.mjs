import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import tseslint from 'typescript-eslint';

/** What n8n's scan asks of a published tarball; run inside it, with inline disabling off. */
export default [
	{
		...n8nCommunityNodesPlugin.configs.recommended,
		files: ['**/*.js', 'package.json'],
		languageOptions: { parser: tseslint.parser, parserOptions: { extraFileExtensions: ['.json'] } },
	},
	{ files: ['**/*.js'], rules: { 'no-console': 'error' } },
];
