const { src, dest } = require('gulp');

/** What tsc does not copy: icons, and the codex files that n8n's node search reads. */
exports.default = () =>
	src(['nodes/**/*.{svg,json}', 'credentials/**/*.svg'], { base: '.', encoding: false }).pipe(
		dest('dist'),
	);
