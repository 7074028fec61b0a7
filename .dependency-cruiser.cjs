/**
 * The rooms of `nodes/WhatsApp` and the direction between them (CONTRIBUTING draws it): what is imported, type-only imports
 * included, and never in a circle. Part of `npm run lint`.
 */
const ROOMS = {
	trigger: ['execution', 'transfer', 'transport', 'providers', 'formats'],
	execution: ['transport', 'providers', 'formats'],
	transfer: ['transport', 'providers', 'formats'],
	transport: ['providers', 'formats'],
	providers: ['formats'],
	formats: [],
};

/** Files directly in `nodes/WhatsApp` that are no nodes, such as errors.ts: everything stands on them. */
const GROUND = '^nodes/WhatsApp/(?!.*\\.node\\.ts$)[^/]+\\.ts$';
const room = (names) => `^nodes/WhatsApp/(${names.join('|')})/`;

module.exports = {
	forbidden: [
		{
			name: 'no-circle',
			severity: 'error',
			from: { path: '^(nodes|credentials)' },
			to: { circular: true },
		},
		...Object.entries(ROOMS).map(([name, allowed]) => ({
			name: `${name}-imports-downward`,
			comment: `${name} may import ${[...allowed, 'the ground'].join(', ')}.`,
			severity: 'error',
			from: { path: room([name]) },
			to: { path: '^(nodes|credentials)', pathNot: [room([name, ...allowed]), GROUND] },
		})),
		{
			name: 'ground-imports-ground',
			severity: 'error',
			from: { path: GROUND },
			to: { path: '^(nodes|credentials)', pathNot: GROUND },
		},
		{
			name: 'one-vendor-does-not-know-another',
			comment:
				'cloudApi is no vendor: it is the wire format of Meta’s Cloud API, which several vendors speak.',
			severity: 'error',
			from: { path: '^nodes/WhatsApp/providers/([^/]+)/' },
			to: {
				path: '^nodes/WhatsApp/providers/[^/]+/',
				pathNot: '^nodes/WhatsApp/providers/($1|cloudApi)/',
			},
		},
		{
			name: 'vendors-behind-the-registry',
			comment: 'Only providers/index.ts names vendors.',
			severity: 'error',
			from: { path: '^(nodes|credentials)', pathNot: '^nodes/WhatsApp/providers/' },
			to: { path: '^nodes/WhatsApp/providers/[^/]+/' },
		},
		{
			name: 'emulator-stands-apart',
			comment: 'The emulators answer as the vendors say, not as our code believes.',
			severity: 'error',
			from: { path: '^test/emulator' },
			to: { path: '^(nodes|credentials)' },
		},
		{
			name: 'no-foreign-module',
			severity: 'error',
			from: { path: '^(nodes|credentials)' },
			to: {
				dependencyTypes: ['npm', 'npm-dev', 'core'],
				pathNot: '(n8n-workflow|^crypto$|p-limit|zod|luxon|lodash)',
			},
		},
	],
	options: {
		doNotFollow: { path: 'node_modules' },
		tsPreCompilationDeps: true,
		tsConfig: { fileName: 'tsconfig.json' },
		enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
	},
};
