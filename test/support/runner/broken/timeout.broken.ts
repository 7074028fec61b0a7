import { startServer } from './start';

jest.setTimeout(1_000);

test('is never done', async () => {
	await startServer();
	await new Promise(() => setInterval(() => {}, 100));
});
