import { writeFileSync } from 'node:fs';

import { startServer } from './start';

jest.setTimeout(600_000);

test('runs until it is ended', async () => {
	await startServer();
	await startServer({ detached: true });
	writeFileSync(`${process.env.BROKEN_PIDS}.jest`, String(process.pid));
	await new Promise(() => {});
});
