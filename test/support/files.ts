import { readFileSync } from 'node:fs';

import { fixtureFile } from './paths';

/** Enough of a photo for everything that looks at first bytes only. */
export const PHOTO = Buffer.from([0xff, 0xd8, 0xff, 0xe0, ...Buffer.from('a photo')]);

/** The bytes of a real file of some format: `fixture('small.webp')`. */
export const fixture = (name: string): Buffer => readFileSync(fixtureFile(name));
