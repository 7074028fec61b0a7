/* Stands in for n8n: it has a child, and may be deaf to polite signals. Notes who it is in the file of its first argument. */
const { spawn } = require('node:child_process');
const { appendFileSync } = require('node:fs');

const [file, kind] = process.argv.slice(2);
if (process.env.BROKEN_DEAF)
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
if (kind !== 'child') spawn(process.execPath, [__filename, file, 'child'], { stdio: 'ignore' });
require('node:http')
	.createServer()
	.listen(0, '127.0.0.1', () => appendFileSync(file, `${process.pid}\n`));
