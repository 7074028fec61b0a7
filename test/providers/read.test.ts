import fc from 'fast-check';

import { jsonWithLongIds } from '../../nodes/WhatsApp/providers/read';

describe('JSON in which vendors write IDs as numbers', () => {
	test('IDs that a number cannot hold stay as they are, as text', () => {
		expect(
			jsonWithLongIds(
				'{"a":27286093617715235,"b":[ 9007199254740993 ,-27286093617715235],"c":3631120727156758}',
			),
		).toEqual({
			a: '27286093617715235',
			b: ['9007199254740993', '-27286093617715235'],
			c: '3631120727156758',
		});
	});

	test('short numbers, fractions and texts stay what they are', () => {
		const text =
			'{"a":1782295200,"b":0.12345678901234567,"c":"id 27286093617715235, \\"27286093617715236\\"","d":12345678901234567.5,"e":1e300,"27286093617715235":1234567890123456e5}';
		expect(jsonWithLongIds(text)).toEqual(JSON.parse(text));
	});

	test('what is no JSON is null', () => {
		for (const text of ['', 'undefined', '{"a":', '"\\', '{"a":27286093617715235'])
			expect(jsonWithLongIds(text)).toBeNull();
	});

	test('every other value is read as JSON.parse reads it', () => {
		const value = fc.jsonValue({ maxDepth: 4 });
		fc.assert(
			fc.property(value, (one) => {
				const text = JSON.stringify(one);
				fc.pre(!/\d{16}/.test(text));
				expect(jsonWithLongIds(text)).toEqual(JSON.parse(text));
			}),
			{ numRuns: 300 },
		);
	});

	test('a long text takes no long time, and no stack', () => {
		const long = 'x'.repeat(16_000_000);
		expect(jsonWithLongIds(`{"a":"${long}","b":27286093617715235}`)).toEqual({
			a: long,
			b: '27286093617715235',
		});
		// What takes time that grows with the square takes minutes here.
		for (const text of ['"'.repeat(4e5), '\\"'.repeat(2e5), `"${'\\"'.repeat(2e5)}`]) {
			const started = Date.now();
			jsonWithLongIds(text);
			expect(Date.now() - started).toBeLessThan(2000);
		}
	});

	test('a number behind a string with quotation marks and backslashes in it', () => {
		for (const text of ['\\', '\\"', '"', '\\\\"', '12345678901234567"'])
			expect(jsonWithLongIds(`[${JSON.stringify(text)},12345678901234567]`)).toEqual([
				text,
				'12345678901234567',
			]);
	});
});
