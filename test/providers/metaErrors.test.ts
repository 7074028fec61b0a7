import { apiError } from '../../nodes/WhatsApp/providers/cloudApi/errors';
import { MINUTE } from '../../nodes/WhatsApp/units';

/** What Meta's refusals become. */
const refusal = (error: object, headers: Record<string, string> = {}, status = 400) =>
	apiError({ status, headers, body: { error } }, 'Media ID 1 could not be looked up');

test.each([1, 2, 4, 17, 32, 613, 80007, 80008, 130429, 131000, 131016])(
	'code %i is temporary',
	(code) => {
		expect(refusal({ message: 'Wait a bit', code })).toMatchObject({ code: 'temporary' });
	},
);

test('what calls itself transient is temporary, whatever its code', () => {
	for (const code of [100, 190, 368, 99_999])
		expect(refusal({ message: 'Later', code, is_transient: true }).code).toBe('temporary');
	expect(refusal({ message: 'Never', code: 100, is_transient: false }).code).toBe('permanent');
});

test('Meta’s explanation to the user stands in the message', () => {
	const { message } = refusal({
		message: 'Invalid parameter',
		code: 100,
		error_subcode: 2388084,
		error_user_title: 'Datei zu groß',
		error_user_msg: 'Die Datei darf höchstens 16 MB haben.',
	});
	expect(message).toBe(
		'Media ID 1 could not be looked up: Meta says "Invalid parameter — Datei zu groß — Die Datei darf höchstens 16 MB haben." (code 100/2388084)',
	);
});

test('an app that takes signed requests only: where that is switched off', () => {
	const message = 'API calls from the server require an appsecret_proof argument';
	expect(refusal({ message, type: 'GraphMethodException', code: 100 })).toMatchObject({
		code: 'credential',
		description: expect.stringContaining('switch off Require App Secret'),
	});
});

test('no sentence is said twice', () => {
	const same = 'Media file size too big';
	expect(refusal({ message: same, code: 100, error_user_title: same }).message).toBe(
		`Media ID 1 could not be looked up: Meta says "${same}" (code 100)`,
	);
});

describe('how long to wait', () => {
	const waitFor = (headers: Record<string, string>) =>
		refusal({ message: 'Too many calls', code: 80008 }, headers).retryAfterMs;
	const usage = (...minutes: Array<number | string>) =>
		JSON.stringify({
			'114503234599312': minutes.map((estimated_time_to_regain_access) => ({
				type: 'whatsapp',
				call_count: 100,
				total_cputime: 1,
				total_time: 1,
				estimated_time_to_regain_access,
			})),
		});

	test.each([
		['minutes', { 'x-business-use-case-usage': usage(5) }, 5 * MINUTE],
		['minutes as a text', { 'x-business-use-case-usage': usage('5') }, 5 * MINUTE],
		['the longest of several', { 'x-business-use-case-usage': usage(0, 5, 1) }, 5 * MINUTE],
		['of the app', { 'x-app-usage': '{"estimated_time_to_regain_access": 2}' }, 2 * MINUTE],
		['Retry-After in seconds', { 'retry-after': '7' }, 7000],
		['Retry-After before all else', { 'retry-after': '7', 'x-app-usage': usage(1) }, 7000],
	])('%s', (_what, headers, expected) => {
		expect(waitFor(headers as never)).toBe(expected);
	});

	test('no minutes are no wait: every answer says them', () => {
		expect(waitFor({ 'x-business-use-case-usage': usage(0) })).toBeUndefined();
		expect(waitFor({ 'x-app-usage': '{"call_count":100}' })).toBeUndefined();
	});
});
