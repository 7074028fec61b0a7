import { RINGS } from './rings';
import type { Choice } from './runAll';

const USAGE = `npm test                                  everything
npm test -- --only nodes,formats          these rings
npm test -- --without editor,queue        all but these
npm test -- --fast                        those without n8n
What else is given goes to jest: npm test -- --only nodes --testPathPatterns retry
Rings: ${RINGS.map(({ name }) => name).join(', ')}`;

/** What the command line asks for; a sentence where that cannot be. */
export function parseChoice(args: string[]): Choice | string {
	const rest = [...args];
	const take = (option: string): string[] | undefined => {
		const at = rest.findIndex((arg) => arg === option || arg.startsWith(`${option}=`));
		if (at < 0) return undefined;
		const [given = ''] = rest.splice(at, 1);
		const value = given.includes('=') ? given.slice(option.length + 1) : rest.splice(at, 1)[0];
		return (value ?? '').split(',').filter(Boolean);
	};
	if (rest.includes('--help')) return USAGE;
	const only = take('--only');
	const without = take('--without') ?? [];
	const fastAt = rest.indexOf('--fast');
	if (fastAt >= 0) rest.splice(fastAt, 1);

	const unknown = [...(only ?? []), ...without].find(
		(name) => !RINGS.some((ring) => ring.name === name),
	);
	if (unknown) return `There is no ring "${unknown}".\n${USAGE}`;
	const wanted = RINGS.filter(({ name, isFast, isJest }) => {
		if (without.includes(name)) return false;
		if (only) return only.includes(name);
		return fastAt < 0 || (isFast && name !== 'build' && (isJest || rest.length === 0));
	});
	// What a ring builds on comes with it.
	const names = new Set(wanted.flatMap(({ name, after }) => [name, ...after]));
	const rings = RINGS.filter(({ name }) => names.has(name));
	if (rings.length === 0) return `No ring is left to run.\n${USAGE}`;
	return {
		rings,
		leftOut: RINGS.filter((ring) => !rings.includes(ring)).map(({ name }) => name),
		jestArgs: rest,
	};
}
