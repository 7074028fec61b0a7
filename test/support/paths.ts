import { join, resolve } from 'node:path';

/** The checkout. */
export const ROOT = resolve(__dirname, '../..');

/** A real file of some format: `fixtureFile('small.webp')`. */
export const fixtureFile = (name: string) => join(ROOT, 'test/fixtures/files', name);

/** One of the files that the demo sends: `photo.jpg`, `voice-note.ogg`, `invoice.pdf`. */
export const demoFile = (name: string) => join(ROOT, 'test/demo/files', name);
