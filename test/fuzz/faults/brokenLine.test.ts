import { breakLine, BROKEN_LINES, FIRST_BREAKS, type BrokenLine } from './brokenLine';
import { OPTIONS } from './matrix';
import type { Point } from './points';
import { writeReport } from './report';
import { startHarness, type Harness } from '../../support/harness';
import { quickRetries } from '../../support/quickRetries';

/** `npm run faults -- -t 'broken line'` plays these alone, and writes their table. */

jest.setTimeout(600_000);

quickRetries();
let harness: Harness;
beforeAll(async () => {
	harness = await startHarness();
});
const brokenLines = new Map<Point, BrokenLine[]>();
afterAll(async () => {
	await harness.close();
	if (process.env.WRITE_FAULTS) await writeReport(new Map(), brokenLines, OPTIONS);
});

test.each(BROKEN_LINES)('a broken line: $vendor, $on', async (point) => {
	const lines: BrokenLine[] = [];
	for (const firstBreak of FIRST_BREAKS)
		for (const goesOn of [false, true])
			lines.push(await breakLine(harness, point, { firstBreak, goesOn }));
	brokenLines.set(point, lines);
	expect(lines.filter(({ wrong }) => wrong)).toEqual([]);
});
