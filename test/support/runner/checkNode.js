/* Runs before anything else, in the words of an old Node: a newcomer reads a sentence, not a stack trace. */
var fs = require('fs');
var path = require('path');

var root = path.join(__dirname, '../../..');
var wanted = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).engines.node;
var oldest = Number(/\d+/.exec(wanted)[0]);

if (Number(process.versions.node.split('.')[0]) < oldest) {
	stop(
		'This needs Node ' +
			oldest +
			' or newer; this is ' +
			process.version +
			' (' +
			process.execPath +
			'). Get one from https://nodejs.org.',
	);
}
if (
	!fs.existsSync(path.join(root, 'node_modules', 'tsx')) ||
	!fs.existsSync(path.join(root, 'node_modules', 'jest'))
) {
	stop('The packages that the tests need are not installed here. Run: npm install');
}

function stop(sentence) {
	console.error(sentence);
	process.exit(1);
}
