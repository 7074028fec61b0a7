import { AgingMap } from '../../nodes/WhatsApp/trigger/agingMap';
import { until } from '../support/n8n/rest';

/** What the triggers remember: SECURITY.md says for how long. */

const empty = async (map: AgingMap<string>) =>
	await until('nothing is left', 5000, async () => map.size === 0 || undefined);

test('an entry leaves by its age, though nobody asks', async () => {
	const map = new AgingMap<string>(50, 10);
	map.set('a', 'secret');
	expect(map.get('a')).toBe('secret');
	await empty(map);
	map.set('b', 'another');
	await empty(map);
});

test('an entry that is old already is not there', () => {
	const map = new AgingMap<string>(50, 10);
	map.set('a', 'secret', performance.now() - 50);
	expect(map.get('a')).toBeUndefined();
});

test('the oldest leaves by number; one that is set again is new', () => {
	const map = new AgingMap<string>(50_000, 2);
	for (const key of ['a', 'b', 'a', 'c']) map.set(key, key);
	expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual(['a', undefined, 'c']);
	expect(map.size).toBe(2);
});

test('names that every object has are keys like any other', () => {
	const map = new AgingMap<string>(50_000, 2);
	expect(map.get('constructor')).toBeUndefined();
	map.set('__proto__', 'x');
	expect(map.get('__proto__')).toBe('x');
});
