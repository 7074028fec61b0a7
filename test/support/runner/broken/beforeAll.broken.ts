import { startServer } from './start';

beforeAll(async () => {
	await startServer();
	throw new Error('after it has started a server');
});

test('is not reached', () => {});
