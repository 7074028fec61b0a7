import { breakLine, BROKEN_LINES, FIRST_BREAKS, type BrokenLine } from './brokenLine';
import { OPTIONS } from './matrix';
import type { Point } from './points';
import { writeReport } from './report';
import { startHarness, type Harness } from '../../support/harness';

/** `npm run faults -- -t 'broken line'` plays these alone, and writes their table. */

jest.setTimeout(600_000);

let harness: Harness;
beforeAll(async () => {
	harness = await startHarness();
	jest.spyOn(Math, 'random').mockReturnValue(0.01);
});
const brokenLines = new Map<Point, BrokenLine[]>();
afterAll(async () => {
	jest.restoreAllMocks();
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
