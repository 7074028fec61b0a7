import { networkError } from '../../nodes/WhatsApp/transport/networkError';

test('a code is told in words, and one that is nobody’s is not', () => {
	const messageFor = (cause: object) => networkError('https://files.example/a', cause).message;
	const unreachable = 'files.example could not be reached';
	expect(messageFor({ code: 'ECONNRESET' })).toBe(`${unreachable}: the connection was closed`);
	expect(messageFor({ httpCode: 'ETIMEDOUT' })).toBe(`${unreachable}: no answer in time`);
	for (const code of ['constructor', 'toString', '__proto__', '', undefined])
		expect(messageFor({ code })).toBe(unreachable);
});
