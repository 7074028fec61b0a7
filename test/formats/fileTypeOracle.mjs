// npm's file-type is an ES module, which Jest cannot load here: the tests run this. Prints its verdict on each file as JSON.
import { readFileSync } from 'node:fs';

import { fileTypeFromBuffer } from 'file-type';

const verdicts = process.argv
	.slice(2)
	.map(async (path) => (await fileTypeFromBuffer(readFileSync(path)))?.mime ?? null);
process.stdout.write(JSON.stringify(await Promise.all(verdicts)));
