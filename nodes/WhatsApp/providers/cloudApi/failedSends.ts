import type { MediaMessage } from '../mediaMessage';
import { isoTime, object, objects, omitUndefined, text, type Json } from '../read';
import { readError } from './readError';

const ADVICE: Array<[codes: number[], whatToDo: string]> = [
	[
		[131052, 131053],
		'WhatsApp could not use the file. Check its format and size, upload it with WhatsApp Upload Media, and send it by media ID rather than by link.',
	],
	[
		[131047],
		'The customer last wrote more than 24 hours ago. Send an approved template, or wait until the customer writes.',
	],
	[
		[131026],
		'The number cannot receive this message: it may not be on WhatsApp, or its WhatsApp may be too old. Reach the customer another way.',
	],
	[
		[130472, 131049, 131050],
		'WhatsApp is not delivering marketing messages to this customer now. Do not send it again; wait until the customer writes.',
	],
	[[130429, 131048, 131056, 80007], 'Too many messages were sent. Wait, then send it again.'],
	[[131042], 'Check the payment method of the WhatsApp Business account.'],
	[[131000, 131016, 131057], 'WhatsApp had a problem. Send it again later.'],
];

const OTHER_ADVICE = 'Look up the error code in Meta’s list of Cloud API error codes.';

/**
 * The messages of the business that WhatsApp gave up: one for each status `failed`. Whether there was a file in it, no status
 * says. `sent`, `delivered`, `read` and `played` are no items.
 */
export function failedSends(
	value: Json,
	about: Pick<MediaMessage, 'provider' | 'accountId'>,
): MediaMessage[] {
	return objects(value.statuses)
		.filter(({ status }) => status === 'failed')
		.map((status) => {
			const error = readError(status);
			return omitUndefined<MediaMessage>({
				...about,
				messageId: text(status.id),
				chatId: text(status.recipient_id) ?? text(status.recipient_user_id),
				timestamp: isoTime(status.timestamp),
				phoneNumberId: text(object(value.metadata).phone_number_id),
				origin: 'failed',
				...error,
				whatToDo: whatToDo(error.errorCode),
				raw: status,
			});
		});
}

function whatToDo(code = NaN): string {
	return ADVICE.find(([codes]) => codes.includes(code))?.[1] ?? OTHER_ADVICE;
}
