import { join } from 'node:path';

import { ROOT } from '../../paths';
import { runAll } from '../runAll';
import type { Ring } from '../rings';

/** What main.ts is to the rings: runs those named on the command line. `name=seconds` sets how long it may take, `name:first` has the others wait for it. */
const rings = process.argv.slice(2).map((argument): Ring => {
	const [name = '', seconds] = argument.replace(':first', '').split('=');
	const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
	return {
		name,
		command: [
			process.execPath,
			jest,
			'--config',
			join(__dirname, 'jest.config.js'),
			'--runInBand',
			'--testPathPatterns',
			`${name}.broken.ts`,
		],
		isJest: true,
		needs: [],
		after: [],
		isFast: argument.endsWith(':first'),
		retries: false,
		limitMinutes: seconds ? Number(seconds) / 60 : 5,
	};
});
void runAll({ rings, leftOut: ['another'], jestArgs: [] }).then((code) => process.exit(code));
