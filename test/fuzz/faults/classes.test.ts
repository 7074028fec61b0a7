import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { FAULTS } from './catalog';
import { CLASSES } from './classes';
import { befalls } from './matrix';
import { PARTS, POINTS } from './points';
import { ROOT } from '../../support/paths';

test('at least 60 faults', () => {
	const befallen = FAULTS.filter((fault) => POINTS.some((point) => befalls(fault, point)));
	expect(befallen.length).toBeGreaterThanOrEqual(60);
});

test('every answer is in one part, and every part has its suite', () => {
	expect(new Set(Object.values(PARTS).flat())).toEqual(new Set(POINTS));
	expect(Object.values(PARTS).flat()).toHaveLength(POINTS.length);
	const missing = Object.keys(PARTS).filter(
		(part) => !existsSync(join(__dirname, `${part}.test.ts`)),
	);
	expect(missing).toEqual([]);
});

test.each(CLASSES)('beyond one answer: $name has its tests', ({ tests }) => {
	const missing = tests.filter(
		([file, title]) => !readFileSync(join(ROOT, 'test', file), 'utf8').includes(title),
	);
	expect(missing).toEqual([]);
});
