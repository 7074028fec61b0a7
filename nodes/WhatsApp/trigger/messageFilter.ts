import { splitList } from '../execution/parameters';
import { matchesMimeType, mimeEssence } from '../formats/mimeTypes';
import type { MediaMessage, Origin } from '../providers/mediaMessage';
import { MB } from '../units';

/** Which files start a workflow. Absent and empty options let every file pass. */
export interface MessageFilter {
	mediaTypes: string[];
	options: {
		/** Of the messages that are not simply sent by somebody. */
		alsoStartOn?: Origin[];
		/** Phone numbers or user IDs, comma-separated. */
		from?: string;
		maxSizeMb?: number;
		/** Patterns such as `image/*`, comma-separated. */
		mimeTypes?: string;
		/** Comma-separated. */
		phoneNumberIds?: string;
	};
}

/** A customer sends answers to forms now, like a message; most people do not expect the other origins. */
const DEFAULT_ORIGINS: Origin[] = ['flow'];

/** Whether a file starts the workflow. A property that is unknown excludes no file. */
export function matchesFilter(
	message: MediaMessage,
	{ mediaTypes, options }: MessageFilter,
): boolean {
	const { type, origin, mimeType, size, phoneNumberId = '' } = message;
	const { alsoStartOn = DEFAULT_ORIGINS, maxSizeMb } = options;
	const senders = splitList(options.from);
	const mimeTypes = splitList(options.mimeTypes);
	const phoneNumberIds = splitList(options.phoneNumberIds);
	return (
		mediaTypes.includes(type) &&
		(!origin || alsoStartOn.includes(origin)) &&
		(!senders.length || isFrom(message, senders)) &&
		(!mimeTypes.length || !mimeType || matchesMimeType(mimeEssence(mimeType), mimeTypes)) &&
		(!phoneNumberIds.length || phoneNumberIds.includes(phoneNumberId)) &&
		(!maxSizeMb || !size || size <= maxSizeMb * MB)
	);
}

function isFrom({ from, fromUserId }: MediaMessage, senders: string[]): boolean {
	const names = [digits(from), from, fromUserId].filter(Boolean);
	return senders.some((sender) => names.includes(sender) || names.includes(digits(sender)));
}

/** `+1 650-555-1234` as `16505551234`; nothing when it is not a phone number. */
function digits(number = ''): string | undefined {
	return /^\+?[\d\s()./-]+$/.test(number) ? number.replace(/\D/g, '') : undefined;
}
