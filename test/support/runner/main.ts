import { parseChoice } from './choice';
import { runAll } from './runAll';

/** `npm test`: every ring of tests, or those that are asked for. */
void (async () => {
	const choice = parseChoice(process.argv.slice(2));
	if (typeof choice === 'string') {
		console.error(choice);
		process.exit(2);
	}
	process.exit(await runAll(choice));
})();
