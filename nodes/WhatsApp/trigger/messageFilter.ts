import { splitList } from '../execution/parameters';
import { matchesMimeType, mimeEssence } from '../formats/mimeTypes';
import { providers } from '../providers';
import type { MediaMessage, Origin } from '../providers/mediaMessage';
import { MB } from '../units';

/** What starts a workflow only where *Also Start On* says so. */
export type AlsoStartOn = Origin | 'unavailable' | 'text';

/** Which messages start a workflow. Absent and empty options let every one pass. */
export interface MessageFilter {
	mediaTypes: string[];
	/** Of the node: what starts it without being chosen has grown. The newest where absent. */
	nodeVersion?: number;
	options: {
		/** Of the messages that are not simply a file that somebody sent. */
		alsoStartOn?: AlsoStartOn[];
		/** Phone numbers or user IDs, comma-separated. */
		from?: string;
		maxSizeMb?: number;
		/** Patterns such as `image/*`, comma-separated. */
		mimeTypes?: string;
		/** Comma-separated. */
		phoneNumberIds?: string;
	};
}

/** The first node version that has the option to start on files that did not arrive. */
const UNAVAILABLE_VERSION = 1.2;

/**
 * What starts a workflow where *Also Start On* was not added: a customer sends answers to forms now, like a message, and
 * expects an answer to a file, even one that did not arrive. Most people do not expect the rest.
 */
const DEFAULT_ALSO_START_ON: AlsoStartOn[] = ['flow', 'unavailable'];
const OLDER_DEFAULT: AlsoStartOn[] = ['flow'];

/** Whether a message starts the workflow. A property that is unknown excludes none. */
export function matchesFilter(message: MediaMessage, filter: MessageFilter): boolean {
	const { type, mimeType, size, phoneNumberId = '' } = message;
	const { mediaTypes, options } = filter;
	const senders = splitList(options.from);
	const mimeTypes = splitList(options.mimeTypes);
	const phoneNumberIds = splitList(options.phoneNumberIds);
	return (
		(!type || type === 'text' || mediaTypes.includes(type)) &&
		isChosen(message, filter) &&
		(!senders.length || isWith(message, senders)) &&
		(!mimeTypes.length || !mimeType || matchesMimeType(mimeEssence(mimeType), mimeTypes)) &&
		(!phoneNumberIds.length || phoneNumberIds.includes(phoneNumberId)) &&
		(!options.maxSizeMb || !size || size <= options.maxSizeMb * MB)
	);
}

/** Whether *Also Start On* lets it pass: all that it needs, such as text and history for a text from earlier. */
function isChosen(
	{ type, origin, unavailable, provider }: MediaMessage,
	{ mediaTypes, options, nodeVersion = UNAVAILABLE_VERSION }: MessageFilter,
): boolean {
	const isOlder = nodeVersion < UNAVAILABLE_VERSION;
	// Who wants no files misses none that did not arrive.
	const standard = isOlder || !mediaTypes.length ? OLDER_DEFAULT : DEFAULT_ALSO_START_ON;
	const chosen = options.alsoStartOn ?? standard;
	const alwaysStarts = isOlder && type && providers[provider]?.unavailableAlwaysStarts;
	return (
		(type !== 'text' || chosen.includes('text')) &&
		(!origin || chosen.includes(origin)) &&
		(!unavailable || alwaysStarts === true || chosen.includes('unavailable'))
	);
}

/** Whether one of these sent it; a send that failed is about whom it was sent to. */
function isWith(message: MediaMessage, senders: string[]): boolean {
	return isFrom(message.origin === 'failed' ? { from: message.chatId } : message, senders);
}

function isFrom(
	{ from, fromUserId }: Pick<MediaMessage, 'from' | 'fromUserId'>,
	senders: string[],
): boolean {
	const names = [digits(from), from, fromUserId].filter(Boolean);
	return senders.some((sender) => names.includes(sender) || names.includes(digits(sender)));
}

/** `+1 650-555-1234` as `16505551234`; nothing when it is not a phone number. */
function digits(number = ''): string | undefined {
	return /^\+?[\d\s()./-]+$/.test(number) ? number.replace(/\D/g, '') : undefined;
}
